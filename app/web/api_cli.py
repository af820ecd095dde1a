"""`flask api …`: the API's document and the page of its refusals, from a shell."""

from __future__ import annotations

from pathlib import Path

import click
import orjson
from flask.cli import AppGroup

from app.core.http.api import api_document
from app.web.api_changes import breaking
from app.web.api_errors import as_markdown

group = AppGroup("api", help="The API: its document, its refusals, and what was released of it.")

DOCS = Path(__file__).parents[2] / "docs"
ERRORS = DOCS / "errors.md"
RELEASED = DOCS / "api" / "v1.json"


@group.command("document")
def document() -> None:
    """Print the OpenAPI document of this release."""
    click.echo(as_text())


@group.command("errors")
@click.option("--write", is_flag=True, help="Into docs/errors.md instead of printing it.")
def errors(*, write: bool) -> None:
    """The page of every refusal, made from the code."""
    if write:
        ERRORS.write_text(as_markdown(), encoding="utf-8")
        click.echo(f"{ERRORS.relative_to(DOCS.parent)} is written.")
    else:
        click.echo(as_markdown(), nl=False)


@group.command("check")
def check() -> None:
    """Name what would break a client of the last release; with anything to name, this fails."""
    found = breaking(orjson.loads(RELEASED.read_bytes()), api_document())
    for line in found:
        click.echo(line)
    if found:
        raise click.ClickException(f"{len(found)} changes would break a client of the last release.")
    click.echo("Nothing would break a client of the last release.")


@group.command("release")
def release() -> None:
    """Write the document of this release to docs/api/v1.json; refused where it would break a client of the last."""
    if RELEASED.exists():
        for line in (found := breaking(orjson.loads(RELEASED.read_bytes()), api_document())):
            click.echo(line)
        if found:
            raise click.ClickException("Within v1 nothing is taken away. Put it back, or begin a v2.")
    RELEASED.parent.mkdir(exist_ok=True)
    RELEASED.write_text(as_text() + "\n", encoding="utf-8")
    click.echo(f"{RELEASED.relative_to(DOCS.parent)} is written.")


def as_text() -> str:
    """The document with two spaces a level, its keys in order, so that two releases compare line by line."""
    return orjson.dumps(api_document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
