"""Who may call a view: every view carries `@require(...)` or `@public(...)`, and one without answers 500, closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from app.core.db import find_tenant
from app.core.errors import N_, DomainError, NotFound, PermissionDenied
from app.core.guard.permissions import allows
from app.core.guard.policy import policy_for
from app.core.http import rates
from app.core.http.console import OPERATOR as OPERATOR
from app.core.http.console import current_operator
from app.core.http.keys import current_key
from app.core.http.problems import FactorMissing, NotSignedIn
from app.core.http.sessions import at_operator_host, current_actor, current_visitor, server_session
from app.core.http.surface import SAFE_METHODS
from app.core.logging import bind, get_logger

log = get_logger(__name__)

View = TypeVar("View", bound=Callable[..., Any])

# `@require(ANY_USER)`: whoever is signed in, such as for the pages about one's own account.
ANY_USER = "*"


@dataclass(frozen=True)
class Access:
    """What stands on a view: the permission it asks for, or why nobody needs one."""

    permission: str | None = None
    reason: str | None = None
    bare: bool = False
    in_preview: bool = False
    # Answers at the operators' host alone; at that host too; refuses an operator who acts as the user.
    operator: bool = False
    everywhere: bool = False
    own: bool = False


class NotForOperators(DomainError):
    """What concerns the person alone is not open to an operator who acts as him."""

    code = "not_for_operators"
    message = N_("This is for the person himself. An operator who helps out as this user cannot do it.")
    status = 403


class OnlyLooking(DomainError):
    """Whoever looks at the pages as a role changes nothing."""

    code = "only_looking"
    message = N_("You are looking at the pages as another role. Nothing can be changed until you end that.")
    status = 403


class UnmarkedView(RuntimeError):
    """A view says neither what permission it needs nor that it is public."""


def require(permission: str, *, in_preview: bool = False, own: bool = False) -> Callable[[View], View]:
    """The view needs a signed-in user holding `permission` (in any scope; the operation checks the record).

    `in_preview`: it may change something even for somebody who is looking as another role, such as to end that.
    `own`: it concerns the person alone, so an operator who acts as him is refused. `require(OPERATOR)` is for
    operators, at their host.
    """
    return _mark(Access(permission=permission, in_preview=in_preview, own=own, operator=permission == OPERATOR))


def public(
    reason: str, *, bare: bool = False, everywhere: bool = False, operator: bool = False
) -> Callable[[View], View]:
    """The view is for everybody, for `reason`; `bare` views also answer where no tenant is (the bare host).

    `everywhere`: at the operators' host too; `operator`: there alone.
    """
    if not reason:
        raise ValueError("a public view says why it is public")
    return _mark(Access(reason=reason, bare=bare or everywhere, everywhere=everywhere, operator=operator))


def before_factor(view: View) -> View:
    """The view answers somebody who still owes a second factor: he shows one, sets one up, or leaves by it."""
    view.forecourt_before_factor = True  # type: ignore[attr-defined]
    return view


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
    _refuse_address()
    visitor = server_session().load()
    key = current_key()
    if visitor is not None:
        bind(user=str(visitor.user_id))
    elif key is not None:
        bind(user=f"key:{key.key_id}")
    rates.count()
    if endpoint is None:
        return None
    view = current_app.view_functions.get(endpoint)
    access = access_of(view)
    if access is None:
        raise UnmarkedView(endpoint)
    if not _answers_here(access):
        raise NotFound
    if access.operator:
        if access.permission is not None:
            bind(user=f"operator:{current_operator().id}")
        return None
    if find_tenant() is None and not access.bare:
        raise NotFound
    changes = request.method not in SAFE_METHODS
    if visitor is not None and visitor.preview is not None and changes and not access.in_preview:
        raise OnlyLooking
    if visitor is not None and visitor.lacks_factor and not hasattr(view, "forecourt_before_factor"):
        raise FactorMissing
    if access.permission is None:
        return None
    if visitor is None and key is None:
        raise NotSignedIn
    if access.own and (visitor is None or visitor.actor.behind is not None):
        raise NotForOperators
    if access.permission != ANY_USER and not allows(current_actor(), access.permission):
        raise PermissionDenied(access.permission)
    return None


def _answers_here(access: Access) -> bool:
    """Whether a view is one of this host's: the operators', or everybody else's."""
    return access.everywhere or access.operator == at_operator_host()


def _refuse_address() -> None:
    """An address that takes other methods alone is told so where a view of its own host stands there, else unknown."""
    refusal = request.routing_exception
    adapter = current_app.create_url_adapter(request) if isinstance(refusal, MethodNotAllowed) else None
    if adapter is None:
        return
    for method in getattr(refusal, "valid_methods", None) or ():
        rule, _ = adapter.match(method=method, return_rule=True)
        access = access_of(current_app.view_functions.get(rule.endpoint))
        if access is not None and _answers_here(access):
            return
    raise NotFound


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
