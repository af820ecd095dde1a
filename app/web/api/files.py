"""Files over the API: announced, sent by parts, closed by their checksum, and then fetched by what they are for.

Parts may come in any order and side by side. A part is answered when it is sealed on the disk; sent again it changes
nothing, so whoever lost an answer sends it once more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from typing import Any

from flask import Response, request
from sqlalchemy import ARRAY, Integer, Select, case, false, func, literal, select

from app.core import clock
from app.core.db import transaction
from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.http.access import ANY_USER, require
from app.core.http.api import (
    ApiBlueprint,
    ApiRecord,
    acted,
    acts,
    answer_list,
    answer_one,
    answer_record,
    created,
    creates,
    documented,
    lists,
    load_body,
    parameter,
    shows,
)
from app.core.http.api.bodies import WrongMediaType
from app.core.http.api.operations import OCTETS, OF_RECORDS
from app.core.http.sessions import current_actor
from app.core.jobs.uploads import operations as uploads
from app.core.jobs.uploads.errors import DigestMissing, DigestWrong, PartTooLarge
from app.core.jobs.uploads.models import Upload, UploadPart
from app.core.lists.spec import By, ListSpec, Sort
from app.web.api.work_shapes import FileSchema, NewFile

bp = ApiBlueprint("files", "Files on their way in, by parts with checksums.")

EXAMPLE = {"name": "stock.csv", "size": 20971520, "sha256": "0" * 64, "purpose": "import"}
# RFC 9530; other algorithms may stand beside it.
DIGEST = re.compile(r"(?:^|[,\s])sha-256=:([A-Za-z0-9+/]{43}=):")
CONTENT_DIGEST = {
    **parameter(
        "Content-Digest", {"type": "string", "pattern": "sha-256=:[A-Za-z0-9+/]{43}=:"}, "As RFC 9530 has it",
        where="header",
    ),
    "required": True,
}  # fmt: skip


def _files(actor: Actor) -> Select[Any]:
    """The caller's own uploads, in their day."""
    of = UploadPart.upload_id == Upload.id
    own = Upload.created_by == actor.caller_id if actor.caller_id is not None else false()
    ordered = select(UploadPart.number).where(of).order_by(UploadPart.number).correlate(Upload)
    received = select(func.coalesce(func.sum(UploadPart.size), 0)).where(of).correlate(Upload)
    return select(
        *(Upload.id, Upload.name, Upload.size, Upload.purpose),
        *(Upload.created_at, Upload.completed_at, Upload.expires_at),
        case((Upload.completed_at.is_(None), "open"), else_="complete").label("state"),
        received.scalar_subquery().label("received"),
        func.array(ordered.scalar_subquery(), type_=ARRAY(Integer)).label("parts"),
        literal(uploads.PART_BYTES).label("part_size"),
    ).where(own, Upload.expires_at > clock.now())


# No page shows these: a browser sends a file in one piece. Everybody has his own; what one is for takes its right when
# it is announced.
FILES = ListSpec(
    name="files",
    label=N_("Files"),
    permission="",
    source=_files,
    columns=(),
    filters=(),
    sorts=(Sort("created_at", N_("Uploaded"), (By(Upload.created_at),)),),
    default_sort="-created_at",
    id_prefix="file",
    exports=False,
)
FILE = ApiRecord(name="file", path="files", spec=FILES, schema=FileSchema)


@bp.route("/files", methods=["GET"])
@require(ANY_USER)
@lists(FILE)
def list_files():
    """List your uploads"""
    return answer_list(FILE)


@bp.route("/files", methods=["POST"])
@require(ANY_USER)
@creates(FILE, NewFile, EXAMPLE)
def create_file():
    """Announce a file"""
    data = load_body(NewFile)
    return created(FILE, lambda: uploads.announce(current_actor(), **data).id)


@bp.route("/files/<file_id>", methods=["GET"])
@require(ANY_USER)
@shows(FILE)
def show_file(file_id: str):
    """Read how far an upload is"""
    return answer_one(FILE, file_id)


@bp.route("/files/<file_id>/parts/<int:part_number>", methods=["PUT"])
@require(ANY_USER)
@documented(
    parameters=[CONTENT_DIGEST], takes_bytes=True, gives={200: FileSchema}, problems=(400, 409, 413, 415, *OF_RECORDS)
)
def put_part(file_id: str, part_number: int):
    """Send one part, counted from 1, of at most 8 MB"""
    actor, key = current_actor(), FILE.key_of(file_id)
    FILE.find(actor, key)
    data = _sent_part()
    with transaction():
        uploads.take_part(actor, key, part_number, data)
    return answer_record(FILE, key)


@bp.route("/files/<file_id>/complete", methods=["POST"])
@require(ANY_USER)
@acts(FILE)
def complete_file(file_id: str):
    """Close an upload, if its parts are the file that was announced"""
    key = FILE.key_of(file_id)
    FILE.find(current_actor(), key)
    return acted(FILE, key, lambda: uploads.complete(current_actor(), key))


@bp.route("/files/<file_id>", methods=["DELETE"])
@require(ANY_USER)
@documented(gives={204: None}, problems=OF_RECORDS)
def delete_file(file_id: str):
    """Delete an upload"""
    key: uuid.UUID = FILE.key_of(file_id)
    with transaction():
        uploads.drop_upload(current_actor(), key)
    return Response(status=204)


def _sent_part() -> bytes:
    """The body, if it is what its digest says; never more of it is read than a part may have."""
    if request.mimetype != OCTETS:
        raise WrongMediaType
    found = DIGEST.search(request.headers.get("Content-Digest", ""))
    if found is None:
        raise DigestMissing
    too_large = PartTooLarge(megabytes=uploads.PART_BYTES // uploads.MEGABYTE)
    if (request.content_length or 0) > uploads.PART_BYTES:
        raise too_large
    data = request.stream.read(uploads.PART_BYTES + 1)
    if len(data) > uploads.PART_BYTES:
        raise too_large
    if not hmac.compare_digest(hashlib.sha256(data).digest(), base64.b64decode(found.group(1))):
        raise DigestWrong
    return data
