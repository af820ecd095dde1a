"""Every isolation case is listed, every test it names exists, and the page about it says the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.isolation.index import CASES, page

ROOT = Path(__file__).parents[2]


def test_every_case_is_listed() -> None:
    assert list(CASES) == [f"I{number}" for number in range(1, 23)]
    assert [name for name, case in CASES.items() if not case.tests and not case.not_yet] == []


@pytest.mark.parametrize("name", CASES)
def test_the_tests_of_a_case_exist(name: str) -> None:
    for test in CASES[name].tests:
        path, _, function = test.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_the_page_lists_the_same() -> None:
    assert page() in (ROOT / "docs" / "isolation.md").read_text(), "write docs/isolation.md anew from index.page()"
