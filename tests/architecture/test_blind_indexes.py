"""Where values are stored under the index key: a look-up asks for every key that is good, and no unknown place writes.

Whoever stores an index says here what makes it anew under another key.
"""

from __future__ import annotations

import ast
from pathlib import Path

from app.core.guard.reindexing import renewers

ROOT = Path(__file__).parents[2]
REGISTER = "stands beside its value in the register of encrypted columns"
# The file that makes indexes to be stored, and by what they are made anew: a name of `renewers()`, or the register.
WRITERS = {
    "app/core/guard/indexes.py": "",
    "app/core/guard/reindexing.py": "",
    "app/crm/operations/bulk.py": "crm_contact_points.value_enc",
    "app/crm/operations/identities.py": "crm_customers.id_number_enc",
    "app/inventory/queries/__init__.py": "inventory_vehicles.plate_enc",
    "app/tenants/operations/users.py": "tenants_users.email_enc",
    "app/tenants/operations/signing.py": "tenants_sign_in_attempts.fingerprint",
    "app/core/lists/search/tokens.py": "core_search_entries.tokens",
}
# What stores the first of every index it has asked for.
BOTH = {
    "app/crm/operations/contacts.py": "crm_contact_points.value_enc",
    "app/tenants/operations/partners.py": "tenants_identities.subject_enc",
    "app/core/jobs/imports/settling.py": "core_import_marks.said_enc",
    "app/notifications/operations/telling.py": "notifications_items.same_key",
}


def callers(*names: str) -> set[str]:
    found = set()
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", None))
            if name in names:
                found.add(path.relative_to(ROOT).as_posix())
    return found - {"app/core/guard/vault.py"}


def test_whoever_stores_an_index_says_what_makes_it_anew():
    assert callers("blind_index", "blind_indexes") == WRITERS.keys(), "to look something up there is every_index"
    assert BOTH.keys() - {"app/tenants/operations/partners.py"} <= callers("every_index")


def test_what_makes_it_anew_is_there(app):
    named = {name for name in (*WRITERS.values(), *BOTH.values()) if name} | {"core_import_rows", "tenants_identities"}
    assert named == renewers().keys()
