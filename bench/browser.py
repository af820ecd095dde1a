"""Chromium as tests and pictures use it: found on the machine, and listened to for errors and refused content."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--font-render-hinting=none"]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome")
# What the browser says about the status of a page that was asked for, not about what is in it.
STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
LEFT = ("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
LISTEN = """
document.addEventListener("securitypolicyviolation", (e) =>
  console.error(`content refused: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
"""


def find_chromium() -> str | None:
    """The browser's program: $CHROMIUM, or what the system has."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright, program: str) -> Browser:
    """The browser, headless."""
    return playwright.chromium.launch(executable_path=program, args=FLAGS)


@dataclass
class Watch:
    """What went wrong on a page since it was opened: errors in the console, exceptions, refused content."""

    page: Page
    problems: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def over(cls, page: Page) -> Watch:
        """Listen to `page` from now on."""
        watch = cls(page)
        page.add_init_script(LISTEN)
        page.on("console", watch._hear)
        page.on("pageerror", lambda error: watch.problems.append(f"{page.url}: {error}"))
        page.on("response", lambda answer: watch.answers.update({answer.url: answer.status}))
        return watch

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        asked = message.location.get("url", "")
        # What was being fetched when somebody went on to another page; a refusal is said in other words.
        if message.text.startswith(LEFT):
            return
        refused = STATUS.match(message.text)
        # A form answered with 422 and a page that is not there are pages; anything missing within a page is not.
        if refused and "/static/" not in asked and int(refused[1]) < 500:
            return
        self.problems.append(f"{self.page.url}: {message.text}")
