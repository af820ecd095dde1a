"""What comes in from the forms of appraisals."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.core.http.forms import Amount, FormSchema, Text, Whole, one_of
from app.inventory.rules.appraisals import LONGEST_NOTE, Area, Finding
from app.inventory.rules.odometer import OdometerUnit

# How many comparables the form has room for.
ROWS = range(1, 7)


class NewAppraisalForm(FormSchema):
    """Which car: one that is known, or its VIN or plate; what it is where nobody knows it yet."""

    vehicle_id = Text(longest=40, load_default=None)
    store_id = fields.UUID(required=True)
    vin = Text(longest=40, load_default=None)
    vin_override_reason = Text(longest=200, load_default=None)
    plate = Text(longest=40, load_default=None)
    make = Text(longest=60, load_default=None)
    model = Text(longest=80, load_default=None)
    model_year = fields.Integer(load_default=None)
    odometer = Whole(load_default=None)
    odometer_unit = fields.String(load_default=None, validate=one_of(*OdometerUnit))
    odometer_reason = Text(longest=200, load_default=None)


class VersionedForm(FormSchema):
    """A form about exactly the figures that were on the page."""

    version = fields.Integer(required=True)


class DeclineForm(VersionedForm):
    """Why the figures are refused."""

    reason = Text(longest=300, required=True)


class PhotosForm(FormSchema):
    """What the photos show; the files come beside."""

    area = fields.String(load_default=None, validate=one_of(*Area))
    caption = Text(longest=200, load_default=None)


def _cells() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for area in Area:
        # Nothing tapped is nothing checked.
        found[f"finding_{area}"] = fields.String(load_default=Finding.NOT_CHECKED.value, validate=one_of(*Finding))
        found[f"note_{area}"] = Text(longest=LONGEST_NOTE, load_default=None)
    return found


def _rows() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in ROWS:
        found |= {
            f"source_{row}": Text(longest=80, load_default=None),
            f"amount_{row}": Amount(load_default=None),
            f"on_{row}": fields.Date(load_default=None),
            f"link_{row}": Text(longest=500, load_default=None),
            f"about_{row}": Text(longest=200, load_default=None),
        }
    return found


ConditionForm: Any = type(
    "ConditionForm", (VersionedForm,), {**_cells(), "__doc__": "The walk-round: a finding and a note for each area."}
)


class FiguresForm(VersionedForm):
    """What was found out about the car besides its condition."""

    odometer = Whole(load_default=None)
    odometer_unit = fields.String(load_default=None, validate=one_of(*OdometerUnit))
    odometer_reason = Text(longest=200, load_default=None)
    valid_until = fields.Date(load_default=None)
    note = Text(longest=2000, load_default=None)
    locals().update(_rows())


class FiguresWithCostForm(FiguresForm):
    """The same with what the car is worth, from whoever may see it."""

    acv = Amount(load_default=None)
    recon_estimate = Amount(load_default=None)


def grid_of(data: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The grid out of the fields of a form."""
    return {area.value: {"finding": data[f"finding_{area}"], "note": data[f"note_{area}"] or ""} for area in Area}


def comparables_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The comparables out of the fields of a form, which are taken away from it; rows left empty are none."""
    rows = []
    for row in ROWS:
        source, amount, on, link, note = (
            data.pop(f"{name}_{row}") for name in ("source", "amount", "on", "link", "about")
        )
        if source or amount is not None or link or note:
            rows.append({"source": source, "amount": amount, "on": on, "link": link, "note": note})
    return rows
