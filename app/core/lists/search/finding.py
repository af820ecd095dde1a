"""Asking the box: what was typed is read, looked up once, ranked, and grouped by kind of record."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row, Select, union_all

from app.core.db import current_tenant, db
from app.core.errors import N_
from app.core.guard.permissions import Actor, allows
from app.core.guard.policy import policy_for
from app.core.lists.search import lookups
from app.core.lists.search.asking import Asked, Meaning, read
from app.core.lists.search.kinds import KINDS, SearchKind, heading, ordered
from app.core.lists.search.tokens import TAIL, Form, asked_tokens
from app.core.lists.search.words import is_near, words_of
from app.core.lists.spec import visibility

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "vin": N_("VIN"),
        "plate": N_("Plate"),
        "phone": N_("Phone"),
        "email": N_("E-mail"),
        "id_number": N_("ID number"),
        "number": N_("Number"),
        "name": N_("Name"),
        "near": N_("Similar name"),
    }
)
_MEANINGS: Final[Mapping[str, Meaning]] = MappingProxyType(
    {"phone": Meaning.PHONE, "email": Meaning.EMAIL, "id_number": Meaning.NUMBER, "plate": Meaning.PLATE}
)


@dataclass(frozen=True)
class Hit:
    """A record that was found: how it is called, what else tells it apart, and by what it was found."""

    kind: SearchKind
    record_id: uuid.UUID
    title: str
    matched: str = ""
    details: Sequence[str] = ()


@dataclass(frozen=True)
class Group:
    """The hits of one kind, best first; `more` when others were left out."""

    kind: SearchKind
    hits: Sequence[Hit]
    more: bool = False


@dataclass(frozen=True, order=True)
class _Rank:
    """The smaller, the better: how exact, then how likely the text means this, what hangs on another record behind
    that one, then the later record."""

    exactness: float
    likeliness: int
    hangs: bool
    age: int


@dataclass(frozen=True)
class _Found:
    rank: _Rank
    hit: Hit


@dataclass
class _Question:
    """One actor's question: the kinds he may see, and the tokens he may ask with what each stands for."""

    actor: Actor
    asked: Asked
    kinds: Sequence[SearchKind]
    visible: lookups.Visible
    tokens: Mapping[int, Form] = field(default_factory=dict)


def find(actor: Actor, text: str, limit_per_kind: int = 5) -> list[Group]:
    """What `actor` may see of what `text` may mean, likeliest kind first.

    Names with a mistake are looked for only where names without one were too few.
    """
    question = _question(actor, read(text, current_tenant().country))
    if question is None:
        return []
    asked, visible, kinds = question.asked, question.visible, question.kinds
    rows = _run(
        [
            *lookups.by_token(visible, kinds, sorted(question.tokens)),
            *lookups.by_code(visible, kinds, asked),
            *lookups.by_name(visible, kinds, asked),
        ]
    )
    found = _ranked(question, rows)
    is_exact = bool(found) and found[0].rank.exactness == 0
    if asked.words and not is_exact and len(found) < limit_per_kind:
        rows = [*rows, *_run(lookups.by_near_name(visible, kinds, asked))]
        found = _ranked(question, rows)
        if not found:
            found = _ranked(question, _run(lookups.by_alike_name(visible, kinds, asked)), alike=True)
    return _described(actor, _grouped(found, limit_per_kind))


def reachable(actor: Actor) -> list[SearchKind]:
    """The kinds of which `actor` may open anything."""
    return [kind for kind in ordered() if allows(actor, kind.permission) and allows(actor, heading(kind).permission)]


def describe(actor: Actor, hits: Sequence[Hit]) -> list[Hit]:
    """The same hits with what tells them apart, read in one statement for each kind among them."""
    details: dict[tuple[str, uuid.UUID], Sequence[str]] = {}
    for kind in {hit.kind.name: hit.kind for hit in hits}.values():
        if kind.describe is not None:
            ids = [hit.record_id for hit in hits if hit.kind is kind]
            details.update({(kind.name, key): parts for key, parts in kind.describe(actor, ids).items()})
    return [replace(hit, details=details.get((hit.kind.name, hit.record_id), ())) for hit in hits]


def _question(actor: Actor, asked: Asked) -> _Question | None:
    kinds = reachable(actor)
    if asked.is_empty or not kinds:
        return None
    tokens: dict[int, Form] = {}
    policy = policy_for(actor)
    for kind in kinds:
        # Nobody searches by what he sees masked, not by all of it either: whoever tries long enough would find it.
        open_to = {secret for secret, field in kind.secrets.items() if visibility(policy, field) == "visible"}
        usable = [form for form in asked.forms if form.secret in open_to]
        tokens.update(asked_tokens(kind.name, usable))
    return _Question(actor, asked, kinds, {kind.name: kind.visible(actor) for kind in kinds}, tokens)


def _run(selects: Sequence[Select[Any]]) -> list[Row[Any]]:
    if not selects:
        return []
    return list(db.session.execute(union_all(*selects) if len(selects) > 1 else selects[0]))


_NEAR = 5.0


def _ranked(question: _Question, rows: Iterable[Row[Any]], *, alike: bool = False) -> list[_Found]:
    """Each record once, by its best way of being found."""
    likely = {meaning: place for place, meaning in enumerate(question.asked.meanings)}
    best: dict[tuple[str, uuid.UUID], _Found] = {}
    for row in rows:
        kind = KINDS[row.kind]
        scored = _score(question, kind, row, alike)
        if scored is None:
            continue
        exactness, label, meaning = scored
        rank = _Rank(exactness, likely.get(meaning, len(likely)), bool(kind.follows), -row.record_id.int)
        shown = heading(kind)
        key = (shown.name, row.shown_id)
        if key not in best or rank < best[key].rank:
            best[key] = _Found(rank, Hit(shown, row.shown_id, row.title, LABELS[label]))
    return sorted(best.values(), key=lambda found: found.rank)


def _score(question: _Question, kind: SearchKind, row: Row[Any], alike: bool) -> tuple[float, str, Meaning] | None:
    """How exact a row is, what it was found by, and which meaning of the text that is; None for a false alarm."""
    asked = question.asked
    if row.way == lookups.TOKEN:
        forms = [question.tokens[token] for token in row.tokens if token in question.tokens]
        form = min(forms, key=lambda item: item.part == TAIL)
        return (2.0 if form.part == TAIL else 0.0), form.secret, _MEANINGS[form.secret]
    if row.way in (lookups.CODE, lookups.PART_OF_CODE):
        meaning = kind.codes or Meaning.NUMBER
        # The more of the number was typed, the likelier it is this one.
        exactness = 0.0 if row.way == lookups.CODE else 3.0 - 2.0 * len(asked.codes[0]) / max(len(row.code), 1)
        return exactness, meaning.value, meaning
    if row.way == lookups.NAME:
        return _exactness(asked, row.names), "name", Meaning.NAME
    words = words_of(row.names)
    if alike or all(is_near(word, words) for word in asked.words):
        return _NEAR, "near", Meaning.NAME
    return None


def _exactness(asked: Asked, names: str) -> float:
    if names == asked.folded:
        return 0.0
    if names.startswith(asked.folded):
        return 1.0
    words = words_of(names)
    if set(asked.words) <= set(words):
        return 1.5
    return 2.0 if all(any(word.startswith(part) for word in words) for part in asked.words) else 3.0


def _grouped(found: Sequence[_Found], limit: int) -> list[Group]:
    groups: dict[str, list[Hit]] = {}
    for item in found:
        groups.setdefault(item.hit.kind.name, []).append(item.hit)
    return [Group(KINDS[name], hits[:limit], len(hits) > limit) for name, hits in groups.items()]


def _described(actor: Actor, groups: Sequence[Group]) -> list[Group]:
    hits = describe(actor, [hit for group in groups for hit in group.hits])
    of = {(hit.kind.name, hit.record_id): hit for hit in hits}
    return [replace(group, hits=[of[hit.kind.name, hit.record_id] for hit in group.hits]) for group in groups]
