"""Photos of cars: made anew, without what cameras write beside them, sealed, and only for who may see them."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from app.core.db import current_tenant, db, transaction
from app.core.db.tenancy import current_settings
from app.core.errors import Invalid, NotFound, PermissionDenied
from app.core.guard import files
from app.core.guard.models import StoredFile, SubjectKey
from app.core.guard.vault import SealBroken
from app.inventory.errors import PhotosFull, PhotoTooLarge, PhotoUnreadable
from app.inventory.models import Photo
from app.inventory.operations import appraisals, photos
from app.inventory.operations.photos import Sent, prepare
from app.inventory.queries import appraisals as asking
from tests.factories.appraisals import make_appraisal, picture
from tests.factories.inventory import SYSTEM

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def add(appraisal, *sent, **how):
    with transaction():
        return photos.add_photos(actor=SYSTEM, appraisal_id=appraisal.id, sent=sent, **how)


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def from_a_phone(**tags):
    """A picture that says where it was taken, by whose phone, and which way is up."""
    exif = Image.Exif()
    exif[MAKER] = "Marker Phone of Kim Buyer"
    exif[ORIENTATION] = tags.get("turned", 1)
    exif.get_ifd(GPS)[2] = (40.0, 26.0, 46.0)
    return picture(exif=exif, comment=b"marker comment")


def bomb(width, height):
    """A PNG that says it is this large, and holds almost nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return Sent("bomb.png", b"\x89PNG\r\n\x1a\n" + b"".join(packed))


def test_nothing_a_camera_wrote_is_kept():
    sent = from_a_phone()
    assert b"Marker Phone" in sent.data
    made = prepare(sent)
    for data in (made.picture, made.thumb):
        assert b"Marker" not in data
        assert b"marker" not in data
        assert b"Exif" not in data
        assert not opened(data).getexif()


def test_a_picture_is_turned_upright():
    made = prepare(from_a_phone(turned=6))
    assert (made.width, made.height) == (480, 640)


@pytest.mark.parametrize(
    ("size", "kept", "thumb"),
    [
        ((4000, 3000), (2048, 1536), (480, 360)),
        ((1000, 4000), (512, 2048), (120, 480)),
        ((300, 200), (300, 200), (300, 200)),
    ],
)
def test_sizes(size, kept, thumb):
    made = prepare(picture(size=size))
    assert (made.width, made.height) == kept
    assert opened(made.picture).size == kept
    assert opened(made.thumb).size == thumb


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_every_kind_becomes_a_jpeg(form):
    assert opened(prepare(picture(form=form)).picture).format == "JPEG"


def test_what_can_be_seen_through_is_on_white():
    target = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(target, "PNG")
    assert opened(prepare(Sent("clear.png", target.getvalue())).picture).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("side", [(30_000, 30_000), (8_001, 8_000)])
def test_a_bomb_is_refused_by_name_and_not_unfolded(side):
    with pytest.raises(PhotoTooLarge) as error:
        prepare(bomb(*side))
    assert error.value.params["name"] == "bomb.png"


def test_too_many_bytes_are_not_even_opened():
    with pytest.raises(PhotoTooLarge):
        prepare(Sent("long.jpg", b"\xff\xd8" + bytes(photos.MOST_BYTES)))


@pytest.mark.parametrize(
    "sent",
    [
        Sent("half.jpg", picture().data[:900]),
        Sent("words.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        Sent("nothing.jpg", b""),
        picture("moving.gif", form="GIF"),
        picture("dots.bmp", form="BMP"),
    ],
    ids=lambda sent: sent.name,
)
def test_what_is_no_whole_picture_is_refused_by_name(sent):
    with pytest.raises(PhotoUnreadable) as error:
        prepare(sent)
    assert error.value.params == {"name": sent.name}


def test_they_lie_sealed_on_the_disk(stores):
    photo = add(make_appraisal(stores[0]), from_a_phone(), area="front")[0]
    rows = db.session.scalars(select(StoredFile).where(StoredFile.id.in_([photo.file_id, photo.thumb_id]))).all()
    folder = Path(current_settings().files_dir) / current_tenant().id
    for row in rows:
        data = (folder / row.stored_as[:2] / row.stored_as).read_bytes()
        assert b"JFIF" not in data
        assert row.name == "photo"
    assert opened(photos.read_photo(SYSTEM, photo.id, small=False)).size == (640, 480)
    assert opened(photos.read_photo(SYSTEM, photo.id, small=True)).size == (480, 360)


def test_one_sealed_picture_does_not_stand_for_another(stores):
    first, second = add(make_appraisal(stores[0]), picture(), picture("rear.jpg"))
    with transaction():
        first.file_id, second.file_id = second.file_id, first.file_id
    with pytest.raises(SealBroken):
        photos.read_photo(SYSTEM, first.id, small=False)


def test_all_are_kept_or_none(stores):
    made = make_appraisal(stores[0])
    with pytest.raises(PhotoUnreadable):
        add(made, picture(), Sent("half.jpg", b"\xff\xd8"))
    assert list(asking.photos_of(made.id)) == []
    add(made, picture(), picture())
    add(made, picture(), caption="  Left\n door ")
    found = asking.photos_of(made.id)
    assert [(photo.position, photo.caption) for photo in found] == [(1, None), (2, None), (3, "Left door")]


def test_no_picture_or_an_unknown_place_is_refused(stores):
    made = make_appraisal(stores[0])
    with pytest.raises(Invalid):
        add(made)
    with pytest.raises(Invalid):
        add(made, picture(), area="moon")


def test_there_is_an_end_to_photos(stores, monkeypatch):
    monkeypatch.setattr(photos, "MOST_PHOTOS", 2)
    made = make_appraisal(stores[0])
    add(made, picture(), picture())
    with pytest.raises(PhotosFull):
        add(made, picture())


def test_a_deleted_photo_takes_its_files_and_its_key(stores):
    photo = add(make_appraisal(stores[0]), picture())[0]
    key, held = photo.id, [photo.file_id, photo.thumb_id]
    with transaction():
        photos.delete_photo(actor=SYSTEM, photo_id=key)
    assert db.session.get(Photo, key) is None
    assert db.session.get(SubjectKey, key) is None
    for file_id in held:
        with pytest.raises(NotFound):
            files.get_file(file_id)


def test_a_deleted_appraisal_takes_its_photos(stores):
    made = make_appraisal(stores[0])
    add(made, picture(), picture())
    key = made.id
    with transaction():
        appraisals.delete_appraisal(actor=SYSTEM, appraisal_id=key)
    assert list(asking.photos_of(key)) == []


def test_they_are_seen_with_their_appraisal_alone(stores, alpha, actor):
    photo = add(make_appraisal(stores[1]), picture())[0]
    with pytest.raises(NotFound):
        photos.read_photo(actor(alpha, "salesperson"), photo.id, small=True)
    with pytest.raises(NotFound):
        photos.read_photo(actor(alpha, "cashier"), photo.id, small=True)
    here = add(make_appraisal(stores[0]), picture())[0]
    assert photos.read_photo(actor(alpha, "salesperson"), here.id, small=True)
    with pytest.raises(PermissionDenied), transaction():
        photos.delete_photo(actor=actor(alpha, "salesperson"), photo_id=here.id)
