"""The catalogues every tenant may read: makes, models and makers' VIN prefixes, filled at every platform migration.

Makes and models come from the two files beside this one, prefixes from the `vininfo` package. Nothing is removed: a
name that a release no longer lists may stand in a form somewhere.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection
from vininfo.dicts import COUNTRIES, WMI

FILES = ("catalogue_us.csv", "catalogue_cn.csv")

_MAKES = "INSERT INTO shared.makes (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
_MODELS = """
INSERT INTO shared.models AS known (make, name, first_year, last_year)
SELECT * FROM unnest(%s::text[], %s::text[], %s::smallint[], %s::smallint[])
ON CONFLICT (make, name) DO UPDATE SET first_year = excluded.first_year, last_year = excluded.last_year
WHERE (known.first_year, known.last_year) IS DISTINCT FROM (excluded.first_year, excluded.last_year)
"""
_WMI = """
INSERT INTO shared.wmi AS known (code, maker, country) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
ON CONFLICT (code) DO UPDATE SET maker = excluded.maker, country = excluded.country
WHERE (known.maker, known.country) IS DISTINCT FROM (excluded.maker, excluded.country)
"""


def fill_catalogues(connection: Connection) -> None:
    """Bring `shared` to what this release knows: three statements, as its owner, in the caller's transaction."""
    models = sorted(set(_models()), key=lambda row: row[:2])
    makes, names, firsts, lasts = zip(*models, strict=True)
    connection.exec_driver_sql(_MAKES, (sorted(set(makes)),))
    connection.exec_driver_sql(_MODELS, (list(makes), list(names), list(firsts), list(lasts)))
    codes = sorted(WMI)
    makers = [str(getattr(WMI[code], "manufacturer", WMI[code])) for code in codes]
    countries = [COUNTRIES.get(code[:2]) for code in codes]
    connection.exec_driver_sql(_WMI, (codes, makers, countries))


def _models() -> Iterator[tuple[str, str, int | None, int | None]]:
    for name in FILES:
        with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                first, last = (int(row[key]) if row[key] else None for key in ("first", "last"))
                yield row["make"], row["model"], first, last
