"""From where somebody acts, as far as the audit keeps it: the network of the address and the kind of program."""

from __future__ import annotations

import ipaddress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from app.core.logging import bound

# How much of an address says which network it is; the rest would say which machine.
_KEPT: Final = {4: 24, 6: 48}
# What a user agent calls itself; those that also name others come first.
_PROGRAMS: Final = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("MicroMessenger", "WeChat"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"), ("python", "Python"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """Where what is being done comes from; nothing is known where no request is."""

    network: str | None = None
    agent: str | None = None
    # The whole address, which entries keep sealed, and only where somebody signs in.
    address: str | None = field(default=None, repr=False)


# Address and agent, of which the origin is made when it is asked for: most requests only read.
_current: ContextVar[tuple[str, str] | None] = ContextVar("forecourt_origin", default=None)


def come_from(address: str, agent: str) -> None:
    """Say where this context's request comes from."""
    _current.set((address, agent))


def forget_origin() -> None:
    """The request is over."""
    _current.set(None)


def origin() -> Origin:
    """Where this context's request comes from; outside requests the task or nothing."""
    found = _current.get()
    if found is not None:
        address, agent = found
        return Origin(network_of(address), program_of(agent), address or None)
    task = bound("task")
    return Origin(agent=f"task {task}"[:60]) if task else Origin()


def network_of(address: str) -> str | None:
    """The network an address belongs to, such as 203.0.113.0/24; None for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network((parsed, _KEPT[parsed.version]), strict=False))


def program_of(agent: str) -> str | None:
    """The kind of program behind a user agent, such as "Firefox, Windows": never its own words."""
    if not agent:
        return None
    program = next((name for mark, name in _PROGRAMS if mark.lower() in agent.lower()), "another program")
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    return f"{program}, {system}" if system else program
