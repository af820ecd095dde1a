"""What a dealership may call itself in an address, and whether its codes exist."""

from __future__ import annotations

import re
from typing import Protocol

from app.core.clock import is_timezone
from app.core.errors import N_, FieldError, Invalid
from app.core.languages import LANGUAGES
from app.tenants.errors import EmailInvalid
from app.tenants.rules.signing import is_email

SLUG_SHAPE = re.compile(r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$")
HOST_SHAPE = re.compile(r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$")
# Names that would be taken for the platform itself, or that other software gives a meaning to.
RESERVED = frozenset(
    ("www", "mail", "api", "admin", "operator", "platform", "static", "app", "auth", "login", "status", "help",
     "support", "public", "shared", "ext", "localhost", "test", "ftp", "smtp", "imap", "ns1", "ns2", "autoconfig",
     "autodiscover")
)  # fmt: skip


class AsksForTenant(Protocol):
    """The part of a tenant's request that has a shape to check."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def locale(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def admin_email(self) -> str: ...


def slug_error(slug: str) -> FieldError | None:
    """Why `slug` cannot be part of an address, or None when it can."""
    if not SLUG_SHAPE.match(slug):
        return FieldError(
            "slug", "slug_shape", N_("Use 3 to 40 small letters, digits and hyphens, beginning with a letter.")
        )
    if slug in RESERVED or slug.startswith("xn-") or "--" in slug:
        return FieldError("slug", "slug_reserved", N_("This name is reserved."))
    return None


def check_request(request: AsksForTenant) -> None:
    """Raise Invalid naming every field of `request` that is wrong."""
    errors = [error for error in (slug_error(request.slug),) if error]
    if not request.name.strip() or len(request.name) > 120:
        errors.append(FieldError("name", "name_length", N_("Enter a name of at most 120 characters.")))
    if not re.fullmatch(r"[A-Z]{2}", request.country):
        errors.append(FieldError("country", "country_code", N_("Enter a country as two capital letters, such as US.")))
    if not re.fullmatch(r"[A-Z]{3}", request.currency):
        errors.append(FieldError("currency", "currency_code", N_("Enter a currency code such as USD.")))
    if request.locale not in LANGUAGES:
        errors.append(FieldError("locale", "locale_unknown", N_("Choose one of the languages offered.")))
    if not is_timezone(request.timezone):
        errors.append(FieldError("timezone", "timezone_unknown", N_("Enter a time zone such as Europe/London.")))
    if not is_email(request.admin_email.strip()):
        # Nobody could be invited by it: the dealership would be asked for and never made.
        errors.append(FieldError("admin_email", EmailInvalid.code, EmailInvalid.message))
    if errors:
        raise Invalid(errors)


def check_host(host: str) -> str:
    """`host` in lower case; raises Invalid unless it is a full domain name, without port and without wildcard."""
    wanted = host.strip().lower().rstrip(".")
    if not HOST_SHAPE.match(wanted):
        raise Invalid([FieldError("host", "host_shape", N_("Enter a full host name such as cars.example.com."))])
    return wanted
