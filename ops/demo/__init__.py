"""The demonstration: three dealerships with their people are made here, their history by a job in the worker."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from app.core.db import directory, tenant, transaction
from app.core.errors import NotFound
from app.core.guard.permissions import Actor
from app.tenants import queries
from app.tenants.operations import accounts, guarding, lifecycle, provisioning, stores, users
from app.tenants.queries import people
from worker.demo import history
from worker.demo.dealerships import ADMIN, DEALERSHIPS, NEWCOMER, POSTS, SQUADS, Dealership, Post, email_of, name_of

Say = Callable[[str], None]


def load(password_for: Callable[[str], str], say: Say, *, scale: float = 1.0) -> list[dict[str, str]]:
    """Make what is missing of the demonstration; slug, name and the administrator's e-mail of each open dealership.

    A dealership is furnished once: what people changed or deleted in it afterwards stays so. `scale` makes the
    history smaller than two years of business.
    """
    shown = []
    for dealership in DEALERSHIPS:
        tenant_id = _find_or_create(dealership, say)
        if tenant_id is None:
            continue
        with tenant(tenant_id), transaction():
            if history.find_history(dealership) is None:
                _furnish(dealership, password_for(dealership.slug), scale)
        shown.append({"slug": dealership.slug, "name": dealership.name, "email": email_of(ADMIN)})
    return shown


def _find_or_create(dealership: Dealership, say: Say) -> str | None:
    """The dealership's id, or None where somebody has closed it."""
    try:
        found = lifecycle.find_by_slug(dealership.slug)
    except NotFound:
        found = None
    if found is not None and found["state"] not in ("requested", "provisioning"):
        return str(found["id"]) if found["state"] == "active" else None
    say(f"Making the demonstration dealership {dealership.name} …")
    request = provisioning.TenantRequest(
        slug=dealership.slug,
        name=dealership.name,
        country=dealership.country,
        locale=dealership.locale,
        currency=dealership.currency,
        timezone=dealership.timezone,
        store_name=dealership.branches[0].name,
        admin_name=name_of(dealership, ADMIN),
        admin_email=email_of(ADMIN),
    )
    tenant_id = provisioning.create_tenant(request)
    directory.refresh()
    return tenant_id


def _furnish(dealership: Dealership, password: str, scale: float) -> None:
    """Stores, people and teams, and the job that loads the history: all of it or nothing."""
    actor = history.actor_of(dealership)
    store_ids = _open_stores(actor, dealership)
    roles = people.default_role_ids()

    def places(post: Post) -> list[tuple[uuid.UUID, uuid.UUID]]:
        return [(store_ids[number], roles[post.role]) for number in post.stores]

    staff = [accounts.Account(name_of(dealership, post), email_of(post), places(post)) for post in POSTS]
    ids = accounts.open_accounts(actor, staff, password)
    # Whoever looks around signs in with the password alone; the switch is on each role's page.
    guarding.waive_second_factors(actor)
    by_post = {post.key: ids[email_of(post)] for post in POSTS}
    newcomer = name_of(dealership, NEWCOMER)
    users.invite_user(actor, name=newcomer, email=email_of(NEWCOMER), places=places(NEWCOMER))
    for squad in SQUADS:
        stores.create_team(
            actor,
            store_id=store_ids[squad.store],
            name=squad.name[dealership.locale],
            lead_id=by_post[squad.lead],
            member_ids=[by_post[member] for member in squad.members],
        )
    history.start_history(dealership, store_ids, by_post, scale)


def _open_stores(actor: Actor, dealership: Dealership) -> list[uuid.UUID]:
    """The store every dealership begins with, described in full, and the second one."""
    first = queries.list_open_stores(actor, "store.see")[0]
    main, second = dealership.branches
    stores.change_store(
        actor, first.id, version=first.version, code=main.code, name=main.name, timezone=main.timezone,
        region=main.region, address=main.address,
    )  # fmt: skip
    opened = stores.open_store(
        actor, code=second.code, name=second.name, timezone=second.timezone, region=second.region,
        address=second.address,
    )  # fmt: skip
    return [first.id, opened.id]
