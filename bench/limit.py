"""The least that three requests of the API can cost: the same answers, and the same rows written, by hand.

A bare WSGI function over psycopg and SQL as text: no framework, no mapper, no schema. What it must decide it decides
as the product does (host, key, rights, scope, field policy), but for customers alone; pure rules of the product
(foldings, masks, spellings) are called, since both pay for them alike. One thread, one connection.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import psycopg
import redis
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from app.core.db.columns import new_id
from app.core.db.dialect import CONNECT_ARGS, IDLE
from app.core.db.scopes import WEB, Tenant
from app.core.guard.key_reads import KEPT_SECONDS
from app.core.guard.keys import TenantKeys, context_of, lock
from app.core.guard.masks import mask
from app.core.guard.origin import network_of, program_of
from app.core.http.headers import FIXED
from app.core.http.hosts import parse_host
from app.core.http.rates import SCRIPT, WINDOW, read_answer
from app.core.lists.search.tokens import kept_forms
from app.core.lists.search.words import fold, spellings_of
from app.crm.rules.customers import ContactKind, fold_name, full_name, normalize_contact
from app.tenants.rules.api_keys import comes_from, hash_of, is_well_formed
from bench.limit_rows import (
    KEY_ROW,
    NEW_CONTACT,
    NEW_CUSTOMER,
    NEW_ENTRY,
    NEW_FIND,
    NEW_HINT,
    NEW_SUBJECT,
    ONE,
    PAGE,
    Refused,
    blind,
    dumped,
    private,
)

Headers = list[tuple[str, str]]
Rows = list[tuple[str, list[Any]]]
Start = Callable[[str, Headers], Any]
BEARER = re.compile(r"Bearer +([A-Za-z0-9_]{1,100})", re.IGNORECASE)
ROOT, QUERY = "/api/v1/customers", "limit=50&sort=-created_at"
EDITED = ("kind", "name", "given_name", "family_name", "store_id", "owner_id", "language", "notes")
FIXED_HEADERS = [*FIXED.items(), ("Cache-Control", "no-store"), ("Vary", "Cookie, Accept-Language")]


@dataclass(frozen=True)
class House:
    """What the process holds of one dealership."""

    tenant: Tenant
    keys: TenantKeys
    begin: bytes
    zone: ZoneInfo


@dataclass(frozen=True)
class Caller:
    """Whom the key acts as."""

    id: uuid.UUID
    name: str
    grants: Mapping[str, str]
    sights: Mapping[str, str]
    stores: list[uuid.UUID]


class Limit:
    """The WSGI function, with the one connection and what it holds of the dealerships."""

    def __init__(
        self, dsn: str, redis_url: str, secret: str, houses: Mapping[str, tuple[Tenant, TenantKeys]], quotas: list[int]
    ) -> None:
        self.connection = psycopg.connect(dsn, **{**CONNECT_ARGS, "application_name": "limit"})
        self.count = redis.Redis.from_url(redis_url).register_script(SCRIPT)
        self.secret, self.quotas, self.together = secret.encode(), quotas, False
        self.mark_key = sha256(b"mark\0" + self.secret).digest()
        self.houses = {
            host: House(tenant, keys, tenant.scope.begin + WEB.settings, ZoneInfo(tenant.timezone))
            for host, (tenant, keys) in houses.items()
        }

    def at_once(self, environ: dict[str, Any], start: Start) -> list[bytes]:
        """As the function itself, but a creation is written by one statement instead of one for each row."""
        self.together = True
        try:
            return self(environ, start)
        finally:
            self.together = False

    def __call__(self, environ: dict[str, Any], start: Start) -> list[bytes]:
        """Answer one request."""
        request_id = secrets.token_hex(8)
        headers: Headers = [("X-Request-Id", request_id), *FIXED_HEADERS]
        try:
            status, body = self._answered(environ, request_id, headers)
        except Refused as refusal:
            status, body = str(refusal), {}
        finally:
            if self.connection.pgconn.transaction_status != IDLE:
                self.connection.pgconn.exec_(b"ROLLBACK")
        data = orjson.dumps(body)
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        start(status, headers)
        return [data]

    def _answered(self, environ: dict[str, Any], request_id: str, headers: Headers) -> tuple[str, Any]:
        house = self.houses.get(parse_host(environ["HTTP_HOST"]) or "")
        if house is None:
            raise Refused("404 Not Found")
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.connection.pgconn.exec_(house.begin)
        with self.connection.cursor(row_factory=namedtuple_row) as cursor:
            caller = self._caller(cursor, environ, house)
            self._counted(house, caller, headers, is_read=method == "GET")
            if method == "GET" and path == ROOT:
                return "200 OK", self._listed(cursor, house, caller, environ, headers)
            if method == "GET":
                return "200 OK", self._shown(cursor, house, caller, private("cus", path.rpartition("/")[2]), headers)
            key = self._created(cursor, house, caller, environ, request_id)
            shown = self._shown(cursor, house, caller, key, headers)
            self.connection.pgconn.exec_(b"COMMIT")
            headers.append(("Location", f"{ROOT}/{shown['id']}"))
            return "201 Created", shown

    def _caller(self, cursor: psycopg.Cursor[Any], environ: dict[str, Any], house: House) -> Caller:
        sent = BEARER.fullmatch(environ["HTTP_AUTHORIZATION"].strip())
        if sent is None or not is_well_formed(sent[1]):
            raise Refused("401 Unauthorized")
        now = datetime.now(UTC)
        row = cursor.execute(KEY_ROW, {"now": now, "hash": hash_of(sent[1])}).fetchone()
        if row is None or not comes_from(environ["REMOTE_ADDR"], row.networks):
            raise Refused("401 Unauthorized")
        if row.last_used_at is None or (now - row.last_used_at).total_seconds() >= 60:
            used = "UPDATE tenants_api_keys SET last_used_at = %s, updated_at = updated_at WHERE id = %s"
            cursor.execute(used, [now, row.id])
            self.connection.pgconn.exec_(b"COMMIT")
            self.connection.pgconn.exec_(house.begin)
        wanted, grants = set(row.permissions), dict(row.grants or ())
        if "*" in grants:
            grants = {**dict.fromkeys(wanted, grants["*"]), **grants}
        sights = dict(row.sights or ())
        if "*" in sights:
            sights = {**dict.fromkeys(("contact", "identity"), sights["*"]), **sights}
        if row.store_id is not None:
            grants = {name: "store" if scope == "all" else scope for name, scope in grants.items()}
        stores = [uuid.UUID(store[0]) for store in row.stores or ()]
        return Caller(row.id, row.name, {name: grants[name] for name in wanted if name in grants}, sights, stores)

    def _counted(self, house: House, caller: Caller, headers: Headers, *, is_read: bool) -> None:
        """One round trip for both limits and the read."""
        start = f"t:{house.tenant.id}:"
        keys = [f"{start}rates:key:{caller.id}:{self.quotas[0]}", f"{start}rates:all:{self.quotas[1]}"]
        told: list[Any] = [WINDOW, 2, *self.quotas]
        if is_read:
            keys.append(f"{start}reads:{caller.id}")
            told += [f"{datetime.now(house.zone).date().isoformat()}/customers", KEPT_SECONDS]
        own, whole = read_answer({"key": self.quotas[0], "dealership": self.quotas[1]}, self.count(keys, told))
        if own.left < 0 or whole.left < 0:
            raise Refused("429 Too Many Requests")
        headers.append(("RateLimit-Policy", f'"key";q={own.quota};w=60, "dealership";q={whole.quota};w=60'))
        headers.append(("RateLimit", f'"key";r={own.left};t={own.reset}, "dealership";r={whole.left};t={whole.reset}'))

    def _listed(
        self, cursor: psycopg.Cursor[Any], house: House, caller: Caller, environ: dict[str, Any], headers: Headers
    ) -> dict[str, Any]:
        if environ["QUERY_STRING"] != QUERY:
            raise Refused("400 Bad Request")
        scope, values = _scope(caller, "customer.see")
        rows = cursor.execute(PAGE.format(scope=scope), {"rows": 51, **values}).fetchall()
        cursor_text = None
        if len(rows) > 50:
            del rows[50]
            cursor_text = self._cursor(house, rows[-1])
            base = f"http://{environ['HTTP_HOST']}{ROOT}?{QUERY}"
            headers.append(("Link", f'<{base}&cursor={cursor_text}>; rel="next"'))
        hidden, masked = _sights(caller)
        data = [dumped(row, hidden, masked) for row in rows]
        return {
            "data": data,
            "page": {"next_cursor": cursor_text, "prev_cursor": None, "has_more": cursor_text is not None},
        }

    def _shown(
        self, cursor: psycopg.Cursor[Any], house: House, caller: Caller, key: uuid.UUID, headers: Headers
    ) -> dict[str, Any]:
        scope, values = _scope(caller, "customer.see")
        row = cursor.execute(ONE.format(scope=scope), {"id": key, **values}).fetchone()
        if row is None:
            raise Refused("404 Not Found")
        marks = b"".join(self._mark(house, key, name, getattr(row, name)) for name in EDITED)
        headers.append(("ETag", f'"{row.version}-{urlsafe_b64encode(marks).rstrip(b"=").decode()}"'))
        return dumped(row, *_sights(caller))

    def _created(
        self, cursor: psycopg.Cursor[Any], house: House, caller: Caller, environ: dict[str, Any], request_id: str
    ) -> uuid.UUID:
        sent = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        given, family = sent["given_name"].strip(), sent["family_name"].strip()
        owner_id, store_id = None, private("store", sent["store_id"])
        scope = caller.grants.get("customer.create")
        if scope != "all" and not (scope == "store" and store_id in caller.stores):
            raise Refused("403 Forbidden")
        if sent["kind"] != "individual" or max(len(given), len(family)) > 100 or not (given or family):
            raise Refused("422 Unprocessable Content")
        name, key, keys, tenant_id = full_name(given, family), new_id(), house.keys, house.tenant.id
        customer = [key, sent["kind"], name, given, family, fold_name(name), store_id, owner_id, "", ""]
        rows: Rows = [(NEW_CUSTOMER, customer)]
        plain = os.urandom(32)
        wrapped = lock(keys.wrapping[keys.current], plain, context_of("subject-key", tenant_id, key))
        rows.append((NEW_SUBJECT, [key, wrapped, keys.current]))
        own, index_key, tokens = AESGCM(plain), keys.index_keys()[0][1], list[int]()
        for position, point in enumerate(sent["contacts"]):
            kind, point_id = ContactKind(point["kind"]), new_id()
            if caller.sights.get("contact") != "visible":
                raise Refused("403 Forbidden")
            contact = normalize_contact(kind, point["value"], house.tenant.country)
            place = context_of(tenant_id, "crm_contact_points", "value_enc", point_id)
            sealed = b"\x01" + lock(own, contact.value.encode(), place)
            index = blind(index_key, kind.value, contact.value)
            masked = mask(kind.value, contact.value)
            found = [point_id, key, kind.value, contact.status.value, sealed, index, masked, "", position]
            rows.append((NEW_CONTACT, found))
            for form in kept_forms(kind.value, contact.value):
                token = blind(index_key, f"search.customer.{form.secret}.{form.part}", form.text)
                tokens.append(int.from_bytes(token[:8], "big", signed=True))
        entry_id = new_id()
        told = {"name": [None, name], "given_name": [None, given], "family_name": [None, family]}
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = b"\x01" + lock(own, text, context_of(tenant_id, "core_audit", "sealed", entry_id))
        changes = Jsonb({"kind": [None, sent["kind"]], "store_id": [None, str(store_id)]})
        origin, agent = network_of(environ["REMOTE_ADDR"]), program_of(environ["HTTP_USER_AGENT"])
        entry = [entry_id, caller.name, key, changes, sealed, key, request_id, origin, agent, caller.id]
        names = fold(name)
        found_by = [key, key, store_id, owner_id, name, names, spellings_of(names), sorted(set(tokens)) or None]
        self._write(cursor, [*rows, (NEW_ENTRY, entry), (NEW_HINT, []), (NEW_FIND, found_by)])
        return key

    def _write(self, cursor: psycopg.Cursor[Any], rows: Rows) -> None:
        """One statement a row, or one for all."""
        if self.together:
            *before, (last, _) = rows
            parts = ", ".join(f"row_{number} AS ({statement})" for number, (statement, _) in enumerate(before))
            rows = [(f"WITH {parts} {last}", [value for _, values in rows for value in values])]
        for statement, values in rows:
            cursor.execute(statement, values)

    def _cursor(self, house: House, row: Any) -> str:
        """The place behind `row`, sealed for the dealership, the list and this question."""
        asked = json.dumps(["customers", "-created", {}], sort_keys=True).encode()
        purpose = json.dumps(["list cursor", house.tenant.id, "customers"]).encode()
        keys = [["t", row.created_at.isoformat()], ["u", str(row.id)]]
        text, nonce = json.dumps([0, 0, 50, keys]).encode(), os.urandom(12)
        sealed = AESGCM(hmac.digest(self.secret, purpose, "sha256")).encrypt(nonce, text, sha256(asked).digest())
        return urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def _mark(self, house: House, key: uuid.UUID, field: str, value: Any) -> bytes:
        text = json.dumps([field, None if value in (None, "") else str(value)], ensure_ascii=False)
        place = json.dumps([house.tenant.id, f"etag:customer:{key}", text], ensure_ascii=False)
        return hmac.digest(self.mark_key, place.encode(), "sha256")[:6]


def _scope(caller: Caller, permission: str) -> tuple[str, Mapping[str, Any]]:
    scope = caller.grants.get(permission)
    if scope == "all":
        return "true", {}
    if scope == "store":
        return "c.store_id = any(%(stores)s)", {"stores": caller.stores}
    raise Refused("403 Forbidden")


def _sights(caller: Caller) -> tuple[list[str], list[str]]:
    """The fields that are hidden from the caller, and those he sees masked."""
    groups = {"contact": "contact", "id_number_masked": "identity"}
    seen = {field: caller.sights.get(group, "hidden") for field, group in groups.items()}
    return [f for f, sight in seen.items() if sight == "hidden"], [f for f, sight in seen.items() if sight == "masked"]
