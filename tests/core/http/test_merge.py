"""The three-way merge of a form: what each hand changed counts once, and only real contradictions clash."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.http.merge import apply, merge

FIELDS = st.sampled_from(["name", "colour", "price", "notes", "owner"])
RECORD = st.dictionaries(FIELDS, st.sampled_from("abc"), max_size=5)


@given(RECORD, RECORD, RECORD)
def test_a_field_clashes_only_if_both_changed_it_and_differently(base, mine, theirs):
    found = merge(base, mine, theirs)
    for name in {*mine, *theirs}:
        before, left, right = base.get(name), mine.get(name), theirs.get(name)
        assert (name in found.clashes) == (left != right and before != left and before != right)
        assert (name in found.mine) == (left != right and before == right)
        assert (name in found.theirs) == (left != right and before == left)


@given(RECORD, RECORD, RECORD)
def test_it_is_the_same_from_either_side(base, mine, theirs):
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert (one.mine, one.theirs, one.clashes) == (other.theirs, other.mine, other.clashes)
    if not one.clashes:
        assert apply(one, mine, theirs) == apply(other, theirs, mine)


@given(RECORD, RECORD)
def test_whoever_changed_nothing_gets_what_the_other_made(base, changed):
    assert apply(merge(base, base, changed), base, changed) == changed
    assert apply(merge(base, changed, base), changed, base) == changed
    assert not merge(base, base, changed).clashes
    assert not merge(base, changed, changed).clashes


@given(RECORD, RECORD, RECORD)
def test_a_choice_ends_a_clash_in_one_value_or_the_other(base, mine, theirs):
    found = merge(base, mine, theirs)
    for choice, values in ((True, mine), (False, theirs)):
        result = apply(found, mine, theirs, lambda _key, choice=choice: choice)
        assert all(result.get(name) == values.get(name) for name in found.clashes)


@given(RECORD, RECORD)
def test_without_a_base_every_difference_is_asked_about(mine, theirs):
    found = merge(None, mine, theirs)
    assert found.clashes == {name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)}
    assert not found.mine
    assert not found.theirs
