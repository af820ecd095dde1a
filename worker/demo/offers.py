"""What each dealership of the demonstration charges besides the car: taxes, fees, products of its finance office, pay.

The counties are invented, and so are the rates of their taxes; those of whole countries are the examples of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.sales.rules.catalogue import BuyRate, Eligibility, ProductKind, Term
from app.sales.rules.plans import Base, Draw, Earning, Plan, Spiff, SpiffPer
from app.sales.rules.tax_examples import CN_NEV, CN_NEW, CN_USED, UK_MARGIN, UK_VAT
from app.sales.rules.taxes import TaxLayer, TaxMethod, TaxRule
from app.sales.rules.tiers import Step, TierMeasure, TierMode, Tiers

ANYBODY = Eligibility()


@dataclass(frozen=True)
class Offered:
    """A product of the finance office, or an accessory with its cost."""

    kind: ProductKind
    name: str
    provider: str
    price: int | None = None
    cost: int | None = None
    terms: tuple[Term, ...] = ()
    buy_rates: tuple[BuyRate, ...] = ()
    eligibility: Eligibility = ANYBODY


@dataclass(frozen=True)
class Customs:
    """What is usual in a market; of the tax rules the days from which and until which they hold, if they are new."""

    taxes: Sequence[tuple[TaxRule, date | None, date | None]]
    fees: Sequence[tuple[str, int, bool]]
    accessories: Sequence[tuple[str, int, int]]
    rebate: tuple[str, int]
    products: Sequence[Offered]
    lending: Sequence[Offered]
    months: tuple[int, int]
    share_down: Decimal
    deposit: int
    methods: Sequence[str]
    plan_name: str
    plan: Plan


def _sales_tax(key: str, name: str, *layers: tuple[str, str]) -> TaxRule:
    found = tuple(TaxLayer(place, Decimal(rate)) for place, rate in layers)
    return TaxRule(key, name, TaxMethod.SALES, found, trade_credit=True, fees_taxed=False)


def _zh(rule: TaxRule, name: str) -> TaxRule:
    return replace(rule, name=name, layers=tuple(replace(layer, name="增值税") for layer in rule.layers))


def _loan(name: str, provider: str, *terms: tuple[int, str, str]) -> Offered:
    return Offered(
        ProductKind.LOAN, name, provider,
        terms=tuple(Term(months, Decimal(rate)) for months, rate, _ in terms),
        buy_rates=tuple(BuyRate(months, Decimal(buy)) for months, _, buy in terms),
    )  # fmt: skip


def _plan(rate: str, tier: str, mini: int, draw: int, spiff: tuple[str, int]) -> Plan:
    tiers = Tiers(TierMeasure.UNITS, TierMode.MARGINAL, (Step(Decimal(8), Decimal(tier)),))
    return Plan(
        earnings=(Earning(Base.FRONT, Decimal(rate), tiers), Earning(Base.BACK, Decimal(5))),
        mini=Decimal(mini),
        spiffs=(Spiff(spiff[0], Decimal(spiff[1]), SpiffPer.PRODUCT, spiff[0]),),
        draw=Draw(Decimal(draw)),
    )


CUSTOMS: Mapping[str, Customs] = {
    "US": Customs(
        taxes=(
            (_sales_tax("fallow_il", "Fallow County, Illinois: sales tax 7.25 %", ("State", "6.25"), ("County", "1")),
             None, None),
            (_sales_tax("juniper_co", "Juniper County, Colorado: sales tax 6.55 %", ("State", "2.9"),
                        ("County", "1.15"), ("City", "2.5")), None, None),
        ),
        fees=(("Doc fee", 349, True), ("Title and registration", 316, False)),
        accessories=(("All-weather mats", 189, 96), ("Cargo cover", 245, 128), ("Tow hitch", 640, 365)),
        rebate=("Manufacturer's cash back", 750),
        products=(
            Offered(ProductKind.SERVICE_CONTRACT, "Extended service contract, 5 years / 75,000 mi", "Beacon Shield",
                    1_895, 940, eligibility=Eligibility(max_age_years=8)),
            Offered(ProductKind.GAP, "GAP coverage", "Lighthouse Insurance", 795, 310,
                    eligibility=Eligibility(max_age_years=6)),
            Offered(ProductKind.PROTECTION, "Tire and wheel protection", "Beacon Shield", 690, 335),
            Offered(ProductKind.MAINTENANCE, "Prepaid maintenance, 3 years", "Prairie Lantern Motors", 540, 390),
        ),
        lending=(
            _loan("Retail auto loan", "Harbour Credit",
                  (36, "5.90", "4.90"), (48, "6.20", "5.20"), (60, "6.90", "5.90"), (72, "7.40", "6.40")),
            Offered(ProductKind.LEASE, "Closed-end lease, 12,000 mi a year", "Harbour Credit",
                    terms=(Term(36, Decimal("0.00195"), Decimal(56)),),
                    eligibility=Eligibility(conditions=("new",))),
        ),
        months=(60, 72), share_down=Decimal("0.15"), deposit=500, methods=("card", "cheque", "card", "cash"),
        plan_name="Sales floor", plan=_plan("25", "30", 150, 1_000, ("Extended service contract", 75)),
    ),
    "GB": Customs(
        taxes=((UK_MARGIN, None, None), (UK_VAT, None, None)),
        fees=(("Administration", 149, True), ("First registration and plates", 95, False)),
        accessories=(("Boot liner", 85, 42), ("Tow bar", 495, 290), ("Roof bars", 160, 92)),
        rebate=("Manufacturer's deposit contribution", 750),
        products=(
            Offered(ProductKind.SERVICE_CONTRACT, "Extended warranty, 24 months", "Kelmstow Warranties", 649, 310,
                    eligibility=Eligibility(max_age_years=10)),
            Offered(ProductKind.GAP, "GAP insurance, 3 years", "Lighthouse Insurance", 399, 165,
                    eligibility=Eligibility(max_age_years=7)),
            Offered(ProductKind.PROTECTION, "Paint and fabric protection", "Kelmstow Warranties", 349, 118),
            Offered(ProductKind.MAINTENANCE, "Service plan, 3 services", "Copper Thistle Cars", 589, 420),
        ),
        lending=(
            _loan("Hire purchase", "Harbour Credit", (36, "7.90", "6.40"), (48, "7.90", "6.40"), (60, "8.40", "6.90")),
            Offered(ProductKind.BALLOON, "PCP, 10,000 mi a year", "Second Street Finance",
                    terms=(Term(36, Decimal("8.90"), Decimal(46)), Term(48, Decimal("8.90"), Decimal(38))),
                    buy_rates=(BuyRate(36, Decimal("7.40")), BuyRate(48, Decimal("7.40")))),
        ),
        months=(48, 60), share_down=Decimal("0.1"), deposit=250, methods=("card", "bank_transfer", "card"),
        plan_name="Showroom", plan=_plan("12", "16", 60, 1_200, ("Extended warranty", 40)),
    ),
    "CN": Customs(
        taxes=(
            (_zh(CN_NEW, "新车：增值税 13%，车辆购置税 10%"), None, None),
            (_zh(CN_NEV, "新能源车：车辆购置税减半，最多减 15,000 元"), date(2026, 1, 1), date(2027, 12, 31)),
            (_zh(CN_USED, "二手车经销：增值税 0.5%"), None, None),
        ),
        fees=(("上牌服务费", 800, False), ("检测及临牌费", 260, False)),
        accessories=(("全车隔热膜", 2_680, 1_150), ("行车记录仪", 699, 380), ("全包围脚垫", 480, 210)),
        rebate=("厂家置换补贴", 3_000),
        products=(
            Offered(ProductKind.SERVICE_CONTRACT, "延长保修 3 年 / 10 万公里", "岚桥延保", 4_980, 2_600,
                    eligibility=Eligibility(max_age_years=8)),
            Offered(ProductKind.GAP, "车辆贬值补差（GAP）", "灯塔保险", 2_380, 980,
                    eligibility=Eligibility(max_age_years=6)),
            Offered(ProductKind.INSURANCE, "交强险及商业险首年", "灯塔保险", 5_860, 4_950),
            Offered(ProductKind.MAINTENANCE, "保养套餐 6 次", "云岫坡汽车", 3_280, 2_150),
        ),
        lending=(
            _loan("厂家金融贴息贷", "海港信贷", (12, "0", "0"), (24, "2.99", "2.20"), (36, "3.99", "3.00")),
            _loan("银行汽车分期", "第二街金融", (36, "4.80", "3.90"), (60, "5.40", "4.40")),
        ),
        months=(24, 36), share_down=Decimal("0.3"), deposit=5_000,
        methods=("wechat_pay", "alipay", "bank_transfer", "wechat_pay"),
        plan_name="销售顾问提成", plan=_plan("8", "11", 400, 5_000, ("延长保修", 300)),
    ),
}  # fmt: skip
_ELECTRIC = frozenset({"Electric", "纯电动", "插电混动"})


def tax_for(country: str, store: int, condition: str, fuel: str, on: date) -> str:
    """The key of the rule by which a car is taxed; in the United States the store's county decides."""
    if country == "US":
        return "fallow_il" if store == 0 else "juniper_co"
    if country == "GB":
        return UK_VAT.key if condition == "new" else UK_MARGIN.key
    if condition != "new":
        return CN_USED.key
    until = next(until for rule, _, until in CUSTOMS["CN"].taxes if rule.key == CN_NEV.key)
    return CN_NEV.key if fuel in _ELECTRIC and until is not None and on <= until else CN_NEW.key
