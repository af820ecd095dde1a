"""What comes in from the forms of signing in and of the administration; each form has a schema of its own."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import ValidationError, fields, post_load

from app.core.db.ids import from_public
from app.core.errors import N_, NotFound
from app.core.http.forms import FormSchema, Refused, Secret, Text, at_most, one_of
from app.core.languages import LANGUAGES
from app.tenants.rules.admitting import HOURS, LONGEST_REASON
from app.tenants.rules.api_keys import DAYS
from app.tenants.rules.sign_ups import COUNTRIES, TIMEZONES

NOT_OFFERED = N_("Choose one of the offered values.")


class PublicId(fields.String):
    """An identifier as pages carry it (`store_01k…`); loads as the UUID."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return _id(self.prefix, text)


class Place(fields.String):
    """A role at a store, `store_…/role_…`; loads as (store id, role id)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        store, _, role = super()._deserialize(value, attr, data, **kwargs).partition("/")
        return _id("store", store), _id("role", role)


class GrantTick(fields.String):
    """A permission with its scope, `customer.see:store`; loads as the pair."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        permission, colon, scope = super()._deserialize(value, attr, data, **kwargs).partition(":")
        if not colon:
            raise ValidationError([Refused("not_offered", NOT_OFFERED)])
        return permission, scope


class Who(fields.String):
    """A user or a role, `usr_…` or `role_…`; loads as (user id, role id), one of them None."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return (None, _id("role", text)) if text.startswith("role_") else (_id("usr", text), None)


def _one_of_hours(value: int) -> None:
    if value not in HOURS:
        raise ValidationError([Refused("not_offered", NOT_OFFERED)])


def _one_of_days(value: int) -> None:
    if value not in DAYS:
        raise ValidationError([Refused("not_offered", NOT_OFFERED)])


class ProviderForm(FormSchema):
    """The dealership's own identity provider."""

    name = Text(required=True, longest=60)
    issuer = Text(required=True, longest=300)
    client_id = Text(required=True, longest=200)
    client_secret = Secret(load_default=None, validate=at_most(1000))
    enabled = fields.Boolean(load_default=False)
    role_id = PublicId("role", load_default=None)
    store_id = PublicId("store", load_default=None)


class OriginsForm(FormSchema):
    """Origins of pages that may ask the API, one a line."""

    origins = Text(load_default="", longest=6000)


class PartnerAnswerForm(FormSchema):
    """What a provider sent the browser back with."""

    code = Text(load_default="", longest=4000)
    state = Text(load_default="", longest=200)


class SignInForm(FormSchema):
    """E-mail and password."""

    email = Text(required=True, longest=254)
    password = Secret(required=True, validate=at_most(1000))
    next = Text(load_default="/", longest=1000)


class AgainForm(FormSchema):
    """The password of whoever the page was for and a code where he has a factor; or what his passkey signed."""

    who = Text(required=True, longest=200)
    password = Secret(load_default="", validate=at_most(1000))
    code = Text(load_default="", longest=40)
    passkey = Secret(load_default="", validate=at_most(20_000))


class FactorForm(FormSchema):
    """A second factor after the password: a code, or what a passkey signed."""

    code = Text(load_default="", longest=40)
    passkey = Secret(load_default="", validate=at_most(20_000))
    next = Text(load_default="/", longest=1000)


class PasskeySignInForm(FormSchema):
    """What a passkey signed."""

    passkey = Secret(required=True, validate=at_most(20_000))
    next = Text(load_default="/", longest=1000)


class PasskeyForm(PasskeySignInForm):
    """A new passkey and what to call it."""

    label = Text(load_default="", longest=60)


class CodeForm(FormSchema):
    """The first code of an app."""

    code = Text(required=True, longest=40)
    next = Text(load_default="/", longest=1000)


class FactorRuleForm(FormSchema):
    """Whether a role demands a second factor."""

    required = fields.Boolean(load_default=False)


class ForgottenForm(FormSchema):
    """The e-mail whose password is forgotten."""

    email = Text(required=True, longest=254)


class PasswordForm(FormSchema):
    """A new password, twice."""

    password = Secret(required=True, validate=at_most(1000))
    repeated = Secret(required=True, validate=at_most(1000))


class ChangePasswordForm(PasswordForm):
    """The present password, and a new one twice."""

    present = Secret(required=True, validate=at_most(1000))


class ProfileForm(FormSchema):
    """What somebody says about herself."""

    name = Text(required=True, longest=120)
    locale = fields.String(load_default=None, validate=one_of(*LANGUAGES))


class VersionForm(FormSchema):
    """A change without fields, of the record as it was shown."""

    version = fields.Integer(required=True)


class SignUpForm(FormSchema):
    """A dealership somebody wants to open."""

    name = Text(required=True, longest=120)
    slug = Text(required=True, longest=40)
    country = fields.String(required=True, validate=one_of(*COUNTRIES))
    timezone = fields.String(load_default=None, validate=one_of(*TIMEZONES))
    admin_name = Text(required=True, longest=120)
    email = Text(required=True, longest=254)


class ConfirmForm(FormSchema):
    """The button of a sign-up's mail, and another short name when the first one was taken meanwhile."""

    slug = Text(load_default=None, longest=40)


class StoreForm(FormSchema):
    """A store."""

    code = Text(required=True, longest=12)
    name = Text(required=True, longest=120)
    timezone = Text(required=True, longest=60)
    region = Text(load_default=None, longest=60)
    address = Text(load_default=None, longest=300)


class StoreChangeForm(StoreForm):
    """A store, changed."""

    version = fields.Integer(required=True)


class UserForm(FormSchema):
    """A user and her roles at stores."""

    name = Text(required=True, longest=120)
    email = Text(required=True, longest=254)
    locale = fields.String(load_default=None, validate=one_of(*LANGUAGES))
    places = fields.List(Place(), load_default=list)


class UserChangeForm(UserForm):
    """A user, changed."""

    version = fields.Integer(required=True)


class RoleForm(FormSchema):
    """A role, what it is granted (permission -> scope) and what it sees (group of fields -> sight)."""

    name = Text(required=True, longest=80)
    grants = fields.List(GrantTick(), load_default=list)
    sights = fields.List(GrantTick(), load_default=None)

    @post_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The ticks as mappings; None where the form said nothing of what the role sees."""
        data["grants"] = dict(data["grants"])
        data["sights"] = None if data["sights"] is None else dict(data["sights"])
        return data


class RoleChangeForm(RoleForm):
    """A role, changed."""

    version = fields.Integer(required=True)


class TeamForm(FormSchema):
    """A team of a store."""

    store_id = PublicId("store", required=True)
    name = Text(required=True, longest=80)
    lead_id = PublicId("usr", load_default=None)
    member_ids = fields.List(PublicId("usr"), load_default=list)


class TeamChangeForm(FormSchema):
    """A team, changed; its store stays."""

    version = fields.Integer(required=True)
    name = Text(required=True, longest=80)
    lead_id = PublicId("usr", load_default=None)
    member_ids = fields.List(PublicId("usr"), load_default=list)


def _id(prefix: str, text: str) -> uuid.UUID:
    try:
        return from_public(prefix, text)
    except NotFound as error:
        raise ValidationError([Refused("not_offered", NOT_OFFERED)]) from error


class AdmitForm(FormSchema):
    """For how long the operator may come in, and why."""

    hours = fields.Integer(required=True, validate=_one_of_hours)
    reason = Text(required=True, longest=LONGEST_REASON)


class EnterForm(FormSchema):
    """As which user an operator comes in, or as which role he looks."""

    who = Who(required=True)


class ApiKeyForm(FormSchema):
    """An API key: through which role it acts, where, and which of the role's rights it uses."""

    name = Text(required=True, longest=80)
    role_id = PublicId("role", required=True)
    store_id = PublicId("store", load_default=None)
    permissions = fields.List(Text(longest=60), load_default=list)
    days = fields.Integer(required=True, validate=_one_of_days)
    networks = Text(load_default="", longest=1000)


class ApiKeyRotationForm(FormSchema):
    """Whether the text of a key before its replacement is taken for a while."""

    overlap = fields.Boolean(load_default=False)
