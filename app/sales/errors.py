"""How sales refuse."""

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


# The papers of a deal.
TOO_MANY_FILES = N_("Send at most {most} files at once.")
FILE_TYPE = N_("Only PDF, JPEG, PNG and WebP are taken.")
NO_SIGNATURE = N_("Sign in the field, or type your full name.")
NOT_A_LOGO = N_("Choose a PNG or JPEG picture of at most {kilobytes} kB.")


class DocumentNotSignable(Conflict):
    """It is signed or void already, a newer edition has taken its place, or it is no paper that is signed."""

    code = "document_not_signable"
    message = N_("This document cannot be signed: it is signed or void already, or there is a newer edition.")


class DocumentChanged(Conflict):
    """What was signed is not what is stored."""

    code = "document_changed"
    message = N_("This is not the document that was shown. Open it again and read it before you sign.")


class DocumentIsVoid(Conflict):
    """It was declared void before."""

    code = "document_is_void"
    message = N_("This document is void already.")


class DocumentErased(Conflict):
    """The person it was made for was erased, and the document with the key."""

    code = "document_erased"
    message = N_("The person this document was made for has been erased. It cannot be read any more.")


class DocumentNotSendable(Conflict):
    """There is nobody to send it to, or it is not one that is sent."""

    code = "document_not_sendable"
    message = N_("The customer has no e-mail address, or this document cannot be sent.")


class DocumentMissing(Conflict):
    """The store wants a paper in the jacket before this; each kind has words of its own."""

    code = "document_missing"
    message = N_("A document is still missing in the deal jacket.")


def _paper(code: str, message: str) -> type[DocumentMissing]:
    return type(code.title().replace("_", ""), (DocumentMissing,), {"code": code, "message": message})


# By kind of paper.
PAPERS_MISSING = {
    "buyers_order": _paper("buyers_order_missing", N_("The buyer's order is not signed.")),
    "contract": _paper("contract_missing", N_("The contract is not signed.")),
    "delivery_checklist": _paper("delivery_checklist_missing", N_("The delivery checklist is not signed.")),
    "licence": _paper("licence_missing", N_("The driver's licence is missing in the deal jacket.")),
    "insurance": _paper("insurance_missing", N_("The proof of insurance is missing in the deal jacket.")),
    "title": _paper("title_missing", N_("Title and registration are missing in the deal jacket.")),
}


# The desk: worksheets and trade-ins.
LABEL_MISSING = N_("Say what this line is for.")
AMOUNT_NOT_POSSIBLE = N_("The amount must be at least zero.")
RATE_NOT_POSSIBLE = N_("The rate must be between 0 and 1,000 percent.")
SAME_VEHICLE = N_("This is the vehicle the deal sells.")
NO_SUCH_VEHICLE = N_("No vehicle is known by this plate or VIN, or several are. Add it under Vehicles first.")
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


# Money and lenders.
AMOUNT_NOT_POSSIBLE = N_("The amount must be above zero.")
CARD_NUMBER = N_("Never write down a whole card number. The last four digits are enough.")
REFUND_TOO_MUCH = N_("No more than {rest} of this payment can be given back.")
NOT_AN_APPLICANT = N_("The deal needs a customer before anybody can be asked.")
MORE_THAN_OWED = N_("The deal comes to {owed}; a lender is not asked for more.")


class RefundOfRefund(Conflict):
    """A refund is money that went out; it is taken back by a new payment."""

    code = "refund_of_refund"
    message = N_("A refund is not taken back. Write down a new payment instead.")


class ApplicationNotOpen(Conflict):
    """It was declined, withdrawn or funded, so that nothing more can be asked of the partner."""

    code = "application_not_open"
    message = N_("This application is {status}, so this is no longer possible.")


class ApplicationNotFundable(Conflict):
    """The lender has not agreed, or still waits for something."""

    code = "application_not_fundable"
    message = N_("The lender has not agreed yet, or still waits for: {waiting}.")


class NothingToTell(Conflict):
    """The partner has been told everything."""

    code = "nothing_to_tell"
    message = N_("There is nothing the partner has still to be told.")


# The status machine: what must be in order, and whose the unit is.


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


# The catalogue of the finance office, and the table of tax rules.
ENDS_BEFORE_IT_BEGINS = N_("It cannot end before it begins.")
LENDING_HAS_NO_PRICE = N_("What lends money has terms, and no price.")
TERM_NOT_POSSIBLE = N_("Months, rate and rest of each term must be possible, and no term may stand twice.")
TAX_RULE_NOT_POSSIBLE = N_("No sale could be taxed by this: {reason}.")


class ProductNotForDeal(Conflict):
    """The car, the day or the amount is not what the product is for."""

    code = "product_not_for_deal"
    message = N_("{name} is not for this deal.")


class TaxRuleTaken(Conflict):
    """A rule of this key begins on that day already."""

    code = "tax_rule_taken"
    message = N_("A rule {key} begins on {valid_from} already.")
