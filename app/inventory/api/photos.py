"""Photos of appraised cars over the API: an uploaded file becomes a picture made anew, and is read large or small."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import NotFound
from app.core.guard import once
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, answer, documented, load_body
from app.core.http.api.dumping import plan_for
from app.core.http.api.effects import REPLAYED, run_once
from app.core.http.api.fields import Instant, PublicId, Text, Whole
from app.core.http.api.operations import OF_BODIES, OF_RECORDS, key_parameter
from app.core.http.api.records import PREFIX
from app.core.http.api.schemas import BodySchema, RecordSchema
from app.core.http.forms import one_of
from app.core.http.sessions import current_actor
from app.core.jobs.uploads import operations as uploads
from app.inventory.errors import PhotosFull, PhotoTooLarge, PhotoUnreadable
from app.inventory.models import Photo
from app.inventory.operations import photos
from app.inventory.operations.photos import MEDIA_TYPE, MOST_BYTES, Sent
from app.inventory.queries import appraisals as asking
from app.inventory.rules.appraisals import Area

bp = ApiBlueprint("photos", "Photos of appraised vehicles, made anew without what cameras write beside them.")

EXAMPLE = {"file_id": "file_…", "area": "front", "caption": "Stone chips"}
_SHOWN = (
    "id", "appraisal_id", "vehicle_id", "position", "area", "caption", "width", "height", "created_by", "created_at",
)  # fmt: skip


class PhotoSchema(RecordSchema):
    """A photo of an appraised vehicle; `area` is what it shows, `width` and `height` are of the large picture."""

    record = "photo"

    id = PublicId("pho", required=True)
    appraisal_id = PublicId("apr", allow_none=True)
    vehicle_id = PublicId("veh")
    position = Whole()
    area = fields.String(allow_none=True, metadata={"enum": [*Area, None]})
    caption = fields.String(allow_none=True)
    width = Whole()
    height = Whole()
    created_by = PublicId("usr", allow_none=True)
    created_at = Instant()


class PhotoListSchema(Schema):
    """The photos of an appraisal in their order; there are 60 at most."""

    data = fields.List(fields.Nested(PhotoSchema), required=True)


class NewPhoto(BodySchema):
    """A complete file of yours (JPEG, PNG or WebP), announced for the purpose `photo`, and what it shows."""

    file_id = PublicId("file", required=True)
    area = fields.String(load_default=None, allow_none=True, validate=one_of(*Area))
    caption = Text(longest=200, load_default=None, allow_none=True)


@bp.route("/appraisals/<appraisal_id>/photos", methods=["GET"])
@require("appraisal.see")
@documented(gives={200: PhotoListSchema}, problems=OF_RECORDS)
def list_photos(appraisal_id: str):
    """List the photos of an appraisal"""
    actor = current_actor()
    key = asking.get_appraisal(actor, from_public("apr", appraisal_id)).id
    return answer({"data": _dump(actor, asking.photos_of(key))})


@bp.route("/appraisals/<appraisal_id>/photos", methods=["POST"])
@require("appraisal.edit")
@documented(
    parameters=[key_parameter(required=True)], body=NewPhoto, example=EXAMPLE, gives={201: PhotoSchema},
    problems=(*OF_BODIES, 413, *OF_RECORDS),
)  # fmt: skip
def add_photo(appraisal_id: str):
    """Add an uploaded picture to an appraisal"""
    actor = current_actor()
    key = asking.get_appraisal(actor, from_public("apr", appraisal_id)).id
    data = load_body(NewPhoto)
    effect, repeated = run_once(lambda: once.Effect(201, "photo", _add(actor, key, **data)), required=True)
    if effect.record_id is None:
        raise NotFound
    headers = {"Location": f"{PREFIX}/photos/{to_public('pho', effect.record_id)}", **(REPLAYED if repeated else {})}
    return answer(_dump(actor, [asking.get_photo(actor, effect.record_id)])[0], 201, headers)


@bp.route("/photos/<photo_id>", methods=["GET"])
@require("appraisal.see")
@documented(gives={200: PhotoSchema}, problems=OF_RECORDS)
def show_photo(photo_id: str):
    """Read what is known of a photo"""
    actor = current_actor()
    return answer(_dump(actor, [asking.get_photo(actor, from_public("pho", photo_id))])[0])


@bp.route("/photos/<photo_id>", methods=["DELETE"])
@require("appraisal.edit")
@documented(gives={204: None}, problems=OF_RECORDS)
def delete_photo(photo_id: str):
    """Delete a photo for good"""
    with transaction():
        photos.delete_photo(actor=current_actor(), photo_id=from_public("pho", photo_id))
    return Response(status=204)


@bp.route("/photos/<photo_id>/file", methods=["GET"])
@require("appraisal.see")
@documented(gives={}, gives_file=(MEDIA_TYPE,), problems=OF_RECORDS)
def download_photo(photo_id: str):
    """Read the picture, at most 2048 points on its longer side"""
    return _picture(photo_id, small=False)


@bp.route("/photos/<photo_id>/small", methods=["GET"])
@require("appraisal.see")
@documented(gives={}, gives_file=(MEDIA_TYPE,), problems=OF_RECORDS)
def download_small_photo(photo_id: str):
    """Read the small picture, at most 480 points on its longer side"""
    return _picture(photo_id, small=True)


def _add(actor: Actor, appraisal_id: uuid.UUID, file_id: uuid.UUID, **shows: Any) -> uuid.UUID:
    name, stream = uploads.open_upload(actor, file_id, uploads.PHOTO, most=MOST_BYTES)
    try:
        (made,) = photos.add_photos(
            actor=actor, appraisal_id=appraisal_id, sent=[Sent(name, stream.read())], **shows
        )  # fmt: skip
    except (PhotoUnreadable, PhotoTooLarge, PhotosFull) as refusal:
        refusal.field = "file_id"
        raise
    return made.id


def _dump(actor: Actor, found: Iterable[Photo]) -> list[dict[str, Any]]:
    plan = plan_for(PhotoSchema, _SHOWN, policy_for(actor))
    return [plan.dump([getattr(photo, name) for name in _SHOWN]) for photo in found]


def _picture(photo_id: str, *, small: bool) -> Response:
    data = photos.read_photo(current_actor(), from_public("pho", photo_id), small=small)
    headers = {
        "Content-Disposition": 'inline; filename="photo.jpg"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(data, content_type=MEDIA_TYPE, headers=headers)
