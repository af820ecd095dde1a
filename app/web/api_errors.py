"""Every refusal there is, collected from the code: the codes of whole answers, and those of single fields."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any

from app.core.errors import DomainError
from app.core.http.forms import CODES
from app.core.http.problems import HTTP_WORDS

# The calls that refuse a field -> the places of code and message among their arguments.
CALLS = {"FieldError": (1, 2), "Refused": (0, 1)}
HEAD = """# Refusals

What the API answers when it says no, made from the code by `flask api errors --write`; a test holds the two together.
Codes never change and never get another meaning; the texts follow `Accept-Language`, and `{…}` in them is filled in.

## Of a whole request

`code` of the problem, the HTTP status and the English `detail`.

| code | status | detail |
| --- | --- | --- |
"""
FIELDS = """
## Of single fields and parameters

`code` of an entry of `errors`. A refusal above that concerns one field stands there under its own code.

| code | detail |
| --- | --- |
"""


@dataclass(frozen=True, order=True)
class Refusal:
    """One code with its status and its English texts; one of a field alone has no status."""

    code: str
    status: int | None
    texts: tuple[str, ...]


def refusals() -> list[Refusal]:
    """Every code a whole request can be refused with."""
    found: dict[tuple[str, int], set[str]] = {}
    _modules()
    for kind in _below(DomainError):
        if kind.__module__.startswith("app."):
            found.setdefault((kind.code, kind.status), set()).add(str(kind.message))
    for status, (code, text) in HTTP_WORDS.items():
        found.setdefault((code, status), set()).add(text)
    return sorted(Refusal(code, status, tuple(sorted(texts))) for (code, status), texts in found.items())


def field_refusals() -> list[Refusal]:
    """The codes of single fields, as far as they stand in the code itself."""
    found: dict[str, set[str]] = {}
    for text, code in CODES.items():
        found.setdefault(code, set()).add(text)
    for module in _modules():
        names = vars(module)
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                for code, text in _said(node, CALLS[node.func.id], names):
                    found.setdefault(code, set()).add(text)
    return sorted(Refusal(code, None, tuple(sorted(texts))) for code, texts in found.items())


def as_markdown() -> str:
    """The page `docs/errors.md`."""
    whole = [f"| `{item.code}` | {item.status} | {_cell(item)} |\n" for item in refusals()]
    single = [f"| `{item.code}` | {_cell(item)} |\n" for item in field_refusals()]
    return HEAD + "".join(whole) + FIELDS + "".join(single)


def _cell(item: Refusal) -> str:
    return " · ".join(text.replace("|", "\\|") for text in item.texts)


def _modules() -> list[ModuleType]:
    """Every module of the application."""
    package = importlib.import_module("app")
    return [importlib.import_module(found.name) for found in pkgutil.walk_packages(package.__path__, "app.")]


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _below(child)


def _said(call: ast.Call, places: tuple[int, int], names: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Code and message of a call; all of a table's where it picks one from a table of messages."""
    if len(call.args) <= max(places):
        return
    code, text = (call.args[place] for place in places)
    known = _text(code, names), _text(text, names)
    if known[0] and known[1]:
        yield known[0], known[1]
    elif isinstance(text, ast.Subscript):
        table = _value(text.value, names)
        lead = code.values[0] if isinstance(code, ast.JoinedStr) else None
        before = str(lead.value) if isinstance(lead, ast.Constant) else ""
        if isinstance(table, Mapping):
            for key, message in table.items():
                yield before + (str(key.value) if isinstance(key, Enum) else str(key)), str(message)


def _text(node: ast.expr, names: Mapping[str, Any]) -> str | None:
    found = _value(node, names)
    return str(found) if isinstance(found, str) else None


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """What an expression of names and constants stands for; None for any other."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, names), node.attr, None)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_":
        return _value(node.args[0], names)
    return None
