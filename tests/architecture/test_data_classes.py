"""Every stored column says what it holds, and holds it in the type its kind calls for."""

import importlib
from pathlib import Path

import pytest
from sqlalchemy import Date, DateTime, Enum, Float, LargeBinary, Numeric
from sqlalchemy.dialects.postgresql import CITEXT, ENUM, HSTORE

from app.core.db.columns import DATA_CLASSES
from app.core.db.platform import platform_metadata, shared_metadata
from app.core.db.session import Base
from app.core.guard.classes import GROUPS

ROOT = Path(__file__).parents[2]
ROOMS = ("tenants", "inventory", "crm", "sales", "insights", "notifications", "operators")

for _path in sorted((ROOT / "app").rglob("models*/*.py")) + sorted((ROOT / "app").rglob("models.py")):
    importlib.import_module(".".join(_path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))

TABLES = [table for metadata in (Base.metadata, platform_metadata, shared_metadata) for table in metadata.sorted_tables]
COLUMNS = [column for table in TABLES for column in table.columns]
tables = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.fullname)


def test_the_tables_were_found():
    names = {table.name for table in TABLES}
    assert {"core_audit", "core_subject_keys", "core_files", "wrapped_keys", "makes"} <= names


@tables
def test_every_column_declares_its_class(table):
    missing = [column.name for column in table.columns if column.info.get("data_class") not in DATA_CLASSES]
    assert missing == []


@tables
def test_every_group_is_known(table):
    assert {column.info["group"] for column in table.columns if "group" in column.info} <= set(GROUPS)


@tables
def test_encrypted_and_indexed_values_are_bytes_and_personal(table):
    for column in table.columns:
        if column.name.endswith(("_enc", "_index")) and not column.name.startswith("ix_"):
            if column.info["data_class"] in ("personal", "sensitive"):
                assert isinstance(column.type, LargeBinary), column
            if column.name.endswith("_enc"):
                assert column.info["data_class"] in ("personal", "sensitive"), column


@tables
def test_no_float_no_database_enum_no_extension_type(table):
    assert [c.name for c in table.columns if isinstance(c.type, (Float, Enum, ENUM, HSTORE, CITEXT))] == []
    for column in table.columns:
        if column.info.get("data_class") == "financial" and isinstance(column.type, Numeric):
            assert column.type.scale is not None, column


@tables
def test_instants_know_their_zone_and_dates_have_none(table):
    for column in table.columns:
        if isinstance(column.type, DateTime):
            assert column.type.timezone, column
        if column.name.endswith("_on"):
            assert isinstance(column.type, Date), column


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_a_tenants_table_carries_its_rooms_name(table):
    assert table.schema is None
    assert table.name.startswith(tuple(f"{room}_" for room in ("core", *ROOMS)))


def test_every_constraint_has_a_name():
    unnamed = [(table.fullname, str(item)) for table in TABLES for item in table.constraints if not item.name]
    assert unnamed == []


def test_the_audit_is_append_only():
    assert Base.metadata.tables["core_audit"].info["append_only"] is True
