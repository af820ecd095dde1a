"""The shell's own pages: home, start page of the bare host, preferences, static files, health."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import find_tenant, transaction
from app.core.db.ids import from_public
from app.core.http.access import ANY_USER, before_factor, public, require
from app.core.http.csrf import csrf_token
from app.core.http.problems import NotSignedIn
from app.core.http.sessions import at_operator_host, current_actor, current_visitor, own_path, settings
from app.core.languages import known_language
from app.tenants.rules.preferences import CHOICES, STORE
from app.web import announcing, assets, health, palette, today
from app.web import find as search
from app.web.formats import display_zone
from app.web.i18n import COOKIE as LOCALE_COOKIE
from app.web.nav import SETTINGS, is_open, shown_entries
from app.web.preferences import THEME_COOKIE, THEMES, keep, store_ids
from app.web.start import find_dealership
from app.web.stores import same_page_in_store

bp = Blueprint("web", __name__, template_folder="templates")
YEAR = 365 * 24 * 3600


@bp.get("/")
@public("the bare host's start page; a dealership's host leads to sign-in by itself", everywhere=True)
def home() -> str | BaseResponse:
    if at_operator_host():
        return redirect("/platform", 303)
    if find_tenant() is None:
        return start_page()
    if current_visitor() is None:
        raise NotSignedIn
    return today_page()


def start_page() -> str:
    asked = request.args.get("dealership", "").strip()[:80]
    found = find_dealership(asked) if asked else None
    missing = gettext("No dealership of this name is here. Check the spelling, or ask a colleague for the address.")
    errors = {"dealership": [missing]} if asked and found is None else {}
    values = {"dealership": asked}
    return render_template(
        "web/start.html", found=found, values=values, errors=errors,
        signs_up=settings().sign_up and is_open(None, "tenants.sign_up", None),
    )  # fmt: skip


def today_page() -> str:
    actor, store = current_actor(), request.args.get("store", "")
    if store:
        from_public("store", store)
    local = clock.now().astimezone(display_zone())
    return render_template(
        "web/today.html",
        greeting=today.greeting(local, actor.name),
        now=clock.now(),
        date=local.date(),
        store=store,
        **today.gather(actor, local.date(), store),
    )


@bp.post("/find")
@require(ANY_USER)
def find() -> str | BaseResponse:
    asked = request.form.get("q", "")
    # The palette takes the lines alone; the form of the top bar, which works without scripts, gets a page.
    if request.headers.get("HX-Request") == "true":
        return render_template("web/palette.html", answer=palette.answer(current_actor(), asked))
    found = palette.answer(current_actor(), asked, search.PER_KIND_ON_PAGE)
    if len(found.found) == 1:
        return redirect(found.found[0].url, 303)
    return render_template("web/found.html", find_text=found.text, answer=found)


@bp.post("/recent")
@require(ANY_USER)
def note_recent() -> tuple[str, int]:
    with transaction():
        search.note(current_actor(), request.form.get("item", "")[:80])
    return "", 204


@bp.get("/session")
@require(ANY_USER)
@before_factor
def show_session() -> dict[str, str]:
    return {"csrf_token": csrf_token()}


@bp.get("/more")
@require(ANY_USER)
def more() -> str:
    return render_template("web/more.html")


@bp.get("/settings")
@require(ANY_USER)
def show_settings() -> str:
    entries = [shown for shown in shown_entries(current_actor()) if shown.entry.group == SETTINGS]
    return render_template("web/settings.html", shown_settings=entries)


@bp.get("/help")
@require(ANY_USER)
def show_help() -> str:
    return render_template("web/help.html")


@bp.post("/preferences")
@public("language and theme are chosen before signing in as well", everywhere=True)
@before_factor
def preferences() -> BaseResponse:
    form, visitor, target = request.form, current_visitor(), own_path(request.form.get("next"))
    locale = known_language(form.get("locale"))
    if visitor is not None:
        chosen = {name: form[name] for name in CHOICES if name in form}
        if form.get(STORE) in ("", *store_ids(visitor)):
            chosen[STORE] = form[STORE]
            target = same_page_in_store(target, form[STORE])
        keep(visitor.actor, chosen, locale)
        if "tell" in form:
            flash(gettext("Saved."))
    response = redirect(target, 303)
    # The page of signing in speaks and looks as this browser was last told to.
    theme = form["theme"] if form.get("theme") in THEMES else None
    for name, text in ((THEME_COOKIE, theme), (LOCALE_COOKIE, locale)):
        if text is not None:
            secure = settings().public_scheme == "https"
            response.set_cookie(name, text, YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


@bp.post("/announcements/put-away")
@require(ANY_USER)
def put_away() -> BaseResponse:
    response = redirect(own_path(request.form.get("next")), 303)
    announcing.put_away(response, request.form.get("announcement", "")[:40])
    return response


@bp.get("/static/<mark>/<path:name>", endpoint="static")
@public("style, script and pictures hold nobody's data", everywhere=True)
def static_file(mark: str, name: str) -> Response:
    return assets.send_static(mark, name)


@bp.get("/healthz")
@public("says that the process answers, to whoever can reach the port", everywhere=True)
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@bp.get("/readyz")
@public("says whether this process can serve, to whoever can reach the port", everywhere=True)
def readyz() -> tuple[dict[str, object], int]:
    report = health.look()
    return report, 200 if report["status"] != "unavailable" else 503
