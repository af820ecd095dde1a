"""Password rules: length counts, composition does not; what is guessed first is refused."""

from __future__ import annotations

import pytest

from app.core.errors import DomainError
from app.tenants.rules.passwords import LONGEST, SHORTEST, check_password, notorious

CONTEXT = ("Sunrise Motors", "sunrise", "Dana Reed", "dana.reed")


@pytest.mark.parametrize(
    "password",
    [
        "three blue vans by the sea",
        "Green-Harbor-Sells-42",
        "83619402751746285019",
        "滕王高阁临江渚佩玉鸣鸾罢歌舞画栋朝飞南浦云",
        "Xk29-fpQm-88zL-vnR",
        "               spaces count too   yes",
        "x9" * 3 + "a long tail of words, up to the limit",
        "naïve façade — zwölf Boxkämpfer",
    ],
)
def test_long_passwords_of_any_composition_are_taken(password: str) -> None:
    check_password(password, CONTEXT)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_too_short"),
        ("Tr0ub4dor&3xyz", "password_too_short"),
        ("a" * (LONGEST + 1), "password_too_long"),
        ("password12345678", "password_notorious"),
        ("PasswordPassword", "password_notorious"),
        ("P@ssw0rd1234567!", "password_notorious"),
        ("aaaaaaaaaaaaaaaaa", "password_notorious"),
        ("abc1abc1abc1abc1", "password_notorious"),
        ("qwertyuiopasdfghjkl", "password_notorious"),
        ("1q2w3e4r5t6y7u8i", "password_notorious"),
        ("correct horse battery staple", "password_notorious"),
        ("abcdefghijklmnopqrst", "password_notorious"),
        ("123456789012345678", "password_notorious"),
        ("summer winter autumn", "password_notorious"),
        ("Sunrise-Motors-2026", "password_says_context"),
        ("dana.reed.dana.reed.1", "password_says_context"),
    ],
)
def test_guessable_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_password(password, CONTEXT)
    assert refused.value.code == code
    assert refused.value.field == "password"


def test_the_bounds_are_inclusive() -> None:
    base = "kestrel-" * 20
    check_password(base[: SHORTEST - 4] + "w9zq")
    check_password("".join(chr(0x4E00 + 37 * at % 5000) for at in range(LONGEST)))


def test_the_list_is_long_and_in_lower_case() -> None:
    listed = notorious()
    assert len(listed) > 5000
    assert all(word == word.casefold() for word in listed)
    assert {"letmeinletmeinletmein", "qwertyuiop1234567890", "iloveyou!"} <= listed
