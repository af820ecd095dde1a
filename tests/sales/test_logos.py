"""The logo of a dealership's papers: only its points are kept, and what is no picture is refused."""

import io
import uuid

import pypdf
import pytest
from PIL import Image, PngImagePlugin

from app.core.db import transaction
from app.core.errors import Invalid
from app.core.guard import files
from app.sales.documents.making import make_document
from app.sales.operations.logos import LONGEST_SIDE, MOST_POINTS, set_logo
from app.sales.queries import documents as papers
from app.sales.queries import policies
from app.sales.rules.documents import LOGO_BYTES
from app.sales.rules.policies import PolicyKind
from tests.factories.inventory import SYSTEM
from tests.factories.sales import make_deal

SECRET, HOSTILE = b"Marker Photographer 40.7128N", b"<script>marker()</script>"


def red(size=(60, 20), mode="RGB"):
    return Image.new(mode, size, (200, 20, 30) if mode == "RGB" else (200, 20, 30, 0))


def jpeg(size=(60, 20), **more):
    target = io.BytesIO()
    red(size).save(target, "JPEG", **more)
    return target.getvalue()


def png(size=(60, 20), mode="RGBA", **more):
    target = io.BytesIO()
    red(size, mode).save(target, "PNG", **more)
    return target.getvalue()


def described():
    """A JPEG as a camera writes it: turned on its side, with who and where, a comment, and a page behind its end."""
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, SECRET.decode()
    return jpeg(exif=exif, comment=SECRET, icc_profile=SECRET) + HOSTILE


def annotated():
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", HOSTILE.decode())
    return png(pnginfo=text, icc_profile=SECRET) + HOSTILE


def kept():
    found = policies.in_force(None, PolicyKind.DOCUMENTS)
    with files.open_file(uuid.UUID(found.body["logo"])) as stored:
        return stored.read()


def put(data):
    with transaction():
        set_logo(actor=SYSTEM, store_id=None, data=data)


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize(("sent", "form", "size"), [(described, "JPEG", (20, 60)), (annotated, "PNG", (60, 20))])
def test_only_the_points_of_a_logo_are_kept(sent, form, size):
    data = sent()
    assert HOSTILE in data
    put(data)
    stored = kept()
    assert SECRET not in stored
    assert HOSTILE not in stored
    with Image.open(io.BytesIO(stored)) as found:
        assert (found.format, found.size) == (form, size)
        assert not found.getexif()
        assert found.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
        red_, green, blue, *seen = found.getpixel((5, 5))
    assert (abs(red_ - 200) < 8, green < 40, blue < 50) == (True, True, True)
    # What was see-through stays so.
    assert seen == ([0] if form == "PNG" else [])


def test_a_logo_is_on_the_papers_made_after_it(stores):
    put(described())
    deal = make_deal(stores[0])
    with transaction():
        made = make_document(actor=SYSTEM, deal_id=deal.id, kind="quote")
    data = papers.bytes_of(papers.find_paper(made))
    (image,) = pypdf.PdfReader(io.BytesIO(data)).pages[0].images
    assert image.image.size == (20, 60)
    assert image.image.convert("RGB").getpixel((5, 5))[0] > 150
    assert papers.content_of(made)["paper"]["logo"] == "logo.svg"


@pytest.mark.usefixtures("stores")
def test_a_large_logo_is_made_smaller():
    put(png((LONGEST_SIDE + 600, 300)))
    with Image.open(io.BytesIO(kept())) as found:
        assert found.size == (LONGEST_SIDE, 240)


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize(
    "data",
    [
        b"", b"<svg/>", jpeg()[:200], b"\x89PNG\r\n\x1a\n" + HOSTILE, png((4001, MOST_POINTS // 4000), "RGB"),
        png() + b"0" * LOGO_BYTES,
    ],
    ids=["empty", "svg", "half", "name alone", "unfolds", "too many bytes"],
)  # fmt: skip
def test_what_is_no_logo_is_refused(data):
    before = policies.in_force(None, PolicyKind.DOCUMENTS)
    with pytest.raises(Invalid) as refused:
        put(data)
    assert [(error.field, error.code) for error in refused.value.errors] == [("picture", "not_a_logo")]
    assert policies.in_force(None, PolicyKind.DOCUMENTS) == before
