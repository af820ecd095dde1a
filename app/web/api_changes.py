"""What a new document of the API would break for clients of an older one. Pure.

A client sends what the old one allows and reads what the old one promises. So what is taken may only grow: no field,
parameter or value goes, none becomes required, no limit gets narrower. What is answered may only become more certain:
no field goes or becomes optional, none changes its type. Further values of an answer's field are no break: whoever
reads must bear them, as further fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.core.http.api.finishing import operations_of, resolve
from app.web.api_reference import SOME_OF

Schema = Mapping[str, Any]
# Names of limits -> whether a larger number is narrower.
LIMITS = {"minLength": True, "minimum": True, "exclusiveMinimum": True, "minItems": True,
          "maxLength": False, "maximum": False, "exclusiveMaximum": False, "maxItems": False}  # fmt: skip
ALTERNATIVES = ("anyOf", "oneOf")
# Anybody at all, or any key; everything else is a right a key may lack.
NOTHING_SPECIAL = (None, "*")


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Every change from `old` to `new` that a client of `old` would feel, named by operation and place."""
    now = {(path, method): said for path, method, said in operations_of(new)}
    found = []
    for path, method, said in operations_of(old):
        where = f"{method.upper()} {path}"
        if (path, method) not in now:
            found.append(f"{where}: is gone")
            continue
        check = _Check(old, new)
        items = (old["paths"][path].get("parameters", ()), new["paths"][path].get("parameters", ()))
        found += [f"{where}: {text}" for text in check.operation(said, now[path, method], items)]
    return found


class _Check:
    """Two documents, and which pairs of schemas are being compared: a schema may refer to itself."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.old, self.new = old, new
        self.begun: set[tuple[str, str, bool]] = set()

    def operation(self, old: Schema, new: Schema, items: tuple[Sequence[Any], Sequence[Any]]) -> Iterator[str]:
        """What breaks in one operation; `items` are the parameters said for its whole path."""
        if old.get("operationId") != new.get("operationId"):
            yield f"is called {new.get('operationId')} and was {old.get('operationId')}"
        if new.get("x-permission") not in (*NOTHING_SPECIAL, old.get("x-permission")):
            yield f"needs {new['x-permission']} and needed {old.get('x-permission')}"
        if old.get("security") == [] and new.get("security") != []:
            yield "was open to everybody"
        yield from self._parameters(
            [*items[0], *old.get("parameters", ())], [*items[1], *new.get("parameters", ())]
        )
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(old["responses"], new["responses"])

    def _parameters(self, old: Sequence[Schema], new: Sequence[Schema]) -> Iterator[str]:
        before = {(said["in"], said["name"]): said for said in (resolve(self.old, item) for item in old)}
        after = {(said["in"], said["name"]): said for said in (resolve(self.new, item) for item in new)}
        for key, said in before.items():
            where = f"parameter {key[1]}"
            if key not in after:
                yield f"{where}: is gone"
                continue
            if after[key].get("required") and not said.get("required"):
                yield f"{where}: is required now"
            yield from self._schemas(said.get("schema", {}), after[key].get("schema", {}), where, taken=True)
        for key, said in after.items():
            if key not in before and said.get("required"):
                yield f"parameter {key[1]}: is new and required"

    def _body(self, old: Schema | None, new: Schema | None) -> Iterator[str]:
        before, after = resolve(self.old, old or {}), resolve(self.new, new or {})
        if after.get("required") and not before.get("required"):
            yield "body: is required now"
        if before and not after:
            yield "body: is gone"
            return
        for kind, said in before.get("content", {}).items():
            if kind not in after["content"]:
                yield f"body: {kind} is not taken any more"
            else:
                yield from self._schemas(
                    said.get("schema", {}), after["content"][kind].get("schema", {}), "body", taken=True
                )

    def _answers(self, old: Mapping[str, Schema], new: Mapping[str, Schema]) -> Iterator[str]:
        for status, said in old.items():
            if status not in new:
                if status < "4":
                    yield f"{status}: is not answered any more"
                continue
            before, after = resolve(self.old, said), resolve(self.new, new[status])
            for kind, media in before.get("content", {}).items():
                if kind not in after.get("content", {}):
                    yield f"{status}: {kind} is not answered any more"
                else:
                    there = after["content"][kind].get("schema", {})
                    yield from self._schemas(media.get("schema", {}), there, status, taken=False)
            for name in before.get("headers", {}).keys() - after.get("headers", {}).keys():
                yield f"{status}: header {name} is gone"

    def _schemas(self, old: Schema, new: Schema, where: str, *, taken: bool) -> Iterator[str]:
        """What breaks between two schemas of what is `taken`, or else answered."""
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"], taken)
            if pair in self.begun:
                return
            self.begun.add(pair)
        before, after = list(_ways(self.old, old)), list(_ways(self.new, new))
        # Every way the old client knows must be taken still; every way it may be answered must be one it knows.
        for one in before if taken else after:
            others = after if taken else before
            same = [other for other in others if _fits(one, other)]
            if not same:
                kind = one.get("type", "anything")
                yield f"{where}: {kind} is not taken any more" if taken else f"{where}: may be {kind} now"
                continue
            pairs = [(one, other) if taken else (other, one) for other in same]
            tries = [list(self._values(*pair, where, taken=taken)) for pair in pairs]
            yield from min(tries, key=len)

    def _values(self, old: Schema, new: Schema, where: str, *, taken: bool) -> Iterator[str]:
        if old.get("format") != new.get("format") and (not taken or new.get("format")):
            yield f"{where}: is written as {new.get('format')} and was as {old.get('format')}"
        if taken:
            yield from _narrowed(old, new, where)
        yield from self._fields(old, new, where, taken=taken)
        if "items" in old or "items" in new:
            yield from self._schemas(old.get("items", {}), new.get("items", {}), f"{where}[]", taken=taken)
        rest = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if taken and rest[1] is False and rest[0] is not False:
            yield f"{where}: further fields are not taken any more"
        if isinstance(rest[0], Mapping) and isinstance(rest[1], Mapping):
            yield from self._schemas(rest[0], rest[1], f"{where}.*", taken=taken)

    def _fields(self, old: Schema, new: Schema, where: str, *, taken: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name, said in before.items():
            place = f"{where}.{name}"
            if name not in after:
                yield f"{place}: is gone"
                continue
            if taken and name in needs - needed:
                yield f"{place}: is required now"
            if not taken and name in needed - needs:
                yield f"{place}: is not always there any more"
            yield from self._schemas(said, after[name], place, taken=taken)
        if taken:
            yield from (f"{where}.{name}: is new and required" for name in sorted(needs - before.keys()))


def _narrowed(old: Schema, new: Schema, where: str) -> Iterator[str]:
    """Limits, values and patterns of what is taken that leave less than before."""
    for name, up in LIMITS.items():
        limit, before = new.get(name), old.get(name)
        if limit is not None and (before is None or (limit > before if up else limit < before)):
            yield f"{where}: {name} is {limit} and was {before}"
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{where}: nothing may stand there twice now"
    if "enum" in new:
        known = old.get("enum")
        gone = ["all others"] if known is None else [str(value) for value in known if value not in new["enum"]]
        if gone:
            yield f"{where}: not taken any more: {', '.join(gone)}"
    if new.get("pattern") and new["pattern"] != old.get("pattern"):
        before, after = (SOME_OF.fullmatch(said.get("pattern", "")) for said in (old, new))
        if before is None or after is None:
            yield f"{where}: has another pattern"
        else:
            gone = sorted(set(before["names"].split("|")) - set(after["names"].split("|")))
            yield from [f"{where}: not taken any more: {', '.join(gone)}"] if gone else []
    if "default" in old and "default" in new and old["default"] != new["default"]:
        yield f"{where}: is {new['default']} unless said and was {old['default']}"


def _ways(document: Mapping[str, Any], schema: Schema) -> Iterator[Schema]:
    """The alternatives of a schema, each with one type at most, and with the values of that type alone."""
    said = resolve(document, schema)
    for name in ALTERNATIVES:
        if name in said:
            for option in said[name]:
                yield from _ways(document, option)
            return
    types = said.get("type")
    for kind in types if isinstance(types, list) else [types]:
        way = {key: value for key, value in said.items() if key != "type"}
        if kind is not None:
            way["type"] = kind
        if "enum" in way:
            way["enum"] = [value for value in way["enum"] if (value is None) == (kind == "null")]
        yield way


def _fits(one: Schema, other: Schema) -> bool:
    """Whether values of `one` may be values of `other` by their types."""
    wide = other.get("type")
    return wide is None or wide == one.get("type") or (one.get("type") == "integer" and wide == "number")
