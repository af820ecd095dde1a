"""The rows of the access matrix about appraisals and photos."""

from __future__ import annotations

from tests.architecture.rows import Row

APPRAISAL, PHOTO = Row(("appraisal_id",)), Row(("photo_id",))
VERBS = ("edit", "condition", "photos", "submit", "approve", "decline", "delete")


def appraisal_rows() -> dict[str, Row]:
    """Route -> what its address names."""
    return {
        **dict.fromkeys(("GET /appraisals", "GET /appraisals/new", "POST /appraisals"), Row()),
        **dict.fromkeys(("GET /appraisals/<appraisal_id>", "GET /appraisals/<appraisal_id>/edit"), APPRAISAL),
        **dict.fromkeys((f"POST /appraisals/<appraisal_id>/{verb}" for verb in VERBS), APPRAISAL),
        **dict.fromkeys(
            ("GET /photos/<photo_id>", "GET /photos/<photo_id>/small", "POST /photos/<photo_id>/delete"), PHOTO
        ),
        **dict.fromkeys((f"{way} /api/v1/appraisals/<appraisal_id>/photos" for way in ("GET", "POST")), APPRAISAL),
        **dict.fromkeys((f"{way} /api/v1/photos/<photo_id>" for way in ("GET", "DELETE")), PHOTO),
        **dict.fromkeys((f"GET /api/v1/photos/<photo_id>/{size}" for size in ("file", "small")), PHOTO),
    }
