"""The register of encrypted columns is whole: whatever holds bytes says what they are, and names what lies beside."""

import pytest
from sqlalchemy import LargeBinary

from app.core.db.columns import DATA_CLASSES
from app.core.db.sealing import Erased, Holder
from app.core.guard.sealed import sealed_columns
from tests.architecture.test_data_classes import TABLES

# Bytes that are no encrypted value, and what they are instead.
OTHER_BYTES = {
    "core_subject_keys.wrapped": "a person's key, wrapped by the tenant's",
    "core_old_subject_keys.wrapped": "a person's key that was replaced, wrapped likewise",
    "platform.wrapped_keys.wrapped": "a tenant's key, wrapped by the master key",
    "crm_contact_points.value_index": "a keyed index",
    "crm_customers.id_number_index": "a keyed index",
    "inventory_vehicles.plate_index": "a keyed index",
    "tenants_users.email_index": "a keyed index",
    "tenants_identities.fingerprint": "a keyed index",
    "platform.operators.email_index": "a keyed index",
    "tenants_sign_in_attempts.fingerprint": "a keyed index",
    "platform.operator_attempts.fingerprint": "a keyed index",
    "platform.sign_up_attempts.fingerprint": "a keyed index",
    "core_import_rows.identity": "a keyed index of a row of a file",
    "core_import_rows.claim": "a keyed index of a row of a file",
    "core_import_marks.identity": "a keyed index of a row of a file",
    "core_imports.header_print": "a hash of column names",
    "core_import_mappings.header_print": "a hash of column names",
    "core_files.sha256": "a hash of an encrypted file",
    "core_audit_seals.proof": "a link of the audit's chain",
    "platform.audit_heads.proof": "a link of the audit's chain",
    "sales_snapshots.sha256": "a hash of a deal's figures",
    "sales_snapshots.previous": "a hash of the figures before",
    "sales_approvals.digest": "a hash of the figures that were approved",
    "sales_commission_statements.sha256": "a hash of a closed month",
    "sales_documents.sha256": "a hash of a document that is encrypted, which a signature is bound to",
    "sales_document_events.sha256": "a hash of a signed document",
    "tenants_sessions.token_hash": "a hash of a random token",
    "platform.operator_links.token_hash": "a hash of a random token",
    "platform.operator_sessions.token_hash": "a hash of a random token",
    "core_export_links.token_hash": "a hash of a random token",
    "tenants_challenges.token_hash": "a hash of a random token",
    "tenants_challenges.nonce": "what a passkey signs, once",
    "tenants_recovery_codes.code_hash": "a slow hash of a code",
    "tenants_passkeys.credential_id": "the public name of a passkey",
    "tenants_passkeys.public_key": "the public half of a passkey",
    "core_once.mark": "a keyed mark of a request that was carried out",
    "core_once.body_mark": "a keyed mark of its body",
    "tenants_api_keys.hash": "a hash of a random token",
    "tenants_api_keys.old_hash": "a hash of a random token",
}
COLUMNS = [(table, column) for table in TABLES for column in table.columns]
BYTES = {f"{table.fullname}.{column.name}" for table, column in COLUMNS if isinstance(column.type, LargeBinary)}
SEALED = {f"{item.table.fullname}.{item.column.name}": item for item in sealed_columns()}
each = pytest.mark.parametrize("name", sorted(SEALED))


def test_whatever_holds_bytes_says_what_they_are():
    """A new column: `of_subject`, `of_row`, `of_tenant` or `of_platform` in its model, or a line above."""
    assert sorted(BYTES - SEALED.keys() - OTHER_BYTES.keys()) == []
    assert sorted(SEALED.keys() & OTHER_BYTES.keys()) == []
    assert len(SEALED) >= 10


@each
def test_what_is_encrypted_is_bytes_with_a_class(name):
    item = SEALED[name]
    assert isinstance(item.column.type, LargeBinary)
    assert item.column.info["data_class"] in {"personal", "sensitive"} & set(DATA_CLASSES)
    assert item.row_id.primary_key


@each
def test_what_lies_beside_exists_and_goes_with_it(name):
    item = SEALED[name]
    assert (item.how.index is None) == (item.how.indexed is None)
    if item.how.holder in (Holder.SUBJECT, Holder.ROW) and item.how.subject is not None:
        assert item.subject_id is not None
    for beside in item.beside:
        # Where the row stays, each can be emptied: it takes nothing, or something that tells nothing.
        assert beside.info["data_class"] == item.column.info["data_class"]
    if item.how.erased is Erased.STAYS:
        assert item.table.info.get("append_only") is True, "only what can never be written anew may stay"


def test_no_mask_and_no_index_without_a_value():
    named = {f"{item.table.fullname}.{column.name}" for item in SEALED.values() for column in item.beside}
    made = {
        f"{table.fullname}.{column.name}"
        for table in TABLES
        for column in table.columns
        if column.name.endswith(("_masked", "_index"))
        and column.info["data_class"] in ("personal", "sensitive")
        # The platform's own: found by the application's secret, which is not one of these keys.
        and table.fullname != "platform.operators"
    }
    assert made - named == set()
