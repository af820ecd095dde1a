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
DAY_IS_GONE = N_("This day is gone. What is set holds from today or later.")


class UnitHasDeal(Conflict):
    """A unit has at most one active deal; this one is named."""

    code = "unit_has_deal"
    message = N_("This unit is in the deal {deal_number} already.")


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


class DocumentsMissing(Conflict):
    """The dealership wants papers in the jacket before this."""

    code = "documents_missing"
    message = N_("Still missing in the deal jacket: {documents}.")


# The desk: worksheets and trade-ins.
LABEL_MISSING = N_("Say what this line is for.")
AMOUNT_NOT_POSSIBLE = N_("The amount must be at least zero.")
RATE_NOT_POSSIBLE = N_("The rate must be between 0 and 1,000 percent.")
SAME_VEHICLE = N_("This is the vehicle the deal sells.")
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
