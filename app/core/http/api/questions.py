"""What a request asks of a list: the parameters of its address, or of a body, in the words of the list's spec.

Only what the list declares and the caller may query is known; anything else is refused by name, never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from marshmallow import Schema

from app.core.errors import N_, FieldError, Invalid
from app.core.guard.permissions import Actor
from app.core.guard.policy import policy_for
from app.core.http.api.records import ApiRecord
from app.core.http.forms import load_form
from app.core.lists import tabs, values
from app.core.lists.query import DEFAULT_PAGE, LARGEST_PAGE, ListQuery, read_query
from app.core.lists.spec import RANGES, Filter
from app.core.lists.views import visible_views

FILTER = re.compile(r"filter\[([a-z0-9_]{1,60})\](?:\[(gte|lte)\])?")
PLAIN = ("limit", "cursor", "sort", "fields", "expand", "include", "view")
ENDS = {"gte": "_from", "lte": "_to"}

MESSAGES = {
    "unknown_parameter": N_("There is no parameter “{name}” here."),
    "unknown_filter": N_("This list has no filter “{name}”."),
    "unknown_field": N_("These records have no field “{name}”."),
    "unknown_expansion": N_("“{name}” cannot come along with these records."),
    "unknown_include": N_("“{name}” cannot be included; “total” can."),
    "repeated": N_("Only one value is possible here."),
    "bad_limit": N_("Between {low} and {high} rows."),
    "not_a_text": N_("Write this as text."),
    "personal_in_address": N_("Personal values never stand in an address: send them to POST …/query."),
}


class BadQuestion(Invalid):
    """Parameters that are unknown or cannot be read, each with its name."""

    code = "invalid_query"
    message = N_("This question cannot be read. Nothing in it was ignored.")
    status = 400
    where = "parameter"


@dataclass(frozen=True)
class Question:
    """One question: to the list, and how its rows are to look."""

    query: ListQuery
    only: Collection[str] | None = None
    expand: tuple[str, ...] = ()
    with_total: bool = False


def refuse(parameter: str, code: str, **params: Any) -> FieldError:
    """The error of one parameter."""
    return FieldError(parameter, code, MESSAGES[code], params)


def read_question(record: ApiRecord, actor: Actor, sent: Mapping[str, Sequence[str]], *, by_post: bool) -> Question:
    """The question in `sent`; raises BadQuestion naming every parameter that is wrong.

    `by_post`: conditions on personal values count, which in an address they never do.
    """
    errors: list[FieldError] = []
    spec = record.listed
    filters = {record_name(record, item.key): item for item in spec.usable_filters(policy_for(actor)).values()}
    args: dict[str, list[str]] = {}
    personal: dict[str, list[str]] = {}
    outside: dict[str, str] = {}
    for parameter, texts in sent.items():
        found = FILTER.fullmatch(parameter)
        if found is not None:
            item = filters.get(found.group(1))
            argument = _argument(item, found.group(2)) if item else None
            if item is None or argument is None:
                errors.append(refuse(parameter, "unknown_filter", name=found.group(1)[:40]))
            elif item.personal and not by_post:
                errors.append(refuse(parameter, "personal_in_address"))
            else:
                outside[argument] = parameter
                (personal if item.personal else args)[argument] = _values(item, texts)
        elif parameter not in PLAIN:
            errors.append(refuse(parameter, "unknown_parameter", name=parameter[:40]))
        elif len(texts) != 1:
            errors.append(refuse(parameter, "repeated"))
    one = {name: sent[name][0] for name in PLAIN if len(sent.get(name, ())) == 1}
    limit = _limit(one.get("limit"), errors)
    only = _names(one, "fields", record.field_names, "unknown_field", errors)
    expand = _names(one, "expand", record.expands, "unknown_expansion", errors)
    include = _names(one, "include", ("total",), "unknown_include", errors)
    if one.get("sort"):
        way, key = ("-", one["sort"][1:]) if one["sort"].startswith("-") else ("", one["sort"])
        if key in record.names.values() and key not in record.names:
            # It is the list's own word, which is called otherwise here.
            errors.append(FieldError("sort", "unknown_sort", values.MESSAGES["unknown_sort"], {"name": key}))
        else:
            args["sort"] = [way + record.names.get(key, key)]
    args.update({name: [one[name]] for name in ("cursor", "view") if one.get(name)})
    query = _asked(record, actor, args, personal, outside, errors)
    if errors or query is None:
        raise BadQuestion(errors)
    fields = None if only is None else {"id", *only}
    return Question(replace(query, limit=limit), fields, tuple(expand or ()), "total" in (include or ()))


def read_looks(record: ApiRecord, sent: Mapping[str, Sequence[str]]) -> tuple[Collection[str] | None, tuple[str, ...]]:
    """What a request for one record asks besides it: fields and what comes along. Raises BadQuestion."""
    errors = [refuse(name, "unknown_parameter", name=name[:40]) for name in sent if name not in ("fields", "expand")]
    errors += [refuse(name, "repeated") for name, texts in sent.items() if len(texts) != 1]
    one = {name: texts[0] for name, texts in sent.items()}
    only = _names(one, "fields", record.field_names, "unknown_field", errors)
    expand = _names(one, "expand", record.expands, "unknown_expansion", errors)
    if errors:
        raise BadQuestion(errors)
    return (None if only is None else {"id", *only}), tuple(expand or ())


def read_parameters(schema: type[Schema]) -> dict[str, Any]:
    """The parameters of an address that is no list's, checked by `schema`; raises BadQuestion."""
    try:
        return load_form(schema, request.args)
    except Invalid as refusal:
        raise BadQuestion(refusal.errors) from refusal


def flattened(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """The parameters in a JSON body of `…/query`, under the names they have in an address."""
    sent: dict[str, list[str]] = {}
    for name, value in body.items():
        if name != "filter":
            sent[name] = [_text(name, value, joined=name in ("fields", "expand", "include"))]
            continue
        if not isinstance(value, Mapping):
            raise BadQuestion([refuse("filter", "not_a_text")])
        for key, condition in value.items():
            if isinstance(condition, Mapping):
                sent.update({f"filter[{key}][{end}]": [_text(key, text)] for end, text in condition.items()})
            else:
                sent[f"filter[{key}]"] = [_text(f"filter[{key}]", condition, joined=True)]
    return sent


def record_name(record: ApiRecord, key: str) -> str:
    """What a filter or sort of the list is called in the API."""
    return next((outside for outside, inside in record.names.items() if inside == key), key)


def _asked(
    record: ApiRecord,
    actor: Actor,
    args: dict[str, list[str]],
    personal: dict[str, list[str]],
    outside: Mapping[str, str],
    errors: list[FieldError],
) -> ListQuery | None:
    spec = record.listed
    view = tabs.Opened()
    if "view" in args:
        try:
            view = tabs.opened(spec, actor, visible_views(actor, spec.name), args)
        except Invalid as refusal:
            errors.extend(refusal.errors)
            args = {name: texts for name, texts in args.items() if name != "view"}
    query = read_query(
        spec, args, policy_for(actor), saved={**view.personal, **personal}, view=view.key, base=view.args
    )
    # What the view itself asks was put right when it was opened.
    errors.extend(replace(error, field=outside.get(error.field, error.field)) for error in query.errors)
    return query


def _argument(item: Filter, end: str | None) -> str | None:
    if end is None:
        return item.key if item.kind not in RANGES or item.kind == "date_range" else None
    return f"{item.key}{ENDS[end]}" if item.kind in RANGES else None


def _values(item: Filter, texts: Sequence[str]) -> list[str]:
    if item.kind == "choices":
        return [part for text in texts for part in text.split(",")]
    return list(texts)


def _limit(text: str | None, errors: list[FieldError]) -> int:
    if text is None:
        return DEFAULT_PAGE
    if text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= LARGEST_PAGE:
        return int(text)
    errors.append(refuse("limit", "bad_limit", low=1, high=LARGEST_PAGE))
    return DEFAULT_PAGE


def _names(
    one: Mapping[str, str], parameter: str, known: Collection[str], code: str, errors: list[FieldError]
) -> list[str] | None:
    if parameter not in one:
        return None
    found = [part.strip() for part in one[parameter].split(",") if part.strip()]
    errors.extend(refuse(parameter, code, name=name[:40]) for name in found if name not in known)
    return found


def _text(name: str, value: Any, *, joined: bool = False) -> str:
    """A value of a body as the address would hold it."""
    if joined and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)
    raise BadQuestion([refuse(name[:60], "not_a_text")])


def parameters_of(record: ApiRecord) -> Iterable[tuple[str, Filter, str | None]]:
    """Every filter parameter of the list: its name, its filter, and which end of a range it is."""
    for item in record.spec.filters:
        name = record_name(record, item.key)
        if item.kind not in RANGES or item.kind == "date_range":
            yield f"filter[{name}]", item, None
        if item.kind in RANGES:
            yield f"filter[{name}][gte]", item, "gte"
            yield f"filter[{name}][lte]", item, "lte"
