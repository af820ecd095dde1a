"""How deals are refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict, InUse

UNKNOWN_CHOICE = N_("Please choose one of the values.")
PRICE_NOT_POSSIBLE = N_("The price must be at least zero, and the discount no more than the price.")
IN_FUTURE = N_("This day has not come yet.")
BEFORE_SOLD = N_("A vehicle is not delivered before it is sold ({sold_on}).")
BEFORE_DELIVERED = N_("This is before the delivery ({delivered_on}).")
DELIVERY_IS_SEPARATE = N_("Deliver the deal with its own button.")
DELIVERY_STAYS = N_("A delivery is taken back by unwinding the deal.")
REQUIRED = N_("Please fill this in.")
DAYS_OUT_OF_RANGE = N_("Use from 1 to {most} days.")
DEPOSIT_NOT_POSSIBLE = N_("The deposit must be at least zero.")
NOT_OF_LEAD = N_("The lead is another customer's.")
DAY_IS_GONE = N_("This day is gone. What is set holds from today or later.")


class UnitHasDeal(Conflict):
    """Another deal holds the unit: which, whose, and since when."""

    code = "unit_has_deal"
    message = N_("{who} has this unit in the deal {deal_number} since {since}.")


class DealNumberTaken(Conflict):
    """A store never uses a deal number twice."""

    code = "deal_number_taken"
    message = N_("The deal number {deal_number} is taken in this store.")


class DealMoveNotAllowed(Conflict):
    """The deal's status does not lead to the wanted one."""

    code = "deal_move_not_allowed"
    message = N_("A deal that is {before} cannot become {after}.")


class DealAlreadyDelivered(Conflict):
    """It was delivered before."""

    code = "deal_already_delivered"
    message = N_("The deal {deal_number} was delivered on {delivered_on}.")


class DealNotDelivered(Conflict):
    """Only a delivered deal can be unwound; another one is marked as lost."""

    code = "deal_not_delivered"
    message = N_("The deal {deal_number} is not delivered. Mark it as lost instead.")


class DealIsEnded(Conflict):
    """The deal is lost or unwound."""

    code = "deal_is_ended"
    message = N_("The deal {deal_number} has ended and cannot be changed.")


class DealCounts(InUse):
    """A delivered deal is part of the books; it is unwound, not deleted."""

    code = "deal_counts"
    message = N_("The deal {deal_number} was delivered. Unwind it instead of deleting it.")


class DealReferredTo(InUse):
    """Records of modules above refer to the deal."""

    code = "deal_in_use"
    message = N_("The deal {deal_number} cannot be deleted: other records refer to it.")
