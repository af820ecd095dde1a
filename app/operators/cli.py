"""`flask operators …`: whoever has a shell makes the first operator, and helps one who is locked out."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from app.core.db import operators, transaction
from app.core.errors import DomainError
from app.operators import ports
from app.operators.operations import accounts
from app.operators.operations.actor import COMMAND_LINE
from app.operators.queries import accounts as queries
from app.tenants.rules.signing import normal_email

group = AppGroup("operators", help="Operators of the platform: create, list, send a new link, disable.")


@group.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The operator's name, as dealerships read it.")
def create(email: str, name: str) -> None:
    """Make an operator and print the link that sets password and second factor; it works once, for seven days."""
    with operators():
        try:
            with transaction():
                _, token = accounts.add_operator(COMMAND_LINE, name=" ".join(name.split())[:120], email=email)
        except DomainError as error:
            _fail(error)
        else:
            click.echo(link_url(token))


@group.command("list")
def list_all() -> None:
    """Every operator."""
    with operators():
        for row in queries.list_operators():
            click.echo(f"{row.email:<32} {row.state:<10} {row.name}")


@group.command("link")
@click.argument("email")
def link(email: str) -> None:
    """Print a new link for an operator who lost password or second factor; older ones stop working."""
    with operators():
        found = queries.find_operator(normal_email(email))
        if found is None:
            click.echo("There is no such operator.", err=True)
            sys.exit(1)
        with transaction():
            token = (accounts.enable_operator if found.disabled_at else accounts.new_link)(COMMAND_LINE, found.id)
        click.echo(link_url(token))


@group.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Close an operator's account; its sessions end at once."""
    with operators():
        found = queries.find_operator(normal_email(email))
        if found is None:
            click.echo("There is no such operator.", err=True)
            sys.exit(1)
        try:
            with transaction():
                accounts.disable_operator(COMMAND_LINE, found.id)
        except DomainError as error:
            _fail(error)
        click.echo(f"{email} is disabled")


def link_url(token: str) -> str:
    """The address of a link at the console."""
    return ports.console_url(f"/platform/links/{token}")


def _fail(error: DomainError) -> None:
    click.echo(error.message.format(**error.params), err=True)
    sys.exit(1)
