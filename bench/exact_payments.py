"""Payments, leases and gross of `exact_deals`, in whole fractions and apart from the product as it is."""

from __future__ import annotations

from fractions import Fraction

from bench.exact_deals import Deal, cents, on_top, sheet_figures


def loan_figures(deal: Deal, sheet: Deal) -> Deal | None:
    """A loan's payment, schedule and sums, by carrying the balance month by month; None where there is no loan."""
    paid_charge = Fraction(0) if deal["charge_financed"] else deal["charge"]
    lent = sheet["due"] - sheet["upfront"] - deal["down"] + deal["charge"] - paid_charge
    rest = deal["balloon"] if deal["kind"] == "balloon" else Fraction(0)
    if lent <= 0 or rest > lent:
        return None
    monthly = deal["rate"] / 1200
    # Of one unit of payment and of principal, what a balance comes to at the end: linear, so no formula is needed.
    owed, worth = lent, Fraction(0)
    for number in range(deal["term"]):
        share = Fraction(deal["first_days"], 30) if number == 0 else 1
        owed, worth = owed * (1 + monthly * share), worth * (1 + monthly * share) + 1
    payment = cents((owed - rest) / worth)
    balance, interest, paid = lent, Fraction(0), []
    for number in range(deal["term"]):
        share = Fraction(deal["first_days"], 30) if number == 0 else 1
        month = cents(balance * monthly * share)
        now = payment if number < deal["term"] - 1 else balance + month
        balance, interest = balance + month - now, interest + month
        paid.append(now)
    if paid[-1] <= 0 or (payment == 0 and rest == 0):
        return None
    return {
        "principal": lent, "amount_financed": lent - deal["charge"], "payment": payment, "last_payment": paid[-1],
        "interest": interest, "finance_charge": interest + deal["charge"], "total_of_payments": sum(paid),
        "due_at_signing": sheet["upfront"] + deal["down"] + paid_charge, "paid": paid,
    }  # fmt: skip


def rate_is_right(apr: Fraction, advanced: Fraction, paid: list[Fraction], first_days: int) -> bool:
    """Whether `apr` (to 0.0001) is the actuarial rate: half a unit lower the payments are worth more, higher less."""

    def worth(percent: Fraction) -> Fraction:
        # Rounded to 40 digits a step, or the fractions would grow without bound.
        shrink = 1 / (1 + percent / 1200)
        value = Fraction(0)
        for payment in reversed(paid):
            value = cents((value + payment) * shrink, 40)
        whole, odd = divmod(first_days, 30)
        return value / shrink * shrink**whole / (1 + Fraction(odd, 30) * percent / 1200)

    unit = Fraction(51, 1_000_000)
    return worth(apr + unit) < advanced < worth(max(apr - unit, Fraction(-1)))


def lease_figures(deal: Deal, sheet: Deal) -> Deal | None:
    """A lease's payment and what is due at signing; None where there is no lease."""
    fee = deal["acquisition"]
    capped = fee if deal["acquisition_capitalised"] else Fraction(0)
    gross = deal["price"] - deal["discount"] + sheet["sold"] - sheet["upfront"] + capped + max(-sheet["net_trade"], 0)
    reduction = deal["down"] + deal["deposit"] + sheet["rebates"] + max(sheet["net_trade"], 0)
    adjusted = gross - reduction
    residual = cents(cents(deal["msrp"]) * (deal["residual_percent"] + deal["mileage_adjustment"]) / 100)
    depreciation = cents((adjusted - residual) / deal["term"])
    rent = cents((adjusted + residual) * deal["money_factor"])
    base = depreciation + rent
    if adjusted <= 0 or base <= 0:
        return None
    tax = deal["tax"]
    american = tax["method"] == "sales" or (tax["method"] == "vat" and not tax["included"])
    fees = sum(
        (x["amount"] for x in deal["lines"] if x["kind"] != "rebate" and x["taxed"] and not x["capitalised"]),
        Fraction(0),
    )
    monthly, upfront = Fraction(0), sheet["tax"]
    if american and deal["tax_on"] == "payment":
        monthly, upfront = sum(on_top(tax, base), Fraction(0)), sum(on_top(tax, fees), Fraction(0))
    if american and deal["tax_on"] == "total":
        upfront = sum(on_top(tax, fees + base * deal["term"]), Fraction(0))
    payment = base + monthly
    signing = deal["down"] + sheet["upfront"] + (fee - capped) + deal["security"] + payment + upfront
    return {
        "gross_cap": gross, "cap_reduction": reduction, "adjusted_cap": adjusted, "residual": residual,
        "depreciation": depreciation, "rent_charge": rent, "payment": payment, "due_at_signing": signing,
        "total_of_payments": payment * deal["term"],
    }  # fmt: skip


def gross_figures(deal: Deal, sheet: Deal) -> Deal:
    """Front and back gross, and what commission is paid on."""
    policy = deal["policy"]
    sums = {(part, use): Fraction(0) for part in ("front", "back") for use in ("gross", "commission")}

    def count(part: str, amount: Fraction, how: str, pays: bool = True) -> None:
        for use in ("gross", "commission"):
            if how in (use, "both") and (pays or use == "gross"):
                sums[part, use] += amount

    count("front", deal["price"] - deal["discount"] - deal["cost"], "both")
    count("front", -sheet["tax_included"], policy["included_tax"])
    count("front", -sheet["over_allowance"], policy["over_allowance"])
    count("front", -deal["extra"], policy["extras"])
    count("front", deal["holdback"], policy["holdback"])
    count("front", -policy["pack"], policy["pack_counts"])
    count("back", deal["reserve"], policy["reserve"])
    count("back", -deal["chargeback"], policy["chargebacks"])
    places = {"accessory": ("front", "accessories"), "fee": ("front", "fees"), "product": ("back", "products")}
    for line in deal["lines"]:
        if line["kind"] in places and line["cost"] is not None:
            part, name = places[line["kind"]]
            count(part, line["amount"] - line["cost"], policy[name], line["commissionable"])
    return {
        "front": sums["front", "gross"], "back": sums["back", "gross"],
        "commissionable_front": sums["front", "commission"], "commissionable_back": sums["back", "commission"],
    }  # fmt: skip


def figures(deal: Deal) -> Deal:
    """Everything the deal must come to; `quote` is None where this way to pay is not possible."""
    sheet = sheet_figures(deal)
    ways = {"loan": loan_figures, "balloon": loan_figures, "lease": lease_figures}
    cash = {"due_at_signing": sheet["due"]}
    found = ways[deal["kind"]](deal, sheet) if deal["kind"] in ways else cash
    return {"sheet": sheet, "quote": found, "gross": gross_figures(deal, sheet)}
