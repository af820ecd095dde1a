"""Forms: load what was typed through a marshmallow schema, and show the page again with it when it is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, render_template, request
from marshmallow import RAISE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from app.core.errors import N_, DomainError, FieldError, Invalid, NotFound, PermissionDenied, Stale
from app.core.http.csrf import FIELD
from app.core.http.problems import field_words

# The library's words become ours, marked for translation; their code is stable.
REQUIRED = N_("Enter a value.")
INVALID = N_("This value cannot be read.")
UNKNOWN = N_("This field is not known here.")
REPEATED = N_("This field was sent more than once.")
NOT_OFFERED = N_("Choose one of the offered values.")
# What an edit form began from (`app.core.http.edits`): no field of any schema.
BASE = "began_with"
# Never put back onto a page.
SECRET_FIELDS = frozenset({"password", "repeated", "present", "client_secret"})
MESSAGES = {"required": REQUIRED, "null": REQUIRED, "invalid": INVALID}
CURRENCY_SIGNS = re.compile("[$€£¥元]")
# Groups of three only: what "12,5" means depends on who wrote it.
GROUPED = re.compile(r"-?[0-9]{1,3}([,' ][0-9]{3})+(\.[0-9]*)?", re.ASCII)
CODES = {REQUIRED: "required", INVALID: "invalid", UNKNOWN: "unknown_field"}


class Refused(str):
    """A validator's message with the values for its placeholders and a stable code."""

    code: str
    params: Mapping[str, Any]

    def __new__(cls, code: str, message: str, **params: Any) -> Refused:
        """`message` is marked English with `{name}` placeholders."""
        made = super().__new__(cls, message)
        made.code, made.params = code, params
        return made


class FormSchema(Schema):
    """The base of every form's schema: fields it does not name are refused."""

    class Meta:
        """Mass assignment stops here."""

        unknown = RAISE

    error_messages = {"unknown": UNKNOWN}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give every field our words where the library's own would be shown."""
        for key in field_obj.error_messages:
            field_obj.error_messages[key] = MESSAGES.get(key, INVALID)


class Secret(fields.String):
    """A value taken exactly as typed (a password): no trimming, never shown again."""


class Text(fields.String):
    """One line or more of text, trimmed, of at most `longest` characters, without control characters."""

    def __init__(self, *, longest: int = 200, **kwargs: Any) -> None:
        super().__init__(validate=[at_most(longest), printable], **kwargs)


class Amount(fields.Decimal):
    """A sum of money as people write it: `12,500`, `$ 12 500.00`, `￥１２，５００`. Never NaN or infinite."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return super()._deserialize(ungrouped(value), attr, data, **kwargs)


class Whole(fields.Integer):
    """A whole number as people write it, `52,300` too."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return super()._deserialize(ungrouped(value), attr, data, **kwargs)


def ungrouped(value: Any) -> Any:
    """A number without its currency sign and its separators of thousands; anything else as it was."""
    if not isinstance(value, str):
        return value
    plain = CURRENCY_SIGNS.sub("", unicodedata.normalize("NFKC", value)).strip()
    return re.sub(r"[,' ]", "", plain) if GROUPED.fullmatch(plain) else plain


def at_most(longest: int) -> Callable[[str], None]:
    """A validator: no longer than `longest` characters."""

    def validator(value: str) -> None:
        if len(value) > longest:
            raise ValidationError([Refused("too_long", N_("Use at most {longest} characters."), longest=longest)])

    return validator


def printable(value: str) -> None:
    """A validator: no control characters but line breaks and tabs."""
    if not value.isprintable() and any(unicodedata.category(char) == "Cc" and char not in "\r\n\t" for char in value):
        raise ValidationError([Refused("control_character", N_("This contains characters that cannot be printed."))])


def one_of(*choices: str) -> Callable[[str], None]:
    """A validator: one of the offered values."""

    def validator(value: str) -> None:
        if value not in choices:
            raise ValidationError([Refused("not_offered", NOT_OFFERED)])

    # The API's document says them.
    validator.choices = choices  # type: ignore[attr-defined]
    return validator


def load_form(schema: type[Schema] | Schema, source: MultiDict[str, str] | None = None) -> dict[str, Any]:
    """What was typed, checked by `schema`; raises Invalid naming every refused field.

    Text is trimmed, and an empty field counts as not given: `load_default` says what that means.
    """
    loader = schema if isinstance(schema, Schema) else schema()
    sent = request.form if source is None else source
    raw: dict[str, Any] = {}
    refused: list[FieldError] = []
    for name in sent:
        if name in (FIELD, BASE):
            continue
        kind, values = loader.load_fields.get(name), sent.getlist(name)
        if isinstance(kind, fields.List):
            raw[name] = [value.strip() for value in values if value.strip()]
        elif len(values) > 1:
            refused.append(FieldError(name, "repeated", REPEATED))
        else:
            value = values[0] if isinstance(kind, Secret) else values[0].strip()
            if value or kind is None:
                raw[name] = value
    try:
        loaded = loader.load(raw)
    except ValidationError as error:
        known = {item.field for item in refused}
        refused.extend(item for item in _field_errors(error) if item.field not in known)
    if refused:
        raise Invalid(refused)
    return loaded


def render_form(
    template: str,
    error: DomainError | None = None,
    *,
    values: Any = None,
    shown: Mapping[str, Any] | None = None,
    **context: Any,
) -> str | Response:
    """The form's page: fresh with `values`, or, after `error`, with what was typed and why it was refused.

    `shown` stands there instead of what was typed. What is not the form's business (no such record, no right) goes on
    to the error page.
    """
    if error is None:
        return render_template(template, values=values or {}, errors={}, **context)
    if isinstance(error, NotFound | PermissionDenied):
        raise error
    texts = typed() if shown is None else dict(shown)
    if isinstance(error, Stale):
        # The sender has been told; what he sends next is a decision about the record as it is now.
        texts.pop("version", None)
    page = render_template(template, values=texts, errors=field_words(error), **context)
    response = current_app.make_response((page, error.status))
    if "retry_after" in error.params:
        response.headers["Retry-After"] = str(error.params["retry_after"])
    return response


def typed() -> dict[str, Any]:
    """What was typed, by field: one value, or the list of a field sent several times."""
    unshown = {FIELD, BASE, *SECRET_FIELDS}
    sent = ((name, values) for name, values in request.form.lists() if name not in unshown)
    return {name: values[0] if len(values) == 1 else values for name, values in sent}


def _field_errors(error: ValidationError) -> list[FieldError]:
    return [
        FieldError(name, getattr(text, "code", CODES.get(text, "invalid")), text, getattr(text, "params", {}))
        for name, text in _flat(error.messages_dict)
    ]


def _flat(messages: Mapping[Any, Any], outer: str | None = None) -> list[tuple[str, str]]:
    """(field, message) pairs; errors inside a list or a nested field belong to the outer one."""
    pairs: list[tuple[str, str]] = []
    for key, value in messages.items():
        name = outer or str(key)
        if isinstance(value, Mapping):
            pairs.extend(_flat(value, name))
        else:
            pairs.extend((name, text) for text in (value if isinstance(value, list) else [value]))
    return pairs
