"""The watch over writes reads every statement whole: one that writes several tables is told of for each."""

from __future__ import annotations

import pytest

from tests.fixtures.audited import writes_of


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ("SELECT 1", []),
        ("SELECT id FROM a FOR UPDATE", []),
        ("INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", [("INSERT INTO", "a")]),
        ("UPDATE ONLY a SET b = 1", [("UPDATE", "a")]),
        ("COPY a (id) FROM STDIN", [("COPY", "a")]),
        (
            "WITH one AS (INSERT INTO a (id) VALUES (1)), two AS \n(DELETE FROM b WHERE id = 1) UPDATE c SET d = 2",
            [("INSERT INTO", "a"), ("DELETE FROM", "b"), ("UPDATE", "c")],
        ),
        (
            "WITH one AS (SELECT 1 FROM a FOR NO KEY UPDATE) INSERT INTO b SELECT 1 ON CONFLICT DO UPDATE SET id = 2",
            [("INSERT INTO", "b")],
        ),
        ("WITH one AS (SELECT id FROM a FOR UPDATE) SELECT * FROM one", []),
    ],
)
def test_what_a_statement_writes(statement: str, written: list[tuple[str, str]]) -> None:
    assert [(verb, table) for verb, table, _ in writes_of(statement)] == written
