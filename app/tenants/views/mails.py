"""The mails that the demo caught instead of sending: a list that needs nobody signed in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from sqlalchemy import Select, select

from app.core.errors import N_, NotFound
from app.core.guard.permissions import Actor
from app.core.http.access import public
from app.core.http.lists import list_view
from app.core.http.sessions import settings
from app.core.lists.spec import Column, Filter, ListSpec, Sort
from app.tenants.models import Mail
from app.tenants.operations import links
from app.tenants.views.base import bp


def _mails(_actor: Actor) -> Select:
    return select(Mail.id, Mail.user_id, Mail.recipient_masked, Mail.subject, Mail.body_enc, Mail.created_at)


def _texts(_actor: Actor, rows: Sequence[Any]) -> Mapping[uuid.UUID, str]:
    return links.texts_of_mails(rows)


# Not declared: whoever reads it has not signed in yet, so nobody keeps views of it.
MAILS = ListSpec(
    name="mails",
    label=N_("Caught mails"),
    permission="",
    source=_mails,
    gather=_texts,
    columns=(
        Column("subject", N_("Subject")),
        Column("recipient_masked", N_("To")),
        Column("created_at", N_("Caught"), "instant", sort="caught"),
    ),
    filters=(Filter("caught", N_("Caught"), "date_range", column=Mail.created_at, instants=True),),
    sorts=(Sort("caught", N_("Caught"), (Mail.created_at,), words=(N_("Oldest first"), N_("Newest first"))),),
    default_sort="-caught",
    id_prefix="mail",
    endpoint="tenants.list_mails",
    exports=False,
)


@bp.get("/mails")
@public("the demo's mail catcher (DEMO_MAIL, on loopback alone): who reads an invitation here cannot sign in yet")
def list_mails() -> Response:
    if not settings().demo_mail:
        raise NotFound
    return list_view(MAILS, "tenants/mails.html")
