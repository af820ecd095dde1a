"""Commands of the shell: keeping the catalogues in step with the words of code and templates."""

from __future__ import annotations

import click

from app.web.catalogue import update_catalogue
from app.web.i18n import LOCALES, compile_catalogues

SOURCE = "en"


@click.group("words")
def group() -> None:
    """Words and their translations."""


@group.command("update")
def update() -> None:
    """Bring every catalogue to the words found now and list those without a translation."""
    missing = 0
    for locale in LOCALES:
        if locale == SOURCE:
            continue
        for word in update_catalogue(locale):
            click.echo(f"{locale}: {word}")
            missing += 1
    click.echo(f"{missing} without a translation.")


@group.command("compile")
def compile_all() -> None:
    """Compile the catalogues, as the start of the application does where it may write."""
    for path in compile_catalogues():
        click.echo(path)
