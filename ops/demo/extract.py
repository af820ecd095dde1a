"""`python -m ops.demo.extract epa_fuel_economy.csv.gz > worker/demo/epa_models.csv`: the bundled part of a CC0 file.

The source is the United States government's list of tested models (fueleconomy.gov) as CSV with the columns id, make,
model, year, class, trans, drive, cyl, displ, fuel, hwy, cty. One row of the extract stands for all its years.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys

from worker.demo.prices import NEW_PRICES

FIRST_YEAR = 2008
COLUMNS = ("make", "model", "class", "transmission", "drive", "fuel", "first", "last")
# What the list adds to a model's name: the driven wheels, the fuel, the length.
ADDED = re.compile(r"\s+(2WD|4WD|AWD|FWD|RWD|FFV|Pickup|Wagon|quattro|4motion|4matic|xDrive\w*|sDrive.*)\b")


def bare(make: str, model: str) -> str:
    """The name people use: `Escape AWD` is an Escape, `328i xDrive` a 328i, Mazda's `3 4-Door` a 3."""
    name = ADDED.sub("", model)
    if make == "Mazda":
        name = name.replace(" 4-Door", "").replace(" 5-Door", "")
    return "Silverado" if name.startswith("Silverado") else name


def main(path: str) -> None:
    """Write the extract to standard output."""
    wanted = {(make, model) for prices in NEW_PRICES.values() for make, model in prices}
    years: dict[tuple[str, ...], list[int]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as source:
        for row in csv.DictReader(source):
            key = row["make"], bare(row["make"], row["model"])
            if key in wanted and int(row["year"]) >= FIRST_YEAR:
                gears = "Manual" if row["trans"].startswith("Manual") else "Automatic"
                facts: tuple[str, ...] = (*key, row["class"], gears, row["drive"], row["fuel"])
                years.setdefault(facts, []).append(int(row["year"]))
    missing = wanted - {(facts[0], facts[1]) for facts in years}
    if missing:
        raise SystemExit(f"not in {path}: {sorted(missing)}")
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for facts, seen in sorted(years.items()):
        out.writerow([*facts, min(seen), max(seen)])


if __name__ == "__main__":
    main(sys.argv[1])
