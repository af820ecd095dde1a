"""Settings from the environment, checked whole at the start; any NAME may come as NAME_FILE."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_loopback_host(host: str) -> bool:
    """Whether `host` leads nowhere but to the machine that asks."""
    return host in LOOPBACK_HOSTS or host.endswith(".localhost")


class ConfigError(Exception):
    """The environment is wrong; the text lists everything that is, one line each."""


@dataclass(frozen=True)
class Settings:
    """Everything the application takes from outside. Secrets are kept out of its printed form."""

    database_urls: Mapping[str, str] = dataclass_field(repr=False)
    redis_url: str = dataclass_field(repr=False)
    secret_key: str = dataclass_field(repr=False)
    master_key: bytes = dataclass_field(repr=False)
    # While the master key is being replaced, the one before it: what it wraps still opens.
    master_key_previous: bytes | None = dataclass_field(default=None, repr=False)
    migrator_database_url: str | None = dataclass_field(default=None, repr=False)
    relay_database_url: str | None = dataclass_field(default=None, repr=False)
    base_host: str = "localhost"
    public_scheme: str = "http"
    public_port: int = 8000
    files_dir: Path = Path("var/files")
    modules: tuple[str, ...] = ()
    log_level: str = "INFO"
    demo_mail: bool = False
    sign_up: bool = True
    smtp_url: str | None = dataclass_field(default=None, repr=False)
    password_cost: str = "full"  # noqa: S105 (how hard to hash, no password)
    session_idle_minutes: int = 30
    session_hours: int = 12
    gateway_addresses: tuple[str, ...] = ()
    pool_size: int = 5
    # Requests to the API in a minute: of one key, of one person, of a whole dealership.
    api_per_key: int = 600
    api_per_user: int = 600
    api_per_tenant: int = 6000

    @property
    def is_loopback(self) -> bool:
        """Whether people reach this installation on their own machine only."""
        return is_loopback_host(self.base_host)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check `environ`; raises ConfigError naming every wrong or missing setting at once."""
        reader = _Reader(environ)
        urls = {"main": reader.required("DATABASE_URL")}
        for name in environ:
            if name.startswith("DATABASE_URL_") and not name.endswith("_FILE"):
                urls[name.removeprefix("DATABASE_URL_").lower()] = environ[name]
        settings = cls(
            database_urls=urls,
            redis_url=reader.required("REDIS_URL"),
            secret_key=reader.secret("SECRET_KEY"),
            master_key=reader.key("MASTER_KEY"),
            master_key_previous=reader.key("MASTER_KEY_PREVIOUS", optional=True) or None,
            migrator_database_url=reader.text("MIGRATOR_DATABASE_URL"),
            relay_database_url=reader.text("RELAY_DATABASE_URL"),
            base_host=reader.text("BASE_HOST", "localhost") or "localhost",
            public_scheme=reader.choice("PUBLIC_SCHEME", ("http", "https"), "http"),
            public_port=reader.number("PUBLIC_PORT", 8000, 1, 65535),
            files_dir=Path(reader.text("FILES_DIR", "var/files") or "var/files"),
            modules=tuple(part for part in (reader.text("APP_MODULES") or "").split(",") if part),
            log_level=reader.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
            demo_mail=reader.text("DEMO_MAIL") == "1",
            sign_up=reader.text("SIGN_UP") != "0",
            smtp_url=reader.text("SMTP_URL"),
            password_cost=reader.choice("PASSWORD_COST", ("full", "test"), "full"),
            session_idle_minutes=reader.number("SESSION_IDLE_MINUTES", 30, 1, 24 * 60),
            session_hours=reader.number("SESSION_HOURS", 12, 1, 24 * 31),
            gateway_addresses=reader.networks("GATEWAY_ADDRESSES"),
            pool_size=reader.number("POOL_SIZE", 5, 1, 200),
            api_per_key=reader.number("API_PER_KEY", 600, 1, 1_000_000),
            api_per_user=reader.number("API_PER_USER", 600, 1, 1_000_000),
            api_per_tenant=reader.number("API_PER_TENANT", 6000, 1, 1_000_000),
        )
        if settings.public_scheme == "http" and not settings.is_loopback:
            reader.problems.append("PUBLIC_SCHEME must be https unless BASE_HOST is localhost")
        if settings.demo_mail and not settings.is_loopback:
            # Caught mails hold links that open accounts, and their page is for everybody.
            reader.problems.append("DEMO_MAIL must not be 1 unless BASE_HOST is localhost")
        for name, url in urls.items():
            if url and not url.startswith(("postgresql://", "postgres://")):
                label = "DATABASE_URL" if name == "main" else f"DATABASE_URL_{name.upper()}"
                reader.problems.append(f"{label} must begin with postgresql://")
        if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://")):
            reader.problems.append("REDIS_URL must begin with redis:// or rediss://")
        if reader.problems:
            raise ConfigError("The configuration is wrong:\n" + "\n".join(f"  - {line}" for line in reader.problems))
        return settings


class _Reader:
    """Reads one value at a time and collects what is wrong instead of stopping at the first fault."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str | None:
        path = self.environ.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text().strip() or default
            except OSError as error:
                self.problems.append(f"{name}_FILE cannot be read: {error.strerror}")
                return default
        return self.environ.get(name) or default

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            self.problems.append(f"{name} is missing")
        return value or ""

    def secret(self, name: str) -> str:
        value = self.required(name)
        if value and len(value.encode()) < 32:
            self.problems.append(f"{name} must have at least 32 bytes")
        return value

    def key(self, name: str, *, optional: bool = False) -> bytes:
        value = (self.text(name) or "") if optional else self.required(name)
        try:
            key = base64.b64decode(value, validate=True)
        except binascii.Error:
            key = b""
        if value and len(key) != 32:
            self.problems.append(f"{name} must be 32 bytes in base64")
        return key

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        value = self.text(name, default) or default
        if value not in options:
            self.problems.append(f"{name} must be one of {', '.join(options)}")
            return default
        return value

    def networks(self, name: str) -> tuple[str, ...]:
        parts = tuple(part for part in (self.text(name) or "").split(",") if part)
        for part in parts:
            try:
                ipaddress.ip_network(part)
            except ValueError:
                self.problems.append(f"{name}: {part} is not an address or a network")
        return parts

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default)) or str(default)
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            self.problems.append(f"{name} must be a whole number from {low} to {high}")
            return default
        return int(value)
