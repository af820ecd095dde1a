"""Photos and earlier values of a car, as its page and those of its appraisals show them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask import url_for
from flask_babel import gettext

from app.core.db.ids import to_public
from app.core.guard.permissions import Actor
from app.inventory.models import Photo
from app.inventory.queries import appraisals as asking
from app.inventory.rules import appraisals as rules
from app.inventory.rules.words import APPRAISAL_LABELS, AREA_LABELS


def shown_photos(actor: Actor, vehicle_id: uuid.UUID) -> list[dict[str, Any]]:
    """The newest photos of a car out of the appraisals the actor may see."""
    return shown(asking.photos_of_vehicle(actor, vehicle_id))


def shown(photos: Iterable[Photo]) -> list[dict[str, Any]]:
    """Photos with their addresses and what they show."""
    found = []
    for photo in photos:
        key = to_public("pho", photo.id)
        text = photo.caption or (gettext(AREA_LABELS[photo.area]) if photo.area else "")
        large, small = (url_for(f"inventory.{name}", photo_id=key) for name in ("show_photo", "show_small_photo"))
        found.append({"id": key, "url": large, "small": small, "text": text})
    return found


def valuations(actor: Actor, vehicle_id: uuid.UUID, without: uuid.UUID | None = None) -> list[dict[str, Any]]:
    """What the car was valued at, newest first, as far as the actor may see it."""
    found = []
    for row in asking.list_of_vehicle(actor, vehicle_id):
        appraisal = row.Appraisal
        if appraisal.id == without:
            continue
        status = rules.shown_status(rules.AppraisalStatus(appraisal.status), appraisal.valid_until, row.today)
        url = url_for("inventory.show_appraisal", appraisal_id=to_public("apr", appraisal.id))
        found.append({"row": row, "it": appraisal, "url": url, "status": (status, gettext(APPRAISAL_LABELS[status]))})
    return found
