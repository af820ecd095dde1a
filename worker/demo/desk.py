"""Deals of the demonstration that were worked out at the desk, step by step as people do it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

from app.core import clock
from app.core.guard.permissions import Actor
from app.sales.operations import applications, deals, delivery, payments, trade_ins, worksheets
from app.sales.operations.contents import LineInput, SheetInput, WayInput
from app.sales.queries import catalogue
from app.sales.queries.payments import list_payments
from app.sales.queries.receivables import balance_of, figures_of
from app.sales.rules.receivables import PaymentKind
from app.sales.rules.status import AGREED
from worker.demo.stories import Sale, Worked
from worker.demo.telling import As, Met


class Desk:
    """One deal on its way from the first worksheet to where it stands, with its money."""

    def __init__(
        self, as_post: As, unit_id: uuid.UUID, sale: Sale, worked: Worked, one: Met, salesperson_id: uuid.UUID | None
    ) -> None:
        self.sale, self.worked, self.one = sale, worked, one
        # The lender's application, where one was asked.
        self.asked: uuid.UUID | None = None
        self.seller, self.till = as_post(sale.salesperson or "fi"), as_post("fi")
        self.deal = deals.record_deal(
            actor=self.seller, stock_unit_id=unit_id, price=sale.price, discount=sale.discount, customer_id=one.id,
            salesperson_id=salesperson_id, deal_type=sale.deal_type, note=sale.note, lead_id=one.lead_id,
        )  # fmt: skip

    def work_out(self) -> uuid.UUID:
        """Figures, deposit and credit, and then the way to where the deal stands; its id."""
        sale, deal = self.sale, self.deal
        self._figure()
        if self.worked.deposit:
            self._take(self.worked.deposit, PaymentKind.DEPOSIT)
        if self.worked.credit is not None:
            self._ask_partners(*self.worked.credit)
        if sale.status in AGREED:
            self._move(self.seller, "sold")
            if sale.delivered_on is not None:
                delivery.deliver_deal(
                    actor=self.seller, deal_id=deal.id, version=deal.version, delivered_on=sale.delivered_on
                )
                self._settle()
            if sale.status != "sold":
                self._move(self.till, sale.status)
        elif sale.status != deal.status:
            self._move(self.seller, sale.status)
        if self.worked.refund:
            for paid in list_payments(deal.id):
                payments.refund_payment(actor=self.till, payment_id=paid.id, reason=self.worked.refund)
        key: uuid.UUID = deal.id
        return key

    def _figure(self) -> None:
        """The worksheet with lines and ways to pay, the trade-in, and a second worksheet with another discount."""
        sale, worked, brought, deal_id = self.sale, self.worked, self.one.buyer.brought, self.deal.id
        ways = tuple(
            WayInput(way, buy_rate=rate, chosen=place == worked.chosen) for place, (way, rate) in enumerate(worked.ways)
        )
        content = SheetInput(
            sale.price, sale.discount, catalogue.tax_rule_on(worked.tax, clock.now().date()),
            lines=tuple(LineInput(line) for line in worked.lines), ways=ways,
        )  # fmt: skip
        worksheets.save_sheet(actor=self.seller, deal_id=deal_id, version=None, content=content)
        if brought is not None and brought.status == "approved" and self.one.vehicle_id is not None:
            # Worth what its appraisal says.
            trade_ins.add_trade(
                actor=self.seller, deal_id=deal_id, vehicle_id=self.one.vehicle_id, allowance=brought.allowance,
                payoff=brought.payoff, lienholder=brought.lender,
            )  # fmt: skip
        if worked.second is not None:
            other = worksheets.copy_worksheet(actor=self.seller, deal_id=deal_id)
            worksheets.save_sheet(
                actor=self.seller, deal_id=deal_id, version=None, worksheet_id=other.id,
                content=replace(content, discount=worked.second),
            )  # fmt: skip

    def _ask_partners(self, partner: str, band: str, months: int) -> None:
        """The lender is asked for what is left after deposit and down payment; now and then an insurer as well."""
        rest = figures_of(self.deal).owed - self.worked.deposit - self.worked.down
        if rest <= 0:
            return
        self.asked = applications.submit_application(
            actor=self.till, deal_id=self.deal.id, partner=partner, amount=rest, band=band, term_months=months
        ).id
        if self.worked.insured:
            applications.submit_application(
                actor=self.till, deal_id=self.deal.id, partner="lighthouse", amount=self.deal.price, band=band
            )

    def _settle(self) -> None:
        """What the buyer pays at the handover, and the loan of his old car that is paid off."""
        owed, payoff = balance_of(self.deal).from_buyer, figures_of(self.deal).payoff
        # A lender who was asked pays the rest.
        rest = owed if self.worked.credit is None else min(self.worked.down, owed)
        if rest > 0:
            self._take(rest, PaymentKind.PAYMENT)
        if payoff > 0:
            self._take(payoff, PaymentKind.PAYOFF)

    def _take(self, amount: Decimal, kind: PaymentKind) -> None:
        is_deposit = kind is PaymentKind.DEPOSIT
        payments.take_payment(
            actor=self.till, deal_id=self.deal.id, amount=amount, kind=kind.value,
            method=self.worked.paid_by if is_deposit else "bank_transfer",
            received_on=self.worked.began if is_deposit else self.sale.delivered_on,
        )  # fmt: skip

    def _move(self, actor: Actor, status: str) -> None:
        deal = self.deal
        deals.edit_deal(
            actor=actor, deal_id=deal.id, version=deal.version, price=deal.price, discount=deal.discount,
            customer_id=deal.customer_id, salesperson_id=deal.salesperson_id, deal_type=deal.deal_type, status=status,
            sold_on=self.sale.sold_on if status in AGREED else None, delivered_on=deal.delivered_on, note=deal.note,
        )  # fmt: skip
