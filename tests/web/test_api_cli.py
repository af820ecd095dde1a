"""`flask api …`: the document, the refusals and the released document, written by commands and held to the code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.core.errors import InUse, Stale
from app.core.http.api import api_document
from app.web import api_cli
from app.web.api_changes import breaking
from app.web.api_errors import as_markdown, field_refusals, refusals

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(app: Flask) -> Run:
    def call(*arguments: str) -> tuple[int, str]:
        with app.app_context():
            result = app.test_cli_runner().invoke(args=["api", *arguments])
        return result.exit_code, result.output

    return call


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The docs lie in a folder of the test's own."""
    for name, path in (("DOCS", "docs"), ("ERRORS", "docs/errors.md"), ("RELEASED", "docs/api/v1.json")):
        monkeypatch.setattr(api_cli, name, tmp_path / path)
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs"


def test_the_page_of_refusals_is_that_of_the_code() -> None:
    """Run `python3 forecourt.py flask api errors --write` after adding or changing a refusal."""
    assert api_cli.ERRORS.read_text(encoding="utf-8") == as_markdown()


def test_refusals_are_found_wherever_they_are_raised() -> None:
    whole = {item.code: item for item in refusals()}
    assert {"not_found", "permission_denied", "rate_limited", "idempotency_key_reused", "invalid_key"} <= whole.keys()
    assert (whole["stale"].status, whole["in_use"].status) == (Stale.status, InUse.status)
    single = {item.code: item.texts for item in field_refusals()}
    # By a constant, by a class's code, from a table of messages, by a prefix before a table's key, by a validator.
    wanted = {"in_future", "name_missing", "unknown_parameter", "id_number_length", "not_offered", "bad_amount"}
    assert wanted <= single.keys()
    assert all(texts for texts in single.values())


def test_a_code_has_one_status() -> None:
    codes = [item.code for item in refusals()]
    # Answered on pages alone, by the console and by a dealership in their own ways.
    pages = {"name_does_not_match", "sign_in_refused"}
    assert {code for code in codes if codes.count(code) > 1} - pages == set()


def test_the_page_is_written_and_printed_alike(run: Run, elsewhere: Path) -> None:
    assert run("errors") == (0, as_markdown())
    assert run("errors", "--write") == (0, "docs/errors.md is written.\n")
    assert (elsewhere / "errors.md").read_text(encoding="utf-8") == as_markdown()


def test_the_document_is_printed(run: Run, app: Flask) -> None:
    code, output = run("document")
    with app.app_context():
        assert (code, json.loads(output)) == (0, api_document())


def test_nothing_breaks_a_client_of_the_last_release(app: Flask) -> None:
    """A change that only adds passes; for anything else a v2 begins. `docs/api.md` says how to release."""
    released: dict[str, Any] = json.loads(api_cli.RELEASED.read_text(encoding="utf-8"))
    with app.app_context():
        assert breaking(released, api_document()) == []
    assert len(released["paths"]) > 10


def test_a_release_is_written_once_and_never_over_a_break(run: Run, app: Flask, elsewhere: Path) -> None:
    assert run("release") == (0, "docs/api/v1.json is written.\n")
    written = elsewhere / "api" / "v1.json"
    with app.app_context():
        assert json.loads(written.read_text()) == api_document()
    assert run("check") == (0, "Nothing would break a client of the last release.\n")
    more = json.loads(written.read_text())
    more["paths"]["/api/v1/gone"] = {"get": {"operationId": "gone", "responses": {}}}
    written.write_text(json.dumps(more))
    for command in ("check", "release"):
        code, output = run(command)
        assert code == 1
        assert "GET /api/v1/gone: is gone" in output
    assert json.loads(written.read_text()) == more
