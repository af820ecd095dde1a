"""`python -m ops.models_extract epa_fuel_economy.csv.gz > app/core/db/catalogue_us.csv`: makes and models with years.

The source is the United States government's list of tested models (fueleconomy.gov) as CSV with the columns id, make,
model, year and more. Words about driven wheels are left out, so are two models in one name and what ended long ago.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys

from ops.demo.extract import bare

ENDED_BEFORE = 1996
# The list ends in 2015 and has gaps: of what it holds so near its end, nobody knows from it when it ended.
STILL_MADE = 2012
COLUMNS = ("make", "model", "first", "last")
REMARK = re.compile(r"\s*\(.*?\)")


def main(path: str) -> None:
    """Write the extract to standard output; a model in the list's last years has no last year."""
    years: dict[tuple[str, str], list[int]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as source:
        for row in csv.DictReader(source):
            model = REMARK.sub("", bare(row["make"], row["model"])).strip()
            if model and "/" not in model:
                years.setdefault((row["make"], model), []).append(int(row["year"]))
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for (make, model), seen in sorted(years.items()):
        if max(seen) >= ENDED_BEFORE:
            out.writerow([make, model, min(seen), max(seen) if max(seen) < STILL_MADE else ""])


if __name__ == "__main__":
    main(sys.argv[1])
