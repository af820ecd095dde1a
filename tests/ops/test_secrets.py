"""The secrets file: made once, whole or not at all, its owner's alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from ops import secrets
from ops.errors import OpsError


def test_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = secrets.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert secrets.load(path) == made
    assert list(tmp_path.iterdir()) == [path]
    assert len(base64.b64decode(made.master_key, validate=True)) == 32
    assert len(made.secret_key.encode()) >= 32


def test_no_two_secrets_and_no_two_installations_are_alike(tmp_path: Path) -> None:
    made = [secrets.load(tmp_path / name) for name in ("one.json", "two.json")]
    values = [value for one in made for value in vars(one).values() if isinstance(value, str)]
    assert len(set(values)) == len(values) == 16


def test_a_file_that_others_can_read_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    secrets.load(path)
    path.chmod(0o644)
    secrets.load(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_an_older_installation_lacks_is_made_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = secrets.load(path)
    values = json.loads(path.read_text())
    del values["relay_password"]
    path.write_text(json.dumps(values))
    read = secrets.load(path)
    assert read.app_password == made.app_password
    assert read.relay_password not in ("", made.relay_password)
    assert secrets.load(path) == read


def test_demo_passwords_stay_and_differ(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    values = secrets.load(path)
    one, two = values.demo_password("alpha"), values.demo_password("beta")
    secrets.write(path, values)
    assert one != two
    assert secrets.load(path).demo_password("alpha") == one


@pytest.mark.parametrize("text", ["", "{", "[]", '{"secret_key": '])
def test_a_damaged_file_is_never_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text)
    with pytest.raises(OpsError, match="cannot be read as the installation's secrets"):
        secrets.load(path)
    assert path.read_text() == text
