"""What the demonstration's models cost new, roughly, in each market: our own round figures, no maker's price list."""

from __future__ import annotations

from collections.abc import Mapping

Prices = Mapping[tuple[str, str], int]

# The order is the popularity: the first models are sold most often.
NEW_PRICES: Mapping[str, Prices] = {
    "US": {
        ("Toyota", "Camry"): 28_900, ("Honda", "Civic"): 25_400, ("Ford", "Escape"): 30_200,
        ("Honda", "CR-V"): 31_800, ("Chevrolet", "Equinox"): 29_600, ("Toyota", "Corolla"): 23_300,
        ("Nissan", "Altima"): 27_200, ("Toyota", "RAV4"): 31_500, ("Hyundai", "Elantra"): 22_900,
        ("Jeep", "Grand Cherokee"): 41_700, ("Honda", "Accord"): 29_700, ("Chevrolet", "Silverado"): 43_900,
        ("Subaru", "Outback"): 32_600, ("Kia", "Sorento"): 33_800, ("Ford", "Explorer"): 41_200,
        ("Mazda", "CX-5"): 30_400, ("Subaru", "Forester"): 31_100, ("Hyundai", "Tucson"): 29_900,
        ("Nissan", "Rogue"): 30_500, ("Toyota", "Highlander"): 41_600, ("Volkswagen", "Jetta"): 23_700,
        ("Jeep", "Wrangler"): 36_800, ("Ford", "Mustang"): 34_500, ("Chevrolet", "Malibu"): 26_800,
        ("Hyundai", "Sonata"): 28_400, ("Kia", "Soul"): 22_400, ("Toyota", "Tacoma"): 33_900,
        ("Honda", "Pilot"): 42_300, ("Toyota", "Prius"): 29_800, ("Volkswagen", "Passat"): 28_600,
        ("BMW", "328i"): 47_500, ("Mazda", "MX-5"): 31_200,
    },
    "GB": {
        ("Volkswagen", "Golf"): 27_300, ("Ford", "Focus"): 26_100, ("Nissan", "Juke"): 23_900,
        ("BMW", "320i"): 39_800, ("Audi", "A3"): 30_400, ("MINI", "Cooper Clubman"): 28_700,
        ("Mercedes-Benz", "C250"): 42_300, ("Toyota", "Yaris"): 22_600, ("Audi", "A4"): 38_900,
        ("Volkswagen", "Passat"): 36_200, ("Honda", "Civic"): 29_500, ("Land Rover", "Range Rover Evoque"): 43_600,
        ("Volvo", "XC60"): 46_800, ("Kia", "Soul"): 26_900, ("Fiat", "500"): 17_800, ("Toyota", "Prius"): 34_100,
        ("Honda", "CR-V"): 37_400, ("Mazda", "3"): 25_200, ("Volkswagen", "Tiguan"): 34_700,
        ("Audi", "Q5"): 48_300, ("BMW", "535i"): 55_900, ("Jaguar", "XF"): 44_700, ("Mazda", "MX-5"): 28_600,
        ("Land Rover", "Range Rover Sport"): 79_500, ("Hyundai", "Santa Fe Sport"): 42_800, ("Audi", "A6"): 47_200,
        ("Mercedes-Benz", "E350"): 57_600, ("Toyota", "RAV4"): 38_800,
    },
}  # fmt: skip
