"""What the frame's templates ask of Python: entries, what can be begun, the store chosen, what was preferred."""

from __future__ import annotations

from flask import Flask, current_app, url_for

from app.core.db.ids import to_public
from app.core.http.access import sees
from app.core.http.sessions import current_actor
from app.tenants.queries import rights
from app.tenants.queries.rights import WhoMay
from app.web import nav
from app.web.announcing import init_announcing
from app.web.cars import init_cars
from app.web.histories import init_histories
from app.web.i18n import signed_in, translate
from app.web.preferences import chosen_store, current_preference, preference_options


def nav_entries(current: str | None = None) -> list[nav.Shown]:
    """Every entry for whoever is signed in; a page may say to which endpoint's entry it belongs."""
    return nav.shown_entries(current_actor(), current or None) if signed_in() else []


def creations() -> list[nav.Begun]:
    """What whoever is signed in may begin."""
    return nav.creations(current_actor()) if signed_in() else []


def store_choices() -> list[tuple[str, str]]:
    """The visitor's stores: public id and name."""
    visitor = signed_in()
    return [(to_public("store", store.id), store.name) for store in visitor.stores] if visitor else []


def store_name(public_id: str) -> str | None:
    """The name of one of the visitor's stores."""
    return dict(store_choices()).get(public_id)


def who_may(permission: str) -> WhoMay:
    """Which roles hold `permission`, in the visitor's language, and whom to ask for it."""
    visitor = signed_in()
    if visitor is None:
        return WhoMay((), (), ())
    found = rights.who_may(permission, visitor.user_id)
    return WhoMay([*map(translate, found.own)], [*map(translate, found.roles)], found.people)


def endpoint_url(endpoint: str, **values: object) -> str | None:
    """The address of `endpoint`, or None in an application that does not have it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None  # type: ignore[arg-type]


def init_frame(app: Flask) -> None:
    """Give templates these."""
    init_announcing(app)
    init_cars(app)
    init_histories(app)
    app.jinja_env.globals.update(
        nav_entries=nav_entries,
        rail_entries=nav.rail_entries,
        creations=creations,
        chosen_store=chosen_store,
        store_choices=store_choices,
        store_name=store_name,
        endpoint_url=endpoint_url,
        who_may=who_may,
        sees=sees,
        preference=current_preference,
        preference_options=preference_options,
    )
