"""What is true of customers: names, phones, e-mails, activities and the gap between them; no database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import phonenumbers

from app.core.errors import N_


class CustomerKind(StrEnum):
    """A person or a company; both buy cars."""

    INDIVIDUAL = "individual"
    BUSINESS = "business"


class ContactKind(StrEnum):
    """The channels a customer can be reached by."""

    PHONE = "phone"
    EMAIL = "email"


class ContactStatus(StrEnum):
    """Whether a contact value could be brought to its one normal form, or is kept as it was typed."""

    VALID = "valid"
    RAW = "raw"


class ActivityType(StrEnum):
    """What happened between the dealership and the customer."""

    CALL = "call"
    MESSAGE = "message"
    VISIT = "visit"
    TEST_DRIVE = "test_drive"
    NOTE = "note"


class Outcome(StrEnum):
    """How a call ended."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"


class Direction(StrEnum):
    """Who began it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


# Clocks of phones and tablets differ a little from the server's; more than this is a mistyped date.
FUTURE_TOLERANCE = timedelta(minutes=5)

_MICROSECOND = Decimal("0.000001")
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Contact:
    """A contact value in its one normal form, or as typed when there is none."""

    kind: ContactKind
    value: str
    status: ContactStatus


def fold_name(name: str) -> str:
    """The form names are compared in: width, case, accents and repeated spaces do not count."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFC", bare).split())


def _is_han(text: str) -> bool:
    return bool(text) and all("\u3400" <= char <= "\u9fff" or char == "\u00b7" for char in text)


def full_name(given: str, family: str) -> str:
    """How a person is addressed: family name first and unspaced in Han characters, given name first otherwise."""
    given, family = given.strip(), family.strip()
    if _is_han(given) and _is_han(family):
        return family + given
    return " ".join(part for part in (given, family) if part)


def normalize_phone(text: str, region: str) -> Contact:
    """E.164 when the number could exist in `region` (ISO 3166) or abroad; otherwise its digits, marked raw."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        parsed = None
    # A number that can only be dialled locally has no E.164 form; `is_possible_number` alone would invent one.
    possible = phonenumbers.ValidationResult.IS_POSSIBLE
    if parsed is not None and phonenumbers.is_possible_number_with_reason(parsed) == possible:
        value = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        if parsed.extension:
            value += f";ext={parsed.extension}"
        return Contact(ContactKind.PHONE, value, ContactStatus.VALID)
    return Contact(ContactKind.PHONE, " ".join(plain.split()), ContactStatus.RAW)


def normalize_email(text: str) -> Contact:
    """Lower case, with the domain in its ASCII (IDNA) form; what has no domain is kept as typed, marked raw."""
    plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".").strip()
    local, at, domain = plain.rpartition("@")
    folded = plain.casefold()
    if not (at and local and "." in domain) or any(char.isspace() for char in plain):
        return Contact(ContactKind.EMAIL, folded, ContactStatus.RAW)
    try:
        ascii_domain = domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return Contact(ContactKind.EMAIL, folded, ContactStatus.RAW)
    return Contact(ContactKind.EMAIL, f"{local.casefold()}@{ascii_domain}", ContactStatus.VALID)


def normalize_contact(kind: ContactKind, text: str, region: str) -> Contact:
    """The normal form of a phone or an e-mail, as stored, compared and looked up."""
    return normalize_phone(text, region) if kind is ContactKind.PHONE else normalize_email(text)


_RESIDENT_ID = re.compile(r"[0-9]{17}[0-9X]")
# Passports and permits are shorter or begin with letters.
_MEANT_AS_RESIDENT_ID = re.compile(r"[0-9]{6}.{6,}")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SHORTEST_ID_NUMBER, LONGEST_ID_NUMBER = 4, 40


def normalize_id_number(text: str) -> str:
    """The form in which ID numbers are compared: letters and digits alone, in capitals."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).upper() if char.isalnum())


def clean_id_number(text: str) -> str:
    """An ID number as it is stored: as typed, or in its one form where it has that of a Chinese resident's."""
    normal = normalize_id_number(text)
    return normal if _RESIDENT_ID.fullmatch(normal) else " ".join(unicodedata.normalize("NFKC", text).split())


def resident_check_character(digits: str) -> str:
    """The last character of a Chinese resident's ID number, from the 17 digits before it (GB 11643, ISO 7064)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _RESIDENT_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


class IdNumberProblem(StrEnum):
    """What is wrong with an ID number."""

    UNREADABLE = "unreadable"
    LENGTH = "length"
    BIRTH_DATE = "birth_date"
    CHECK = "check"


def id_number_problem(text: str, country: str, kind: str) -> IdNumberProblem | None:
    """What is wrong with an ID number: a person's in China is checked whole, anything else may have any form."""
    normal = normalize_id_number(text)
    if not SHORTEST_ID_NUMBER <= len(normal) <= LONGEST_ID_NUMBER or not any(char.isdigit() for char in normal):
        return IdNumberProblem.UNREADABLE
    if country != "CN" or kind != CustomerKind.INDIVIDUAL or not _MEANT_AS_RESIDENT_ID.fullmatch(normal):
        return None
    if not _RESIDENT_ID.fullmatch(normal):
        return IdNumberProblem.LENGTH
    try:
        date(int(normal[6:10]), int(normal[10:12]), int(normal[12:14]))
    except ValueError:
        return IdNumberProblem.BIRTH_DATE
    return None if normal[17] == resident_check_character(normal[:17]) else IdNumberProblem.CHECK


def is_too_late(at: datetime, now: datetime) -> bool:
    """Whether an activity's time lies in the future: an activity is something that happened."""
    return at > now + FUTURE_TOLERANCE


def gap_index(count: int, latest: datetime | None, previous: datetime | None) -> Decimal | None:
    """(latest - previous) / count in seconds, half-up to the microsecond; undefined below two activities.

    A gap: larger means less active. The stored column computes the same value in the database.
    """
    if count < 2 or latest is None or previous is None:
        return None
    microseconds = (latest - previous) // timedelta(microseconds=1)
    exact = _EXACT.divide(Decimal(microseconds), Decimal(count) * 1_000_000)
    return exact.quantize(_MICROSECOND, rounding=ROUND_HALF_UP, context=_EXACT)


def gap_index_of(instants: Iterable[datetime]) -> Decimal | None:
    """The activity index of one customer's activity times, in any order, ties included."""
    ordered = sorted(instants, reverse=True)
    if len(ordered) < 2:
        return None
    return gap_index(len(ordered), ordered[0], ordered[1])


@dataclass(frozen=True)
class ActivityBand:
    """Customers by how active they are: by number below two activities, else `low <= activity index < high`."""

    key: str
    label: str
    activities: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None

    def holds(self, activities: int, index: Decimal | None) -> bool:
        """Whether a customer with so many activities and this index belongs to the band."""
        if index is None or self.activities is not None:
            return index is None and activities == self.activities
        return (self.low is None or index >= self.low) and (self.high is None or index < self.high)


_HOUR, _DAY = Decimal(3600), Decimal(86_400)
# Every customer belongs to exactly one; from the most active to those nobody has spoken to.
ACTIVITY_BANDS = (
    ActivityBand("hour", N_("Under an hour"), high=_HOUR),
    ActivityBand("day", N_("An hour to a day"), low=_HOUR, high=_DAY),
    ActivityBand("week", N_("A day to a week"), low=_DAY, high=7 * _DAY),
    ActivityBand("month", N_("A week to 30 days"), low=7 * _DAY, high=30 * _DAY),
    ActivityBand("longer", N_("30 days and more"), low=30 * _DAY),
    ActivityBand("once", N_("One activity (undefined)"), activities=1),
    ActivityBand("none", N_("No activity"), activities=0),
)


# What an activity is worth beside a test drive; a note shows interest of ours, not of the customer.
ENGAGEMENT_WEIGHTS: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "test_drive": Decimal(5),
        "visit": Decimal(3),
        "call": Decimal(2),
        "message": Decimal(1),
        "note": Decimal("0.5"),
    }
)
HALF_LIFE_DAYS: Final = 30
_SECONDS_PER_DAY = 86_400


def engagement(activities: Iterable[tuple[str, datetime]], now: datetime) -> Decimal:
    """The sum of w(type) * 2^(-age in days / half-life) to three digits: larger means more active.

    Unlike the gap it is monotone: another activity never lowers it.
    """
    total = Decimal(0)
    for kind, at in activities:
        age = Decimal(max((now - at).total_seconds(), 0)) / _SECONDS_PER_DAY
        weight = ENGAGEMENT_WEIGHTS.get(kind, Decimal(0))
        total += _EXACT.multiply(weight, _EXACT.power(Decimal(2), _EXACT.divide(-age, Decimal(HALF_LIFE_DAYS))))
    return total.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)


# What they are called, marked for translation.
ID_NUMBER_WORDS = {
    IdNumberProblem.UNREADABLE: N_("Enter the number as it stands on the document."),
    IdNumberProblem.LENGTH: N_("An ID number has 17 digits and a last digit or X."),
    IdNumberProblem.BIRTH_DATE: N_("The 7th to 14th digit of an ID number are a date of birth: these are none."),
    IdNumberProblem.CHECK: N_("The last character does not fit the others: a digit is wrong, or two are exchanged."),
}
KIND_LABELS = {CustomerKind.INDIVIDUAL.value: N_("Person"), CustomerKind.BUSINESS.value: N_("Company")}
TYPE_LABELS = {
    ActivityType.CALL.value: N_("Call"),
    ActivityType.MESSAGE.value: N_("Message"),
    ActivityType.VISIT.value: N_("Visit"),
    ActivityType.TEST_DRIVE.value: N_("Test drive"),
    ActivityType.NOTE.value: N_("Note"),
}

OUTCOME_LABELS = {Outcome.REACHED.value: N_("Reached"), Outcome.NO_ANSWER.value: N_("No answer")}
DIRECTION_LABELS = {Direction.INBOUND.value: N_("Incoming"), Direction.OUTBOUND.value: N_("Outgoing")}
