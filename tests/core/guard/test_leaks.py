"""What failed says what failed, and not on which person's value."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import db, tenant
from app.core.guard import keys
from app.core.guard.permissions import Actor as GuardActor
from app.core.guard.permissions import PermissionDenied, check, declare

CANARY = "+8618049531999"
declare("leak_test", verbs=("see",))


def test_a_failed_statement_does_not_tell_its_values(app, alpha):
    with app.app_context(), tenant(alpha.id):
        with pytest.raises(DBAPIError) as failed:
            db.session.execute(
                text("SELECT 1 / 0 FROM core_files WHERE name = :name UNION SELECT 1 / 0"), {"name": CANARY}
            )
        assert CANARY not in str(failed.value)
        assert CANARY not in repr(failed.value)
        db.session.rollback()


def test_settings_and_keys_print_no_secret(app, alpha):
    settings = app.extensions["forecourt_settings"]
    with app.app_context(), tenant(alpha.id):
        printed = repr(settings) + repr(keys.tenant_keys())
    assert settings.secret_key not in printed
    assert repr(settings.master_key) not in printed
    assert settings.database_urls["main"] not in printed
    assert "AESGCM" not in printed


def test_a_refusal_names_the_right_and_not_the_record():
    with pytest.raises(PermissionDenied) as refused:
        check(GuardActor(user_id=None, name=CANARY), "leak_test.see")
    assert CANARY not in str(refused.value)
