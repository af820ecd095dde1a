"""How values are written: after the tenant's region, never after the server's."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.core.db import scopes
from app.web import formats
from tests.web.conftest import AMERICAN, CHINESE


@pytest.mark.parametrize(
    ("tenant", "amount", "currency", "written"),
    [
        (AMERICAN, Decimal("31950"), None, "$31,950"),
        (AMERICAN, Decimal("31950.5"), None, "$31,950.50"),
        (AMERICAN, Decimal("-1200.005"), None, "-$1,200.01"),
        (AMERICAN, Decimal("31000"), "JPY", "¥31,000"),
        (AMERICAN, Decimal("10.0000"), None, "$10"),
        (AMERICAN, None, None, "–"),
        (CHINESE, Decimal("128000"), None, "¥128,000"),
        (CHINESE, Decimal("0.0049"), None, "¥0.00"),
    ],
)
def test_money_carries_its_sign_and_only_digits_there_are(bare_shell, tenant, amount, currency, written):
    with bare_shell.app.app_context(), scopes.entered(scopes.tenant_scope(tenant)):
        assert formats.format_money(amount, currency) == written


def test_an_instant_stands_in_the_zone_of_the_dealership(bare_shell):
    instant = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    with bare_shell.app.app_context(), scopes.entered(scopes.tenant_scope(CHINESE)):
        assert formats.format_instant(instant) == "2026年3月2日 04:30"
    with bare_shell.app.app_context(), scopes.entered(scopes.tenant_scope(AMERICAN)):
        assert formats.format_instant(instant).startswith("Mar 1, 2026 3:30")
        assert formats.format_instant(instant, "Asia/Shanghai").startswith("Mar 2, 2026 4:30")


def test_a_business_date_is_never_converted(bare_shell):
    with bare_shell.app.app_context(), scopes.entered(scopes.tenant_scope(CHINESE)):
        assert formats.format_day(date(2026, 3, 1)) == "2026年3月1日"


@pytest.mark.parametrize(
    ("language", "country", "written"),
    [("en", "US", "3/1/26"), ("en", "GB", "01/03/2026"), ("en", "CN", "01/03/2026"), ("zh", "CN", "2026/3/1")],
)
def test_the_region_decides_the_order_of_a_date(language, country, written):
    assert formats.dates.format_date(date(2026, 3, 1), "short", locale=formats.region(language, country)) == written


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Elena Kowalski", "EK"), ("林晓", "林"), ("Cher", "C"), ("", "?"), (None, "?"), ("Ana de la Cruz", "AC")],
)
def test_initials(name, letters):
    assert formats.initials(name) == letters


@pytest.mark.parametrize(
    ("text", "country", "style"),
    [("川A·7H26K", "CN", "cn"), ("川A·D58213", "CN", "nev"), ("KLO 7343", "US", "us"), ("LM70 VDE", "GB", "")],
)
def test_a_plate_looks_like_its_country(text, country, style):
    assert formats.plate_style(text, country) == style


def test_an_unknown_state_is_neutral():
    assert formats.tone("in_stock") == "t-g"
    assert formats.tone("red") == "t-r"
    assert formats.tone("never heard of") == ""
