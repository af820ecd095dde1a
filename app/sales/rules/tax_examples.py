"""Tax rules to begin with, as data: what a new dealership finds in its table and changes to what its state says.

Rates and flags change by law: each is an example to be confirmed, with the days it is known to hold for.
Sources: docs/desk.md.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.core.errors import N_
from app.sales.rules.taxes import DatedRule, TaxLayer, TaxMethod, TaxRule

NONE = TaxRule("none", N_("No tax"), TaxMethod.NONE)
US_CREDIT = TaxRule(
    "us_credit",
    N_("US sales tax 7 %, trade-in deducted"),
    TaxMethod.SALES,
    (TaxLayer(N_("State"), Decimal("7")),),
    trade_credit=True,
)
US_NO_CREDIT = TaxRule(
    "us_no_credit",
    N_("US sales tax 7 %, trade-in not deducted"),
    TaxMethod.SALES,
    (TaxLayer(N_("State"), Decimal("7")),),
)
UK_MARGIN = TaxRule(
    "uk_margin",
    N_("UK VAT margin scheme 20 %"),
    TaxMethod.MARGIN,
    (TaxLayer(N_("VAT"), Decimal("20")),),
)
UK_VAT = TaxRule("uk_vat", N_("UK VAT 20 %"), TaxMethod.VAT, (TaxLayer(N_("VAT"), Decimal("20")),))
CN_NEW = TaxRule(
    "cn_new",
    N_("China, new car: VAT 13 %, purchase tax 10 %"),
    TaxMethod.PURCHASE_CN,
    (TaxLayer(N_("VAT"), Decimal("13")),),
    accessories_taxed=False,
    purchase_rate=Decimal("10"),
)
CN_NEV = TaxRule(
    "cn_nev",
    N_("China, new energy: purchase tax halved, at most 15,000 waived"),
    TaxMethod.PURCHASE_CN,
    (TaxLayer(N_("VAT"), Decimal("13")),),
    accessories_taxed=False,
    purchase_rate=Decimal("10"),
    relief_percent=Decimal("50"),
    relief_cap=Decimal("15000"),
)
CN_USED = TaxRule(
    "cn_used",
    N_("China, used car of a dealer: VAT 0.5 %"),
    TaxMethod.VAT,
    (TaxLayer(N_("VAT"), Decimal("0.5")),),
    accessories_taxed=False,
)

EXAMPLES: tuple[DatedRule, ...] = (
    DatedRule(NONE),
    DatedRule(US_CREDIT),
    DatedRule(US_NO_CREDIT),
    DatedRule(UK_MARGIN),
    DatedRule(UK_VAT),
    DatedRule(CN_NEW),
    DatedRule(CN_NEV, since=date(2026, 1, 1), until=date(2027, 12, 31)),
    DatedRule(CN_USED),
)
