"""A user has the grants, stores and team mates that are the user's own, and nobody else's."""

import pytest

from app.core.db import db
from app.core.guard.permissions import allows
from app.tenants.models import Team, TeamMember
from app.tenants.queries import list_active_users
from app.tenants.queries.sessions import get_actor
from app.tenants.rules.roles import ADMIN, DEFAULT_ROLES
from tests.fixtures import people


@pytest.mark.parametrize("role", sorted(set(DEFAULT_ROLES) - {ADMIN}))
def test_grants_are_those_of_the_users_own_roles(in_alpha, role):
    assert dict(people.actor_of(role).grants) == dict(DEFAULT_ROLES[role].grants)


def test_administrator_holds_every_permission(in_alpha):
    assert allows(people.actor_of(ADMIN), "metric.recompute")


def test_team_mates_are_those_of_the_users_own_teams(in_alpha):
    ids = {user.name: user.id for user in list_active_users()}
    first, second, third = ids["Salesperson"], ids["Bdc Agent"], ids["Cashier"]
    (store_id,) = people.actor_of("salesperson").store_ids
    for lead, member in ((first, second), (third, third)):
        team = Team(store_id=store_id, name="Team", lead_id=lead)
        db.session.add(team)
        db.session.flush()
        db.session.add(TeamMember(team_id=team.id, user_id=member))
    db.session.flush()
    assert get_actor(first).team_user_ids == {second}
    assert get_actor(third).team_user_ids == {third}
    db.session.rollback()
