"""Which passwords are good enough, after NIST SP 800-63B: long, not notorious, not made of names; nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from app.tenants.errors import PasswordNotorious, PasswordSaysContext, PasswordTooLong, PasswordTooShort

SHORTEST, LONGEST = 15, 128

# What people reach for first. The list of refused passwords is generated from these, not copied from a leak.
_COMMON = """
    password passwort passw0rd pass admin administrator root user guest login letmein welcome secret master default
    changeme changeit temp test testing demo example sample superman batman dragon monkey shadow sunshine princess
    football baseball basketball soccer hockey iloveyou loveyou lovely charlie jordan michael michelle jennifer
    thomas george andrew daniel robert matthew summer winter spring autumn monday friday january december trustno1
    whatever freedom starwars computer internet samsung iphone google facebook twitter linkedin microsoft windows
    qwerty azerty qwertz abc abcd abcdef asdf zxcv woaini nihao mima aini qwe asd zxc correcthorsebatterystaple
    dealer dealership cars auto automotive motors garage showroom forecourt toyota honda ford chevrolet bmw mercedes
    audi volkswagen nissan hyundai ferrari porsche mustang corvette camaro harley
"""
_WORDS = tuple(_COMMON.split())
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop",
         "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p")  # fmt: skip
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_COUNTING = tuple("1234567890"[:size] for size in range(11))
_TAILS = (*_COUNTING, "0", "00", "007", "111", "888", "666", "520", "1314", *(str(year) for year in range(2015, 2031)))
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
    letters = _core(plain)
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
                (word + tail, word * 2 + tail, word * 3 + tail, tail + word, f"{word}{tail}!", f"{word}@{tail}")
            )
    for row in _ROWS:
        for other in (*_ROWS, ""):
            found.update((row + other, row + other[::-1], row[::-1] + other))
    return frozenset(found)


def says_only(plain: str, context: Iterable[str]) -> bool:
    """Whether little is left of the password once the names in `context` and notorious words are taken out."""
    names = {part for text in context for part in re.split(r"[\W_]+", text.casefold()) if len(part) >= 3}
    names |= {re.sub(r"[\W_]+", "", text.casefold()) for text in context if len(text) >= 3}
    squeezed = re.sub(r"[\W_]+", "", plain)
    return any(name in squeezed for name in names) and len(_letters_only(_without(plain, (*names, *_WORDS)))) < 8


def _core(plain: str) -> str:
    """The password with what people put around and into a word undone: tails of digits and marks, 3 for e."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain).translate(_LEET)


def _made_of(text: str, words: Iterable[str]) -> bool:
    """Whether hardly a letter and only a few digits are left once common words are taken out."""
    rest = _without(text, words)
    return rest != re.sub(r"[\W_]+", "", text) and len(_letters_only(rest)) < 4 and len(rest) < 9


def _without(text: str, words: Iterable[str]) -> str:
    """The letters and digits of `text` that belong to none of `words`."""
    text = re.sub(r"[\W_]+", "", text)
    for word in sorted(filter(None, words), key=len, reverse=True):
        text = text.replace(word, " ")
    return text.replace(" ", "")


def _letters_only(text: str) -> str:
    return re.sub(r"\d", "", text)


def _repeated_unit(text: str) -> bool:
    """Whether the text is one short piece over and over, such as abc1abc1abc1abc1."""
    return any(text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _is_run(text: str) -> bool:
    """Whether nearly every step of the text goes to a neighbour: in the alphabet, in the digits, on the keyboard."""
    near = sum(text[at : at + 2] in _steps() or text[at] == text[at + 1] for at in range(len(text) - 1))
    return near >= len(text) - 1 - len(text) // 5


@cache
def _steps() -> frozenset[str]:
    """Pairs of neighbouring characters, both ways."""
    pairs = {one + two for line in (*_ROWS, _ALPHABET) for one, two in pairwise(line)}
    return frozenset(pairs | {pair[::-1] for pair in pairs})
