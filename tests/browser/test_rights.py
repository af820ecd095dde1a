"""What an administrator or a user changes about rights and sessions holds at the next click, in every window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import Tenant, db, tenant
from app.core.db.ids import to_public
from app.tenants.models import Role
from tests.browser.conftest import Shop

pytestmark = pytest.mark.browser


def test_a_right_taken_away_is_gone_at_the_next_click(
    app: Flask, window: Callable[..., Shop], american: Tenant
) -> None:
    with app.app_context(), tenant(american.id):
        role_id = to_public("role", db.session.scalars(select(Role.id).where(Role.key == "controller")).one())
    admin, user = window(american), window(american, "controller")
    assert user.go("/customers") == 200
    for scope, status in (("", 403), ("customer.see:all", 200)):
        admin.go(f"/roles/{role_id}")
        admin.page.locator("select:has(option[value^='customer.see:'])").select_option(scope)
        admin.press("main form[action$='/review'] button[type=submit].b-p")
        admin.press("main form[action*='/roles/role_'] button[type=submit].b-p")
        assert user.go("/customers") == status
        # The rail offers what may be opened.
        user.go("/account")
        assert (user.page.locator("nav.side a[href='/customers']").count() == 1) is (status == 200)


def test_signing_out_everywhere_reaches_every_window(window: Callable[..., Shop], american: Tenant) -> None:
    here, there, colleague = window(american, "gm"), window(american, "gm"), window(american, "fi_manager")
    assert [shop.go("/account") for shop in (here, there, colleague)] == [200] * 3
    here.press("form[action='/account/sessions/end'] button")
    assert here.page.url == f"{here.base}/sign-in"
    there.go("/customers")
    assert there.page.url == f"{there.base}/sign-in?next=/customers"
    assert colleague.go("/account") == 200
    # Back at the page that was asked for.
    there.page.fill("[name=email]", "gm@example.com")
    there.page.fill("[name=password]", "correct horse battery staple 42")
    there.press()
    assert there.page.url == f"{there.base}/customers"
