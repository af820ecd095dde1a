"""Files over the API: parts with digests, one that is lost, one that is wrong, and whose they are."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.core.db import Tenant
from app.core.jobs.uploads import operations
from tests.fixtures.programs import Program, make_key

DATA = b"Name,E-mail\n" + b"Ada Example,ada@example.com\n" * 20
PARTS = [DATA[:200], DATA[200:400], DATA[400:]]


@pytest.fixture
def program(client_for: Callable[..., FlaskClient], alpha: Tenant, in_alpha: Tenant) -> Program:
    """A program that may import."""
    return Program(client_for(alpha, None), make_key("tenant_admin"))


def test_three_parts_become_a_file_although_one_was_killed(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = program.announce(DATA)
    assert made.status_code == 201, made.text
    told = made.get_json()
    assert (made.headers["Location"], told["state"]) == (f"/api/v1/files/{told['id']}", "open")
    assert program.send_part(told["id"], 3, PARTS[2]).status_code == 200
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(operations, "_check_room", _killed_at_the_second_call())
        program.send_part(told["id"], 1, PARTS[0])
    early = program.post(f"/files/{told['id']}/complete")
    assert (early.status_code, early.get_json()["code"]) == (409, "parts_missing")
    # Whoever comes back asks what is there and sends the rest; what is there already does no harm.
    read = program.get(f"/files/{told['id']}").get_json()
    assert (read["parts"], read["received"], read["part_size"]) == ([3], len(PARTS[2]), operations.PART_BYTES)
    for number in (1, 2, 3, 2):
        assert program.send_part(told["id"], number, PARTS[number - 1]).status_code == 200
    closed = program.post(f"/files/{told['id']}/complete", Idempotency_Key="c1")
    again = program.post(f"/files/{told['id']}/complete", Idempotency_Key="c1")
    assert closed.get_json()["state"] == "complete"
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (closed.get_json(), "true")
    assert program.get("/files").get_json()["data"][0]["id"] == told["id"]


def _killed_at_the_second_call() -> Callable[..., None]:
    """The room is looked at before the bytes are written and after."""
    calls: list[object] = []

    def look(*args: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt

    return look


def test_a_part_that_is_not_what_it_says_is_refused(program: Program) -> None:
    file_id = program.announce(DATA).get_json()["id"]
    wrong = f"sha-256=:{base64.b64encode(hashlib.sha256(b'other').digest()).decode()}:"
    for digest, code in ((wrong, "digest_mismatch"), ("md5=:AAAA:", "digest_required")):
        answer = program.send_part(file_id, 1, PARTS[0], digest)
        assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert program.get(f"/files/{file_id}").get_json()["parts"] == []
    as_json = program.put(f"/files/{file_id}/parts/1", {})
    assert (as_json.status_code, as_json.get_json()["code"]) == (415, "unsupported_media_type")
    large = program.send_part(file_id, 1, b"x" * (operations.PART_BYTES + 1))
    assert (large.status_code, large.get_json()["code"]) == (413, "part_too_large")


def test_a_file_whose_checksum_is_wrong_stays_open(program: Program) -> None:
    announced = {"name": "a.csv", "size": len(DATA), "sha256": "0" * 64, "purpose": "import"}
    file_id = program.post("/files", announced).get_json()["id"]
    program.send_part(file_id, 1, DATA)
    answer = program.post(f"/files/{file_id}/complete")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "checksum_mismatch")
    refused = program.post("/files", {**announced, "sha256": "x", "purpose": "fun", "size": 0})
    assert {error["pointer"] for error in refused.get_json()["errors"]} == {"/sha256", "/purpose", "/size"}
    too_large = program.post("/files", {**announced, "size": 101 * operations.MEGABYTE})
    assert (too_large.status_code, too_large.get_json()["code"]) == (413, "file_too_large")


def test_another_programs_file_is_missing(
    program: Program, client_for: Callable[..., FlaskClient], alpha: Tenant, beta: Tenant
) -> None:
    file_id = program.announce(DATA).get_json()["id"]
    other = Program(program.client, make_key("tenant_admin"))
    for method, path in (("GET", ""), ("PUT", "/parts/1"), ("POST", "/complete"), ("DELETE", "")):
        assert other.ask(method, f"/files/{file_id}{path}", {}).status_code == 404
    assert other.get("/files").get_json()["data"] == []
    abroad = Program(client_for(beta, None), program.key)
    assert abroad.get(f"/files/{file_id}").status_code == 401
    assert program.delete(f"/files/{file_id}").status_code == 204
    assert program.get(f"/files/{file_id}").status_code == 404
