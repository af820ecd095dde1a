"""Which view a request means, the tabs above a list, and how many rows each of them has."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import func, literal, select

from app.core.db import db
from app.core.errors import Invalid
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.lists import views
from app.core.lists.models import SavedView
from app.core.lists.pages import matching
from app.core.lists.query import Arguments, ListQuery, read_query, readable, with_defaults
from app.core.lists.saved_filters import load_filter
from app.core.lists.shown import ShownTab
from app.core.lists.spec import ListSpec, Target, View
from app.core.lists.values import error
from app.core.lists.view_rules import ViewScope, default_of

# Tabs say how many, not exactly how many when there are very many; and not all of a long row of tabs are counted.
MOST_COUNTED, COUNT_UP_TO = 5, 1_000


@dataclass(frozen=True)
class Opened:
    """The view a request means: its key (None for the list's own), what it asks, and its personal conditions."""

    key: str | None = None
    args: Arguments = field(default_factory=dict)
    personal: Arguments = field(default_factory=dict)


def opened(spec: ListSpec, actor: Actor, kept: Sequence[SavedView], args: Arguments) -> Opened:
    """The view that `args` name, or that the list opens with; raises Invalid for one that is not there.

    Another's view loses what this actor may not ask.
    """
    named = "".join(args.get("view", ())[:1]).strip()
    if not named:
        own = default_of(kept, actor.user_id)
        # An address that asks something by itself is not the list's own.
        return _kept(spec, actor, own) if own is not None and with_defaults(spec, args) is not args else Opened()
    for view in spec.tabs:
        if view.key == named and view.elsewhere is None:
            asked, _ = readable(spec, view.args, policy_for(actor), {})
            return Opened(named, asked)
    for view in kept:
        if views.public_id(view) == named:
            return _kept(spec, actor, view)
    raise Invalid([error("view", "unknown_view")])


def read_request(spec: ListSpec, actor: Actor, kept: Sequence[SavedView], args: Arguments) -> ListQuery:
    """The whole question of an address: its view, what it says otherwise, and the personal conditions behind an id.

    Raises Invalid when the view or the id is not there for this actor.
    """
    view = opened(spec, actor, kept, args)
    return question(spec, actor, view, args)


def question(
    spec: ListSpec, actor: Actor, view: Opened, args: Arguments, personal: Arguments | None = None
) -> ListQuery:
    """What `args` ask beginning from `view`; `personal` are conditions that come with the request itself."""
    saved = view.personal
    given = "".join(args.get("filter", ())[:1]).strip()
    if personal is not None:
        saved = personal
    elif given:
        saved = load_filter(spec.name, actor.user_id, given)
    elif "filter" in args:
        saved = {}
    asked = args if view.key else with_defaults(spec, args)
    base = {**view.args, **({"filter": ("",)} if view.personal else {})} if view.key else {}
    # The mark above says that the view has personal conditions; as an argument it would drop them.
    query = read_query(spec, asked, policy_for(actor), saved=saved, view=view.key, base=view.args)
    return replace(query, base=base) if base else query


def _kept(spec: ListSpec, actor: Actor, view: SavedView) -> Opened:
    asked, personal = readable(spec, view.args, policy_for(actor), views.personal_of(actor, spec, view))
    return Opened(views.public_id(view), asked, personal)


def tabs_of(
    spec: ListSpec,
    kept: Sequence[SavedView],
    user_id: uuid.UUID | None,
    current: str | None,
    *,
    translate: Callable[[str], str],
    address: Callable[[Target], str],
) -> list[ShownTab]:
    """The tabs: what the list declares, then what people kept; `current` is None on the list's own view."""
    first, has_default = spec.first_view, default_of(kept, user_id) is not None
    open_key = current or first.key

    def declared(view: View) -> ShownTab:
        # Where somebody's own view is what the list opens with, the first one has to be named.
        args = {} if view is first and not has_default else {"view": view.key}
        target = view.elsewhere or Target(spec.endpoint, args)
        return ShownTab(
            view.key, translate(view.label), address(target), view.key == open_key and not view.elsewhere,
            counted=view.elsewhere is None,
        )  # fmt: skip

    def saved(view: SavedView) -> ShownTab:
        key = views.public_id(view)
        url = address(Target(spec.endpoint, {"view": key}))
        return ShownTab(key, view.name, url, key == open_key, kept=True, shared=view.scope != ViewScope.OWN)

    return [*map(declared, spec.tabs), *map(saved, kept)]


def count_tabs(spec: ListSpec, actor: Actor, kept: Sequence[SavedView], *, timezone: str) -> dict[str, int]:
    """How many rows the first tabs have, by key, in one statement; more than `COUNT_UP_TO` is that and one more."""
    wanted = [Opened(view.key, readable(spec, view.args, policy_for(actor), {})[0]) for view in spec.tabs
              if view.elsewhere is None]  # fmt: skip
    wanted += [_kept(spec, actor, view) for view in kept]
    counts = {}
    for at, view in enumerate(wanted[:MOST_COUNTED]):
        query = read_query(spec, {}, policy_for(actor), saved=view.personal, view=view.key, base=view.args)
        some = matching(spec, actor, query, timezone=timezone)
        limited = some.with_only_columns(literal(1).label("one"), maintain_column_froms=True).limit(COUNT_UP_TO + 1)
        counted = limited.subquery(f"tab_{at}")
        counts[str(view.key)] = select(func.count()).select_from(counted).scalar_subquery()
    row = db.session.execute(select(*counts.values())).one()
    return dict(zip(counts, row, strict=True))
