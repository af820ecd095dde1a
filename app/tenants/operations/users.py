"""Users: invite, change, give and take roles, disable. Nobody gives, or takes over, more than she holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.db.columns import new_id
from app.core.db.session import Base
from app.core.errors import N_, FieldError, Invalid, NotFound, PermissionDenied, Stale
from app.core.guard import audit, vault
from app.core.guard.indexes import is_taken
from app.core.guard.masks import mask
from app.core.guard.models import AuditEntry
from app.core.guard.permissions import Actor, check
from app.core.guard.vault import blind_index
from app.core.jobs.events import publish
from app.core.lists import search
from app.tenants.errors import EmailInvalid, EmailTaken, LastAdministrator
from app.tenants.events import RolesOfUserChanged
from app.tenants.models import Identity, Membership, Role, Store, User
from app.tenants.operations.factors import forget_factors
from app.tenants.operations.lending import require_own, require_own_sights
from app.tenants.operations.links import email_of, link_mail, new_link, send_link, void_links
from app.tenants.operations.signing import end_session_of, end_sessions
from app.tenants.queries import finding, people
from app.tenants.rules import roles, signing

# (store, role) pairs of a user.
Places = Iterable[tuple[uuid.UUID, uuid.UUID]]


def invite_user(actor: Actor, *, name: str, email: str, places: Places, locale: str | None = None) -> User:
    """A new user with roles at stores, and the mail that invites her. Raises EmailTaken, GrantExceedsOwn."""
    check(actor, "user.create")
    user, entry = _new_user(actor, name=name, email=email, locale=locale)
    db.session.add(user)
    _flush_email()
    _set_places(actor, "user.create", user, set(places))
    send_link(user.id, signing.INVITATION)
    db.session.add(entry)
    search.refresh("user", [user.id])
    return user


def welcome_user(actor: Actor, *, name: str, email: str, places: Places) -> User:
    """A new user who has shown elsewhere that the e-mail is hers: in at once, without a mail or a password."""
    check(actor, "user.create")
    user, entry = _new_user(actor, name=name, email=email)
    user.state = "active"
    db.session.add(user)
    _flush_email()
    _set_places(actor, "user.create", user, set(places))
    db.session.add(entry)
    search.refresh("user", [user.id])
    return user


def new_administrator(
    actor: Actor, *, name: str, email: str, store: Store, role: Role, link: tuple[uuid.UUID, datetime] | None = None
) -> Iterator[Base]:
    """The first user of a dealership in the making, as rows not stored yet, each after those it refers to.

    The same rows as `invite_user` leaves; there is nothing yet that they could contradict. With `link`, the id and the
    end of an invitation somebody waits for, no mail is owed. Raises EmailInvalid.
    """
    user_id = new_id()
    yield vault.new_subject(user_id)
    user, invited = _new_user(actor, name=name, email=email, user_id=user_id)
    invitation = new_link(user.id, signing.INVITATION)
    if link is not None:
        invitation.id, invitation.expires_at = link
    yield user
    yield Membership(id=new_id(), user_id=user.id, store_id=store.id, role_id=role.id)
    yield invitation
    if link is None:
        yield link_mail(invitation)
    yield search.new_entry("user", user.id, finding.user_entry(name, email))
    yield invited
    yield _places_entry(actor, user, set(), {(store.id, role.id)}, {role.id: role.name})


def _new_user(
    actor: Actor, *, name: str, email: str, locale: str | None = None, user_id: uuid.UUID | None = None
) -> tuple[User, AuditEntry]:
    """An invited user, and the entry that says so."""
    user = User(id=user_id or new_id(), name=name, locale=locale, state="invited")
    _set_email(user, email)
    told = {"name": (None, name), "email": (None, signing.normal_email(email))}
    return user, audit.new_entry(actor, "user.invite", "user", user.id, personal=told, subject_id=user.id)


def change_user(
    actor: Actor, user_id: uuid.UUID, *, version: int, name: str, email: str, locale: str | None, places: Places
) -> User:
    """Change a user's name, e-mail, language and roles; raises Stale when somebody else was faster."""
    user = _reached(actor, "user.edit", user_id, version)
    before_name, before_email, before_locale = user.name, email_of(user), user.locale
    user.name, user.locale = name, locale
    if signing.normal_email(email) != signing.normal_email(before_email):
        _set_email(user, email)
        _flush_email()
        # A link on its way to the old address must not open the account any more.
        end_sessions(user.id)
        void_links(user.id)
    _flush_email()
    _set_places(actor, "user.edit", user, set(places))
    changed = {"locale": (before_locale, locale)}
    told = {"name": (before_name, name), "email": (before_email, email)}
    audit.record(actor, "user.edit", "user", user.id, changes=changed, personal=told, subject_id=user.id)
    search.refresh("user", [user.id])
    return user


def disable_user(actor: Actor, user_id: uuid.UUID, *, version: int) -> None:
    """Nobody signs in as this user any more, from the next request on; her records stay."""
    user = _reached(actor, "user.edit", user_id, version)
    _keep_an_administrator(user)
    if user.state == "disabled":
        return
    before, user.state = user.state, "disabled"
    end_sessions(user.id)
    audit.record(actor, "user.disable", "user", user.id, changes={"state": (before, user.state)})


def enable_user(actor: Actor, user_id: uuid.UUID, *, version: int) -> None:
    """Let a disabled user in again: with her password, or with a new invitation when she never had one."""
    user = _reached(actor, "user.edit", user_id, version)
    before = user.state
    if before != "disabled":
        return
    user.state = "active" if user.password_hash else "invited"
    if user.state == "invited":
        send_link(user.id, signing.INVITATION)
    audit.record(actor, "user.enable", "user", user.id, changes={"state": (before, user.state)})


def give_role(actor: Actor, user_id: uuid.UUID, *, role_id: uuid.UUID, store_id: uuid.UUID) -> bool:
    """Give the user one more role at a store, within what the actor may give; False when she has it there."""
    user = _reached(actor, "user.edit", user_id, None)
    present = {
        (row.store_id, row.role_id)
        for row in db.session.scalars(select(Membership).where(Membership.user_id == user.id))
    }
    if (store_id, role_id) in present:
        return False
    _set_places(actor, "user.edit", user, present | {(store_id, role_id)})
    return True


def send_user_link(actor: Actor, user_id: uuid.UUID) -> None:
    """Send the user a new invitation, or a password link when she had signed in before."""
    user = _reached(actor, "user.edit", user_id, None)
    if user.state == "disabled":
        raise NotFound
    send_link(user.id, signing.INVITATION if user.state == "invited" else signing.PASSWORD_RESET)
    audit.record(actor, "user.send_link", "user", user.id)


def end_user_sessions(actor: Actor, user_id: uuid.UUID) -> None:
    """Sign the user out everywhere."""
    user = _reached(actor, "user.edit", user_id, None)
    end_sessions(user.id)
    audit.record(actor, "user.end_sessions", "user", user.id)


def end_user_session(actor: Actor, user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one session of the user; raises NotFound where it is not his."""
    user = _reached(actor, "user.edit", user_id, None)
    end_session_of(user.id, session_id)
    audit.record(actor, "user.end_session", "user", user.id)


def reset_factors(actor: Actor, user_id: uuid.UUID) -> None:
    """Take the user's second factors away, end his sessions and mail him; he sets up new ones when he next comes."""
    user = _reached(actor, "user.edit", user_id, None)
    forget_factors(actor, user.id)
    end_sessions(user.id)


def cut_identity(actor: Actor, user_id: uuid.UUID) -> None:
    """Nobody of the provider is the user any more, until somebody comes again with his e-mail. Raises NotFound."""
    user = _reached(actor, "user.edit", user_id, None)
    if db.session.scalar(delete(Identity).where(Identity.user_id == user.id).returning(Identity.id)) is None:
        raise NotFound
    audit.record(actor, "partner.cut", "user", user.id)


def change_own_profile(actor: Actor, *, name: str, locale: str | None) -> None:
    """Change one's own name and language."""
    user = db.session.get(User, actor.user_id)
    if user is None:
        raise NotFound
    before, before_locale = user.name, user.locale
    user.name, user.locale = name, locale
    audit.record(
        actor,
        "user.edit",
        "user",
        user.id,
        changes={"locale": (before_locale, locale)},
        personal={"name": (before, name)},
        subject_id=user.id,
    )
    search.refresh("user", [user.id])


def _reached(actor: Actor, permission: str, user_id: uuid.UUID, version: int | None) -> User:
    """The user, within the actor's reach and holding no right the actor lacks: else a password link would lend it."""
    check(actor, permission)
    user = people.get_user(actor, permission, user_id)
    for store_id, grants in people.list_places_of_user(user.id):
        require_own(actor, grants, store_id)
    require_own_sights(actor, people.sights_of_user(user.id))
    if version is not None and version != user.version:
        raise Stale
    return user


def _set_email(user: User, email: str) -> None:
    text = email.strip()
    if not signing.is_email(text):
        raise EmailInvalid(field="email")
    if is_taken(User.email_index, "email", signing.normal_email(text), User.id != user.id):
        raise EmailTaken(field="email")
    user.email_enc = vault.seal(user.id, User.__tablename__, "email_enc", user.id, text)
    user.email_index = blind_index("email", signing.normal_email(text))
    user.email_masked = mask("email", text)


def _flush_email() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        if "email_index" in str(error.orig):
            raise EmailTaken(field="email") from error
        raise


def _set_places(actor: Actor, permission: str, user: User, wanted: set[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Give and take roles until the user has exactly the `wanted` ones; each change needs the rights it moves."""
    present = {
        (row.store_id, row.role_id): row
        for row in db.session.scalars(select(Membership).where(Membership.user_id == user.id))
    }
    added, gone = wanted - present.keys(), present.keys() - wanted
    if not wanted:
        raise Invalid([FieldError("places", "required", N_("Choose at least one role at a store."))])
    known_roles = {role.id: role for role in db.session.scalars(select(Role))}
    stores = set(db.session.scalars(select(Store.id).where(Store.closed_at.is_(None))))
    for store_id, role_id in added | gone:
        if role_id not in known_roles or ((store_id, role_id) in added and store_id not in stores):
            raise NotFound
        try:
            check(actor, permission, store_id=store_id)
        except PermissionDenied as error:
            raise NotFound from error
        require_own(actor, people.grants_of_role(role_id), store_id)
        require_own_sights(actor, people.sights_of_role(role_id))
    admin_before = any(known_roles[role_id].key == roles.ADMIN for _, role_id in present)
    admin_after = any(known_roles[role_id].key == roles.ADMIN for _, role_id in wanted)
    if admin_before and not admin_after:
        _keep_an_administrator(user)
    for place in gone:
        db.session.delete(present[place])
    db.session.add_all(
        Membership(id=new_id(), user_id=user.id, store_id=store_id, role_id=role_id) for store_id, role_id in added
    )
    if present and (added or gone):
        # The row changes with its roles: its version keeps two people from overwriting each other's.
        user.updated_at = clock.now()
    db.session.flush()
    if (added or gone) and user.state == "active":
        publish(RolesOfUserChanged(user.id, actor.user_id))
    if added or gone:
        names = {role_id: role.name for role_id, role in known_roles.items()}
        db.session.add(_places_entry(actor, user, present, wanted, names))


def _places_entry(
    actor: Actor, user: User, before: Places, after: Places, names: Mapping[uuid.UUID, str]
) -> AuditEntry:
    """The entry about which roles a user has at which stores; `names` are the roles'."""
    told = [sorted(f"{names[role_id]} @ {store_id}" for store_id, role_id in places) for places in (before, after)]
    return audit.new_entry(actor, "user.roles", "user", user.id, changes={"roles": (told[0], told[1])})


def _keep_an_administrator(user: User) -> None:
    """Raise LastAdministrator when nobody else could administer; the role's row keeps two removals from crossing."""
    if not people.is_administrator(user.id):
        return
    db.session.execute(select(Role.id).where(Role.key == roles.ADMIN).with_for_update())
    if people.count_administrators(except_user=user.id) == 0:
        raise LastAdministrator
