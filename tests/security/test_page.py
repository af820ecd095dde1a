"""docs/security.md lists every item of the checklist, with tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = {int(number): shown for number, shown in re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]*) \|$", PAGE, re.MULTILINE)}
LAST = 68


def test_every_item_is_listed() -> None:
    assert list(ROWS) == list(range(1, LAST + 1))
    assert [number for number, shown in ROWS.items() if "::" not in shown and "Not yet:" not in shown] == []


@pytest.mark.parametrize("number", ROWS)
def test_the_tests_of_an_item_exist(number: int) -> None:
    for path, function in re.findall(r"`([^`]+\.py)::([^`]+)`", ROWS[number]):
        tree = ast.parse((ROOT / "tests" / path).read_text())
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, function
