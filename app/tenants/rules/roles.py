"""The default roles, what each is granted and sees; a dealership changes all of them but the administrator's."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.core.errors import N_

OWN, TEAM, STORE, ALL = "own", "team", "store", "all"
SCOPES = (OWN, TEAM, STORE, ALL)
HIDDEN, MASKED, VISIBLE = "hidden", "masked", "visible"
# How much of a group of fields is seen, from nothing to all.
SIGHTS = (HIDDEN, MASKED, VISIBLE)
ADMIN = "tenant_admin"
# Whoever has one of these shows a second factor, until the dealership decides otherwise.
FACTOR_ROLES = frozenset({ADMIN, "gm", "controller", "fi_manager"})
# Every declared permission, those of later releases included.
EVERYTHING = "*"


@dataclass(frozen=True)
class DefaultRole:
    """A role each new dealership has: its name in English, marked for translation, its grants and sights.

    A group of fields that `sights` do not name is hidden from it.
    """

    name: str
    grants: Mapping[str, str]
    sights: Mapping[str, str]


def _grants(**scopes: str) -> dict[str, str]:
    """`own="activity.edit deal.see"` and so on, as permission -> scope; a wider scope given later wins."""
    found: dict[str, str] = {}
    for scope in SCOPES:
        for permission in scopes.get(scope, "").split():
            found[permission] = scope
    return found


def _sights(masked: str = "", visible: str = "") -> dict[str, str]:
    """`masked="contact identity", visible="cost"` as group -> sight."""
    return {**dict.fromkeys(masked.split(), MASKED), **dict.fromkeys(visible.split(), VISIBLE)}


_TALKS_TO_CUSTOMERS = _sights(masked="identity", visible="contact")
_MASKS = _sights(masked="contact identity")

_MANAGES_CUSTOMERS = (
    "customer.see customer.create customer.edit customer.delete customer.export customer.reveal "
    "activity.see activity.create activity.edit activity.delete "
    "lead.see lead.create lead.edit lead.delete lead.export lead.take lead.assign lead.setup "
    "follow_up.see follow_up.create follow_up.edit follow_up.delete "
    "test_drive.see test_drive.create test_drive.edit test_drive.export"
)
# Whose a lead is, only some people say; anybody who sells takes one that is nobody's.
_SELLS = "lead.see lead.create lead.take follow_up.see follow_up.create test_drive.see test_drive.create"
_MANAGES_STOCK = (
    "appraisal.see appraisal.create appraisal.edit appraisal.delete appraisal.export appraisal.approve "
    "vehicle.see vehicle.create vehicle.edit vehicle.delete vehicle.export "
    "stock.see stock.create stock.edit stock.delete stock.export stock.move stock.price"
)
_MANAGES_DEALS = "deal.see deal.create deal.edit deal.delete deal.export deal.approve deal.deliver deal.unwind"
# Money goes back only by people other than those who take it.
_TAKES_MONEY = "payment.see payment.create payment.export"
_MANAGES_MONEY = f"{_TAKES_MONEY} payment.refund"
_SIGNS = "deal_document.see deal_document.create deal_document.sign"
_MANAGES_PAPERS = f"{_SIGNS} deal_document.delete"
_OFFERS = "fi_product.see fi_product.create fi_product.edit fi_product.export"
_APPLIES = "application.see application.create application.edit application.export"

DEFAULT_ROLES: Mapping[str, DefaultRole] = MappingProxyType(
    {
        ADMIN: DefaultRole(N_("Administrator"), {EVERYTHING: ALL}, {EVERYTHING: VISIBLE}),
        "gm": DefaultRole(
            N_("General manager"),
            _grants(
                all=f"{_MANAGES_CUSTOMERS} {_MANAGES_STOCK} {_MANAGES_DEALS} {_MANAGES_MONEY} {_APPLIES} "
                f"{_MANAGES_PAPERS} application.fund store.see store.edit user.see role.see "
                "import.see import.create import.edit job.see job.edit metric.see metric.recompute audit.see "
                f"view.share export.see export.approve sales_setting.see sales_setting.edit {_OFFERS} "
                "commission.see commission.edit commission.approve commission.export",
            ),
            _sights(visible="contact identity cost margin pay"),
        ),
        "controller": DefaultRole(
            N_("Controller"),
            _grants(
                all="customer.see customer.export customer.reveal lead.see lead.export vehicle.see vehicle.export "
                "stock.see stock.export "
                "appraisal.see appraisal.export "
                f"deal.see deal.edit deal.export {_MANAGES_MONEY} application.see application.export application.fund "
                "deal_document.see store.see user.see job.see "
                "metric.see metric.recompute audit.see audit.export export.see sales_setting.see "
                "fi_product.see fi_product.export "
                "commission.see commission.edit commission.approve commission.export",
            ),
            _sights(masked="contact identity", visible="cost margin pay"),
        ),
        "sales_manager": DefaultRole(
            N_("Sales manager"),
            _grants(
                store=f"{_MANAGES_CUSTOMERS} {_MANAGES_STOCK} {_MANAGES_DEALS} {_MANAGES_MONEY} {_APPLIES} "
                f"{_MANAGES_PAPERS} import.see import.create job.see view.share sales_setting.see sales_setting.edit "
                "commission.see",
                all="store.see user.see metric.see vehicle.see vehicle.create vehicle.edit fi_product.see",
            ),
            _sights(masked="identity", visible="contact cost margin pay"),
        ),
        "salesperson": DefaultRole(
            N_("Salesperson"),
            _grants(
                own="commission.see appraisal.edit test_drive.edit lead.edit follow_up.edit follow_up.delete "
                "customer.edit activity.edit activity.delete deal.see deal.create deal.edit deal.deliver "
                f"payment.see payment.create application.see {_SIGNS}",
                store=f"appraisal.see appraisal.create {_SELLS} "
                "customer.see customer.create activity.see activity.create stock.see metric.see",
                all="store.see vehicle.see vehicle.create fi_product.see",
            ),
            _TALKS_TO_CUSTOMERS,
        ),
        "bdc_agent": DefaultRole(
            N_("BDC agent"),
            _grants(
                own="activity.edit activity.delete",
                store="customer.see customer.create customer.edit activity.see activity.create "
                f"{_SELLS} lead.edit lead.assign follow_up.edit follow_up.delete stock.see metric.see",
                all="store.see vehicle.see",
            ),
            _TALKS_TO_CUSTOMERS,
        ),
        "fi_manager": DefaultRole(
            N_("F&I manager"),
            _grants(
                store="appraisal.see lead.see "
                "customer.see customer.edit activity.see activity.create stock.see "
                f"deal.see deal.edit deal.export deal.deliver {_TAKES_MONEY} {_APPLIES} application.fund "
                f"{_MANAGES_PAPERS} metric.see",
                all=f"store.see vehicle.see {_OFFERS}",
            ),
            _sights(visible="contact identity cost margin"),
        ),
        "cashier": DefaultRole(
            N_("Cashier"),
            _grants(
                store=f"customer.see stock.see deal.see {_TAKES_MONEY} deal_document.see deal_document.create",
                all="store.see vehicle.see",
            ),
            _TALKS_TO_CUSTOMERS,
        ),
        "service_advisor": DefaultRole(
            N_("Service advisor"),
            _grants(
                own="activity.edit",
                store="customer.see customer.create customer.edit activity.see activity.create stock.see",
                all="store.see vehicle.see vehicle.create vehicle.edit",
            ),
            _TALKS_TO_CUSTOMERS,
        ),
        "workshop_foreman": DefaultRole(
            N_("Workshop foreman"),
            _grants(store="customer.see activity.see stock.see", all="store.see vehicle.see vehicle.edit"),
            _MASKS,
        ),
        "technician": DefaultRole(
            N_("Technician"),
            _grants(store="stock.see", all="store.see vehicle.see"),
            _MASKS,
        ),
        "parts_clerk": DefaultRole(
            N_("Parts clerk"),
            _grants(store="customer.see stock.see", all="store.see vehicle.see"),
            _MASKS,
        ),
        "lot_staff": DefaultRole(
            N_("Lot staff"),
            _grants(store="appraisal.see stock.see stock.edit stock.move", all="store.see vehicle.see vehicle.edit"),
            _MASKS,
        ),
    }
)


def width(scope: str | None) -> int:
    """How wide a scope is; nothing and unknown words are narrower than everything."""
    return SCOPES.index(scope) + 1 if scope in SCOPES else 0


def expand(grants: Iterable[tuple[str, str]], known: Iterable[str]) -> dict[str, str]:
    """Permission -> widest scope out of the (permission, scope) of several roles; `*` stands for all of `known`.

    A grant of something that is not `known` (any more) gives nothing.
    """
    found: dict[str, str] = {}
    names = dict.fromkeys(known)
    for permission, scope in grants:
        for name in names if permission == EVERYTHING else (permission,):
            if name in names and width(scope) > width(found.get(name)):
                found[name] = scope
    return found


def expand_sights(sights: Iterable[tuple[str, str]], known: Collection[str]) -> dict[str, str]:
    """Group -> widest sight out of the (group, sight) of several roles; `*` stands for all of `known`.

    A group or sight that does not exist (any more) shows nothing, and what is hidden is left out.
    """
    found: dict[str, str] = {}
    for group, sight in sights:
        for name in known if group == EVERYTHING else (group,):
            if name in known and sight_width(sight) > sight_width(found.get(name)):
                found[name] = sight
    return found


def sight_width(sight: str | None) -> int:
    """How much a sight shows; hidden, nothing and unknown words show nothing."""
    return SIGHTS.index(sight) if sight in SIGHTS else 0


def first_clearer(wanted: Mapping[str, str], held: Mapping[str, str]) -> str | None:
    """The first group of which `wanted` shows more than `held`, or None when of none."""
    return next((g for g, sight in sorted(wanted.items()) if sight_width(sight) > sight_width(held.get(g))), None)


def reach(
    held: Iterable[tuple[Iterable[uuid.UUID], Mapping[str, str]]], open_stores: Collection[uuid.UUID]
) -> dict[str, dict[uuid.UUID, str]]:
    """Permission -> open store -> widest scope there, out of the (stores, expanded grants) of the roles held.

    A role at one store says nothing about another; `all` is left out, for it holds everywhere.
    """
    found: dict[str, dict[uuid.UUID, str]] = {}
    for stores, grants in held:
        places = [store_id for store_id in stores if store_id in open_stores]
        for permission, scope in grants.items() if places else ():
            if scope != ALL:
                there = found.setdefault(permission, {})
                there.update({place: scope for place in places if width(scope) > width(there.get(place))})
    return found


def first_exceeding(wanted: Mapping[str, str], held: Mapping[str, str]) -> str | None:
    """The first permission of `wanted` that reaches further than `held`, or None when none does."""
    return next((name for name, scope in sorted(wanted.items()) if width(scope) > width(held.get(name))), None)
