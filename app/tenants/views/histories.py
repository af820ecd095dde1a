"""What happened to a user, store, team or role, as its page tells it: names for ids, a role's rights one by one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask_babel import gettext

from app.core.errors import N_
from app.core.http.sessions import current_actor
from app.core.http.timelines import Change, Entry, history
from app.core.languages import LANGUAGES
from app.tenants import queries
from app.tenants.lists import DEFAULT_ROLE_LABELS
from app.tenants.views.words import RESOURCES, SCOPE_WORDS, STATE_WORDS, VERBS

# Entries that say enough by having happened, and what they say.
ACTIONS = {
    "user.invite": N_("invited this user"),
    "user.send_link": N_("sent a link by mail"),
    "user.end_sessions": N_("signed this user out everywhere"),
    "user.end_session": N_("ended a session of this user"),
    "factor.add": N_("set up a second factor"),
    "factor.remove": N_("removed a second factor"),
    "factor.codes": N_("made new recovery codes"),
    "factor.reset": N_("reset the second factors"),
    "factor.refused": N_("showed a second factor that was refused"),
    "password.refused": N_("gave a password that was wrong"),
    "partner.link": N_("came from the identity provider and was linked"),
    "partner.cut": N_("cut the link with the identity provider"),
    "partner.taken": N_("came from the identity provider with this e-mail, as somebody else, and was turned away"),
    "role.second_factor": N_("changed whether a second factor is asked for"),
    "link.request": N_("asked for a link by mail"),
    "password.set": N_("set the password"),
    "store.open": N_("opened this store"),
    "store.close": N_("closed this store"),
    "team.create": N_("made this team"),
    "role.create": N_("made this role"),
    "api_key.create": N_("made this key"),
    "api_key.rotate": N_("replaced the text of this key"),
    "api_key.revoke": N_("revoked this key"),
}
MOST, SHOWN = 200, 50
# Coming and going is not what happened to a user's record.
LEFT_OUT = ("session.",)


def record_history(record_type: str, record_id: uuid.UUID) -> list[Entry]:
    """The newest entries about a record that the visitor may see; the view has checked the record itself."""
    found = history(current_actor(), record_type, record_id, MOST)
    kept = [entry for entry in found if not entry.action.startswith(LEFT_OUT)][:SHOWN]
    names = _names(kept)
    return [_told(entry, names) for entry in kept]


def action_words() -> dict[str, str]:
    """What entries without changes say, in the language of the visitor."""
    return {action: gettext(words) for action, words in ACTIONS.items()}


def permission_label(permission: str) -> str:
    """A right as the roles' page names it."""
    resource, _, verb = permission.partition(".")
    return f"{gettext(RESOURCES.get(resource, resource))}: {gettext(VERBS.get(verb, verb))}"


def _told(entry: Entry, names: Mapping[str, str]) -> Entry:
    if entry.action in ACTIONS:
        return replace(entry, changes=())
    return replace(entry, changes=[one for change in entry.changes for one in _words(change, names)])


def _words(change: Change, names: Mapping[str, str]) -> Iterable[Change]:
    field, before, after = change.field, change.before, change.after
    if field == "grants":
        yield from _rights(_pairs(before), _pairs(after))
    elif field in ("lead_id", "member_ids", "roles"):
        yield Change(field, _named(before, names), _named(after, names))
    elif field in ("state", "locale"):
        yield Change(field, _word(field, before), _word(field, after))
    else:
        yield change


def _rights(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[Change]:
    """A role's rights that were given, taken or made wider or narrower, each as a change of its own."""
    for permission in sorted(before.keys() | after.keys()):
        if before.get(permission) != after.get(permission):
            yield Change(permission_label(permission), _scope(before.get(permission)), _scope(after.get(permission)))


def _pairs(told: Any) -> dict[str, str]:
    pairs = (str(text).partition(": ") for text in told or ())
    return {permission: scope for permission, _, scope in pairs}


def _scope(scope: str | None) -> str | None:
    return gettext(SCOPE_WORDS[scope]) if scope in SCOPE_WORDS else scope


def _word(field: str, value: Any) -> Any:
    if field == "state":
        return gettext(STATE_WORDS[value]) if value in STATE_WORDS else value
    return LANGUAGES[value].name if value in LANGUAGES else value


def _named(value: Any, names: Mapping[str, str]) -> str | None:
    """Ids by name, several by commas; a role with its store as `Salesperson · Harbour Road`."""
    texts = value if isinstance(value, list) else [value]
    return ", ".join(sorted(" · ".join(_name(part, names) for part in text.split(" @ ")) for text in texts if text))


def _name(text: str, names: Mapping[str, str]) -> str:
    return names.get(text) or (gettext(text) if text in DEFAULT_ROLE_LABELS else text)


def _names(entries: Iterable[Entry]) -> dict[str, str]:
    """The names of the people and stores that `entries` know by id."""
    people, stores = set[uuid.UUID](), set[uuid.UUID]()
    for entry in entries:
        for field in ("lead_id", "member_ids"):
            people |= _ids(_texts(entry, field))
        stores |= _ids(text.rpartition(" @ ")[2] for text in _texts(entry, "roles"))
    return {str(key): name for key, name in queries.list_names(people, stores)}


def _texts(entry: Entry, field: str) -> Iterable[str]:
    for change in entry.changes:
        if change.field == field:
            for value in (change.before, change.after):
                yield from value if isinstance(value, list) else [value] if value else []


def _ids(texts: Iterable[str]) -> set[uuid.UUID]:
    """The ids among `texts`; a mask is none."""
    found = set()
    for text in texts:
        try:
            found.add(uuid.UUID(text))
        except ValueError:
            continue
    return found
