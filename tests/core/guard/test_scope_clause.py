"""The scope as SQL: on PostgreSQL it picks exactly the rows that the check in Python lets through."""

import uuid

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Uuid, column, select, values

from app.core.db import db, tenant
from app.core.guard.permissions import SCOPES, Actor, covers, declare, scope_clause

SEE = "scope_test.see"
declare("scope_test", verbs=("see",))
USERS = [uuid.UUID(int=n) for n in range(1, 5)]
STORES = [uuid.UUID(int=n) for n in range(11, 14)]
ROWS = [(owner, store) for owner in [*USERS, None] for store in [*STORES, None]]
THINGS = values(column("owner", Uuid), column("store", Uuid), name="things").data(ROWS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scope=st.sampled_from([None, *SCOPES]),
    team=st.frozensets(st.sampled_from(USERS)),
    stores=st.frozensets(st.sampled_from(STORES)),
)
def test_clause_and_check_agree_on_every_row(app, alpha, scope, team, stores):
    grants = {SEE: scope} if scope else {}
    actor = Actor(user_id=USERS[0], name="Kim", grants=grants, team_user_ids=team, store_ids=stores)
    clause = scope_clause(actor, SEE, owner=THINGS.c.owner, store=THINGS.c.store)
    with app.app_context(), tenant(alpha.id):
        picked = {tuple(row) for row in db.session.execute(select(THINGS).where(clause))}
    assert picked == {row for row in ROWS if covers(actor, SEE, owner_id=row[0], store_id=row[1])}
