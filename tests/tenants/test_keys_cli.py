"""`flask api-keys …`: made, listed, replaced and revoked from a shell as on the pages, with entries of the audit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import Tenant, db
from app.core.db.ids import from_public
from app.core.guard.models import AuditEntry
from app.tenants.models import ApiKey, Store
from app.tenants.queries.api_keys import read_key

Run = Callable[..., tuple[int, str]]
MAKE = ("--name", "Feed", "--role", "sales_manager", "--permission", "customer.see", "--json")


@pytest.fixture
def run(app: Flask, in_alpha: Tenant) -> Run:
    def call(command: str, *arguments: str) -> tuple[int, str]:
        with app.app_context():
            result = app.test_cli_runner().invoke(args=["api-keys", command, "--tenant", in_alpha.slug, *arguments])
        return result.exit_code, result.output

    return call


def made(run: Run, *more: str) -> dict[str, Any]:
    code, output = run("create", *MAKE, *more)
    assert code == 0, output
    told: dict[str, Any] = json.loads(output)
    return told


def actions(key: str) -> list[str]:
    entries = select(AuditEntry).where(AuditEntry.record_id == from_public("apk", key)).order_by(AuditEntry.id)
    return [f"{entry.action} by {entry.actor_name}" for entry in db.session.scalars(entries)]


def test_a_key_from_a_shell_works_until_it_is_replaced_and_revoked(run: Run) -> None:
    told = made(run)
    first = read_key(told["key"], "")
    assert first is not None
    assert dict(first.actor.grants) == {"customer.see": "store"}
    code, output = run("rotate", told["id"], "--json")
    second = json.loads(output)["key"]
    assert code == 0
    assert read_key(told["key"], "") is None
    code, output = run("rotate", told["id"], "--overlap")
    third = output.splitlines()[-1]
    assert [read_key(text, "") is not None for text in (second, third)] == [True, True]
    assert run("revoke", told["id"])[0] == 0
    assert [read_key(text, "") for text in (second, third)] == [None, None]
    names = ("api_key.create", "api_key.rotate", "api_key.rotate", "api_key.revoke")
    assert actions(told["id"]) == [f"{name} by cli" for name in names]


def test_store_days_and_networks(run: Run) -> None:
    code = db.session.scalars(select(Store.code).where(Store.closed_at.is_(None)).order_by(Store.code)).all()[0]
    told = made(run, "--store", code, "--days", "30", "--network", "203.0.113.0/24", "--network", "198.51.100.7")
    row = db.session.get(ApiKey, from_public("apk", told["id"]))
    assert row is not None
    assert row.networks == ["203.0.113.0/24", "198.51.100.7/32"]
    assert (row.expires_at - row.created_at).days in (29, 30)
    found = read_key(told["key"], "203.0.113.7")
    assert found is not None
    assert [store.code for store in found.stores] == [code]


def test_the_list_names_every_key_and_no_text(run: Run) -> None:
    told = made(run)
    run("revoke", told["id"])
    other = made(run)
    code, output = run("list", "--json")
    states = {row["id"]: row["state"] for row in json.loads(output)}
    assert (code, states[told["id"]], states[other["id"]]) == (0, "revoked", "active")
    shown = run("list")[1]
    for text in (output, shown):
        assert other["id"] in text
        assert other["key"] not in text


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        ("create", ("--name", "x", "--role", "no such role", "--permission", "deal.see"), "There is no role"),
        ("create", ("--name", "x", "--role", "salesperson", "--permission", "store.edit"), "Choose at least one right"),
        ("create", ("--name", "x", "--role", "gm", "--permission", "deal.see", "--store", "NO"), "no open store"),
        ("create", ("--name", "x", "--role", "gm", "--permission", "deal.see", "--network", "here"), "networks: here"),
        ("revoke", ("apk_nonsense",), ""),
        ("rotate", ("usr_01k9abcdefghjkmnpqrstvwxyz",), ""),
    ],
)
def test_what_cannot_be_done_says_why_and_fails(
    run: Run, command: str, arguments: tuple[str, ...], says: str
) -> None:
    before = db.session.scalars(select(ApiKey.id)).all()
    code, output = run(command, *arguments)
    assert code == 1
    assert says in output
    db.session.expire_all()
    assert db.session.scalars(select(ApiKey.id)).all() == before


def test_a_revoked_key_is_revoked_once(run: Run) -> None:
    told = made(run)
    assert run("revoke", told["id"])[0] == 0
    assert run("revoke", told["id"])[0] == 1
    assert run("rotate", told["id"])[0] == 1


def test_another_dealerships_key_is_none_here(app: Flask, run: Run, beta: Tenant) -> None:
    told = made(run)
    with app.app_context():
        result = app.test_cli_runner().invoke(args=["api-keys", "revoke", "--tenant", beta.slug, told["id"]])
    assert result.exit_code == 1
    assert read_key(told["key"], "") is not None
    with app.app_context():
        missing = app.test_cli_runner().invoke(args=["api-keys", "list", "--tenant", "no-such-dealership"])
    assert missing.exit_code == 1
