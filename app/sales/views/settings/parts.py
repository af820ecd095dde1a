"""What the page of settings is made of: forms that set a policy, and links to pages of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from app.core.guard.permissions import Actor
from app.sales.rules.policies import PolicyKind

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """A policy people set by a form: its template, the schema of what is typed, and how it becomes the body and back.

    `context` gives the template what it shows beside the values. The page adds the store, the day from which it
    holds and the number of the version that was read.
    """

    kind: PolicyKind
    label: str
    hint: str
    template: str
    schema: Callable[[], type[Schema]]
    to_body: Callable[[Mapping[str, Any]], Body]
    to_values: Callable[[Body | None], Mapping[str, Any]]
    context: Callable[[Actor], Mapping[str, Any]] = lambda _actor: {}


@dataclass(frozen=True)
class Link:
    """Settings with a page of their own, such as a list of products; shown to whoever may open it."""

    label: str
    hint: str
    endpoint: str
    permission: str
