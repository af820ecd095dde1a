"""The field policy: what nobody opened stays closed, for every way of asking."""

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table

from app.core.db.columns import FINANCIAL, INTERNAL, PERSONAL, SENSITIVE
from app.core.errors import FieldClosed
from app.core.guard.classes import CONTACT, COST, MARGIN, PAY
from app.core.guard.masks import FULL
from app.core.guard.permissions import Actor, system_actor
from app.core.guard.policy import Sight, declare_record, policy_for

TABLE = Table(
    "policy_tests",
    MetaData(),
    Column("title", String, info=INTERNAL),
    Column("name", String, info=PERSONAL),
    Column("phone", LargeBinary, info=CONTACT),
    Column("price", String, info=FINANCIAL),
    Column("cost", String, info=COST),
    Column("gross", String, info=MARGIN),
    Column("wage", String, info=PAY),
    Column("secret", String, info=SENSITIVE),
    Column("forgotten", String),
)
declare_record("policy_test", TABLE, mobile=CONTACT)
PLAIN = Actor(user_id=None, name="plain", sights={"contact": "masked", "cost": "nonsense"})
TRUSTED = Actor(user_id=None, name="trusted", sights=dict.fromkeys(("contact", "cost", "margin"), "visible"))


def sights(actor):
    return {column.name: str(policy_for(actor).field("policy_test", column.name)) for column in TABLE.columns}


def test_what_no_role_opens_and_what_is_not_understood_is_hidden():
    assert sights(PLAIN) == {
        "title": "visible",
        "name": "visible",
        "phone": "masked",
        "price": "visible",
        "cost": "hidden",
        "gross": "hidden",
        "wage": "hidden",
        "secret": "hidden",
        "forgotten": "hidden",
    }


def test_a_sight_opens_its_group_and_no_other():
    assert sights(TRUSTED) == sights(PLAIN) | {"phone": "visible", "cost": "visible", "gross": "visible"}


def test_the_system_sees_all_that_is_declared():
    assert set(sights(system_actor("job")).values()) == {"visible", "hidden"}
    assert sights(system_actor("job"))["forgotten"] == "hidden"


@pytest.mark.parametrize("actor", [PLAIN, TRUSTED, system_actor("job")])
def test_an_unknown_field_is_hidden(actor):
    assert policy_for(actor).field("policy_test", "nothing") is Sight.HIDDEN
    assert policy_for(actor).field("nothing", "phone") is Sight.HIDDEN
    assert policy_for(actor).column(object()) is Sight.HIDDEN


def test_a_value_that_is_no_column_follows_its_declared_info():
    assert policy_for(PLAIN).field("policy_test", "mobile") is Sight.MASKED
    assert policy_for(TRUSTED).field("policy_test", "mobile") is Sight.VISIBLE


def test_what_is_masked_may_not_be_filtered_or_sorted_by():
    for name in ("cost", "phone", "secret", "forgotten"):
        assert not policy_for(PLAIN).may_query("policy_test", name)
    assert policy_for(TRUSTED).may_query("policy_test", "cost")


def test_show_gives_the_value_its_mask_or_nothing():
    assert policy_for(TRUSTED).show("policy_test", "phone", "18049531999", "phone") == "18049531999"
    assert policy_for(PLAIN).show("policy_test", "phone", "18049531999", "phone") == "180****1999"
    assert policy_for(PLAIN).show("policy_test", "phone", "nonsense", "phone") == FULL
    assert policy_for(PLAIN).show("policy_test", "cost", "12000", "phone") is None


def test_what_is_not_seen_in_full_is_not_written():
    for name in ("cost", "phone", "forgotten"):
        with pytest.raises(FieldClosed):
            policy_for(PLAIN).check_write("policy_test", name)
    policy_for(TRUSTED).check_write("policy_test", "phone")
    policy_for(PLAIN).check_write("policy_test", "title")
