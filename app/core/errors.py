"""How anything can be refused: typed errors with a stable code; the words are chosen at the edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, ClassVar


def N_(text: str) -> str:
    """Mark `text` (English, `{name}` placeholders) for translation without translating it here."""
    return text


@dataclass(frozen=True)
class FieldError:
    """Why one field was refused: `message` is marked English, `params` fill its placeholders."""

    field: str
    code: str
    message: str
    params: Mapping[str, Any] = dataclass_field(default_factory=dict)


class Marked(str):
    """A parameter that is itself English marked for translation, such as the name of a limit."""


class DomainError(Exception):
    """A refusal with a stable `code`; `status` is the HTTP answer an edge gives for it."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = N_("This is not possible.")
    status: ClassVar[int] = 409
    # What the errors of fields name: a pointer into what was sent, or a parameter of the address.
    where: ClassVar[str] = "pointer"
    # What the answer to a program says besides.
    extensions: Mapping[str, Any] = {}

    def __init__(self, *, field: str | None = None, **params: Any) -> None:
        super().__init__(self.code, params)
        self.field = field
        self.params = params

    def field_errors(self) -> list[FieldError]:
        """The refusal as errors of fields; empty when it concerns no single field."""
        if self.field is None:
            return []
        return [FieldError(self.field, self.code, self.message, self.params)]


class NotFound(DomainError):
    """It does not exist, or not for this actor: the two are never distinguishable."""

    code = "not_found"
    message = N_("There is nothing here.")
    status = 404


class PermissionDenied(DomainError):
    """The actor's roles do not grant `permission`."""

    code = "permission_denied"
    message = N_("Your roles do not allow this ({permission}).")
    status = 403

    def __init__(self, permission: str) -> None:
        super().__init__(permission=permission)
        self.permission = permission


class FieldClosed(DomainError):
    """The field is hidden from the actor or shown as a mask, so that he cannot change it either."""

    code = "field_closed"
    message = N_("Your roles do not let you see this in full, so you cannot change it.")
    status = 403


class Invalid(DomainError):
    """Input that breaks rules, every broken field at once."""

    code = "invalid"
    message = N_("Please check the marked fields.")
    status = 422

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = list(errors)

    def field_errors(self) -> list[FieldError]:
        """All refused fields."""
        return self.errors


class Conflict(DomainError):
    """The state of things does not allow it now."""

    code = "conflict"
    status = 409


class Stale(Conflict):
    """Somebody else changed the record since the actor read it."""

    code = "stale"
    message = N_("Somebody changed this record while you were editing it. Compare and save again.")


class InUse(Conflict):
    """Other records refer to it, so it cannot be deleted."""

    code = "in_use"
    message = N_("This cannot be deleted: {count} other records refer to it.")
