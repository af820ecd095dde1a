"""The deal desk: its parts run one after another and say their figures together.

A part is a module of this folder with `measure()` that gives its figures; it joins by a line in PARTS.
"""

from __future__ import annotations

import argparse
import importlib

from bench.report import finish, say

PARTS = {
    "random": "desk_random",
    "buyers": "desk_buyers",
    "sheet": "desk_sheet",
}


def main(arguments: list[str]) -> int:
    """Run all parts, or the one named."""
    parser = argparse.ArgumentParser(prog="bench desk", description=__doc__)
    parser.add_argument("--part", choices=PARTS, help="this part alone")
    chosen = parser.parse_args(arguments).part
    figures: dict[str, float | int | bool] = {}
    for name, module in PARTS.items():
        if chosen in (None, name):
            say(f"# {name}")
            figures |= importlib.import_module(f"bench.{module}").measure()
    finish("desk", figures)
    return 0
