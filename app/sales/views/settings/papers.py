"""What stands on a store's papers, what a handover goes through, and which papers must be there before a stage."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from marshmallow import fields

from app.core.errors import N_
from app.core.guard.permissions import Actor
from app.core.http.forms import FormSchema, Text, one_of
from app.core.languages import LANGUAGES
from app.sales.rules.documents import ASKABLE, KIND_LABELS, MADE, Stage, policy_from
from app.sales.rules.policies import PolicyKind
from app.sales.views.settings.parts import Body, Setting

LONGEST_TERMS, LONGEST_ITEMS, MOST_ITEMS = 20_000, 2_000, 40


def _terms_field(kind: str, locale: str) -> str:
    return f"terms_{kind}_{locale}"


def _schema() -> Any:
    """A text for each paper and language, the lines of a handover in each, and the papers asked for."""
    texts = {
        _terms_field(kind, code): Text(longest=LONGEST_TERMS, load_default="") for kind in MADE for code in LANGUAGES
    }
    items = {f"items_{code}": Text(longest=LONGEST_ITEMS, load_default="") for code in LANGUAGES}
    choice = fields.String(validate=one_of(*(kind.value for kind in ASKABLE)))
    gates = {f"gates_{stage}": fields.List(choice, load_default=list) for stage in Stage}
    rest: dict[str, Any] = {"logo": fields.UUID(load_default=None), "open_balance": fields.Boolean(load_default=False)}
    return FormSchema.from_dict({**texts, **items, **gates, **rest}, name="PapersForm")


def _to_body(data: Mapping[str, Any]) -> Body:
    terms = {
        kind.value: {code: text for code in LANGUAGES if (text := data[_terms_field(kind, code)].strip())}
        for kind in MADE
    }
    lines = {code: [line.strip() for line in data[f"items_{code}"].splitlines() if line.strip()] for code in LANGUAGES}
    return {
        "terms": {kind: texts for kind, texts in terms.items() if texts},
        "items": {code: found[:MOST_ITEMS] for code, found in lines.items() if found},
        "gates": {stage.value: list(dict.fromkeys(data[f"gates_{stage}"])) for stage in Stage},
        "logo": str(data["logo"]) if data["logo"] else None,
        "open_balance": data["open_balance"],
    }


def _to_values(body: Body | None) -> Mapping[str, Any]:
    policy = policy_from(body)
    values: dict[str, Any] = {f"gates_{stage}": list(policy.gates.get(stage, ())) for stage in Stage}
    for code in LANGUAGES:
        values[f"items_{code}"] = "\n".join(policy.items.get(code, ()))
        for kind in MADE:
            values[_terms_field(kind, code)] = policy.terms.get(kind, {}).get(code, "")
    return {**values, "logo": policy.logo or "", "open_balance": policy.open_balance}


def _context(_actor: Actor) -> Mapping[str, Any]:
    return {
        "papers": [(kind.value, gettext(KIND_LABELS[kind])) for kind in MADE],
        "languages": [(code, known.name) for code, known in LANGUAGES.items()],
        "askable": [(kind.value, gettext(KIND_LABELS[kind])) for kind in ASKABLE],
        "stages": [
            (Stage.SOLD.value, gettext("Before a deal is sold")),
            (Stage.DELIVERED.value, gettext("Before delivery")),
        ],
    }


def logo_of(body: Body | None) -> uuid.UUID | None:
    """The stored file of the logo."""
    found = policy_from(body).logo
    return uuid.UUID(found) if found else None


SETTING = Setting(
    kind=PolicyKind.DOCUMENTS,
    label=N_("Documents"),
    hint=N_("Logo, terms, what a handover goes through, and which papers must be there"),
    template="sales/settings/papers.html",
    schema=_schema,
    to_body=_to_body,
    to_values=_to_values,
    context=_context,
)
