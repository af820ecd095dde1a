"""Codes of authenticator apps and recovery codes: RFC 6238's own figures, one step of grace, each step once."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.guard import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert totp.matching_step(SECRET, code, at, None) == seconds // 30


@pytest.mark.parametrize(("late", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_is_good_one_step_around_its_own(late: int, accepted: bool) -> None:
    at = datetime(2005, 3, 18, 1, 58, 29, tzinfo=UTC) + timedelta(seconds=late)
    assert (totp.matching_step(SECRET, "081804", at, None) is not None) is accepted


def test_checklist_9_a_step_is_accepted_once_and_none_before_it_either() -> None:
    at = datetime(2005, 3, 18, 1, 58, 29, tzinfo=UTC)
    step = totp.matching_step(SECRET, "081 804", at, None)
    assert step is not None
    assert totp.matching_step(SECRET, "081804", at, step) is None
    assert totp.matching_step(SECRET, "081804", at, step + 1) is None
    assert totp.matching_step(SECRET, "081804", at, step - 1) == step


@pytest.mark.parametrize("code", ["", "08180", "0818044", "08180x", "०८१८०४", "081804\x00"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert totp.matching_step(SECRET, code, datetime(2005, 3, 18, 1, 58, 29, tzinfo=UTC), None) is None


def test_an_app_reads_secret_name_and_issuer_from_the_address() -> None:
    secret = totp.new_secret()
    parts = urlsplit(totp.provisioning_uri(secret, "mei@example.com", "阿尔法 & Söhne"))
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert asked["secret"] == [secret]
    assert asked["issuer"] == ["阿尔法 & Söhne"]
    assert len(base64.b32decode(secret)) == 20


def test_recovery_codes_differ_and_are_known_however_they_are_typed() -> None:
    codes = totp.new_recovery_codes()
    hashes = {totp.hash_code(code) for code in codes}
    assert len(codes) == len(hashes) == 10
    assert totp.hash_code(f" {codes[0].lower().replace('-', ' ')} ") == totp.hash_code(codes[0])
    assert codes[0].encode() not in totp.hash_code(codes[0])
