"""One box that finds: what can be found is declared by the modules, kept in one table, and asked in one statement."""

from app.core.lists.search.entries import new_entry, refresh
from app.core.lists.search.finding import Group, Hit, find
from app.core.lists.search.kinds import Entry, SearchKind, Word, among, declare_search
from app.core.lists.search.recents import note_recent, recent

__all__ = [
    "Entry",
    "Group",
    "Hit",
    "SearchKind",
    "Word",
    "among",
    "declare_search",
    "find",
    "new_entry",
    "note_recent",
    "recent",
    "refresh",
]
