"""How moves of a deal, approvals and reservations are refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict


class DealIsAgreed(Conflict):
    """What was agreed is not edited; a correction reverses it and says why."""

    code = "deal_is_agreed"
    message = N_("The deal {deal_number} is agreed. Correct it with a reason; what was agreed stays on record.")


class DealNotAgreed(Conflict):
    """A deal that is still worked on is simply edited."""

    code = "deal_not_agreed"
    message = N_("The deal {deal_number} is not agreed yet. Edit it instead of correcting it.")


class ApprovalNeeded(Conflict):
    """The figures go beyond the limits of whoever moves the deal, and nobody has approved exactly these."""

    code = "approval_needed"
    message = N_("This goes beyond your limits ({limit}). Ask for an approval of exactly these figures.")


class CustomerMissing(Conflict):
    """A deal is booked for somebody."""

    code = "customer_missing"
    message = N_("The deal needs a customer before it is booked.")


class DeliveryMissing(Conflict):
    """A deal is finalized once the vehicle was handed over."""

    code = "delivery_missing"
    message = N_("The vehicle is to be delivered before the deal is finalized.")


class BuyerOwes(Conflict):
    """A vehicle is handed over once its buyer has paid his part."""

    code = "buyer_owes"
    message = N_("The buyer still owes {amount}. It is to be paid before the vehicle is handed over.")


class LenderNotBound(Conflict):
    """A lender agreed to other figures than those of the deal, so that nobody stands for his part."""

    code = "lender_not_bound"
    message = N_("Nobody stands for the lender's part of {amount}: he agreed to other figures. Ask him for these ones.")


class NothingExceeded(Conflict):
    """The figures lie within the limits of whoever asks."""

    code = "nothing_exceeded"
    message = N_("These figures need no approval of anybody else.")


class ApprovalOutdated(Conflict):
    """The deal was changed since the approval was asked for."""

    code = "approval_outdated"
    message = N_("The figures have changed since this approval was asked for. It has to be asked for again.")


class ApprovalClosed(Conflict):
    """Somebody has decided, or the request was overtaken."""

    code = "approval_closed"
    message = N_("This request is closed: {who} has decided, or another took its place.")


class OwnApproval(Conflict):
    """Nobody approves what he asked for himself."""

    code = "own_approval"
    message = N_("Somebody else has to decide what you asked for.")


class BeyondOwnLimits(Conflict):
    """The figures go beyond the limits of whoever would approve them."""

    code = "beyond_own_limits"
    message = N_("This goes beyond your own limits ({limit}).")


class UnitReserved(Conflict):
    """The unit is kept for another deal: which, whose, and until when."""

    code = "unit_reserved"
    message = N_("{who} keeps this unit for the deal {deal_number} until {until}.")


class NotReserved(Conflict):
    """There is no reservation to release."""

    code = "not_reserved"
    message = N_("This unit is not reserved for the deal {deal_number}.")
