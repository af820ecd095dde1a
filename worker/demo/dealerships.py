"""The three dealerships of the demonstration: what each is called, where its stores are and who works there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from worker.demo import people


@dataclass(frozen=True)
class Branch:
    """A store."""

    code: str
    name: str
    timezone: str
    region: str
    address: str


@dataclass(frozen=True)
class Post:
    """Somebody's place: role, and at which stores (0 and 1)."""

    key: str
    role: str
    stores: tuple[int, ...]


@dataclass(frozen=True)
class Squad:
    """A team: its store, its lead and its members, by posts."""

    name: Mapping[str, str]
    store: int
    lead: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Dealership:
    """A dealership of the demonstration; `months` says how well cars sell from January to December."""

    slug: str
    name: str
    country: str
    locale: str
    currency: str
    timezone: str
    odometer_unit: str
    rounding: Decimal
    system_name: str
    branches: tuple[Branch, Branch]
    months: tuple[int, ...]


POSTS = (
    Post("admin", "tenant_admin", (0, 1)),
    Post("gm", "gm", (0, 1)),
    Post("controller", "controller", (0, 1)),
    Post("sales.manager", "sales_manager", (0,)),
    Post("sales.manager2", "sales_manager", (1,)),
    Post("sales1", "salesperson", (0,)),
    Post("sales2", "salesperson", (0,)),
    Post("sales3", "salesperson", (1,)),
    Post("sales4", "salesperson", (1,)),
    Post("bdc", "bdc_agent", (0, 1)),
    Post("fi", "fi_manager", (0, 1)),
    Post("cashier", "cashier", (0,)),
    Post("service", "service_advisor", (0,)),
    Post("foreman", "workshop_foreman", (0,)),
    Post("technician", "technician", (0,)),
    Post("parts", "parts_clerk", (0,)),
    Post("lot", "lot_staff", (1,)),
)
ADMIN = POSTS[0]
# Invited and not yet come: so that the pages of users and of caught mails have one to show.
NEWCOMER = Post("new.sales", "salesperson", (0,))
SALES = (("sales1", "sales2"), ("sales3", "sales4"))
MANAGERS = ("sales.manager", "sales.manager2")
SQUADS = (
    Squad({"en": "Sales", "zh": "销售一组"}, 0, "sales.manager", ("sales1", "sales2", "bdc")),
    Squad({"en": "Sales", "zh": "销售二组"}, 1, "sales.manager2", ("sales3", "sales4")),
    Squad({"en": "Workshop", "zh": "车间"}, 0, "foreman", ("technician", "service", "parts")),
)

DEALERSHIPS = (
    Dealership(
        slug="prairie-lantern", name="Prairie Lantern Motors", country="US", locale="en", currency="USD",
        timezone="America/Chicago", odometer_unit="mi", rounding=Decimal(10), system_name="Demonstration",
        branches=(
            Branch("PL", "Lantern Avenue", "America/Chicago", "IL", "1200 Lantern Avenue, Fallow Prairie, IL"),
            Branch("MR", "Mesa Road", "America/Denver", "CO", "45 Mesa Road, Juniper Bluff, CO"),
        ),
        months=(70, 75, 110, 105, 115, 110, 110, 115, 95, 95, 90, 110),
    ),
    Dealership(
        slug="yunxiu", name="云岫坡汽车", country="CN", locale="zh", currency="CNY",
        timezone="Asia/Shanghai", odometer_unit="km", rounding=Decimal(100), system_name="演示数据",
        branches=(
            Branch("YX", "云岫路店", "Asia/Shanghai", "上海", "上海市云岫路一百号（虚构）"),
            Branch("ZQ", "竹泉店", "Asia/Shanghai", "江苏", "江苏省竹泉大道八号（虚构）"),
        ),
        months=(115, 60, 95, 90, 95, 95, 85, 95, 120, 115, 110, 130),
    ),
    Dealership(
        slug="copper-thistle", name="Copper Thistle Cars", country="GB", locale="en", currency="GBP",
        timezone="Europe/London", odometer_unit="mi", rounding=Decimal(5), system_name="Demonstration",
        branches=(
            Branch("CT", "Thistle Yard", "Europe/London", "England", "7 Thistle Yard, Kelmstow"),
            Branch("OB", "Ossbeck", "Europe/London", "Scotland", "21 Mill Lane, Ossbeck"),
        ),
        # New plates come in March and September.
        months=(80, 60, 165, 85, 90, 95, 85, 75, 155, 95, 90, 75),
    ),
)  # fmt: skip


def find(slug: str) -> Dealership:
    """The dealership called `slug`; raises LookupError."""
    for dealership in DEALERSHIPS:
        if dealership.slug == slug:
            return dealership
    raise LookupError(slug)


def email_of(post: Post) -> str:
    """Where the holder of a post signs in."""
    return f"{post.key}@example.com"


def name_of(dealership: Dealership, post: Post) -> str:
    """The name of the holder of a post, the same in every installation."""
    chance = chance_of(dealership.slug, "staff", post.key)
    return people.full_name(people.pick_name(chance, dealership.country), dealership.country)


def chance_of(*parts: str | int) -> Random:
    """Chances that fall the same way each time for the same `parts`: nothing here is a secret."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311
