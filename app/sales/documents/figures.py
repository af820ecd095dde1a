"""The figures of a deal as blocks of a paper: price, lines, taxes, trade-ins, what is due, and the way to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.sales.documents.writing import Hand
from app.sales.rules.chinese_amounts import chinese_amount
from app.sales.rules.scenarios import Quote, Scenario, ScenarioKind, loan_schedule, quote
from app.sales.rules.sheet import LineKind, Sheet, Totals, total
from app.sales.rules.taxes import TaxLine, TaxPlace

Block = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What a paper shows of the money: the worksheet, what the trade-ins are called, and the chosen way to pay."""

    sheet: Sheet
    trade_names: tuple[str, ...] = ()
    scenario: Scenario | None = None


def price_block(hand: Hand, figures: Figures) -> Block:
    """The lines of the price, each tax on its own, trade-ins with what is owed on them, and what is due."""
    sheet, totals = figures.sheet, total(figures.sheet)

    def money(amount: Decimal) -> str:
        return hand.money(amount, sheet.currency)

    # What would tell the buyer what the car cost the dealer is on none of his papers.
    shown = [line for line in totals.taxes if not line.confidential]
    rows = [[gettext("Price of the vehicle"), money(sheet.price), ""]]
    if sheet.discount:
        rows.append([gettext("Discount"), money(-sheet.discount), "sub"])
        rows.append([gettext("Selling price"), money(totals.selling_price), ""])
    rows += [[line.label, money(line.amount), "sub"] for line in sheet.lines if line.kind is not LineKind.REBATE]
    rows += [_tax_row(hand, sheet, line) for line in shown if line.place is not TaxPlace.ASIDE]
    rows.append([gettext("Total"), money(totals.total), "sum"])
    rows += [[line.label, money(-line.amount), "sub"] for line in sheet.lines if line.kind is LineKind.REBATE]
    rows += _trade_rows(hand, figures)
    if totals.deposit:
        rows.append([gettext("Paid already"), money(-totals.deposit), "sub"])
    if totals.due != totals.total:
        rows.append([gettext("Amount due"), money(totals.due), "sum"])
    rows += [_tax_row(hand, sheet, line) for line in shown if line.place is TaxPlace.ASIDE]
    return {"kind": "amounts", "title": gettext("Price"), "rows": rows, "words": in_words(hand, totals)}


def in_words(hand: Hand, totals: Totals) -> str | None:
    """What is due in Chinese capitals, on Chinese papers about yuan."""
    if totals.currency != "CNY" or not hand.locale.startswith("zh") or abs(totals.due) >= 10**12:
        return None
    return gettext("In capitals: %(words)s", words=chinese_amount(totals.due))


def payment_blocks(hand: Hand, figures: Figures, *, in_full: bool = False) -> list[Block]:
    """The way to pay, where one is chosen and possible; `in_full` with every instalment of a loan."""
    scenario = figures.scenario
    if scenario is None:
        return []
    found = quote(figures.sheet, scenario)
    if found.problem is not None:
        return []
    rows = [row for row in _payment_rows(hand, scenario, found) if row[1] is not None]
    blocks: list[Block] = [{"kind": "facts", "title": gettext("Way to pay"), "rows": rows}]
    if in_full and scenario.kind in (ScenarioKind.LOAN, ScenarioKind.BALLOON):
        blocks.append(_schedule(hand, figures, scenario))
    return blocks


def _schedule(hand: Hand, figures: Figures, scenario: Scenario) -> Block:
    currency = figures.sheet.currency
    head = [gettext("No."), gettext("Payment"), gettext("Interest"), gettext("Principal"), gettext("Balance")]
    rows = [
        [str(one.number), *(hand.money(x, currency) for x in (one.payment, one.interest, one.principal, one.balance))]
        for one in loan_schedule(figures.sheet, scenario)
    ]
    return {"kind": "table", "title": gettext("Instalments"), "head": head, "rows": rows}


def _tax_row(hand: Hand, sheet: Sheet, line: TaxLine) -> list[str]:
    name = f"{line.name} {hand.percent(line.rate)}"
    if line.place is TaxPlace.INCLUDED:
        name = gettext("%(tax)s (included)", tax=name)
    elif line.place is TaxPlace.ASIDE:
        name = gettext("%(tax)s (paid by the buyer to the authority)", tax=name)
    return [name, hand.money(line.amount, sheet.currency), "sub"]


def _trade_rows(hand: Hand, figures: Figures) -> list[list[str]]:
    rows, currency = [], figures.sheet.currency
    names: Sequence[str] = (*figures.trade_names, *[""] * len(figures.sheet.trades))
    for name, trade in zip(names, figures.sheet.trades, strict=False):
        label = gettext("Trade-in: %(vehicle)s", vehicle=name) if name else gettext("Trade-in")
        rows.append([label, hand.money(-trade.allowance, currency), "sub"])
        if trade.payoff:
            rows.append([gettext("Owed on the trade-in"), hand.money(trade.payoff, currency), "sub"])
    return rows


def _payment_rows(hand: Hand, scenario: Scenario, found: Quote) -> list[list[str | None]]:
    def money(amount: Decimal | None) -> str | None:
        return None if amount is None else hand.money(amount, found.currency)

    names = {
        ScenarioKind.CASH: gettext("Cash"),
        ScenarioKind.LOAN: gettext("Loan"),
        ScenarioKind.BALLOON: gettext("Loan with a final payment"),
        ScenarioKind.LEASE: gettext("Lease"),
    }
    rows: list[list[str | None]] = [[gettext("Kind"), names[scenario.kind]]]
    if scenario.kind is not ScenarioKind.CASH:
        times = gettext("%(payment)s, %(number)s times", payment=money(found.payment), number=found.payments)
        rows += [
            [gettext("Term"), gettext("%(months)s months", months=scenario.term_months)],
            [gettext("Monthly payment"), times],
            [gettext("Last payment"), money(found.last_payment) if found.last_payment != found.payment else None],
            [gettext("Amount financed"), money(found.amount_financed)],
            [gettext("Annual percentage rate"), hand.percent(found.apr) if found.apr is not None else None],
            [gettext("Finance charge"), money(found.finance_charge)],
            [gettext("Residual value"), money(found.residual)],
            [gettext("Total of payments"), money(found.total_of_payments)],
        ]
    return [*rows, [gettext("Due at signing"), money(found.due_at_signing)]]
