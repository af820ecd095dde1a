"""Values as the API writes them: prefixed ids, RFC 3339 instants, business dates, money with its currency."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.utils import get_value

from app.core.db.ids import from_public, to_public
from app.core.errors import N_, NotFound
from app.core.http.forms import INVALID, Refused, at_most, printable
from app.core.money import minor_digits

NO_ID = N_("Not an identifier of this kind.")
NO_INSTANT = N_("Write an instant as RFC 3339 has it, such as 2026-11-23T09:30:00Z.")
NO_AMOUNT = N_("Write an amount as text with at most {places} decimals, such as “31950.00”.")
LARGEST_AMOUNT = Decimal(10) ** 12
AMOUNT = r"^-?[0-9]{1,13}(\.[0-9]{1,4})?$"


def write_instant(value: datetime) -> str:
    """`value` in UTC as RFC 3339 has it, with microseconds, so that it sorts as text."""
    return f"{value.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


def write_amount(value: Decimal, currency: str) -> str:
    """`value` with the decimals of `currency`, and those beyond that are not zero; never rounded."""
    whole = value.normalize()
    places = max(minor_digits(currency), -int(whole.as_tuple().exponent))
    return f"{whole:.{places}f}"


class PublicId(fields.Field[uuid.UUID]):
    """A record's identifier with the prefix that says what it is."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def _serialize(self, value: uuid.UUID | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else to_public(self.prefix, value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> uuid.UUID:
        try:
            return from_public(self.prefix, value if isinstance(value, str) else "")
        except NotFound:
            raise ValidationError([Refused("bad_id", NO_ID)]) from None


class TypedId(fields.Field[uuid.UUID]):
    """The identifier of a record whose kind stands beside it, in the attribute `kind`; null where it has no prefix."""

    def __init__(self, kind: str, prefixes: Mapping[str, str], **kwargs: Any) -> None:
        self.kind, self.prefixes = kind, prefixes
        super().__init__(**kwargs)

    def write(self, value: uuid.UUID, kind: str) -> str | None:
        """The identifier as the API gives it."""
        prefix = self.prefixes.get(kind)
        return None if prefix is None else to_public(prefix, value)

    def _serialize(self, value: uuid.UUID | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else self.write(value, getattr(obj, self.kind))


class Beside(fields.Field[Any]):
    """A field made of two values of the row: its own, and the one in the attribute `beside`."""

    beside: str

    def write(self, value: Any, beside: Any) -> Any:
        """The value as the API gives it."""
        raise NotImplementedError

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else self.write(value, getattr(obj, self.beside))


class Ids(fields.List):
    """Identifiers of one kind, each once, in no order of their own."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(PublicId(prefix), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        return sorted(set(super()._deserialize(value, attr, data, **kwargs)))


class Words(fields.Dict):
    """Words by name; null takes a name away, as in a merge patch. What is wrong is said of the name itself."""

    def __init__(self, words: Sequence[str], **kwargs: Any) -> None:
        one = fields.String(allow_none=True, metadata={"enum": [*words, None]})
        super().__init__(keys=fields.String(), values=one, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, str | None]:
        try:
            return dict(super()._deserialize(value, attr, data, **kwargs))  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            told = {name: [text for part in wrong.values() for text in part] for name, wrong in error.messages.items()}
            raise ValidationError(told) from None


class Instant(fields.Field[datetime]):
    """A point in time: written in UTC, read with any offset, never without one."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else write_instant(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            read = datetime.fromisoformat(value)
            if read.tzinfo is None or len(value) < len("2026-11-23T09:30Z"):
                raise ValueError("no offset")
            return read.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError([Refused("bad_instant", NO_INSTANT)]) from None


class Text(fields.String):
    """Text of at most `longest` characters without control characters; unlike in a form nothing is trimmed."""

    def __init__(self, *, longest: int = 200, **kwargs: Any) -> None:
        self.longest = longest
        super().__init__(validate=[at_most(longest), printable], **kwargs)


class Whole(fields.Integer):
    """A whole number that is written as one: neither "7" nor 7.0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """True or false, and nothing that only looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Number(fields.Decimal):
    """An exact number, written as text so that no client makes a float of it."""

    def _serialize(self, value: Decimal | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else f"{value:f}"


class MoneyParts(Schema):
    """A sum of money."""

    amount = fields.String(required=True, metadata={"example": "31950.00", "pattern": AMOUNT})
    currency = fields.String(required=True, metadata={"example": "USD", "pattern": "^[A-Z]{3}$"})


class Money(fields.Field[Decimal]):
    """An amount with its currency, which stands in the attribute `currency` of the row.

    Read as `{"amount": "31950.00", "currency": "USD"}`; the currency must be the dealership's, because no amount here
    is in another one.
    """

    def __init__(self, currency: str = "currency", **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(**kwargs)

    def _serialize(self, value: Decimal | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else write_money(value, get_value(obj, self.currency))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        parts = MoneyParts().load(value) if isinstance(value, Mapping) else None
        if parts is None:
            raise ValidationError([INVALID])
        expected = self.context_currency()
        if parts["currency"] != expected:
            refusal = Refused("currency_unknown", N_("Amounts here are in {currency}."), currency=expected)
            raise ValidationError({"currency": [refusal]})
        return read_amount(parts["amount"], expected)

    def context_currency(self) -> str:
        """The currency amounts are read in."""
        from_root: str = self.root.context_currency()  # type: ignore[union-attr]
        return from_root


def write_money(value: Decimal, currency: str) -> dict[str, str]:
    """An amount as the API gives it."""
    return {"amount": write_amount(value, currency), "currency": currency}


def read_amount(text: str, currency: str) -> Decimal:
    """The amount in `text`; raises ValidationError on anything but plain digits with the currency's decimals."""
    places = minor_digits(currency)
    digits, _, fraction = text.removeprefix("-").partition(".")
    plain = digits.isascii() and digits.isdecimal() and (not fraction or (fraction.isascii() and fraction.isdecimal()))
    if not plain or text.endswith(".") or len(fraction) > places or len(digits) > 13 or (
        abs(Decimal(text)) > LARGEST_AMOUNT
    ):
        raise ValidationError({"amount": [Refused("bad_amount", NO_AMOUNT, places=places)]})
    return Decimal(text).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
