"""The stylesheet's tokens: both dark sets are one, and text is readable on its ground (WCAG 2.2 AA)."""

import re

import pytest

from ops.assets import FRONTEND

CSS = (FRONTEND / "css" / "tokens.css").read_text()


def _tokens(selector: str) -> dict[str, str]:
    block = CSS.split(selector + " {", 1)[1].split("}", 1)[0]
    return {name: value.strip() for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", block)}


LIGHT = _tokens(":root")
DARK = _tokens("\n[data-bs-theme=dark]")


def test_following_the_device_gives_the_same_dark():
    assert _tokens("  [data-theme=system]") == DARK
    assert set(DARK) <= set(LIGHT)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT = [
    ("ink", "surface"), ("ink", "canvas"), ("ink-2", "surface"), ("ink-2", "sunken"), ("ink-2", "canvas"),
    ("ink-3", "surface"), ("ink-3", "canvas"), ("ink-2", "primary-soft"), ("primary", "surface"), ("primary", "canvas"),
    ("on-primary", "primary"), ("on-primary", "primary-h"), ("primary-ink", "primary-soft"), ("ink", "red-soft"),
    ("red", "surface"), ("red", "red-soft"), ("green", "green-soft"), ("amber", "amber-soft"), ("blue", "blue-soft"),
    ("violet", "violet-soft"), ("amber", "surface"), ("green", "surface"), ("side-ink", "side"), ("side-ink-2", "side"),
    ("side-ink", "side-2"), ("side-ink-2", "side-2"), ("ink-2", "raise"), ("ink-3", "raise"),
]  # fmt: skip


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_is_readable(tokens, text, ground):
    colours = {**LIGHT, **tokens}
    assert contrast(colours[f"--d-{text}"], colours[f"--d-{ground}"]) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("edge", ["line-strong", "primary", "green-mid", "amber-mid", "red-mid"])
def test_borders_of_controls_and_bars_are_visible(tokens, edge):
    colours = {**LIGHT, **tokens}
    assert contrast(colours[f"--d-{edge}"], colours["--d-surface"]) >= 3


def test_every_colour_used_is_a_declared_token():
    used = set(re.findall(r"var\((--[\w-]+)", CSS))
    assert used <= set(LIGHT), used - set(LIGHT)


def test_nothing_is_fetched_from_elsewhere():
    assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", CSS)
