"""A second worksheet, written apart from the product's in whole fractions: what a deal must come to, exactly.

It imports nothing of `app` and takes plain dicts of plain numbers (Fractions), so that what the product and this agree
on is agreed by two programs and not by one read twice. Nothing here is fast or clever.
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

Deal = dict[str, Any]


def cents(amount: Fraction, digits: int = 2) -> Fraction:
    """Half away from zero to so many digits, by whole numbers alone."""
    scaled = abs(amount) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if amount >= 0 else -whole, 10**digits)


def money(rng: random.Random, low: int, high: int) -> Fraction:
    """A random amount of whole cents."""
    return Fraction(rng.randint(low * 100, high * 100), 100)


def random_deal(rng: random.Random) -> Deal:
    """A deal of any kind the desk knows, as plain numbers; rates and percentages are percent."""
    price = money(rng, 5_000, 120_000)
    lines = []
    for kind in ("accessory", "fee", "product", "rebate"):
        for _ in range(rng.randint(0, 2)):
            amount = money(rng, 1, 2_000)
            cost = amount * rng.randint(10, 90) / 100 if kind != "fee" else Fraction(0)
            lines.append({
                "kind": kind, "amount": amount, "cost": cents(cost) if rng.random() < 0.8 else None,
                "taxed": rng.choice([True, False]), "capitalised": rng.random() < 0.8,
                "commissionable": rng.random() < 0.8,
            })  # fmt: skip
    trades = []
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        allowance = money(rng, 500, 20_000)
        trades.append({
            "allowance": allowance, "payoff": rng.choice([Fraction(0), money(rng, 0, 24_000)]),
            "acv": allowance - money(rng, -500, 1_500),
        })  # fmt: skip
    kind = rng.choice(["cash", "loan", "loan", "balloon", "lease"])
    return {
        "price": price, "discount": rng.choice([Fraction(0), money(rng, 0, 3_000)]), "lines": lines, "trades": trades,
        "deposit": rng.choice([Fraction(0), money(rng, 0, 500)]), "purchase_cost": money(rng, 3_000, 120_000),
        "tax": random_tax(rng), "kind": kind, "down": rng.choice([Fraction(0), money(rng, 0, 8_000)]),
        "term": rng.choice([12, 18, 24, 36, 39, 48, 60, 72, 84]),
        "rate": rng.choice([Fraction(0), Fraction(rng.randint(1, 2999), 100), Fraction(rng.randint(100, 29999), 1000)]),
        "first_days": rng.choice([30, 30, 30, rng.randint(15, 75)]), "balloon": money(rng, 0, 9_000),
        "charge": rng.choice([Fraction(0), money(rng, 0, 900)]), "charge_financed": rng.random() < 0.5,
        "msrp": price * rng.randint(95, 115) / 100, "residual_percent": Fraction(rng.randint(2500, 6500), 100),
        "mileage_adjustment": Fraction(rng.randint(-3, 3)), "money_factor": Fraction(rng.randint(0, 450), 100_000),
        "tax_on": rng.choice(["payment", "total", "price"]), "acquisition": rng.choice([Fraction(0), Fraction(895)]),
        "acquisition_capitalised": rng.random() < 0.5, "security": rng.choice([Fraction(0), Fraction(500)]),
        "cost": money(rng, 4_000, 110_000), "holdback": money(rng, 0, 900), "extra": money(rng, 0, 300),
        "reserve": money(rng, 0, 900), "chargeback": money(rng, 0, 400),
        "policy": {"pack": money(rng, 0, 500), **{
            name: rng.choice(["never", "gross", "commission", "both"])
            for name in ("pack_counts", "holdback", "fees", "accessories", "over_allowance", "extras", "included_tax",
                         "reserve", "products", "chargebacks")
        }},
    }  # fmt: skip


def random_tax(rng: random.Random) -> Deal:
    """A tax of any method."""
    method = rng.choice(["none", "sales", "sales", "sales", "margin", "vat", "purchase_cn"])
    layers = []
    for number in range(rng.randint(1, 3) if method == "sales" else 1):
        layers.append({
            "rate": Fraction(rng.randint(0, 12_000), 1000), "cap": rng.choice([None, None, money(rng, 10, 900)]),
            "base_from": rng.choice([Fraction(0), Fraction(0), Fraction(1_600)]) if number else Fraction(0),
            "base_to": rng.choice([None, None, Fraction(3_200)]) if number else None,
        })  # fmt: skip
    plain = {"cap": None, "base_from": Fraction(0), "base_to": None}
    if method in ("margin", "vat", "purchase_cn"):
        layers = [{**plain, "rate": rng.choice([Fraction(20), Fraction(13), Fraction(1, 2), Fraction(19)])}]
    return {
        "method": method, "layers": [] if method == "none" else layers, "included": rng.random() < 0.6,
        "trade_credit": rng.random() < 0.6, "trade_credit_cap": rng.choice([None, None, Fraction(11_000)]),
        "discount_reduces": rng.random() < 0.8, "purchase_rate": Fraction(10),
        "relief_percent": rng.choice([Fraction(0), Fraction(50)]), "relief_cap": rng.choice([None, Fraction(1_500)]),
        "collected": rng.random() < 0.7,
    }  # fmt: skip


def on_top(tax: Deal, base: Fraction) -> list[Fraction]:
    """What every layer takes of a base."""
    found = []
    for layer in tax["layers"]:
        upper = base if layer["base_to"] is None or base < layer["base_to"] else layer["base_to"]
        part = upper - layer["base_from"] if upper > layer["base_from"] else Fraction(0)
        amount = cents(part * layer["rate"] / 100)
        found.append(amount if layer["cap"] is None or amount < layer["cap"] else layer["cap"])
    return found


def inside(rate: Fraction, gross: Fraction) -> Fraction:
    """The tax within an amount."""
    return cents(gross - gross / (1 + rate / 100))


def taxes(deal: Deal) -> tuple[list[Fraction], list[Fraction], list[Fraction]]:
    """Taxes on top, inside, and paid aside."""
    tax = deal["tax"]
    price = deal["price"] - (deal["discount"] if tax["discount_reduces"] else 0)
    beside = sum((x["amount"] for x in deal["lines"] if x["kind"] != "rebate" and x["taxed"]), Fraction(0))
    reducing = sum((x["amount"] for x in deal["lines"] if x["kind"] == "rebate" and not x["taxed"]), Fraction(0))
    credit = sum((trade["allowance"] for trade in deal["trades"]), Fraction(0)) if tax["trade_credit"] else Fraction(0)
    if tax["trade_credit_cap"] is not None and credit > tax["trade_credit_cap"]:
        credit = tax["trade_credit_cap"]
    whole = max(price + beside - reducing, Fraction(0))
    if tax["method"] == "none":
        return [], [], []
    if tax["method"] == "sales":
        return on_top(tax, max(price + beside - reducing - credit, Fraction(0))), [], []
    rate = tax["layers"][0]["rate"]
    if tax["method"] == "vat":
        return ([], [inside(rate, whole)], []) if tax["included"] else (on_top(tax, whole), [], [])
    if tax["method"] == "margin":
        margin = max(price - reducing - deal["purchase_cost"], Fraction(0))
        return [], [inside(rate, margin), inside(rate, beside)], []
    vat = inside(rate, whole)
    full = cents((whole - vat) * tax["purchase_rate"] / 100)
    waived = cents(full * tax["relief_percent"] / 100)
    if tax["relief_cap"] is not None and waived > tax["relief_cap"]:
        waived = tax["relief_cap"]
    return ([full - waived], [vat], []) if tax["collected"] else ([], [vat], [full - waived])


def sheet_figures(deal: Deal) -> Deal:
    """What the worksheet comes to."""
    added, within, aside = taxes(deal)
    lines = deal["lines"]
    sold = sum((x["amount"] for x in lines if x["kind"] != "rebate"), Fraction(0))
    rebates = sum((x["amount"] for x in lines if x["kind"] == "rebate" and x["capitalised"]), Fraction(0))
    net_trade = sum((trade["allowance"] - trade["payoff"] for trade in deal["trades"]), Fraction(0))
    total = deal["price"] - deal["discount"] + sold + sum(added, Fraction(0))
    return {
        "tax": sum(added, Fraction(0)), "tax_included": sum(within, Fraction(0)), "tax_aside": sum(aside, Fraction(0)),
        "total": total, "net_trade": net_trade,
        "over_allowance": sum((trade["allowance"] - trade["acv"] for trade in deal["trades"]), Fraction(0)),
        "upfront": sum((x["amount"] for x in lines if x["kind"] != "rebate" and not x["capitalised"]), Fraction(0)),
        "due": total - rebates - net_trade - deal["deposit"], "rebates": rebates, "sold": sold,
    }  # fmt: skip
