"""Tasks of tenancy: making and ending dealerships (queue `ops` alone may run DDL), mail, clearing what has expired."""

from __future__ import annotations

from uuid import UUID

from app.core.guard import files, once, reveals, undo
from app.core.jobs.imports import operations as imports
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload, task
from app.core.jobs.uploads import operations as uploads
from app.core.lists import saved_filters
from app.tenants.operations import api_keys, lifecycle, links, provisioning, sign_ups, signing


@task("tenants.provision", queue=QueueName.OPS, own_transactions=True)
def provision(payload: Payload) -> None:
    """Take a requested dealership to its first sign-in; a repeat goes on where the last one stopped."""
    provisioning.provision(payload["tenant_id"])


@task("tenants.delete_due", queue=QueueName.OPS, own_transactions=True)
def delete_due(payload: Payload) -> None:
    """Erase the dealerships whose waiting period is over."""
    lifecycle.erase_due_tenants()


@task(links.SEND, queue=QueueName.NOTIFY)
def send_link_mail(payload: Payload) -> None:
    """Send the mail of an invitation or a password reset."""
    links.send_link_mail(UUID(payload["link_id"]))


@task(sign_ups.SEND, queue=QueueName.NOTIFY)
def send_sign_up_mail(payload: Payload) -> None:
    """Send the mail that confirms a sign-up."""
    sign_ups.send_mail(UUID(payload["sign_up_id"]))


@task("tenants.clean_up", queue=QueueName.DEFAULT)
def clean_up(payload: Payload) -> None:
    """Delete what sign-in no longer needs, and filters, offers to undo, files and uploads whose time is over;
    write down what keys have read last."""
    signing.forget_old_attempts()
    signing.forget_expired_sessions()
    links.forget_old_links()
    api_keys.tend_reads()
    saved_filters.forget_expired()
    reveals.forget_old()
    once.forget_old()
    undo.forget_expired()
    imports.forget_uploads()
    uploads.forget_uploads()
    files.sweep_files()
