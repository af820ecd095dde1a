"""Photos of cars: every one is made anew from its points, so that nothing but the picture is kept, and sealed.

What a phone writes beside a picture (where it was taken, whose phone it was, a thumbnail of the uncropped one) never
reaches the disk. A file that is no picture, half of one, or one that would unfold to more than memory, is refused by
name before any of it is unfolded.
"""

from __future__ import annotations

import io
import uuid
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps
from sqlalchemy import func, select

from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import FieldError, Invalid, NotFound
from app.core.guard import audit, files, vault
from app.core.guard.permissions import Actor, check
from app.inventory import errors
from app.inventory.errors import PhotosFull, PhotoTooLarge, PhotoUnreadable
from app.inventory.models import Appraisal, Photo
from app.inventory.queries import appraisals as asking
from app.inventory.rules.appraisals import Area

KIND: Final = "photo"
TAKEN: Final = ("JPEG", "PNG", "WEBP")
MEDIA_TYPE: Final = "image/jpeg"
MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = 25 * MEGABYTE
# The sensors of today's phones; unfolded that is a quarter of a gigabyte, and once only.
MOST_POINTS: Final = 64_000_000
MOST_PHOTOS: Final = 60
LONGEST_SIDE: Final = 2048
THUMB_SIDE: Final = 480
_QUALITY, _THUMB_QUALITY = 85, 75


@dataclass(frozen=True)
class Sent:
    """A file as it was sent: only its name is believed."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Prepared:
    """A picture made anew, with its small one."""

    picture: bytes
    thumb: bytes
    width: int
    height: int


def prepare(sent: Sent) -> Prepared:
    """Read a picture, turn it upright, shrink it and write it anew; raises PhotoUnreadable and PhotoTooLarge."""
    name = files.clean_name(sent.name)
    too_large = PhotoTooLarge(field="photos", name=name, megapixels=MOST_POINTS // 10**6, megabytes=25)
    if len(sent.data) > MOST_BYTES:
        raise too_large
    try:
        with warnings.catch_warnings():
            # Its own limit is asked below, before anything is unfolded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(sent.data), formats=TAKEN) as opened:
                if opened.width * opened.height > MOST_POINTS:
                    raise too_large
                # JPEG is unfolded at a fraction of its size where that is enough.
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                opened.load()
                whole = opened if opened.mode in ("RGB", "RGBA", "L") else opened.convert(_wide(opened))
                # Small first: everything after is done to few points.
                whole.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                picture = _flat(ImageOps.exif_transpose(whole))
    except Image.DecompressionBombError as error:
        raise too_large from error
    except PhotoTooLarge:
        raise
    except Exception as error:
        # Whatever a decoder stumbles over, the file is what is wrong, and its name is all there is to say.
        raise PhotoUnreadable(field="photos", name=name) from error
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return Prepared(_written(picture, _QUALITY), _written(small, _THUMB_QUALITY), picture.width, picture.height)


def add_photos(
    *, actor: Actor, appraisal_id: uuid.UUID, sent: Sequence[Sent], area: str | None = None, caption: str | None = None
) -> list[Photo]:
    """Keep pictures of the appraised car, for whoever may edit the appraisal; all of them or none.

    Raises Invalid, PhotoUnreadable, PhotoTooLarge and PhotosFull.
    """
    appraisal = _editable(actor, appraisal_id)
    problems = [] if sent else [FieldError("photos", "required", errors.REQUIRED)]
    if area is not None and area not in set(Area):
        problems.append(FieldError("area", "unknown_choice", errors.UNKNOWN_CHOICE))
    if problems:
        raise Invalid(problems)
    counted = select(func.count(), func.coalesce(func.max(Photo.position), 0))
    there, last = db.session.execute(counted.where(Photo.appraisal_id == appraisal_id)).one()
    if there + len(sent) > MOST_PHOTOS:
        raise PhotosFull(field="photos", most=MOST_PHOTOS)
    made = []
    for number, file in enumerate(sent, start=1):
        prepared, key = prepare(file), new_id()
        places = [(place_of(key, part), data) for part, data in (("file", prepared.picture), ("thumb", prepared.thumb))]
        stored = [
            files.save_file(
                io.BytesIO(sealed), KIND, KIND, media_type="application/octet-stream", created_by=actor.user_id
            )
            for sealed in vault.seal_bytes_many(places)
        ]
        photo = Photo(
            id=key,
            vehicle_id=appraisal.vehicle_id,
            appraisal_id=appraisal.id,
            file_id=stored[0].id,
            thumb_id=stored[1].id,
            position=last + number,
            area=area,
            caption=" ".join((caption or "").split())[:200] or None,
            width=prepared.width,
            height=prepared.height,
            created_by=actor.user_id,
        )
        db.session.add(photo)
        made.append(photo)
    db.session.flush()
    told = {"photos": (there, there + len(made)), "area": (None, area)}
    audit.record(actor, "appraisal.add_photos", "appraisal", appraisal.id, changes=told)
    return made


def delete_photo(*, actor: Actor, photo_id: uuid.UUID) -> Appraisal:
    """Take one away for good, key and all; raises NotFound."""
    photo = asking.get_photo(actor, photo_id)
    if photo.appraisal_id is None:
        raise NotFound
    appraisal, position = _editable(actor, photo.appraisal_id), photo.position
    drop_photos([photo])
    changes = {"photo": (position, None)}
    audit.record(actor, "appraisal.delete_photo", "appraisal", appraisal.id, changes=changes)
    return appraisal


def drop_photos(photos: Sequence[Photo]) -> None:
    """Delete rows, files and keys of photos; for operations that have checked and will audit."""
    held = [file_id for photo in photos for file_id in (photo.file_id, photo.thumb_id)]
    keys = [photo.id for photo in photos]
    for photo in photos:
        db.session.delete(photo)
    db.session.flush()
    for file_id in held:
        files.delete_file(file_id)
    vault.drop_keys(keys)


def read_photo(actor: Actor, photo_id: uuid.UUID, *, small: bool) -> bytes:
    """The picture in the clear, for whoever may see its appraisal; raises NotFound."""
    photo = asking.get_photo(actor, photo_id)
    with files.open_file(photo.thumb_id if small else photo.file_id) as stored:
        return vault.unseal_bytes_many([(place_of(photo.id, "thumb" if small else "file"), stored.read())])[0]


def place_of(photo_id: uuid.UUID, part: str) -> vault.Place:
    """Where a picture is: under a key of the photo, good as this part of it alone."""
    return vault.Place(photo_id, "inventory_photos", part, photo_id)


def _editable(actor: Actor, appraisal_id: uuid.UUID) -> Appraisal:
    appraisal = asking.get_appraisal(actor, appraisal_id, lock=True)
    check(actor, "appraisal.edit", owner_id=appraisal.appraiser_id, store_id=appraisal.store_id)
    return appraisal


def _wide(image: Image.Image) -> str:
    return "RGBA" if image.mode in ("LA", "PA") or "transparency" in image.info else "RGB"


def _flat(image: Image.Image) -> Image.Image:
    """The points alone on white, in three colours: no palette, no transparency, no words of any camera."""
    flat = Image.new("RGB", image.size, "white")
    if image.mode == "RGBA":
        flat.paste(image, mask=image.getchannel("A"))
    else:
        flat.paste(image.convert("RGB"))
    return flat


def _written(picture: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()
