"""Generated files of the shape of the public ones the imports are proved on, with their quirks and known counts."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from app.inventory.rules import vin as vins

STATES = ("ca", "fl", "ga", "mi", "nj", "pa", "tx", "wa")
MODELS = (("Kia", "Sorento"), ("BMW", "3 Series"), ("Toyota", "Camry"), ("ford truck", "F-150"), ("Škoda", "Octavia"))
AUCTION = (
    "year", "make", "model", "trim", "body", "transmission", "vin", "state", "condition", "odometer", "color",
    "interior", "seller", "mmr", "sellingprice", "saledate", "src",
)  # fmt: skip
LISTING = (
    "Year", "Make", "Model", "Used/New", "Price", "SellerName", "State", "ExteriorColor", "InteriorColor", "FuelType",
    "Transmission", "VIN", "Stock#", "Mileage",
)  # fmt: skip


@dataclass(frozen=True)
class Feeds:
    """Three files, and what an import must say of each."""

    auctions: Path
    second: Path
    listings: Path
    auction_counts: Mapping[str, int]
    second_counts: Mapping[str, int]
    listing_counts: Mapping[str, int]


def some_vin(number: int, wmi: str = "5XY") -> str:
    """A VIN with a right check digit, the same for the same number."""
    bare = f"{wmi}P8CF00E5{number:06d}"
    return f"{bare[:8]}{vins.check_digit(bare)}{bare[9:]}"


def auction_rows(count: int, seed: int = 1) -> list[list[str]]:
    """Wholesale sales as the first feed writes them; every twentieth car comes again."""
    luck, rows = random.Random(seed), []
    for number in range(count):
        make, model = MODELS[luck.randrange(len(MODELS))]
        day = date(2014, 1, 2) + timedelta(days=luck.randrange(500))
        vin = some_vin(number - 7 if number % 20 == 7 else number).lower()
        rows.append(
            [
                str(2005 + number % 10), make, model, luck.choice(["LX", "+", "!", "Base"]), "SUV",
                luck.choice(["automatic", "manual", ""]), vin, luck.choice(STATES), luck.choice(["", "43", "2.5"]),
                luck.choice(["1", "999999", "68129.0", "9393"]), luck.choice(["white", "—"]), "black",
                f"seller {luck.randrange(300)} inc", "20800", str(luck.randrange(1, 60) * 500 + number % 7),
                f"{day:%a %b %d %Y} 12:30:00 GMT-0800 (PST)", "made",
            ]
        )  # fmt: skip
    return rows


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    """A gzipped CSV file."""
    with gzip.open(path, "wt", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def make_feeds(folder: Path, count: int = 600) -> Feeds:
    """The three files with two rows without make and model, a shifted one, three second listings and a wrong VIN."""
    rows = auction_rows(count)
    again = [[*row[:9], f"{float(row[9])}", *row[10:14], f"{float(row[14])}", _iso(row[15])] for row in rows[100:300]]
    for row in rows[:2]:
        row[1] = row[2] = ""
    shifted = rows[50]
    rows[50] = [*shifted[:5], "Sedan", "automatic", shifted[6], "ms", *shifted[9:14], "13300", "10500", "made"]
    listings = [
        [
            "2019", "Kia", f"Sorento {number % 5}", "Kia Certified" if number % 3 else "Used",
            "Not Priced" if number == 9 else f"${20_000 + number:,}", "Seller - Now", STATES[number % 8].upper(),
            "Red", "–", "Gasoline", "8-Speed Automatic", some_vin(900_000 + number), f"K{number}", str(1000 + number),
        ]
        for number in range(200)
    ]  # fmt: skip
    listings += [[*row[:4], "$1", *row[5:]] for row in listings[20:23]]
    wrong = listings[30][11]
    listings[30][11] = f"{wrong[:8]}{'1' if wrong[8] != '1' else '2'}{wrong[9:]}"
    return Feeds(
        write(folder / "auctions.csv.gz", AUCTION, rows),
        write(folder / "second.csv.gz", AUCTION[:-1], again),
        write(folder / "listings.csv.gz", LISTING, listings),
        {"created": count - 3, "failed": 3},
        {"duplicate": len(again)},
        {"created": 199, "failed": 1, "conflict": 3},
    )


def _iso(text: str) -> str:
    _, month, day, year, time, *_ = text.split()
    number = "JanFebMarAprMayJunJulAugSepOctNovDec".index(month) // 3 + 1
    return f"{year}-{number:02d}-{day} {time}+08:00"
