"""The worksheet on a deal's page: its fields as texts, what they come to, and what stands in somebody's form."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask import request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.core import clock
from app.core.db.ids import to_public
from app.core.errors import DomainError, Invalid
from app.core.guard.permissions import Actor
from app.core.guard.policy import Sight, policy_for
from app.core.http.edits import Clash, Editing, Opened, base_of
from app.core.http.forms import BASE, load_form, typed
from app.core.http.problems import field_words
from app.core.money import plain_amount
from app.inventory.queries.trading import NamedVehicle, name_vehicles
from app.sales.models import Deal
from app.sales.queries import sheets
from app.sales.queries.proposals import FIRST_WAYS, tax_rules
from app.sales.queries.sheets import Desk
from app.sales.rules.bodies import to_body
from app.sales.rules.scenarios import Scenario
from app.sales.rules.taxes import TaxRule
from app.sales.schemas.desk import keys_of, read_sheet, sheet_schema
from app.sales.views.panels.next_step import NextStep, discount_hint, next_step
from app.sales.views.reckoning import Reckoned, reckon_desk, reckon_input, solve_for
from app.sales.views.worths import Worths, worths_of
from app.tenants import queries as tenants

_FLAGS = {None: "", True: "yes", False: "no"}


@dataclass(frozen=True)
class Shown:
    """The worksheet as the page shows it. `texts` are what stands in its fields, by name."""

    deal: Deal
    desk: Desk
    public_id: str
    may_edit: bool
    frozen: bool
    texts: Mapping[str, Any]
    found: Reckoned | None
    lines: Sequence[str]
    ways: Sequence[str]
    cars: Mapping[str, NamedVehicle | None]
    worths: Mapping[str, Worths]
    rules: Mapping[str, TaxRule]
    others: Sequence[Any]
    step: NextStep | None
    hint: str | None
    edit: Editing | None
    sees_cost: bool
    errors: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def rule_choices(self) -> list[tuple[str, str]]:
        """The tax rules as the choices of a select."""
        return [(key, gettext(rule.name)) for key, rule in self.rules.items()]

    def pid(self, prefix: str, key: uuid.UUID) -> str:
        """A public id."""
        return to_public(prefix, key)

    def url(self, endpoint: str, **values: Any) -> str:
        """The address of one of the desk's actions over this deal."""
        return url_for(f"sales.{endpoint}", deal_id=self.public_id, **values)


def texts_of(actor: Actor, desk: Desk) -> dict[str, str]:
    """What stands in the fields of a worksheet's form; costs only for whoever sees them."""
    policy, currency = policy_for(actor), desk.currency

    def amount(value: Decimal | None) -> str:
        return "" if value is None else plain_amount(value, currency)

    texts = {
        "price": amount(desk.price),
        "discount": amount(desk.discount),
        "tax_key": desk.tax.key if desk.tax else "",
        "tax_rate": _number(desk.tax.layers[0].rate) if desk.tax and len(desk.tax.layers) == 1 else "",
        "sheet_note": desk.note or "",
        "choice": desk.way.id.hex if desk.way else "",
    }
    sees = policy.field("deal_line", "cost") is Sight.VISIBLE
    for item in desk.lines:
        line, at = item.line, f"l-{item.id.hex}-"
        texts |= {
            f"{at}kind": line.kind.value,
            f"{at}label": line.label,
            f"{at}amount": amount(line.amount),
            f"{at}taxed": _FLAGS[line.taxed],
            f"{at}capitalised": _FLAGS[line.capitalised],
            f"{at}commissionable": _FLAGS[line.commissionable],
        } | ({f"{at}cost": amount(line.cost)} if sees else {})
    for way in desk.ways:
        rate = {"buy_rate": _number(way.buy_rate)} if policy.field("scenario", "buy_rate") is Sight.VISIBLE else {}
        texts |= {f"w-{way.id.hex}-{name}": text for name, text in (_terms(way.scenario, currency) | rate).items()}
    for car in desk.trades:
        at = f"t-{car.id.hex}-"
        texts |= {
            f"{at}allowance": amount(car.trade.allowance),
            f"{at}payoff": amount(car.trade.payoff),
            f"{at}lienholder": car.lienholder or "",
        } | ({f"{at}acv": amount(car.trade.acv)} if policy.field("trade_in", "acv") is Sight.VISIBLE else {})
    return texts


_MONEY = ("down", "balloon", "finance_charge", "msrp", "acquisition_fee", "security_deposit")
_TERMS = (
    "kind", "term_months", "apr", "first_payment_days", "residual_percent", "mileage_adjustment", "money_factor",
    "tax_on",
)  # fmt: skip


def _terms(way: Scenario, currency: str) -> dict[str, str]:
    body = to_body(way)
    texts = {
        name: plain_amount(value, currency) if (value := getattr(way, name)) is not None else "" for name in _MONEY
    }
    for name in _TERMS:
        value = getattr(way, name)
        texts[name] = _number(value) if isinstance(value, Decimal) else "" if value is None else str(body[name])
    return texts


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def first_texts(actor: Actor, desk: Desk) -> dict[str, str]:
    """What a worksheet nobody has saved yet proposes: the ways to pay that are compared first."""
    sees = policy_for(actor).field("scenario", "buy_rate") is Sight.VISIBLE
    texts = {"choice": "n1"}
    for at, way in enumerate(FIRST_WAYS, 1):
        named = _terms(way, desk.currency) | ({"buy_rate": ""} if sees else {})
        texts |= {f"w-n{at}-{name}": text for name, text in named.items()}
    return texts


def opened_sheet(actor: Actor, deal: Deal, desk: Desk) -> Opened:
    """The worksheet as its form shows it. A part that was sent and is no longer there stands for nothing."""
    sent = list(request.form)
    values = texts_of(actor, desk)
    for part in "lw":
        gone = (key for key in keys_of(sent, part) if not key.startswith("n"))
        values |= {
            name: "" for key in gone for name in sent if name.startswith(f"{part}-{key}-") and name not in values
        }
    known = {name: text for name, text in values.items() if not name.endswith("-gone")}
    return Opened("deal", deal.id, desk.version, known, sheet_schema([*known, *sent]))


def rules_for(deal: Deal) -> Mapping[str, TaxRule]:
    """The tax rules a contract of today may have."""
    return tax_rules(clock.today(tenants.get_store(deal.store_id).timezone))


def reckon_form(actor: Actor, deal: Deal, desk: Desk, rules: Mapping[str, TaxRule], form: Any) -> Reckoned:
    """What a form comes to; raises Invalid. Nothing is stored."""
    data = load_form(sheet_schema(form), form)
    found = reckon_input(actor, deal, desk, read_sheet(data, rules, desk.tax))
    if not data.get("solve") or data.get("solve_payment") is None:
        return found
    return solve_for(found, data.get("solve_for", ""), data["solve_payment"])


def _applied(texts: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands in the form once the answer somebody takes over stands in its field."""
    name, _, value = str(texts.get("apply", "")).partition("=")
    return {**texts, name: value} if name in texts else texts


def shown_sheet(
    actor: Actor,
    deal: Deal,
    *,
    may_edit: bool,
    number: int | None = None,
    error: DomainError | None = None,
    is_form: bool = False,
    light: bool = False,
) -> Shown:
    """The worksheet for the page: the stored one, or what stands in the form that was sent, with why it was refused.

    `light`: for its figures alone, so that what a form says itself is not read.
    """
    sees_cost = policy_for(actor).group("cost") is Sight.VISIBLE
    desk = sheets.desk_of(actor, deal, number, parts=not (light and sees_cost))
    frozen, rules = sheets.is_frozen(deal), rules_for(deal)
    # What somebody typed while another agreed to the deal changes nothing any more.
    is_form = is_form and not frozen
    opened = Opened("deal", deal.id, desk.version, {}, sheet_schema(())) if light else opened_sheet(actor, deal, desk)
    errors = dict(field_words(error)) if error is not None else {}
    edit: Editing | None = Editing(desk.version, base_of(opened))
    texts: Mapping[str, Any] = opened.values
    found: Reckoned | None
    if is_form:
        texts = error.values if isinstance(error, Clash) else _applied(typed())
        texts = {**dict.fromkeys(opened.values, ""), **texts}
        edit = Editing(request.form.get("version", desk.version), request.form.get(BASE, ""))
        if isinstance(error, Clash):
            edit = error.editing
        try:
            found = reckon_form(actor, deal, desk, rules, _as_form(texts))
        except Invalid as refusal:
            found, errors = None, {**field_words(refusal), **errors}
    else:
        if desk.id is None and may_edit and not frozen:
            texts = {**texts, **first_texts(actor, desk)}
        found = reckon_desk(actor, deal, desk)
        if desk.id is None and may_edit and not frozen:
            found = reckon_form(actor, deal, desk, rules, _as_form({**texts, "version": str(desk.version)}))
    sheet = found.sheet if found else desk.sheet
    if desk.tax is not None:
        rules = {**rules, desk.tax.key: desk.tax}
    names = {} if light else name_vehicles(actor, {car.vehicle_id for car in desk.trades})
    shown = Shown(
        deal=deal,
        desk=desk,
        public_id=to_public("deal", deal.id),
        may_edit=may_edit and not frozen,
        frozen=frozen,
        texts=texts,
        found=found,
        lines=keys_of(texts, "l"),
        ways=keys_of(texts, "w"),
        cars={car.id.hex: names.get(car.vehicle_id) for car in desk.trades},
        worths={} if light else worths_of(actor, deal, desk),
        rules=rules,
        others=sheets.list_worksheets(deal.id) if desk.id and not light else [],
        step=next_step(actor, deal) if desk.chosen and not light else None,
        hint=discount_hint(actor, deal, sheet),
        edit=edit,
        sees_cost=sees_cost,
        errors=errors,
    )
    part = request.form.get("add", "") if is_form else ""
    return _with_part(shown, part) if part in ("l", "w") else shown


def _with_part(shown: Shown, part: str) -> Shown:
    """With one more line or way to pay that is empty; the last of its kind."""
    used = [*shown.lines, *shown.ways]
    numbers = [int(key[1:]) for key in used if key.startswith("n")]
    key = f"n{max(numbers, default=0) + 1}"
    if part == "l":
        texts = {f"l-{key}-{name}": "" for name in ("kind", "label", "amount", "taxed")}
        texts |= {f"l-{key}-capitalised": "yes", f"l-{key}-commissionable": "yes"}
        texts |= {f"l-{key}-cost": ""} if shown.sees_cost else {}
        return replace(shown, texts={**shown.texts, **texts}, lines=[*shown.lines, key])
    texts = {f"w-{key}-{name}": text for name, text in _terms(FIRST_WAYS[2], shown.deal.currency).items()}
    texts |= {f"w-{key}-buy_rate": ""} if shown.sees_cost else {}
    return replace(shown, texts={**shown.texts, **texts}, ways=[*shown.ways, key])


def _as_form(texts: Mapping[str, Any]) -> Any:
    return MultiDict({"version": "0", **texts})
