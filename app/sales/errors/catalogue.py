"""How the catalogue and the tax rules are refused."""

from __future__ import annotations

from app.core.errors import N_, Conflict

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
