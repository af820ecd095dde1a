"""From a dealership's name to its address: what the start page of the bare host looks up in the directory."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from app.core.db import Tenant, directory
from app.core.http.sessions import settings

HIDDEN_STATES = ("requested", "deleting", "deleted")


@dataclass(frozen=True)
class Address:
    """Where a dealership is reached."""

    name: str
    url: str


def folded(text: str) -> str:
    """`text` as names are compared: width, case, spaces and hyphens make no difference."""
    return re.sub(r"[\s\-_.]+", "", unicodedata.normalize("NFKC", text).casefold())


def tenant_url(tenant: Tenant) -> str:
    """The address of `tenant`: its first host, with the port people reach us at."""
    config = settings()
    host = tenant.hosts[0] if tenant.hosts else f"{tenant.slug}.{config.base_host}"
    usual = 443 if config.public_scheme == "https" else 80
    port = "" if config.public_port == usual else f":{config.public_port}"
    return f"{config.public_scheme}://{host}{port}/"


def find_dealership(asked: str) -> Address | None:
    """The dealership whose name, short name or host is exactly `asked`; a part of a name finds nothing.

    The page tells whether a dealership is here, as its address would; it never lists or suggests others.
    """
    wanted = folded(asked)
    typed = unicodedata.normalize("NFKC", asked).casefold().strip().rstrip("/").rpartition("/")[2].partition(":")[0]
    found = directory.find_host(f"{typed}.{settings().base_host}") or directory.find_host(typed)
    if found is None and wanted:
        found = next((tenant for tenant in directory.all_tenants() if wanted in _names(tenant)), None)
    if found is None or found.state in HIDDEN_STATES:
        return None
    return Address(found.name, tenant_url(found))


def _names(tenant: Tenant) -> tuple[str, str]:
    return folded(tenant.slug), folded(tenant.name)
