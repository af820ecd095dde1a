"""Photos of cars: sending some from a phone, and showing one to whoever may see its appraisal."""

from __future__ import annotations

from flask import flash, make_response, redirect, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.db.ids import from_public, to_public
from app.core.errors import DomainError
from app.core.http.access import require
from app.core.http.forms import load_form
from app.core.http.sessions import current_actor
from app.inventory.operations import photos
from app.inventory.operations.photos import MEDIA_TYPE, MOST_BYTES, Sent
from app.inventory.schemas.appraisals import PhotosForm
from app.inventory.views.appraisals import appraisal_page
from app.inventory.views.pages import bp


@bp.post("/appraisals/<appraisal_id>/photos")
@require("appraisal.edit")
def add_photos(appraisal_id: str):
    key = from_public("apr", appraisal_id)
    try:
        data = load_form(PhotosForm)
        # One byte more than is taken tells of a file that is too long.
        sent = [Sent(file.filename or "", file.stream.read(MOST_BYTES + 1)) for file in request.files.getlist("photos")]
        with transaction():
            made = photos.add_photos(
                actor=current_actor(), appraisal_id=key, sent=[file for file in sent if file.name or file.data], **data
            )
    except DomainError as error:
        return appraisal_page(key, error)
    flash(ngettext("%(num)s photo was added.", "%(num)s photos were added.", len(made)))
    return redirect(url_for("inventory.show_appraisal", appraisal_id=appraisal_id) + "#photos", 303)


@bp.get("/photos/<photo_id>")
@require("appraisal.see")
def show_photo(photo_id: str):
    return _picture(photo_id, small=False)


@bp.get("/photos/<photo_id>/small")
@require("appraisal.see")
def show_small_photo(photo_id: str):
    return _picture(photo_id, small=True)


@bp.post("/photos/<photo_id>/delete")
@require("appraisal.edit")
def delete_photo(photo_id: str):
    with transaction():
        appraisal_id = photos.delete_photo(actor=current_actor(), photo_id=from_public("pho", photo_id)).id
    public_id = to_public("apr", appraisal_id)
    return redirect(url_for("inventory.show_appraisal", appraisal_id=public_id) + "#photos", 303)


def _picture(photo_id: str, *, small: bool) -> Response:
    """The picture, never kept by a browser or a proxy (as no page is), and never more than a picture to a browser."""
    response = make_response(photos.read_photo(current_actor(), from_public("pho", photo_id), small=small))
    response.content_type = MEDIA_TYPE
    response.headers["Content-Disposition"] = 'inline; filename="photo.jpg"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
