"""How the inventory refuses."""

from __future__ import annotations

from app.core.errors import N_, Conflict, DomainError, InUse

VIN_CHECK_DIGIT = N_("Position 9 should be {expected}. Check the number, or give a reason to keep it.")
VIN_LETTERS = N_("A VIN never has the letters I, O or Q. Check the number, or give a reason to keep it.")
VIN_UNREADABLE = N_("This is not a vehicle number. Check it, or give a reason to keep it.")
REQUIRED = N_("Please fill this in.")
NOT_POSSIBLE = N_("This value is not possible.")
UNKNOWN_CHOICE = N_("Please choose one of the values.")
PLATE_UNREADABLE = N_("A plate has 1 to 16 letters and digits.")
IN_FUTURE = N_("This day has not come yet.")
BEFORE_ACQUIRED = N_("This is before the unit was acquired ({acquired_on}).")
END_NOT_POSSIBLE = N_("A value holds for at most {days} days from today.")
ACV_REQUIRED = N_("Say what the car is worth first.")
VIN_OR_PLATE = N_("Give the VIN or the plate.")
TOO_MANY = N_("Give at most {most} of them.")
LOWER_READING = N_("This is lower than the last reading ({last}). Say why.")


class VehicleExists(Conflict):
    """There is a vehicle with this VIN; it gets a new stock episode instead of a twin."""

    code = "vehicle_exists"
    message = N_("There is already a vehicle with the VIN {vin}.")


class VehicleAlreadyInStock(Conflict):
    """A vehicle has at most one open episode; this one's unit is named."""

    code = "vehicle_already_in_stock"
    message = N_("This vehicle is already in stock as {stock_number}.")


class StockNumberTaken(Conflict):
    """A store never uses a stock number twice."""

    code = "stock_number_taken"
    message = N_("The stock number {stock_number} is taken in this store.")


class MoveNotAllowed(Conflict):
    """The unit's status does not lead to the wanted one."""

    code = "stock_move_not_allowed"
    message = N_("A unit that is {before} cannot become {after}.")


class UnitIsClosed(Conflict):
    """The episode has ended; what it was cannot be changed any more."""

    code = "unit_is_closed"
    message = N_("The unit {stock_number} is no longer in stock.")


class UnitHasNoPrice(Conflict):
    """There is no price that could go up or down."""

    code = "unit_has_no_price"
    message = N_("The unit {stock_number} has no asking price yet.")


class VehicleHasUnits(InUse):
    """Stock episodes, past ones too, refer to the vehicle."""

    code = "vehicle_has_units"
    message = N_("This vehicle cannot be deleted: it has been in stock ({stock_numbers}).")


class VehicleReferredTo(InUse):
    """Records of modules above refer to the vehicle."""

    code = "vehicle_in_use"
    message = N_("This vehicle cannot be deleted: other records refer to it.")


class UnitReferredTo(InUse):
    """Records of modules above, such as deals, refer to the unit."""

    code = "unit_in_use"
    message = N_("The unit {stock_number} cannot be deleted: deals or other records refer to it.")


class TradeUnitChanged(Conflict):
    """The unit made of a trade-in is not as it came any more, so that unwinding the deal must not take it away."""

    code = "trade_unit_changed"
    message = N_("The trade-in stands in stock as {stock_number} and was changed since. Settle that unit first.")


# Appraisals and photos


class AppraisalMoveNotAllowed(Conflict):
    """The appraisal has come further, or not as far as this would need."""

    code = "appraisal_move_not_allowed"
    message = N_("An appraisal that is {before} cannot become {after}.")


class SecondPersonNeeded(Conflict):
    """Above the limit somebody else than who looked at the car and who named its value must agree."""

    code = "second_person_needed"
    message = N_("A value above {limit} takes a second person: neither who appraised the car nor who set the value.")


class AppraisalReferredTo(InUse):
    """A deal was made with the appraisal."""

    code = "appraisal_in_use"
    message = N_("This appraisal cannot be deleted: other records refer to it.")


class AppraisalDecided(Conflict):
    """An appraisal somebody has approved or declined stays."""

    code = "appraisal_decided"
    message = N_("This appraisal was decided on, so it is not deleted. Make a new one instead.")


class PhotoUnreadable(DomainError):
    """What was sent is no picture of a kind that is taken, or only half of one."""

    code = "photo_unreadable"
    message = N_("{name} is not a whole JPEG, PNG or WebP picture.")
    status = 422


class PhotoTooLarge(DomainError):
    """The picture has more points than any camera makes."""

    code = "photo_too_large"
    message = N_("{name} is too large: at most {megapixels} megapixels and {megabytes} MB.")
    status = 413


class PhotosFull(Conflict):
    """One car has so many photos that nobody looks at them all."""

    code = "photos_full"
    message = N_("There are {most} photos already. Delete some first.")
