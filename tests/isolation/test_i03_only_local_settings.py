"""Cases I3, I7: the context is never set for longer than a transaction, and nothing translates schema names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A bench works as the administrator of its own throw-away servers.
ROOMS = ("app", "worker", "ops", "migrations")
# SET of a role or path without LOCAL, and what would have the same effect by another name.
LASTING = re.compile(
    r"\bSET\s+(?:SESSION\s+)?(?:search_path|ROLE|AUTHORIZATION)\b|\bset_config\s*\([^)]*false", re.IGNORECASE
)
# A default of a login is not a statement of a session.
DEFAULT_OF_LOGIN = re.compile(r"ALTER ROLE \S+ SET search_path", re.IGNORECASE)
TRANSLATING = re.compile(r"schema_translate_map")


def lasting(text: str) -> list[str]:
    """Lines that set role or path beyond the transaction."""
    lines = (re.sub(DEFAULT_OF_LOGIN, "", line) for line in text.splitlines() if "`SET ROLE`" not in line)
    return [line.strip() for line in lines if LASTING.search(line)]


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def test_no_statement_sets_role_or_path_without_local() -> None:
    found = {path.relative_to(ROOT).as_posix(): lines for path in sources() if (lines := lasting(path.read_text()))}
    assert found == {}
    assert len(sources()) > 140


@pytest.mark.parametrize(
    ("line", "is_lasting"),
    [
        ('execute("SET search_path = t_1")', True),
        ('execute("set session role t_1")', True),
        ('execute("SET ROLE t_1")', True),
        ("SELECT set_config('role', 't_1', false)", True),
        ('execute("SET LOCAL ROLE t_1; SET LOCAL search_path = t_1")', False),
        ("ALTER ROLE forecourt_app SET search_path = ''", False),
        ("RESET ROLE", False),
    ],
)
def test_the_gate_sees_what_it_should(line: str, is_lasting: bool) -> None:
    assert bool(lasting(line)) is is_lasting


def test_nothing_translates_schema_names() -> None:
    """A translated name would stay in SQLAlchemy's cache of statements (case I7)."""
    assert [path.name for path in sources() if TRANSLATING.search(path.read_text())] == []
