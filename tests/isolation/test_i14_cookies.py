"""Case I14: a cookie belongs to the host that set it: no Domain, so that no browser sends it to another dealership."""

from __future__ import annotations

import html
import re
from http.cookies import SimpleCookie

from tests.fixtures import people
from tests.fixtures.serving import Served
from tests.isolation.conftest import Twin

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def test_no_cookie_of_ours_names_a_domain(twins: tuple[Twin, Twin], served: Served) -> None:
    twin, other = twins
    page = served.ask(twin.host, "/sign-in")
    visitor = SimpleCookie(next(value for name, value in page.headers if name.lower() == "set-cookie"))
    held = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.items())
    token = TOKEN.search(page.text)
    assert token is not None
    form = {
        "csrf_token": html.unescape(token[1]),
        "email": people.email("gm"),
        "password": people.PASSWORD,
    }
    answer = served.ask(twin.host, "/sign-in", cookie=held, form=form)
    set_now = [value for name, value in answer.headers if name.lower() == "set-cookie"]
    assert answer.status == 303
    assert any(value.startswith("session=") for value in set_now)
    for value in (*set_now, *(value for name, value in page.headers if name.lower() == "set-cookie")):
        attributes = {part.strip().partition("=")[0].lower() for part in value.split(";")[1:]}
        assert "domain" not in attributes
        assert {"httponly", "samesite", "path"} <= attributes
    session = next(value for value in set_now if value.startswith("session=")).partition(";")[0]
    assert served.ask(twin.host, "/account", cookie=session).status == 200
    # Carried to the other dealership by hand it is nothing there, although the same user id exists.
    assert served.ask(other.host, "/account", cookie=session).status == 303
