"""From host to tenant, before Flask: the Host header alone decides, and unknown hosts cost no tenant database work."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import Settings
from app.core.db import Tenant, directory, operators, platform, tenant
from app.core.errors import DomainError
from app.core.http.headers import FIXED
from app.core.http.problems import HostUnknown, TenantBeingPrepared, TenantSuspended, TenantUnreadable, Unavailable
from app.core.logging import get_logger

log = get_logger(__name__)

HOST_SHAPE = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)(:[0-9]{1,5})?")
# They say how the process and its servers are, to whoever can reach the port; no tenant is involved.
HEALTH_PATHS = ("/healthz", "/readyz")
# Files of ours that hold nobody's data; refusals need the style sheet too.
STATIC_PATH = "/static/"
# Before the base host: the platform's own console. No dealership can be called so.
OPERATOR_LABEL = "operator"
# What a client may claim about where it comes from; only a named gateway's word about the address is heard.
CLAIMS = ("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX",
          "HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")  # fmt: skip

REFUSALS: dict[str, type[DomainError]] = {
    "unknown": HostUnknown,
    "suspended": TenantSuspended,
    "preparing": TenantBeingPrepared,
    "unreadable": TenantUnreadable,
    "unavailable": Unavailable,
}

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class HostMiddleware:
    """Runs each request in the context of the tenant or the console its host names, or lets Flask say why not."""

    def __init__(self, app: Flask, settings: Settings, readable: Callable[[str | None], bool]) -> None:
        self.app = app
        self.inner: WSGIApp = app.wsgi_app
        self.bare_hosts = {settings.base_host}
        self.operator_host = f"{OPERATOR_LABEL}.{settings.base_host}"
        self.readable = readable
        self.gateways = [ipaddress.ip_network(text) for text in getattr(settings, "gateway_addresses", ())]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        host = parse_host(environ.get("HTTP_HOST", ""))
        if host is None:
            return _bad_request(start_response)
        environ["forecourt.client"] = self._client(environ)
        for name in CLAIMS:
            environ.pop(name, None)
        environ["forecourt.host"] = host
        environ["forecourt.operator"] = host == self.operator_host
        path = environ.get("PATH_INFO", "")
        if path in HEALTH_PATHS or path.startswith(STATIC_PATH):
            return self.inner(environ, start_response)
        if environ["forecourt.operator"]:
            with self.app.app_context(), operators():
                return self.inner(environ, start_response)
        with self.app.app_context():
            found, environ["forecourt.refusal"] = self._find(host)
            if found is not None:
                with tenant(found.id):
                    return self.inner(environ, start_response)
            if environ["forecourt.refusal"] is None:
                # The bare host: what is asked and answered there lies in the platform's own rows.
                with platform():
                    return self.inner(environ, start_response)
        return self.inner(environ, start_response)

    def _find(self, host: str) -> tuple[Tenant | None, str | None]:
        """The tenant at `host` that may be served, or the refusal; neither on the bare host."""
        try:
            found = directory.find_host(host)
        except SQLAlchemyError as error:
            log.error("directory_unavailable", error=type(error).__name__)
            return None, "unavailable"
        if found is None:
            return None, None if host in self.bare_hosts else "unknown"
        if found.state == "suspended":
            return None, "suspended"
        if found.state in ("requested", "provisioning"):
            return None, "preparing"
        if found.state != "active":
            return None, "unknown"
        if not self.readable(found.schema_version):
            return None, "unreadable"
        return found, None

    def _client(self, environ: dict[str, Any]) -> str:
        """The address of the client: the peer, or what a gateway of ours says about it in the last entry."""
        peer = str(environ.get("REMOTE_ADDR") or "")
        address = _address(peer)
        if address is None or not any(address in network for network in self.gateways):
            return peer
        claimed = str(environ.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        return str(_address(claimed) or peer)


def parse_host(header: str) -> str | None:
    """The host of a Host header in lower case without its port, or None when it is malformed (or sent twice)."""
    match = HOST_SHAPE.fullmatch(header.lower())
    if match is None or ".." in header:
        return None
    return match.group(1)


def _address(text: str) -> Any:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _bad_request(start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = b"400 Bad Request\n"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("400 Bad Request", headers + list(FIXED.items()))
    return [body]
