"""The statements of the search: a few narrow look-ups in the one table, each answered by an index and each bounded.

Nothing here is ever prepared (the driver never prepares, `app/core/db/dialect.py`), so that each statement is planned
for its own values: a plan made for any text would walk a whole index for a short one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, func, literal, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.lists.matching import escape_like
from app.core.lists.search.asking import SHORTEST_END, Asked, Meaning
from app.core.lists.search.kinds import SearchKind
from app.core.lists.search.models import SearchEntry
from app.core.lists.search.words import SHORTEST_INFIX, forms, is_cjk, pair_key, pairs, spelling

# Ways of being found; a row says by which it came.
TOKEN, CODE, PART_OF_CODE, NAME, NEAR_NAME = range(5)
# So many candidates are ranked; who types a name that more people bear types on.
MOST: Final = 50
MOST_BEGINNINGS: Final = 20
_SHORTEST_NUMBER_END = 3
_SHORTEST_ALIKE = 5

Visible = Mapping[str, ColumnElement[bool]]


def by_token(visible: Visible, kinds: Iterable[SearchKind], tokens: Sequence[int]) -> list[Select[Any]]:
    """Records that have one of these tokens, of the kinds that keep some."""
    if not tokens:
        return []
    held = SearchEntry.tokens.overlap(list(tokens))
    kept = [kind for kind in kinds if kind.secrets]
    return [_bounded(TOKEN, 2 * MOST, held, _any(visible, group)) for group in _apart(kept)]


def by_code(visible: Visible, kinds: Iterable[SearchKind], asked: Asked) -> list[Select[Any]]:
    """Records whose VIN or number is, begins or ends with what was asked."""
    coded = [kind for kind in kinds if kind.codes is not None] if asked.codes else []
    return [lookup for group in _apart(coded) for lookup in _by_code(visible, group, asked)]


def _by_code(visible: Visible, coded: Sequence[SearchKind], asked: Asked) -> list[Select[Any]]:
    code = asked.codes[0]
    found = [_bounded(CODE, MOST, SearchEntry.code.in_(asked.codes), _any(visible, coded))]
    if any(map(str.isdecimal, code)):
        parts: list[ColumnElement[bool]] = [SearchEntry.code.like(escape_like(code) + "%")]
        ends = func.reverse(SearchEntry.code).like(escape_like(code[::-1]) + "%")
        if len(code) >= SHORTEST_END:
            parts.append(ends)
        elif len(code) == _SHORTEST_NUMBER_END:
            numbered = [kind for kind in coded if kind.codes is Meaning.NUMBER]
            parts += [and_(ends, _any(visible, numbered))] if numbered else []
        found.append(_bounded(PART_OF_CODE, MOST, or_(*parts), _any(visible, coded)))
    return found


def by_name(visible: Visible, kinds: Iterable[SearchKind], asked: Asked) -> list[Select[Any]]:
    """Records whose name begins with the text, or holds each of its words.

    Each kind is asked by itself, so that none crowds another out.
    """
    found = []
    for kind in kinds if asked.words else ():
        if kind.has_names:
            begins = SearchEntry.names.like(escape_like(asked.folded) + "%")
            found.append(_bounded(NAME, MOST_BEGINNINGS, visible[kind.name], begins))
            inside = _inside(asked.words)
            if inside is not None:
                found.append(_bounded(NAME, MOST, visible[kind.name], inside))
    return found


def by_near_name(visible: Visible, kinds: Iterable[SearchKind], asked: Asked) -> list[Select[Any]]:
    """Records with a word for each of the words asked that differs by a letter at most."""
    spelled = [list(map(spelling, forms(word))) for word in asked.words]
    if all(len(keys) == 1 for keys in spelled):
        return []
    near = [SearchEntry.spellings.overlap(keys) for keys in spelled]
    return [_bounded(NEAR_NAME, 2 * MOST, visible[kind.name], *near) for kind in kinds if kind.has_names]


def by_alike_name(visible: Visible, kinds: Iterable[SearchKind], asked: Asked) -> list[Select[Any]]:
    """Records whose name is alike as far as its trigrams go: the last resort, for more than one mistake in a word."""
    if len(asked.folded) < _SHORTEST_ALIKE or not asked.words or is_cjk(asked.folded):
        return []
    alike = literal(asked.folded).op("<%", is_comparison=True)(SearchEntry.names)
    return [_bounded(NEAR_NAME, MOST, visible[kind.name], alike) for kind in kinds if kind.has_names]


_COLUMNS: Final[Sequence[Any]] = (
    SearchEntry.kind,
    SearchEntry.record_id,
    SearchEntry.shown_id,
    SearchEntry.title,
    SearchEntry.names,
    SearchEntry.code,
    SearchEntry.tokens,
)


def _bounded(way: int, most: int, *clauses: ColumnElement[bool]) -> Select[Any]:
    """The first rows that fit, whichever they are.

    They are planned as if all were wanted, for then an index is the way to them, but no more are read than taken: so
    a materialised part of a statement is carried out. Planned for the first few alone, reading the table from its
    beginning looks cheap for words that are believed to be common.
    """
    found = select(*_COLUMNS).where(*clauses).cte().prefix_with("MATERIALIZED")
    return select(found, literal_column(str(way), Integer).label("way")).limit(most)


def _any(visible: Visible, kinds: Iterable[SearchKind]) -> ColumnElement[bool]:
    return or_(*(visible[kind.name] for kind in kinds))


def _apart(kinds: Iterable[SearchKind]) -> list[list[SearchKind]]:
    """What hangs on other records is looked up by itself: of a car often valued the car must not be crowded out."""
    groups: dict[bool, list[SearchKind]] = {}
    for kind in kinds:
        groups.setdefault(bool(kind.follows), []).append(kind)
    return list(groups.values())


def _inside(words: Sequence[str]) -> ColumnElement[bool] | None:
    """Every word stands somewhere in the name: long ones by trigrams, Chinese ones by pairs, short ones as they are.

    None where nothing but a walk over everything could tell.
    """
    clauses: list[ColumnElement[bool]] = []
    for word in words:
        pattern = SearchEntry.names.like(f"%{escape_like(word)}%")
        if is_cjk(word):
            keys = list(map(pair_key, pairs(word)))
            clauses += [_keyed(keys), pattern] if keys else [pattern]
        else:
            clauses.append(pattern if len(word) >= SHORTEST_INFIX else _keyed([spelling(word)]))
    alone = len(words) == 1 and len(words[0]) == 1
    return None if alone else and_(*clauses)


def _keyed(keys: list[int]) -> ColumnElement[bool]:
    return SearchEntry.spellings.contains(literal(keys, ARRAY(Integer)))
