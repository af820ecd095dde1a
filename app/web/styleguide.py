"""The living style page: every component with its real macros and sample values; served in development only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext

from app.core.errors import N_, NotFound
from app.core.http.access import ANY_USER, require
from app.core.http.sessions import current_actor, settings
from app.core.http.timelines import Change, Entry
from app.core.lists.shown import ShownMove
from app.web.formats import TONES
from app.web.sample_list import sample_list
from app.web.schedules import Booking, Lane, plan

bp = Blueprint("styleguide", __name__)

SOURCE = Path(__file__).parent / "frontend" / "css" / "tokens.css"
TOKEN = re.compile(r"--(d-[\w-]+):\s*(#[0-9a-f]{3,8})\b")
NOON = datetime(2026, 11, 19, 11, 5, tzinfo=UTC)
SECTIONS = (
    ("colours", N_("Colours")),
    ("type", N_("Text")),
    ("buttons", N_("Buttons")),
    ("status", N_("Status, plates and small pieces")),
    ("forms", N_("Forms")),
    ("lists", N_("List")),
    ("figures", N_("Figures")),
    ("charts", N_("Charts")),
    ("board", N_("Board")),
    ("timelines", N_("Timeline")),
    ("schedule", N_("Schedule")),
    ("states", N_("Empty, waiting, failed")),
    ("dialogs", N_("Dialogs and messages")),
)


@bp.get("/styleguide")
@require(ANY_USER)
def show_styleguide() -> str:
    if not settings().demo_mail:
        raise NotFound
    for kind in request.args.getlist("toast"):
        if kind in ("success", "info", "warning", "error"):
            flash(gettext("A message of this kind: %(kind)s.", kind=kind), kind)
    page, spec, query = sample_list(current_actor(), dict(request.args.lists()))
    return render_template(
        "web/styleguide.html",
        page=page,
        spec=spec,
        query=query,
        sections=SECTIONS,
        tokens=sorted({name for name, _ in TOKEN.findall(SOURCE.read_text(encoding="utf-8"))}),
        states=[(tone, states.split()) for tone, states in TONES.items()],
        values={"name": "Ana Sousa", "price": "21480", "kind": "used", "note": ""},
        errors={"vin": [gettext("Please fill this in.")]},
        cards=_cards(),
        moves=_entries(),
        schedule=_schedule(),
    )


def _cards() -> list[dict[str, Any]]:
    """Columns as a list's board gives them, two of them with cards."""
    names = ["2023 Toyota RAV4", "2021 Nissan Leaf", "2020 Jaguar XE", "2018 Mazda CX-5"]
    rows = [
        SimpleNamespace(public_id=f"unit_{index}", name=name, days=7 + 31 * index) for index, name in enumerate(names)
    ]
    to = [("available", gettext("In stock")), ("on_hold", gettext("On hold"))]
    moves = {row.public_id: ShownMove("#", 1, to, "#") for row in rows}
    columns = [
        ("in_recon", gettext("Reconditioning"), rows[:2], 2, "$48K"),
        ("available", gettext("In stock"), rows[2:], 31, "$612K"),
        ("on_hold", gettext("On hold"), [], 0, ""),
    ]
    return [
        {"key": key, "label": label, "rows": shown, "count": count, "total": total, "url": "#", "moves": moves}
        for key, label, shown, count, total in columns
    ]


def _entries() -> list[Entry]:
    """A call, and three changes of which two are one."""
    ago = [NOON - timedelta(minutes=minutes) for minutes in (2, 4, 40, 300)]
    return [
        Entry(ago[0], "change", who="Mei Chen", icon="pencil", changes=[Change("allowance", "$8,900", "$9,400")]),
        Entry(ago[1], "change", who="Mei Chen", icon="pencil", changes=[Change("owner", None, "Sam Ortiz")]),
        Entry(ago[2], "call", gettext("Call"), "Elena K.", gettext("Wants a tow bar."), "phone"),
        Entry(ago[3], "change", who="Sam Ortiz", icon="pencil", changes=[Change("status", "Working", "Pending")]),
    ]


def _schedule() -> Any:
    """A morning of three people, one of them booked twice."""
    opens = NOON.replace(hour=8, minute=0)

    def job(start: float, hours: float, title: str, tone: str, plate: str = "", sub: str = "") -> Booking:
        begin = opens + timedelta(hours=start)
        return Booking(
            begin, begin + timedelta(hours=hours), title, sub, plate, tone, None if tone == "off" else "#schedule"
        )

    lanes = [
        Lane("Tom Reyes", [
            job(0, 1.5, "Battery recall", "green", "TSL 2243", "RO-10477"),
            job(1.5, 2.5, "HV coolant leak", "green", "BRT 4179", "RO-10480"),
            job(4.5, 1, gettext("Lunch"), "off"),
            job(5.5, 3, "90k service, 2 tyres", "petrol", "MBV 1993", "RO-10485"),
        ], 8, "Master, EV"),
        Lane("Aisha Bello", [
            job(0.25, 2.25, "Front pads and discs", "green", "HFA 2159", "RO-10474"),
            job(2.5, 1.75, "Front brakes", "amber", "SPT 2133", "RO-10482"),
            job(3.5, 2.5, "Rear dampers", "petrol", "PSB 2096", "RO-10486"),
        ], 6, "Brakes, chassis"),
        Lane("Jonas Wirth", [job(0, 3.25, "Timing chain", "red", "VDE 7053", "RO-10469")], 8, "Engine"),
    ]  # fmt: skip
    return plan(opens, 10, lanes, NOON)
