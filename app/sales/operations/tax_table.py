"""The dated table of tax rules: adding a rule, changing it, taking one out. Deals keep the rule they were made by."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.violations import violated
from app.core.errors import FieldError, Invalid, Stale
from app.core.guard import audit
from app.core.guard.permissions import Actor, check
from app.sales import errors
from app.sales.errors import TaxRuleTaken
from app.sales.models import TAX_RULE_DAY, StoredTaxRule
from app.sales.queries import catalogue
from app.sales.rules.bodies import BodyError
from app.sales.rules.taxes import DatedRule, TaxRule

_KEY = re.compile(r"[a-z0-9_]{1,40}")
_TOLD = ("key", "name", "valid_from", "valid_until", "body")


def add_tax_rule(
    *, actor: Actor, body: Mapping[str, Any], valid_from: date, valid_until: date | None = None
) -> StoredTaxRule:
    """Add a rule that holds from that day on. Raises Invalid naming what is wrong with it, and TaxRuleTaken."""
    check(actor, "sales_setting.edit", owner_id=None, store_id=None)
    rule = _rule(body, valid_from, valid_until)
    row = StoredTaxRule(
        id=new_id(), key=rule.key, name=rule.name, valid_from=valid_from, valid_until=valid_until, body=rule.to_body()
    )
    _flush(row)
    audit.record(actor, "tax_rule.create", "tax_rule", row.id, changes=_changes({}, row))
    return row


def edit_tax_rule(
    *,
    actor: Actor,
    rule_id: uuid.UUID,
    version: int | None,
    body: Mapping[str, Any],
    valid_from: date,
    valid_until: date | None = None,
) -> StoredTaxRule:
    """Correct a rule; what deals were made by stays. Raises NotFound, Stale, Invalid and TaxRuleTaken."""
    check(actor, "sales_setting.edit", owner_id=None, store_id=None)
    row = catalogue.get_tax_rule(rule_id, lock=True)
    if version is not None and row.version != version:
        raise Stale
    rule, before = _rule(body, valid_from, valid_until), _state(row)
    row.key, row.name, row.body = rule.key, rule.name, rule.to_body()
    row.valid_from, row.valid_until = valid_from, valid_until
    _flush(row)
    audit.record(actor, "tax_rule.edit", "tax_rule", row.id, changes=_changes(before, row))
    return row


def delete_tax_rule(*, actor: Actor, rule_id: uuid.UUID, version: int | None) -> None:
    """Take a rule out of the table; deals made by it keep it. Raises NotFound and Stale."""
    check(actor, "sales_setting.edit", owner_id=None, store_id=None)
    row = catalogue.get_tax_rule(rule_id, lock=True)
    if version is not None and row.version != version:
        raise Stale
    before = _state(row)
    db.session.delete(row)
    db.session.flush()
    audit.record(actor, "tax_rule.delete", "tax_rule", rule_id, changes={k: (v, None) for k, v in before.items()})


def add_examples(*, actor: Actor, rules: tuple[DatedRule, ...], today: date) -> int:
    """Put the examples whose keys the table has not yet into it; how many went in."""
    check(actor, "sales_setting.edit", owner_id=None, store_id=None)
    known, count = catalogue.known_keys(), 0
    for dated in rules:
        if dated.rule.key not in known:
            add_tax_rule(
                actor=actor, body=dated.rule.to_body(), valid_from=dated.since or date(today.year, 1, 1),
                valid_until=dated.until,
            )  # fmt: skip
            count += 1
    return count


def _rule(body: Mapping[str, Any], valid_from: date, valid_until: date | None) -> TaxRule:
    if valid_until is not None and valid_until < valid_from:
        raise Invalid([FieldError("valid_until", "before_begin", errors.ENDS_BEFORE_IT_BEGINS)])
    try:
        rule = TaxRule.from_body(body)
        if not _KEY.fullmatch(rule.key):
            raise BodyError("key", "not_known")
        if not rule.name.strip():
            raise BodyError("name", "missing")
        return rule
    except BodyError as error:
        field = error.field or "layers"
        params = {"reason": error.reason}
        raise Invalid([FieldError(field, "not_possible", errors.TAX_RULE_NOT_POSSIBLE, params)]) from error


def _flush(row: StoredTaxRule) -> None:
    key, day = row.key, row.valid_from.isoformat()
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError as error:
        if violated(error) == TAX_RULE_DAY:
            raise TaxRuleTaken(field="valid_from", key=key, valid_from=day) from error
        raise


def _state(row: StoredTaxRule) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _TOLD}


def _changes(before: Mapping[str, Any], row: StoredTaxRule) -> dict[str, tuple[Any, Any]]:
    return {name: (before.get(name), value) for name, value in _state(row).items() if before.get(name) != value}
