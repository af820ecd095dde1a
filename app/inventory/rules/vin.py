"""Vehicle identification numbers: shape, check digit, model year, and where the check digit is law."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from app.inventory.rules import wmi

LENGTH = 17
LONGEST_ID = 32  # Frame and chassis numbers of other schemes are stored up to this length.
TAIL = 8

_LEGAL = re.compile(r"[A-HJ-NPR-Z0-9]+\Z")
_OTHER_ID = re.compile(r"[A-Z0-9]+\Z")
_LOOKALIKES = str.maketrans({"I": "1", "O": "0", "Q": "0"})

# 49 CFR 565.15(c), tables III and IV. S is 2: the third row of letters begins one later than the others.
_VALUES = {str(digit): digit for digit in range(10)}
_VALUES |= dict(zip("ABCDEFGH", range(1, 9), strict=True))
_VALUES |= dict(zip("JKLMN", range(1, 6), strict=True)) | {"P": 7, "R": 9}
_VALUES |= dict(zip("STUVWXYZ", range(2, 10), strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)

_YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"
_FIRST_YEAR = 1980
_NORTH_AMERICA = "12345"
_CHECK_IS_LAW = _NORTH_AMERICA + "L"


class VinStatus(StrEnum):
    """How far an identification number can be relied on; `valid` is still no proof of identity."""

    VALID = "valid"
    STRUCTURE_ONLY = "structure_only"
    INCOMPLETE = "incomplete"
    NOT_VIN = "not_vin"


class VinProblem(StrEnum):
    """Why a number is refused unless somebody overrides it with a reason."""

    CHECK_DIGIT = "vin_check_digit"
    LETTERS = "vin_letters"
    UNREADABLE = "vin_unreadable"


@dataclass(frozen=True)
class Decoded:
    """Everything the number itself tells; what it does not tell is None and is typed by staff."""

    vin: str
    status: VinStatus
    problem: VinProblem | None
    check_digit: str | None
    check_ok: bool | None
    suggestions: tuple[str, ...]
    make: str | None
    make_is_guess: bool
    country: str | None
    model_years: tuple[int, ...]
    likely_year: int | None

    @property
    def tail(self) -> str:
        """The last eight characters, by which people on the lot call a car."""
        return tail(self.vin)


def normalise(text: str) -> str:
    """Upper case, full-width forms folded, spaces and dashes removed; I, O and Q are never silently replaced."""
    folded = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(c for c in folded if unicodedata.category(c) not in {"Zs", "Pd", "Cf", "Cc"} and c != "\u2212")
    return unicodedata.normalize("NFKC", kept).upper()


def tail(vin: str) -> str:
    """The last eight characters of a normalised number."""
    return vin[-TAIL:]


def has_shape(vin: str) -> bool:
    """Whether a normalised number has 17 characters of the legal alphabet."""
    return len(vin) == LENGTH and _LEGAL.match(vin) is not None


def check_digit(vin: str) -> str:
    """The check digit computed for a number that `has_shape`: a digit or X."""
    remainder = sum(_VALUES[char] * weight for char, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)


def check_is_law(vin: str) -> bool:
    """Whether position 9 must be a check digit; decided by the maker's region, not by the dealer's country."""
    return bool(vin) and vin[0] in _CHECK_IS_LAW


def status_of(vin: str) -> VinStatus:
    """The status of a normalised number."""
    if has_shape(vin):
        return VinStatus.VALID if check_digit(vin) == vin[8] else VinStatus.STRUCTURE_ONLY
    if 0 < len(vin) < LENGTH and _OTHER_ID.match(vin):
        return VinStatus.INCOMPLETE
    return VinStatus.NOT_VIN


def problem_of(vin: str) -> VinProblem | None:
    """Why a normalised number must not be taken as it is; None where nothing forbids it."""
    status = status_of(vin)
    if status is VinStatus.STRUCTURE_ONLY and check_is_law(vin):
        return VinProblem.CHECK_DIGIT
    if status is VinStatus.NOT_VIN:
        only_letters = len(vin) == LENGTH and _OTHER_ID.match(vin) is not None
        return VinProblem.LETTERS if only_letters else VinProblem.UNREADABLE
    return None


def suggestions(vin: str) -> tuple[str, ...]:
    """What a number with I, O or Q may have meant; offered to a person, never applied."""
    if len(vin) != LENGTH or not _OTHER_ID.match(vin) or has_shape(vin):
        return ()
    # The check digit does not decide here: it would be wrong for most European makers.
    return (vin.translate(_LOOKALIKES),)


def model_years(vin: str, latest: int) -> tuple[int, ...]:
    """The model years position 10 may stand for, oldest first, up to `latest`; empty where the code is no year code."""
    if not has_shape(vin) or vin[9] not in _YEAR_CODES:
        return ()
    first = _FIRST_YEAR + _YEAR_CODES.index(vin[9])
    return tuple(range(first, latest + 1, len(_YEAR_CODES)))


def likely_year(vin: str, latest: int) -> int | None:
    """The one model year to fill in, or None where both candidates must stay open.

    Position 7 tells the cycle for North American light vehicles (note to Table VII, 49 CFR 565.15). Heavy vehicles
    are not under that rule and cannot be told apart by the number, so this is a proposal and stays editable.
    """
    candidates = model_years(vin, latest)
    if len(candidates) == 1:
        return candidates[0]
    if vin[:1] not in _NORTH_AMERICA:
        return None
    early = vin[6].isdigit() if candidates else False
    fitting = [year for year in candidates if (year < _FIRST_YEAR + len(_YEAR_CODES)) == early]
    return fitting[0] if len(fitting) == 1 else None


def decode(text: str, latest: int) -> Decoded:
    """All that can be told from `text` offline; `latest` is the newest model year sold today."""
    vin = normalise(text)
    shaped = has_shape(vin)
    computed = check_digit(vin) if shaped else None
    maker = wmi.maker(vin) if shaped else wmi.UNKNOWN
    return Decoded(
        vin=vin,
        status=status_of(vin),
        problem=problem_of(vin),
        check_digit=computed,
        check_ok=computed == vin[8] if shaped else None,
        suggestions=suggestions(vin),
        make=maker.make,
        make_is_guess=maker.is_guess,
        country=maker.country,
        model_years=model_years(vin, latest),
        likely_year=likely_year(vin, latest),
    )
