"""How worksheets and trade-ins are refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict

LABEL_MISSING = N_("Say what this line is for.")
AMOUNT_NOT_POSSIBLE = N_("The amount must be at least zero.")
RATE_NOT_POSSIBLE = N_("The rate must be between 0 and 1,000 percent.")
SAME_VEHICLE = N_("This is the vehicle the deal sells.")
NO_SUCH_VEHICLE = N_("No vehicle is known by this plate or VIN, or several are. Add it under Vehicles first.")
APPRAISAL_NOT_VALID = N_("This is no approved appraisal of the vehicle that holds at the deal's store today.")
NOT_APPRAISED = N_("The appraisal has another value. Give one of the two.")
TOO_MANY_LINES = N_("A worksheet has at most {most} lines, ways to pay and trade-ins of each.")


class SheetIsFrozen(Conflict):
    """What was agreed stays as it was agreed; the deal is set back to working before its figures change."""

    code = "sheet_frozen"
    message = N_("The deal {deal_number} is agreed or has ended, so its figures stay as they are.")


class ChosenSheetStays(Conflict):
    """The chosen worksheet has the deal's figures: another one is chosen before it goes."""

    code = "chosen_sheet_stays"
    message = N_("Worksheet {number} has the figures of the deal. Choose another one before deleting it.")


class CarIsTraded(Conflict):
    """A vehicle is taken in trade once in a deal."""

    code = "car_is_traded"
    message = N_("This vehicle is a trade-in of the deal already.")


class TradeIsInStock(Conflict):
    """The trade-in was taken into stock, so it is no longer only a promise."""

    code = "trade_is_in_stock"
    message = N_("This trade-in is in stock already and stays with the deal.")


class WorthNeedsAppraisal(Conflict):
    """What two people must agree to in an appraisal nobody names alone in a deal."""

    code = "worth_needs_appraisal"
    message = N_("A worth above {limit} is taken from an approved appraisal of the vehicle.")
