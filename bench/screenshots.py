"""Pictures of every screen, light and dark, in both languages, wide and narrow: `python3 forecourt.py screenshots`.

They go to screenshots/, as NAME/LANGUAGE-THEME-WIDTH.png. Without --url the pictures are of a throw-away
installation with a small demonstration; --docs puts those that the README and the documentation show into
docs/pictures/ as well.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy import select

from app.core import clock
from app.core.db import db, directory, tenant
from app.core.jobs.models import Outbox
from app.core.jobs.runner import run
from app.web.i18n import compile_catalogues
from bench.browser import Watch, find_chromium, launch
from bench.ground import scratch
from bench.hosts import bases, furnish, sign_in_at_console
from bench.report import say
from bench.screens import CONSOLE, DEALERSHIP, SCREENS, Screen, find_records, open_screen
from ops import demo
from ops.errors import OpsError
from ops.layout import ROOT
from ops.processes import port_is_free
from ops.programs import web
from ops.up import is_ready
from worker import tasks
from worker.demo.dealerships import DEALERSHIPS

FOLDER = ROOT / "screenshots"
WIDTHS = (1440, 390)
HEIGHT, TALLEST = 900, 2400
THEMES = ("light", "dark")
LANGUAGES = ("en", "zh")
SHOWN = ROOT / "docs" / "pictures"
# What the README and the documentation show: name there -> screen and combination.
DOCS = {
    "today.png": ("today", "en-light-1440"),
    "vehicles.png": ("vehicles", "en-light-1440"),
    "vehicles.phone.png": ("vehicles", "en-light-390"),
    "today.zh.png": ("today", "zh-light-1440"),
    "vehicles.zh.png": ("vehicles", "zh-light-1440"),
    "vehicles.zh.phone.png": ("vehicles", "zh-light-390"),
    "customer.png": ("customer", "en-light-1440"),
    "customer.zh.dark.png": ("customer", "zh-dark-1440"),
    "average-price.zh.dark.png": ("metric-price", "zh-dark-1440"),
}
PASSWORD = "a password of the pictures alone"  # noqa: S105 - of an installation that is thrown away


@dataclass(frozen=True)
class Place:
    """Where a dealership is, and who signs in there."""

    language: str
    base: str
    email: str
    password: str
    # Where everything of this installation is, and its records at hosts without a dealership; none of a running one.
    hosts: Mapping[str, str]
    records: Mapping[str, str] = field(default_factory=dict)
    app: Flask | None = None


def main(arguments: Sequence[str]) -> int:
    """Take the pictures and say where they are."""
    parser = argparse.ArgumentParser(prog="forecourt.py screenshots", description=__doc__)
    parser.add_argument("--url", help="a dealership of a running installation, as in http://yunxiu.localhost:8000")
    parser.add_argument("--email", help="who signs in there")
    parser.add_argument("--password", help="with which password")
    parser.add_argument("--only", default="", help="screens whose name contains this")
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES, help="default: both")
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES, help="default: both")
    parser.add_argument("--widths", nargs="+", type=int, choices=WIDTHS, default=WIDTHS, help="default: both")
    parser.add_argument("--docs", action="store_true", help="those of the documentation alone, into docs/pictures/ too")
    parser.add_argument("--scale", type=float, help="how much of the demonstration's history (default: a little)")
    options = parser.parse_args(arguments)
    program = find_chromium()
    if program is None:
        raise OpsError("Chromium is missing: install it, or name it in CHROMIUM.")
    # A picture for readers shows a dealership in full swing.
    scale = options.scale or (0.5 if options.docs else 0.12)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with sync_playwright() as playwright:
        browser = launch(playwright, program)
        try:
            with contextmanager(running)(options) if options.url else throw_away(scale) as places:
                count = sum(picture_all(browser, place, options) for place in places
                            if place.language in options.languages)  # fmt: skip
        finally:
            browser.close()
    say(f"{count} pictures are in {FOLDER.relative_to(ROOT)}/.")
    if options.docs:
        SHOWN.mkdir(parents=True, exist_ok=True)
        for name, (screen, combination) in DOCS.items():
            shutil.copyfile(FOLDER / screen / f"{combination}.png", SHOWN / name)
        say(f"{len(DOCS)} of them are in {SHOWN.relative_to(ROOT)}/.")
    return 0


def wanted(options: argparse.Namespace, screen: str, combination: str) -> bool:
    """Whether the command asked for this picture."""
    return options.only in screen and (not options.docs or (screen, combination) in DOCS.values())


def running(options: argparse.Namespace) -> Iterator[list[Place]]:
    """The running installation that the command names."""
    base = options.url.rstrip("/")
    yield [Place(language, base, options.email or "", options.password or "", {DEALERSHIP: base})
           for language in LANGUAGES]  # fmt: skip


@contextmanager
def throw_away(scale: float) -> Iterator[list[Place]]:
    """The demonstration on servers of its own, for as long as the pictures take."""
    say("Making a throw-away installation …")
    with scratch() as ground:
        compile_catalogues()
        app = ground.application()
        with app.app_context():
            accounts = demo.load(lambda _slug: PASSWORD, say, scale=scale)
        do_what_is_owed(app)
        port = next(port for port in range(8400, 8500) if port_is_free(port))
        program = web("web", port, 1, {**ground.child_environ(), "PUBLIC_PORT": str(port)})
        process = subprocess.Popen(program.command, cwd=ROOT, env=dict(program.environment),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            while not is_ready(port):
                if process.poll() is not None:
                    raise OpsError("The web server does not come up.")
                time.sleep(0.1)
            languages = {dealership.slug: dealership.locale for dealership in DEALERSHIPS}
            chosen = {languages[row["slug"]]: row for row in reversed(accounts)}
            yield [_place(app, language, chosen[language], port) for language in LANGUAGES]
        finally:
            process.terminate()
            process.wait(30)
            with app.app_context():
                for engine in (db.engine, *app.extensions["forecourt_engines"].values()):
                    engine.dispose()


def _place(app: Flask, language: str, account: Mapping[str, str], port: int) -> Place:
    base = f"http://{account['slug']}.localhost:{port}"
    with app.app_context():
        tenant_id = next(known.id for known in directory.all_tenants() if known.slug == account["slug"])
        return Place(language, base, account["email"], PASSWORD, bases(base), furnish(tenant_id, language), app)


def do_what_is_owed(app: Flask) -> None:
    """Run every effect that is due, as a worker would, until none is left."""
    with app.app_context():
        for known in directory.all_tenants():
            work_off(known.id)


def work_off(tenant_id: str) -> None:
    """The same for one tenant, in the application's context."""
    tasks.load()
    while due := _due(tenant_id):
        for outbox_id in due:
            run(tenant_id, outbox_id)


def _due(tenant_id: str) -> list[str]:
    waiting = select(Outbox.id).where(
        Outbox.done_at.is_(None), Outbox.dead_at.is_(None), Outbox.attempts == 0, Outbox.available_at <= clock.now()
    )
    with tenant(tenant_id):
        return [str(outbox_id) for outbox_id in db.session.scalars(waiting)]


def picture_all(browser: Browser, place: Place, options: argparse.Namespace) -> int:
    """Every screen that is wanted in one language, in the themes and widths that are; how many pictures."""
    taken = 0
    for theme, width in itertools.product(options.themes, options.widths):
        name = f"{place.language}-{theme}-{width}"
        screens = [screen for screen in SCREENS if wanted(options, screen.name, name)]
        if not screens:
            continue
        say(f"  {place.language}, {theme}, {width} px")
        context = browser.new_context(viewport={"width": width, "height": HEIGHT}, locale=place.language,
                                      reduced_motion="reduce")  # fmt: skip
        context.add_cookies([{"name": key, "value": value, "url": base} for base in place.hosts.values()
                             for key, value in (("theme", theme), ("locale", place.language))])  # fmt: skip
        taken += _picture(context, place, width, name, screens)
        context.close()
    return taken


def _picture(context: BrowserContext, place: Place, width: int, name: str, screens: Sequence[Screen]) -> int:
    page, taken = context.new_page(), 0
    watch = Watch.over(page)

    def take(screen: Screen, records: dict[str, str]) -> int:
        if open_screen(page, place.hosts, screen, records) is None:
            return 0
        path = FOLDER / screen.name / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        # As tall as the page, so that the rail reaches its end; and no taller than somebody would look at.
        tall = page.evaluate("document.documentElement.scrollHeight")
        height = HEIGHT if (screen.name, name) in DOCS.values() else min(max(tall, HEIGHT), TALLEST)
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("document.fonts.ready")
        page.screenshot(path=path)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        return 1

    taken += sum(take(screen, dict(place.records)) for screen in screens if not screen.signed_in)
    if place.app is not None:
        with place.app.app_context():
            sign_in_at_console(context, place.records["console_session"])
        taken += sum(take(screen, dict(place.records)) for screen in screens
                     if screen.signed_in and screen.host == CONSOLE)
    screens = [screen for screen in screens if screen.signed_in and screen.host == DEALERSHIP]
    if not screens:
        return taken
    page.goto(f"{place.base}/sign-in")
    page.fill("[name=email]", place.email)
    page.fill("[name=password]", place.password)
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{place.base}/")
    records = find_records(page, place.base)
    taken += sum(take(screen, records) for screen in screens)
    for problem in watch.problems:
        say(f"    {problem}")
    return taken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
