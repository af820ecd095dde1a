"""Default roles name declared permissions only, scopes add up, and nobody exceeds what she holds."""

from __future__ import annotations

from flask import Flask

from app.core.guard import policy
from app.core.guard.classes import GROUPS
from app.core.guard.permissions import declared
from app.tenants.rules.roles import (
    ADMIN,
    DEFAULT_ROLES,
    EVERYTHING,
    SCOPES,
    SIGHTS,
    expand,
    expand_sights,
    first_exceeding,
    width,
)

STYLE_ROLES = {
    "salesperson", "sales_manager", "fi_manager", "service_advisor", "technician", "parts_clerk", "bdc_agent",
    "controller", "gm", "tenant_admin", "cashier", "workshop_foreman", "lot_staff",
}  # fmt: skip


def test_the_default_roles_are_those_of_the_house_style() -> None:
    assert set(DEFAULT_ROLES) == STYLE_ROLES


def test_every_default_grant_names_a_declared_permission(app: Flask) -> None:
    known = set(declared()) | {EVERYTHING}
    unknown = {name: set(role.grants) - known for name, role in DEFAULT_ROLES.items() if set(role.grants) - known}
    assert unknown == {}
    assert all(scope in SCOPES for role in DEFAULT_ROLES.values() for scope in role.grants.values())


def test_only_the_administrator_holds_everything() -> None:
    assert [key for key, role in DEFAULT_ROLES.items() if EVERYTHING in role.grants] == [ADMIN]
    assert expand([(EVERYTHING, "all")], ["deal.see", "role.edit"]) == {"deal.see": "all", "role.edit": "all"}


def test_costs_stay_with_those_who_need_them() -> None:
    for group in ("cost", "margin"):
        sees = {key for key, role in DEFAULT_ROLES.items() if role.sights.get(group) == "visible"}
        assert sees == {"gm", "controller", "sales_manager", "fi_manager"}


def test_the_default_sights_name_groups_that_exist() -> None:
    assert tuple(policy.SIGHTS) == SIGHTS
    assert {group for role in DEFAULT_ROLES.values() for group in role.sights} <= {*GROUPS, EVERYTHING}
    assert expand_sights([(EVERYTHING, "visible")], GROUPS) == dict.fromkeys(GROUPS, "visible")


def test_sights_of_several_roles_add_up_to_the_widest() -> None:
    sights = [("cost", "masked"), ("pay", "nonsense"), ("shoes", "visible"), ("cost", "visible"), ("pay", "hidden")]
    assert expand_sights(sights, GROUPS) == {"cost": "visible"}


def test_scopes_of_several_roles_add_up_to_the_widest() -> None:
    grants = [("deal.see", "own"), ("deal.see", "store"), ("deal.see", "team"), ("user.see", "nonsense")]
    assert expand(grants, ["deal.see", "user.see"]) == {"deal.see": "store"}


def test_a_grant_of_something_unknown_gives_nothing() -> None:
    assert expand([("deal.fly", "all"), ("deal.see", "own")], ["deal.see"]) == {"deal.see": "own"}


def test_width_orders_scopes_and_distrusts_unknown_ones() -> None:
    assert [width(scope) for scope in (None, "nonsense", *SCOPES)] == [0, 0, 1, 2, 3, 4]


def test_the_first_permission_beyond_ones_own_is_named() -> None:
    held = {"deal.see": "store", "user.edit": "all"}
    assert first_exceeding({"deal.see": "store", "user.edit": "own"}, held) is None
    assert first_exceeding({"deal.see": "all"}, held) == "deal.see"
    assert first_exceeding({"role.edit": "own"}, held) == "role.edit"
