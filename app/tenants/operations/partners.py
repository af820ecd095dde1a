"""The dealership's own identity provider: naming it, and letting people in whom it vouches for."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select, update

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.errors import N_, DomainError, FieldError, Invalid, NotFound
from app.core.guard import audit, vault
from app.core.guard.indexes import hold
from app.core.guard.origin import origin
from app.core.guard.permissions import Actor, Scope, check, declared, system_actor
from app.core.jobs.events import publish
from app.tenants.errors import PartnerRefused, PartnerUnknown
from app.tenants.events import InvitationAccepted
from app.tenants.models import Identity, IdentityProvider, Membership, User
from app.tenants.operations import users
from app.tenants.operations.lending import require_own, require_own_sights
from app.tenants.operations.links import void_links
from app.tenants.operations.refusals import VISITOR
from app.tenants.queries import people
from app.tenants.queries.partners import find_identity, find_provider, identity_of, marks_of
from app.tenants.queries.sessions import find_user_by_email
from app.tenants.rules.partners import subject_key

PLACE_WHOLE = N_("Choose both a role and a store, or neither.")
SECRET_WANTED = N_("Enter the secret that belongs to this address.")
TOLD = ("name", "issuer", "client_id", "enabled", "role_id", "store_id")


class PartnerTaken(DomainError):
    """The e-mail is that of a user here who is linked to somebody else at the provider: it was handed on there."""

    code = "partner_taken"
    message = N_(
        "The account here with your e-mail address belongs to somebody else there. "
        "Ask an administrator: he can cut that link, or invite you with another address."
    )
    status = 403

    def __init__(self, user_id: uuid.UUID) -> None:
        super().__init__()
        self.user_id = user_id


def name_provider(
    actor: Actor,
    *,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str | None,
    enabled: bool,
    role_id: uuid.UUID | None = None,
    store_id: uuid.UUID | None = None,
) -> IdentityProvider:
    """Say where people of this dealership sign in besides here; with a role, newcomers get it at the store.

    Whoever names the provider can become anybody by it, so it takes every right there is. The secret stays as it is
    where none is given, unless the issuer is another: it is never sent to anybody it was not meant for. Another issuer
    means other people by the same ids, so that all links are cut.
    """
    check(actor, "dealership.identity")
    require_own(actor, dict.fromkeys(declared(), Scope.ALL.value))
    if (role_id is None) != (store_id is None):
        raise Invalid([FieldError("store_id" if role_id else "role_id", "required", PLACE_WHOLE)])
    if role_id is not None and store_id is not None:
        people.get_role(role_id)
        people.get_store_for(actor, "dealership.identity", store_id)
        require_own_sights(actor, people.sights_of_role(role_id), field="role_id")
    known = find_provider()
    before = {field: getattr(known, field) for field in TOLD} if known else {}
    provider = known or IdentityProvider(id=new_id(), secret_enc=b"")
    if client_secret is None and (known is None or known.issuer != issuer):
        raise Invalid([FieldError("client_secret", "required", SECRET_WANTED)])
    provider.name, provider.issuer, provider.client_id = name, issuer, client_id
    provider.enabled, provider.role_id, provider.store_id = enabled, role_id, store_id
    if client_secret is not None:
        table = IdentityProvider.__tablename__
        provider.secret_enc = vault.seal_json(table, "secret_enc", provider.id, client_secret)
    db.session.add(provider)
    db.session.flush()
    changes: dict[str, audit.Change] = {
        field: (_plain(before.get(field)), _plain(getattr(provider, field))) for field in TOLD
    }
    action = "partner.edit" if known else "partner.create"
    if before and before["issuer"] != issuer:
        cut = db.session.scalars(delete(Identity).returning(Identity.id)).all()
        changes["links"] = (len(cut), 0)
    audit.record(actor, action, "identity_provider", provider.id, changes=changes)
    return provider


def meet(provider: IdentityProvider, *, subject: str, email: str | None, name: str) -> uuid.UUID:
    """Who somebody is here whom the provider vouches for by its id of him, `subject`.

    The verified `email` makes the first link alone, and only to a user whom nobody else of the provider is linked to;
    from then on the id counts, whatever the e-mail becomes. A newcomer is made where the dealership wants that, and
    whoever was invited has shown by this that the address is his. Raises PartnerUnknown, PartnerTaken, PartnerRefused.
    """
    key = subject_key(provider.issuer, subject)
    hold("identity", key)
    known = find_identity(key)
    if known is not None:
        if db.session.scalar(select(User.state).where(User.id == known.user_id)) != "active":
            raise PartnerUnknown
        known.last_used_at = clock.now()
        if known.subject_enc is None:
            # Linked before it was kept.
            known.subject_enc = _sealed(known.id, known.user_id, key)
        return known.user_id
    if email is None:
        raise PartnerRefused
    user = find_user_by_email(email) or _newcomer(provider, email=email, name=name)
    _link(provider, user, key)
    return user.id


def note_refused(error: DomainError) -> None:
    """Record that somebody came from the provider and was not let in, with the account he would have entered."""
    told = {"reason": (None, error.code)}
    where = {"address": (None, origin().address)}
    audit.record(VISITOR, "partner.refuse", "identity_provider", None, changes=told, personal=where)
    if isinstance(error, PartnerTaken):
        audit.record(VISITOR, "partner.taken", "user", error.user_id)


def _newcomer(provider: IdentityProvider, *, email: str, name: str) -> User:
    if provider.role_id is None or provider.store_id is None:
        raise PartnerUnknown
    welcomer = system_actor("identity provider")
    return users.welcome_user(welcomer, name=name, email=email, places=[(provider.store_id, provider.role_id)])


def _sealed(identity_id: uuid.UUID, user_id: uuid.UUID, key: str) -> bytes:
    return vault.seal(user_id, Identity.__tablename__, "subject_enc", identity_id, key)


def _link(provider: IdentityProvider, user: User, key: str) -> None:
    """Link the user, once: his row is held, so that of two who come with his e-mail one finds the other's link."""
    db.session.refresh(user, with_for_update=True)
    if user.state == "disabled":
        raise PartnerUnknown
    linked = identity_of(user.id)
    marks = marks_of(key)
    if linked is not None and linked.fingerprint not in marks:
        raise PartnerTaken(user.id)
    if user.state == "invited":
        _join(user)
    if linked is None:
        made = new_id()
        sealed = _sealed(made, user.id, key)
        db.session.add(Identity(id=made, user_id=user.id, fingerprint=marks[0], subject_enc=sealed))
        db.session.flush()
        told: dict[str, audit.Change] = {"issuer": (None, provider.issuer)}
        audit.record(Actor(user_id=user.id, name=user.name), "partner.link", "user", user.id, changes=told)


def _join(user: User) -> None:
    if db.session.query(Membership.id).filter_by(user_id=user.id).first() is None:
        raise NotFound
    db.session.execute(update(User).where(User.id == user.id).values(state="active"))
    db.session.refresh(user)
    void_links(user.id)
    audit.record(Actor(user_id=user.id, name=user.name), "user.join", "user", user.id)
    publish(InvitationAccepted(user.id, audit.last_actor_of("user", user.id, ("user.invite", "user.send_link"))))


def _plain(value: object) -> object:
    return str(value) if isinstance(value, uuid.UUID) else value
