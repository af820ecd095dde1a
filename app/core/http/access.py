"""Who may call a view: every view carries `@require(...)` or `@public(...)`, and one without answers 500, closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from app.core.db import find_tenant
from app.core.errors import N_, DomainError, NotFound, PermissionDenied
from app.core.guard.permissions import allows
from app.core.guard.policy import policy_for
from app.core.http.problems import NotSignedIn
from app.core.http.sessions import current_actor, current_visitor, server_session
from app.core.logging import bind, get_logger

log = get_logger(__name__)

View = TypeVar("View", bound=Callable[..., Any])

# `@require(ANY_USER)`: whoever is signed in, such as for the pages about one's own account.
ANY_USER = "*"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Access:
    """What stands on a view: the permission it asks for, or why nobody needs one."""

    permission: str | None = None
    reason: str | None = None
    bare: bool = False
    in_preview: bool = False


class OnlyLooking(DomainError):
    """Whoever looks at the pages as a role changes nothing."""

    code = "only_looking"
    message = N_("You are looking at the pages as another role. Nothing can be changed until you end that.")
    status = 403


class UnmarkedView(RuntimeError):
    """A view says neither what permission it needs nor that it is public."""


def require(permission: str, *, in_preview: bool = False) -> Callable[[View], View]:
    """The view needs a signed-in user holding `permission` (in any scope; the operation checks the record).

    `in_preview`: it may change something even for somebody who is looking as another role, such as to end that.
    """
    return _mark(Access(permission=permission, in_preview=in_preview))


def public(reason: str, *, bare: bool = False) -> Callable[[View], View]:
    """The view is for everybody, for `reason`; `bare` views also answer where no tenant is (the bare host)."""
    if not reason:
        raise ValueError("a public view says why it is public")
    return _mark(Access(reason=reason, bare=bare))


def access_of(view: Callable[..., Any] | None) -> Access | None:
    """The mark on `view`, if any."""
    return getattr(view, "forecourt_access", None)


def is_static(endpoint: str | None) -> bool:
    """Whether `endpoint` serves files of ours that hold nobody's data."""
    return endpoint is not None and (endpoint == "static" or endpoint.endswith(".static"))


def enforce() -> Response | None:
    """Before each request: read who asks, then let nobody past a mark he does not meet."""
    endpoint = request.endpoint
    if is_static(endpoint):
        return None
    visitor = server_session().load()
    if visitor is not None:
        bind(user=str(visitor.user_id))
    if endpoint is None:
        return None
    access = access_of(current_app.view_functions.get(endpoint))
    if access is None:
        raise UnmarkedView(endpoint)
    if find_tenant() is None and not access.bare:
        raise NotFound
    if visitor is not None and visitor.preview is not None and request.method not in SAFE and not access.in_preview:
        raise OnlyLooking
    if access.permission is None:
        return None
    if visitor is None:
        raise NotSignedIn
    if access.permission != ANY_USER and not allows(current_actor(), access.permission):
        raise PermissionDenied(access.permission)
    return None


def may(permission: str) -> bool:
    """Whether the visitor holds `permission` for anything: for links and buttons, which are no protection."""
    return current_visitor() is not None and allows(current_actor(), permission)


def sees(record_type: str, field: str) -> bool:
    """Whether the visitor sees a field in full: for what forms offer, which is no protection."""
    return policy_for(current_actor()).may_query(record_type, field)


def unmarked_views(app: Flask) -> list[str]:
    """Endpoints whose view carries no mark; the factory refuses to start with any."""
    return sorted(
        endpoint for endpoint, view in app.view_functions.items() if not is_static(endpoint) and access_of(view) is None
    )


def _mark(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        if access_of(view) is not None:
            raise ValueError(f"{view.__name__} is marked twice")
        view.forecourt_access = access  # type: ignore[attr-defined]
        return view

    return mark
