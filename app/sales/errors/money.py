"""How money and lenders are refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict

AMOUNT_NOT_ABOVE_ZERO = N_("The amount must be above zero.")
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
