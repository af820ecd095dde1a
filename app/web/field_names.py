"""What the fields of a form are called, read from its own template, so that the summary above it can name them."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, before_render_template, current_app, g
from jinja2 import Template

from app.web.i18n import translate

# A field as templates write it: f.money("price", _("Price"), …).
FIELD = re.compile(
    r'\bf\.(?:field|money|date|select|textarea|radio_group|checkbox)\(\s*"(\w+)",\s*_\("((?:[^"\\]|\\.)+)"[,)]'
)


def labels_of(source: str) -> dict[str, str]:
    """Field -> label, not translated; the first one counts where a page shows a field twice."""
    found: dict[str, str] = {}
    for name, label in FIELD.findall(source):
        found.setdefault(name, label)
    return found


def form_labels() -> dict[str, str]:
    """Field -> label in the language of this request, for the page that is being rendered."""
    template = g.get("template_name")
    return labels_of_template(template) if template is not None else {}


def labels_of_template(template: str) -> dict[str, str]:
    """Field -> label in the language of this request, for the form in `template`."""
    environment = current_app.jinja_env
    if environment.loader is None:
        return {}
    source, _, _ = environment.loader.get_source(environment, template)
    return {name: translate(label) for name, label in labels_of(source).items()}


def init_field_names(app: Flask) -> None:
    """Note which page is rendered, and let its summary ask for the labels."""
    before_render_template.connect(_note, app)
    app.jinja_env.globals["form_labels"] = form_labels
    app.extensions["forecourt_field_labels"] = labels_of_template


def _note(_app: Flask, template: Template, **_rest: Any) -> None:
    g.template_name = template.name
