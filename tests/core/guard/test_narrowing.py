"""What one may export is what one may see and export: never more than either, at any store."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from app.core.guard.narrowing import limited
from app.core.guard.permissions import SCOPES, Actor, covers, declare, declared

if "narrowed_test.see" not in declared():
    declare("narrowed_test", verbs=("see", "export"))
STORES = [uuid.UUID(int=n) for n in (1, 2)]
ME, MATE, STRANGER = (uuid.UUID(int=n) for n in (11, 12, 13))
held = st.one_of(st.none(), st.sampled_from([str(scope) for scope in SCOPES]))


def actor_with(see, export):
    """Somebody with these scopes at the two stores; `all` anywhere is `all` everywhere."""
    reach, grants = {}, {}
    for name, scopes in (("narrowed_test.see", see), ("narrowed_test.export", export)):
        reach[name] = {store: scope for store, scope in zip(STORES, scopes, strict=True) if scope}
        known = [scope for scope in scopes if scope]
        if known:
            grants[name] = max(known, key=[str(scope) for scope in SCOPES].index)
    teams = {store: frozenset({MATE}) for store in STORES}
    return Actor(ME, "Me", grants, frozenset(STORES), frozenset({MATE}), reach=reach, teams=teams)


@given(see=st.tuples(held, held), export=st.tuples(held, held))
def test_covers_exactly_what_both_cover(see, export):
    actor = actor_with(see, export)
    cut = limited(actor, "narrowed_test.see", by="narrowed_test.export")
    for owner_id in (ME, MATE, STRANGER, None):
        for store_id in (*STORES, None):
            of = {"owner_id": owner_id, "store_id": store_id}
            both = covers(actor, "narrowed_test.see", **of) and covers(actor, "narrowed_test.export", **of)
            found = covers(cut, "narrowed_test.see", **of)
            # A colleague's record of no store may be left out, where the two rights come from different stores.
            assert found == both or (both and store_id is None and owner_id == MATE)
