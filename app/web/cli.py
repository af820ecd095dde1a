"""Commands of the shell: keeping the catalogues in step with the words of code and templates."""

from __future__ import annotations

import click

from app.core.languages import LANGUAGES, SOURCE
from app.web.catalogue import update_catalogue
from app.web.i18n import compile_catalogues


@click.group("words")
def group() -> None:
    """Words and their translations."""


@group.command("update")
@click.argument("code", required=False)
def update(code: str | None) -> None:
    """Bring every catalogue, or that of CODE, to the words found now and list those without a translation.

    A CODE that has no catalogue yet, as in `words update fr`, gets an empty one: a further language of the product.
    """
    missing = 0
    for locale in [code] if code else [known for known in LANGUAGES if known != SOURCE]:
        for word in update_catalogue(locale):
            click.echo(f"{locale}: {word}")
            missing += 1
    click.echo(f"{missing} without a translation.")


@group.command("compile")
def compile_all() -> None:
    """Compile the catalogues, as the start of the application does where it may write."""
    for path in compile_catalogues():
        click.echo(path)
