"""Settings are checked whole at the start, and what is wrong is listed, all of it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from app.core.config import ConfigError, Settings

GOOD = {
    "DATABASE_URL": "postgresql://a:b@localhost/c",
    "REDIS_URL": "redis://localhost/0",
    "SECRET_KEY": "x" * 32,
    "MASTER_KEY": base64.b64encode(bytes(32)).decode(),
}


def test_good_settings_load_with_their_defaults() -> None:
    settings = Settings.load(GOOD)
    assert settings.base_host == "localhost"
    assert settings.master_key == bytes(32)
    assert settings.modules == ()


def test_everything_wrong_is_listed_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.load({"SECRET_KEY": "short", "PUBLIC_PORT": "x", "LOG_LEVEL": "LOUD", "MASTER_KEY": "!"})
    told = str(refused.value)
    for part in ("DATABASE_URL is missing", "REDIS_URL is missing", "SECRET_KEY", "PUBLIC_PORT", "LOG_LEVEL", "MASTER"):
        assert part in told


def test_plain_http_is_refused_off_loopback() -> None:
    with pytest.raises(ConfigError, match="https"):
        Settings.load({**GOOD, "BASE_HOST": "dealers.example"})
    assert Settings.load({**GOOD, "BASE_HOST": "dealers.example", "PUBLIC_SCHEME": "https"}).public_scheme == "https"


def test_mails_are_caught_on_loopback_alone() -> None:
    public = {**GOOD, "BASE_HOST": "dealers.example", "PUBLIC_SCHEME": "https"}
    with pytest.raises(ConfigError, match="DEMO_MAIL"):
        Settings.load({**public, "DEMO_MAIL": "1"})
    assert not Settings.load({**public, "DEMO_MAIL": "0"}).demo_mail
    assert Settings.load({**GOOD, "DEMO_MAIL": "1"}).demo_mail


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("y" * 40 + "\n")
    settings = Settings.load({**{k: v for k, v in GOOD.items() if k != "SECRET_KEY"}, "SECRET_KEY_FILE": str(secret)})
    assert settings.secret_key == "y" * 40
    with pytest.raises(ConfigError, match="SECRET_KEY_FILE cannot be read"):
        Settings.load({**GOOD, "SECRET_KEY_FILE": str(tmp_path / "missing")})


def test_secrets_are_not_printed() -> None:
    printed = repr(Settings.load(GOOD))
    assert "x" * 32 not in printed
    assert "a:b" not in printed
