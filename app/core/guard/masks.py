"""Masks: the form of a personal value that may be shown to whoever may not see the value itself. Pure.

Every mask fails closed: a value whose format is not recognised is masked whole. Stars stand in a fixed number
wherever the length itself would tell something.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import phonenumbers

FULL: Final = "****"
_LONGEST: Final = 300


class MaskKind(StrEnum):
    """The kinds of value that have a mask of their own."""

    PHONE = "phone"
    EMAIL = "email"
    NAME = "name"
    NATIONAL_ID = "national_id"
    PLATE = "plate"
    VIN = "vin"
    ADDRESS = "address"
    BANK_CARD = "bank_card"
    BIRTH_DATE = "birth_date"


def mask(kind: str, value: str | date | Decimal | None) -> str:
    """The masked form of `value`; nothing stays nothing, a number, an unknown kind or format is masked whole."""
    if value is None or value == "":
        return ""
    if isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str):
        return FULL
    if len(value) > _LONGEST or not value.isprintable():
        return FULL
    masker = _MASKERS.get(kind)
    return masker(unicodedata.normalize("NFKC", value).strip()) if masker else FULL


_CN_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")


def _phone(text: str) -> str:
    digits = re.sub(r"[ ().\-]", "", text)
    if _CN_MOBILE.fullmatch(digits):
        return f"{digits[:3]}****{digits[-4:]}"
    if not re.fullmatch(r"\+[0-9]{6,15}", digits):
        return FULL
    try:
        number = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException:
        return FULL
    if not phonenumbers.is_possible_number(number):
        return FULL
    national = phonenumbers.national_significant_number(number)
    prefix = f"+{number.country_code} "
    if number.country_code == 86 and _CN_MOBILE.fullmatch(national):
        return f"{prefix}{national[:3]}****{national[-4:]}"
    # Shorter numbers have fewer digits to hide, so they show fewer.
    shown = 4 if len(national) >= 9 else 2 if len(national) >= 7 else 0
    return prefix + FULL + (national[-shown:] if shown else "")


_EMAIL: Final = re.compile(r'([^\s@<>"(),:;\\\[\]]+)@((?:[\w-]+\.)+[\w-]{2,})')


def _email(text: str) -> str:
    found = _EMAIL.fullmatch(text)
    if not found:
        return FULL
    local, domain = found.groups()
    first = local[0] if len(local) > 1 and local[0].isalnum() else ""
    return f"{first}***@{domain}"


# Two characters each; written in one string and cut in twos.
_COMPOUNDS: Final = (
    "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐宇文长孙司徒司空夏侯端木轩辕南宫独孤闻人澹台百里呼延东郭西门公冶申屠太叔"
    "万俟濮阳淳于单于钟离鲜于歐陽司馬諸葛尉遲公孫長孫軒轅南宮獨孤聞人澹臺西門濮陽單于鍾離鮮于"
)
_COMPOUND_SURNAMES: Final = frozenset(_COMPOUNDS[at : at + 2] for at in range(0, len(_COMPOUNDS), 2))
_HAN: Final = re.compile(r"[㐀-䶿一-鿿]{1,5}")
_HAN_WITH_DOT: Final = re.compile(r"[㐀-䶿一-鿿]+(?:[·•・‧][㐀-䶿一-鿿]+)+")
_HANGUL: Final = re.compile(r"[가-힣]{2,5}")
_CASED_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK")
_INSIDE_NAMES: Final = "'’.-"


def _name(text: str) -> str:
    text = re.sub(r"(?<=[㐀-䶿一-鿿])\s+(?=[㐀-䶿一-鿿])", "", text)
    if _HAN.fullmatch(text) or _HANGUL.fullmatch(text):
        if len(text) == 1:
            return "**"
        surname = 2 if len(text) > 2 and text[:2] in _COMPOUND_SURNAMES else 1
        return f"{text[:surname]}**"
    if _HAN_WITH_DOT.fullmatch(text):
        return f"{text[0]}**"
    words = text.replace(",", " ").split()
    if not words or not all(_is_word_of_name(word) for word in words):
        return FULL
    if len(words[-1]) == 1:
        return FULL
    if len(words) == 1:
        return f"{words[0][0]}***"
    return f"{words[0][0]}. {words[-1][0]}***"


def _is_word_of_name(word: str) -> bool:
    if not word[0].isalpha():
        return False
    return all(
        letter in _INSIDE_NAMES or (letter.isalpha() and unicodedata.name(letter, "").startswith(_CASED_SCRIPTS))
        for letter in word
    )


def _national_id(text: str) -> str:
    if re.fullmatch(r"[0-9]{17}[0-9Xx]|[0-9]{15}", text):
        return f"{text[0]}{'*' * (len(text) - 3)}{text[-2:].upper()}"
    return FULL


_CN_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{4,5}[A-Z0-9挂学警港澳领使]"
)
# Two letters for the region and two digits for the age: the current British format.
_GB_PLATE: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z]{3}")


def _plate(text: str) -> str:
    plate = re.sub(r"[ ·•.\-]", "", text).upper()
    if _CN_PLATE.fullmatch(plate):
        return f"{plate[:3]}{'*' * (len(plate) - 4)}{plate[-1]}"
    if _GB_PLATE.fullmatch(plate):
        return f"{plate[:2]}{FULL}{plate[-1]}"
    return FULL


def _vin(text: str) -> str:
    vin = text.upper()
    return f"{vin[:8]}*****{vin[-4:]}" if re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", vin) else FULL


_PROVINCES: Final = (
    "北京市|天津市|上海市|重庆市|河北省|山西省|辽宁省|吉林省|黑龙江省|江苏省|浙江省|安徽省|福建省|江西省|山东省|河南省"
    "|湖北省|湖南省|广东省|海南省|四川省|贵州省|云南省|陕西省|甘肃省|青海省|台湾省|内蒙古自治区|广西壮族自治区"
    "|西藏自治区|宁夏回族自治区|新疆维吾尔自治区|香港特别行政区|澳门特别行政区"
)
# A component holds no digit and no word of a street, so that "东路小区" is never taken for a district.
_PART: Final = r"[^\W\d_路街道号村镇乡弄巷楼栋幢室省市区县旗]"
_CITY: Final = rf"{_PART}{{1,8}}(?:市|自治州|地区|盟)"
_DISTRICT: Final = rf"{_PART}{{1,6}}(?<![小园社校厂院景])(?:自治县|新区|区|县|旗|市)"
_ADDRESS: Final = re.compile(rf"((?:{_PROVINCES})(?:{_CITY})?(?:{_DISTRICT})?|{_CITY}{_DISTRICT}).+")


def _address(text: str) -> str:
    found = _ADDRESS.fullmatch(re.sub(r"\s+", "", text))
    return f"{found.group(1)}{FULL}" if found else FULL


def _bank_card(text: str) -> str:
    digits = re.sub(r"[ \-]", "", text)
    return f"{FULL} {digits[-4:]}" if re.fullmatch(r"[0-9]{12,19}", digits) else FULL


_DATE: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2})|年([0-9]{1,2})月([0-9]{1,2})日)"
)


def _birth_date(text: str) -> str:
    found = _DATE.fullmatch(text)
    if not found:
        return FULL
    year, _, *parts = found.groups()
    month, day = (int(part) for part in parts if part is not None)
    try:
        return f"{date(int(year), month, day).year:04d}"
    except ValueError:
        return FULL


_MASKERS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        MaskKind.PHONE: _phone,
        MaskKind.EMAIL: _email,
        MaskKind.NAME: _name,
        MaskKind.NATIONAL_ID: _national_id,
        MaskKind.PLATE: _plate,
        MaskKind.VIN: _vin,
        MaskKind.ADDRESS: _address,
        MaskKind.BANK_CARD: _bank_card,
        MaskKind.BIRTH_DATE: _birth_date,
    }
)
