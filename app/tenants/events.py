"""What happened to people and their rights, in the past tense, and the topics under which they hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import N_
from app.core.jobs.topics import INBOX, MAIL, Topic, declare_topic


@dataclass(frozen=True)
class InvitationAccepted:
    """An invited user chose a password; `invited_by` is who asked for it last, if that was a user."""

    user_id: UUID
    invited_by: UUID | None


@dataclass(frozen=True)
class SignedInAt:
    """A user signed in; `device` is how the browser calls itself, roughly."""

    user_id: UUID
    session_id: UUID
    device: str


@dataclass(frozen=True)
class PasswordChanged:
    """A user who had a password has another one."""

    user_id: UUID


@dataclass(frozen=True)
class FactorsChanged:
    """A user's second factors or recovery codes are others than before, or all gone."""

    user_id: UUID


@dataclass(frozen=True)
class RolesOfUserChanged:
    """A user got or lost roles at stores."""

    user_id: UUID
    changed_by: UUID | None


@dataclass(frozen=True)
class GrantsOfRoleChanged:
    """A role means something else than before to everybody who has it."""

    role_id: UUID
    changed_by: UUID | None


PEOPLE, ACCOUNT = N_("People and rights"), N_("Your account")
BOTH = frozenset({INBOX, MAIL})
IF_NOT_YOU = N_("If it was not you, change your password and sign out everywhere.")

INVITATION_ACCEPTED = declare_topic(
    Topic(
        "invitation.accepted",
        N_("Somebody I invited has joined"),
        N_("{subject} has accepted the invitation"),
        N_("Somebody has accepted an invitation"),
        PEOPLE,
        "user-plus",
        "petrol",
    )
)
RIGHTS_CHANGED = declare_topic(
    Topic(
        "rights.changed",
        N_("My roles or what they allow have changed"),
        N_("Your roles or what they allow have changed"),
        N_("Your roles or what they allow have changed"),
        PEOPLE,
        "shield",
        "violet",
        defaults=BOTH,
    )
)
NEW_DEVICE = declare_topic(
    Topic(
        "security.device",
        N_("A sign-in from a device not seen before"),
        N_("Your account was used on a new device: {subject}"),
        N_("Your account was used on a new device"),
        ACCOUNT,
        "key",
        "amber",
        advice=IF_NOT_YOU,
        defaults=BOTH,
        always=frozenset({INBOX}),
        lockable=False,
    )
)
PASSWORD_CHANGED = declare_topic(
    Topic(
        "security.password",
        N_("My password was changed"),
        N_("Your password was changed"),
        N_("Your password was changed"),
        ACCOUNT,
        "lock",
        "amber",
        advice=IF_NOT_YOU,
        defaults=BOTH,
        always=frozenset({INBOX}),
        lockable=False,
    )
)
FACTORS_CHANGED = declare_topic(
    Topic(
        "security.factor",
        N_("My second factors were changed"),
        N_("Your second factors were changed"),
        N_("Your second factors were changed"),
        ACCOUNT,
        "shield",
        "amber",
        advice=IF_NOT_YOU,
        defaults=BOTH,
        always=BOTH,
        lockable=False,
    )
)
