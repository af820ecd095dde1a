"""Maker and country from the first characters of a VIN, from a table that needs no network."""

from __future__ import annotations

from dataclasses import dataclass

from vininfo.dicts import COUNTRIES, WMI


@dataclass(frozen=True)
class Maker:
    """Who built it and where; a guess when only the first two characters are known."""

    make: str | None = None
    is_guess: bool = False
    country: str | None = None


UNKNOWN = Maker()


def maker(vin: str) -> Maker:
    """The maker behind the world manufacturer identifier of a normalised VIN; unknown parts are None."""
    country = COUNTRIES.get(vin[:2])
    exact = WMI.get(vin[:3])
    if exact is not None:
        return Maker(_name(exact), False, country)
    if vin[2:3] == "9":
        # Makers of few vehicles share a prefix: nothing can be said without their own three digits.
        return Maker(None, False, country)
    shared = WMI.get(vin[:2])
    return Maker(_name(shared), shared is not None, country)


def _name(entry: object) -> str | None:
    name = entry if isinstance(entry, str) else getattr(entry, "manufacturer", None)
    return str(name) if name else None
