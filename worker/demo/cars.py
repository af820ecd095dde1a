"""Cars of the demonstration: which models each market knows, and numbers and plates that nobody was ever given."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from app.inventory.rules import vin as vins
from worker.demo.prices import NEW_PRICES

FOLDER = Path(__file__).parent
# Positions 4 to 8 of every number here. They describe the model, and no maker describes one by five fillers.
FILLER = "ZZZZZ"
PLANT = "0"
_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"
_PROVINCES = "京沪粤苏浙鲁川鄂"
_AREAS = "LMBSGWKYEHN"

# World manufacturer identifiers as the makers use them in each market.
_WMI: Mapping[str, Mapping[str, str]] = {
    "US": {
        "Toyota": "4T1", "Honda": "1HG", "Ford": "1FA", "Chevrolet": "1G1", "Nissan": "1N4", "Hyundai": "5NP",
        "Kia": "KND", "Subaru": "4S4", "Jeep": "1J4", "Volkswagen": "3VW", "BMW": "5UX", "Mazda": "JM1",
    },
    "GB": {
        "Volkswagen": "WVW", "Ford": "WF0", "Nissan": "SJN", "BMW": "WBA", "Audi": "WAU", "MINI": "WMW",
        "Mercedes-Benz": "WDD", "Toyota": "SB1", "Honda": "SHH", "Land Rover": "SAL", "Volvo": "YV1", "Kia": "KNA",
        "Fiat": "ZFA", "Mazda": "JMZ", "Jaguar": "SAJ", "Hyundai": "KMH",
    },
}  # fmt: skip
_BODIES: Mapping[str, Mapping[str, str]] = {
    "US": {"Sport Utility": "SUV", "Pickup": "Pickup", "Station Wagon": "Wagon", "Two Seaters": "Roadster"},
    "GB": {"Sport Utility": "SUV", "Station Wagon": "Estate", "Two Seaters": "Roadster", "Compact": "Hatchback"},
}
_COLOURS: Mapping[str, Sequence[str]] = {
    "US": ("White", "Black", "Silver", "Gray", "Blue", "Red", "Green", "Beige"),
    "GB": ("White", "Black", "Silver", "Grey", "Blue", "Red", "Green", "Orange"),
    "CN": ("白色", "黑色", "银色", "灰色", "蓝色", "红色", "绿色", "金色"),
}
_TRIMS: Mapping[str, Sequence[str | None]] = {
    "US": (None, "Base", "Sport", "Limited", "Touring"),
    "GB": (None, "Entry", "Sport", "Executive"),
    "CN": (None, "标准版", "舒适版", "豪华版", "旗舰版"),
}


@dataclass(frozen=True)
class Build:
    """One way in which a model is built."""

    make: str
    model: str
    wmi: str
    price: int
    body: str
    transmission: str
    fuel: str


@cache
def models(country: str) -> tuple[tuple[Build, ...], ...]:
    """The models of a market, the most popular first, each with the ways it is built."""
    builds = _chinese() if country == "CN" else _from_extract(country)
    found: dict[tuple[str, str], list[Build]] = {}
    for build in builds:
        found.setdefault((build.make, build.model), []).append(build)
    order = list(NEW_PRICES[country]) if country in NEW_PRICES else list(found)
    return tuple(tuple(found[key]) for key in order)


def pick_build(chance: Random, country: str) -> Build:
    """A car somebody might stock: few models make most of the sales."""
    known = models(country)
    weights = [1 / (rank + 3) for rank in range(len(known))]
    return chance.choice(chance.choices(known, weights)[0])


def make_vin(wmi: str, year: int, serial: int) -> str:
    """A number that passes the check digit, with the year of the model and fillers for everything else."""
    code = _YEARS[(year - 1980) % len(_YEARS)]
    rest = f"{code}{PLANT}{serial:06d}"
    return f"{wmi}{FILLER}{vins.check_digit(f'{wmi}{FILLER}0{rest}')}{rest}"


def make_plate(chance: Random, country: str, year: int) -> str:
    """A plate of a shape or with letters that the market's office never gives out (see NOTICE)."""
    if country == "US":
        return f"DEMO {chance.randrange(10_000, 100_000)}"
    if country == "GB":
        last = chance.choice("ABCDEFGH") + "I" + chance.choice("QZXVT")
        return f"{chance.choice(_AREAS)}Q{year % 100:02d} {last}"
    digits = f"{chance.randrange(1000):03d}"
    return f"{chance.choice(_PROVINCES)}{chance.choice('ABCDE')}·I{digits[:2]}O{digits[2]}"


def pick_colour(chance: Random, country: str) -> str:
    """White, black and silver are seen most."""
    colours = _COLOURS[country]
    return chance.choices(colours, range(len(colours), 0, -1))[0]


def pick_trim(chance: Random, country: str) -> str | None:
    """A trim level of no maker's own naming."""
    return chance.choice(_TRIMS[country])


def _from_extract(country: str) -> list[Build]:
    builds = []
    with (FOLDER / "epa_models.csv").open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            key = row["make"], row["model"]
            if key not in NEW_PRICES[country]:
                continue
            kind = next((b for part, b in _BODIES[country].items() if part in row["class"]), "Saloon")
            fuel = {"Diesel": "Diesel", "Electricity": "Electric"}.get(row["fuel"], "Petrol")
            if country == "US":
                kind, fuel = kind.replace("Saloon", "Sedan"), fuel.replace("Petrol", "Gasoline")
            wmi = _WMI[country][row["make"]]
            builds.append(Build(*key, wmi, NEW_PRICES[country][key], kind, row["transmission"], fuel))
    return builds


def _chinese() -> list[Build]:
    with (FOLDER / "cn_models.csv").open(encoding="utf-8", newline="") as source:
        return [Build(**{**row, "price": int(row["price"])}) for row in csv.DictReader(source)]  # type: ignore[arg-type]
