"""Calls to addresses that a dealership names: to the public internet alone, by TLS, without detours, and briefly.

A name is resolved once and the connection goes to the very address that was checked, so that a name which leads
elsewhere a moment later leads nowhere. Loaded only where such a call is made.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import connection as sockets

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
# A server that says a byte now and then keeps within those: by then the whole call is over.
CALL_SECONDS = 15.0
MOST_BYTES = 1024 * 1024
# Ways to addresses of the old kind that translators of a network make; the second is any network's own affair.
_TRANSLATED, _TRANSLATED_WITHIN = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48")
PORTS = frozenset({443, 8443})


class CallRefused(requests.RequestException):
    """The address is none that may be called, or its answer none that is read."""


def check_address(url: str, *, loopback: bool = False) -> None:
    """Raise CallRefused unless `url` may be called as far as it can be told without asking anybody.

    `loopback`: this installation is reached on its own machine alone, and may call servers there without TLS.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise CallRefused("malformed") from error
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise CallRefused("malformed")
    if loopback and _is_own_machine(host):
        return
    if parts.scheme != "https" or (port or 443) not in PORTS:
        raise CallRefused("https on a usual port only")
    if _as_address(host) is not None and not _is_public(host):
        raise CallRefused("not a public address")


def session_of(session: requests.Session, *, loopback: bool = False) -> requests.Session:
    """`session`, made to call public addresses alone: no proxies, no redirects, time limits, small answers."""
    session.trust_env = False
    session.max_redirects = 0
    adapter = _Guarded(loopback=loopback)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def resolve(host: str, port: int, *, loopback: bool = False) -> str:
    """The one address to connect to; raises CallRefused unless every address of the name may be called."""
    try:
        found = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise CallRefused("unknown host") from error
    if loopback and found and all(ipaddress.ip_address(text.partition("%")[0]).is_loopback for text in found):
        return found[0]
    if not found or not all(_is_public(text) for text in found):
        raise CallRefused("not a public address")
    return found[0]


def _is_public(text: str) -> bool:
    address = _as_address(text)
    if address is None:
        return False
    if address in _TRANSLATED_WITHIN:
        return False
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    if address in _TRANSLATED:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return bool(address.is_global and inner.is_global and not inner.is_multicast)


def _as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_own_machine(host: str) -> bool:
    address = _as_address(host)
    return address.is_loopback if address is not None else host == "localhost" or host.endswith(".localhost")


class _Call:
    """The time of one call: when it is over, its connections are cut, whatever they are at."""

    def __init__(self) -> None:
        self.is_over = False
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(CALL_SECONDS, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Call:
        self._token = _call.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        _call.reset(self._token)
        for handle in self._watched:
            handle.close()

    def watch(self, made: socket.socket) -> None:
        """Cut this connection too; TLS takes the socket over, but another handle on it stays good."""
        self._watched.append(made.dup())
        if self.is_over:
            self._cut()

    def _cut(self) -> None:
        self.is_over = True
        for handle in self._watched:
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)


_call: ContextVar[_Call] = ContextVar("forecourt_outbound_call")


class _Checked:
    """A connection to the address that was checked; certificates are those of the name all the same.

    It is for one call, and cut when that has taken too long.
    """

    loopback = False

    def _new_conn(self: Any) -> socket.socket:
        target = resolve(self._dns_host, self.port, loopback=self.loopback)
        made = sockets.create_connection((target, self.port), self.timeout, socket_options=self.socket_options)
        _call.get().watch(made)
        return made


class _Plain(_Checked, HTTPConnection):
    """By name `http`, to the own machine alone."""

    loopback = True


class _Secure(_Checked, HTTPSConnection):
    """By TLS, to public addresses."""


class _SecureHere(_Secure):
    """By TLS, to the own machine too."""

    loopback = True


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _SecureHerePool(HTTPSConnectionPool):
    ConnectionCls = _SecureHere


class _Guarded(HTTPAdapter):
    """Sends what may be sent, and reads answers of a bounded size."""

    def __init__(self, *, loopback: bool) -> None:
        self.loopback = loopback
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Pools whose connections check where they go."""
        super().init_poolmanager(*args, **kwargs)
        pools: dict[str, type] = {"http": _PlainPool, "https": _SecureHerePool if self.loopback else _SecurePool}
        self.poolmanager.pool_classes_by_scheme = pools

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """As in requests; raises CallRefused."""
        check_address(request.url or "", loopback=self.loopback)
        kwargs.update(stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS))
        with _Call() as call:
            try:
                response = super().send(request, *args, **kwargs)
                with response:
                    if response.is_redirect:
                        raise CallRefused("no detours")
                    response._content = _body(response)
            finally:
                # The next call has a connection of its own.
                self.poolmanager.clear()
        if call.is_over:
            # An answer that was cut may look like a whole one.
            raise CallRefused("too slow")
        return response


def _body(response: requests.Response) -> bytes:
    body = b""
    for piece in response.iter_content(64 * 1024):
        body += piece
        if len(body) > MOST_BYTES:
            raise CallRefused("too large")
    return body
