"""Which passwords are good enough, after NIST SP 800-63B: long, not notorious, not made of names; nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from app.tenants.errors import PasswordNotorious, PasswordSaysContext, PasswordTooLong, PasswordTooShort

SHORTEST, LONGEST = 15, 128

# What people reach for first. The list of refused passwords is generated from these, not copied from a leak.
_WORDS = [
    "password",
    "passwort",
    "passw0rd",
    "pass",
    "admin",
    "administrator",
    "root",
    "user",
    "guest",
    "login",
    "letmein",
    "welcome",
    "secret",
    "master",
    "default",
    "changeme",
    "changeit",
    "temp",
    "test",
    "testing",
    "demo",
    "example",
    "sample",
    "superman",
    "batman",
    "dragon",
    "monkey",
    "shadow",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "basketball",
    "soccer",
    "hockey",
    "iloveyou",
    "loveyou",
    "lovely",
    "charlie",
    "jordan",
    "michael",
    "michelle",
    "jennifer",
    "thomas",
    "george",
    "andrew",
    "daniel",
    "robert",
    "matthew",
    "summer",
    "winter",
    "spring",
    "autumn",
    "monday",
    "friday",
    "january",
    "december",
    "trustno1",
    "whatever",
    "freedom",
    "starwars",
    "computer",
    "internet",
    "samsung",
    "iphone",
    "google",
    "facebook",
    "twitter",
    "linkedin",
    "microsoft",
    "windows",
    "qwerty",
    "azerty",
    "qwertz",
    "abc",
    "abcd",
    "abcdef",
    "asdf",
    "zxcv",
    "woaini",
    "nihao",
    "mima",
    "aini",
    "qwe",
    "asd",
    "zxc",
    "correcthorsebatterystaple",
    "dealer",
    "dealership",
    "cars",
    "auto",
    "automotive",
    "motors",
    "garage",
    "showroom",
    "forecourt",
    "toyota",
    "honda",
    "ford",
    "chevrolet",
    "bmw",
    "mercedes",
    "audi",
    "volkswagen",
    "nissan",
    "hyundai",
    "ferrari",
    "porsche",
    "mustang",
    "corvette",
    "camaro",
    "harley",
]
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "1qaz2wsx3edc4rfv5tgb6yhn7ujm")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_TAILS = ("", "1", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890",
          "0", "00", "007", "111", "888", "666", "520", "1314", "2020", "2021", "2022", "2023", "2024", "2025", "2026")  # fmt: skip
_LEET = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})


def check_password(password: str, context: Iterable[str] = ()) -> None:
    """Raise unless `password` is good enough; `context` are names of the dealership and the user.

    Any character is allowed, none is demanded; it is compared as typed, never cut.
    """
    if len(password) < SHORTEST:
        raise PasswordTooShort(field="password", shortest=SHORTEST)
    if len(password) > LONGEST:
        raise PasswordTooLong(field="password", longest=LONGEST)
    plain = unicodedata.normalize("NFKC", password).casefold()
    if is_notorious(plain):
        raise PasswordNotorious(field="password")
    if says_only(plain, context):
        raise PasswordSaysContext(field="password")


def is_notorious(plain: str) -> bool:
    """Whether the lower-case password is in the generated list, or a repetition or run of what is in it."""
    letters = _letters(plain)
    return (
        plain in notorious()
        or letters in notorious()
        or len(set(plain)) <= 3
        or _repeated_unit(plain)
        or _is_run(plain)
        or _made_of(plain, _WORDS)
        or _made_of(letters, _WORDS)
    )


@cache
def notorious() -> frozenset[str]:
    """A few thousand notorious passwords, made from common words, their repetitions and what people add to them."""
    found: set[str] = set()
    for word in _WORDS:
        for tail in _TAILS:
            found.update(
                (word + tail, word * 2 + tail, word * 3 + tail, tail + word, word + tail + "!", word + "@" + tail)
            )
    for row in _ROWS:
        for other in (*_ROWS, ""):
            found.update((row + other, row + other[::-1], row[::-1] + other))
    return frozenset(found)


def says_only(plain: str, context: Iterable[str]) -> bool:
    """Whether little is left of the password once the names in `context` and notorious words are taken out."""
    names = {part for text in context for part in re.split(r"[\W_]+", text.casefold()) if len(part) >= 3}
    names |= {re.sub(r"[\W_]+", "", text.casefold()) for text in context if len(text) >= 3}
    if not any(name and name in plain for name in names):
        return False
    return len(_without(plain, (*names, *_WORDS))) < 8


def _letters(plain: str) -> str:
    """The password with what people put around and into a word undone: tails of digits and marks, 3 for e."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain).translate(_LEET)


def _made_of(text: str, words: Iterable[str]) -> bool:
    return len(_without(text, words)) < 4


def _without(text: str, words: Iterable[str]) -> str:
    """The letters of `text` that belong to none of `words`; digits and marks count for nothing."""
    for word in sorted(filter(None, words), key=len, reverse=True):
        text = text.replace(word, " ")
    return re.sub(r"[\W\d_]+", "", text)


def _repeated_unit(text: str) -> bool:
    """Whether the text is one short piece over and over, such as abc1abc1abc1abc1."""
    return any(text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _is_run(text: str) -> bool:
    """Whether nearly every step of the text goes to a neighbour: in the alphabet, in the digits, on the keyboard."""
    lines = (*_ROWS, _ALPHABET, "0123456789")
    steps = {
        pair for line in lines for one, two in zip(line, line[1:], strict=False) for pair in (one + two, two + one)
    }
    near = sum(text[at : at + 2] in steps or text[at] == text[at + 1] for at in range(len(text) - 1))
    return near >= len(text) - 1 - len(text) // 5
