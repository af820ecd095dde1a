"""The frame: languages, themes, navigation by right, refusals, static files."""

import gzip
import json
import re
import uuid
from dataclasses import replace

import pytest
from flask import abort

from app.core.guard.permissions import MATRIX_VERBS, Actor, declare, declared
from app.core.http.problems import TenantSuspended
from app.core.http.sessions import own_path
from app.core.languages import known_language
from app.web import nav
from app.web.assets import DIST


def _actor(*permissions: str) -> Actor:
    return Actor(uuid.uuid4(), "Elena Kowalski", dict.fromkeys(permissions, "all"))


def _declare_all() -> None:
    for entry in nav.ENTRIES:
        if entry.permission and entry.permission not in declared():
            resource, _, verb = entry.permission.partition(".")
            in_matrix = [verb] if verb in MATRIX_VERBS else []
            declare(resource, verbs=in_matrix, extra=[] if in_matrix else [verb])


def _add_every_page(bare_shell) -> None:
    _declare_all()
    for number, entry in enumerate(nav.ENTRIES):
        if entry.endpoint not in bare_shell.app.view_functions:
            bare_shell.app.add_url_rule(f"/page-{number}", entry.endpoint, lambda: "a page")


def test_entries_without_a_page_are_left_out(bare_shell):
    _declare_all()
    bare_shell.signed_in = _actor(*(entry.permission for entry in nav.ENTRIES if entry.permission))
    page = bare_shell.client().get("/").text
    assert 'href="/" class="on" aria-current="page"' in page
    assert "Customers" not in page


def test_entries_are_shown_to_those_who_hold_the_right(bare_shell):
    _add_every_page(bare_shell)
    bare_shell.signed_in = _actor("customer.see")
    page = bare_shell.client().get("/").text
    assert "Customers" in page
    assert "Roles" not in bare_shell.client().get("/settings").text
    bare_shell.signed_in = _actor("role.see")
    assert "Customers" not in bare_shell.client().get("/").text
    assert "Roles" in bare_shell.client().get("/settings").text


def test_caught_mails_have_an_entry_where_mails_are_caught(bare_shell):
    _add_every_page(bare_shell)
    bare_shell.signed_in = _actor("user.see")
    assert "Caught mails" not in bare_shell.client().get("/settings").text
    known = bare_shell.app.extensions["forecourt_settings"]
    bare_shell.app.extensions["forecourt_settings"] = replace(known, demo_mail=True)
    assert "Caught mails" in bare_shell.client().get("/settings").text
    bare_shell.signed_in = _actor("customer.see")
    assert "Caught mails" not in bare_shell.client().get("/settings").text


def test_a_visitor_is_led_to_sign_in_and_the_bare_host_asks_for_the_dealership(bare_shell):
    answer = bare_shell.client().get("/")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    start = bare_shell.client("").get("/")
    assert start.status_code == 200
    assert 'name="dealership"' in start.text


@pytest.mark.parametrize(
    ("cookie", "accepts", "slug", "lang"),
    [
        (None, "en", "jiangpan", "zh-CN"),
        (None, "zh-CN,zh;q=0.9", "riverside", "en"),
        ("zh", "en", "riverside", "zh-CN"),
        ("xx", "en", "jiangpan", "zh-CN"),
        (None, "zh-CN,zh;q=0.9", "", "zh-CN"),
        (None, "fr", "", "en"),
    ],
)
def test_the_language_comes_from_cookie_then_dealership_then_browser(bare_shell, cookie, accepts, slug, lang):
    client = bare_shell.client(slug)
    if cookie:
        client.set_cookie("locale", cookie, domain=client.host)
    bare_shell.app.add_url_rule("/gone", "gone", lambda: abort(404))
    page = client.get("/gone", headers={"Accept-Language": accepts}).text
    assert f'<html lang="{lang}"' in page


def test_the_signed_in_users_own_language_comes_first(bare_shell):
    bare_shell.signed_in, bare_shell.locale = _actor(), "zh"
    client = bare_shell.client()
    client.set_cookie("locale", "en", domain="riverside.localhost")
    assert '<html lang="zh-CN"' in client.get("/").text


@pytest.mark.parametrize(
    ("text", "locale"), [("zh_Hans_CN", "zh"), ("ZH-tw", "zh"), ("en-GB", "en"), ("fr", None), (None, None)]
)
def test_languages_are_known_by_any_of_their_names(text, locale):
    assert known_language(text) == locale


def test_a_theme_is_remembered_and_never_set_by_reading(bare_shell):
    client = bare_shell.client("")
    assert 'data-theme="system"' in client.get("/?theme=dark").text
    answer = client.post("/preferences", data={"theme": "dark", "next": "/?x=1"})
    assert (answer.status_code, answer.location) == (303, "/?x=1")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert 'data-bs-theme="dark" data-theme="dark"' in client.get("/").text
    client.post("/preferences", data={"theme": "pink"})
    assert 'data-theme="dark"' in client.get("/").text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        None,
        "evil",
        "/\t/evil",
        "http://[x",
    ],
)
def test_a_choice_never_leads_off_this_host(wanted):
    assert own_path(wanted) == "/"


def test_a_choice_leads_back_to_where_it_was_made():
    assert own_path("/customers?sort=name&limit=20") == "/customers?sort=name&limit=20"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 429, 500, 503])
def test_a_refusal_is_a_page_of_ours(bare_shell, status):
    bare_shell.app.add_url_rule("/refused", "refused", lambda: abort(status))
    bare_shell.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = bare_shell.client().get("/refused")
    assert answer.status_code == status
    assert 'class="problem"' in answer.text
    assert answer.text.count("<h1>") == 1


def test_a_suspended_dealership_says_so(bare_shell):
    def refuse():
        raise TenantSuspended

    bare_shell.app.add_url_rule("/refused", "refused", refuse)
    answer = bare_shell.client().get("/refused")
    assert answer.status_code == 403
    assert "This dealership is suspended" in answer.text


def test_static_files_are_kept_for_ever_under_their_fingerprint_alone(bare_shell):
    client = bare_shell.client("")
    mark = json.loads((DIST / "manifest.json").read_text())["app.css"]
    name = f"/static/{mark}/app.css"
    assert name in client.get("/").text
    now, before = client.get(name), client.get("/static/000000000000/app.css")
    assert "immutable" in now.headers["Cache-Control"]
    assert before.headers["Cache-Control"] == "no-cache"
    assert now.data == before.data == (DIST / mark / "app.css").read_bytes()
    assert now.mimetype == "text/css"
    for outside in ("../shell.py", "../../manifest.json", "manifest.json", "app.css.gz"):
        assert client.get(f"/static/{mark}/{outside}").status_code == 404


def test_static_files_go_compressed_to_those_who_take_it(bare_shell):
    client = bare_shell.client("")
    path = re.search(r"/static/\w+/app\.js", client.get("/").text)[0]
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304


def test_the_first_load_is_light(bare_shell):
    page = bare_shell.client("").get("/").text
    paths = {*re.findall(r"/static/\w+/[\w.-]+", page)}
    assert {path.rpartition("/")[2] for path in paths} >= {"app.css", "app.js", "inter-latin-wght-normal.woff2"}
    paths.add("/static/-/icons.svg")
    client = bare_shell.client("")
    sizes = {path: len(client.get(path, headers={"Accept-Encoding": "gzip"}).data) for path in paths}
    assert sum(sizes.values()) <= 150_000, sizes


def test_the_frame_has_its_landmarks(bare_shell):
    bare_shell.signed_in = _actor()
    page = bare_shell.client().get("/").text
    assert '<a class="skip" href="#main">' in page
    assert page.count("<main") == 1
    assert page.count("<h1>") == 1
    for label in ("Main", "Phone bar"):
        assert f'aria-label="{label}"' in page


def test_the_process_says_that_it_answers(bare_shell):
    assert bare_shell.client("").get("/healthz").json == {"status": "ok"}
