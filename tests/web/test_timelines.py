"""One stream: a person's changes within five minutes are one line that tells what changed in all."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.core.http.timelines import CHANGE, Change, Entry, collapsed

NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)
PAGE = '{% from "web/macros/timeline.html" import timeline with context %}'
NASTY = '"><script src=x></script>'


def change(minutes: float, who: str = "Mei", **fields: tuple) -> Entry:
    changes = [Change(name, before, after) for name, (before, after) in fields.items()]
    return Entry(NOW - timedelta(minutes=minutes), CHANGE, who=who, icon="pencil", changes=changes)


def call(minutes: float) -> Entry:
    return Entry(NOW - timedelta(minutes=minutes), "call", "Call", "Sam")


def test_changes_of_one_person_within_five_minutes_are_one():
    groups = collapsed(
        [change(0, price=(2, 3)), change(4, price=(1, 2), colour=("red", "blue")), change(6, price=(0, 1))]
    )
    assert [len(group.entries) for group in groups] == [2, 1]
    assert {one.field: (one.before, one.after) for one in groups[0].changes} == {
        "price": (1, 3),
        "colour": ("red", "blue"),
    }


def test_five_minutes_run_from_the_newest():
    assert [len(group.entries) for group in collapsed([change(minute) for minute in range(0, 12, 2)])] == [3, 3]


def test_another_person_or_another_thing_in_between_begins_a_new_line():
    assert len(collapsed([change(0), change(1, "Sam"), change(2)])) == 3
    assert len(collapsed([change(0), call(1), change(2)])) == 3


def test_what_was_taken_back_at_once_changed_nothing():
    [group] = collapsed([change(0, price=(2, 1)), change(1, price=(1, 2))])
    assert group.changes == []


def test_one_kind_alone():
    entries = [change(0), call(1), change(2)]
    assert [group.first.kind for group in collapsed(entries, "call")] == ["call"]
    assert len(collapsed(entries, CHANGE)) == 1


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["Mei", "Sam"]), st.booleans())))
def test_nothing_is_lost_and_the_newest_comes_first(items):
    entries = [change(minutes, who) if changed else call(minutes) for minutes, who, changed in items]
    groups = collapsed(entries)
    assert sum(len(group.entries) for group in groups) == len(entries)
    times = [entry.at for group in groups for entry in group.entries]
    assert times == sorted(times, reverse=True)
    assert all(group.entries[0].at - group.entries[-1].at <= timedelta(minutes=5) for group in groups)


def test_the_stream_says_what_changed_and_never_in_markup(bare_shell):
    entries = [change(0, NASTY, price=(NASTY, None)), change(30, "Sam", price=(1, 2), colour=("red", "blue")), call(60)]
    page = bare_shell.page(PAGE + "{{ timeline(e|collapsed, 'Timeline', {'price': 'Price'}) }}", e=entries)
    assert "<script" not in page
    assert "changed Price" in page
    assert "changed 2 fields" in page
    assert page.count("<li") == 3


def test_the_composer_and_the_filter_stand_above(bare_shell):
    source = PAGE + "{% call timeline([], 'T', filter_links=[('All', '/x', True)]) %}<form></form>{% endcall %}"
    page = bare_shell.page(source)
    assert page.index("/x") < page.index("<form>") < page.index("Nothing has happened yet.")
    assert 'aria-current="true"' in page
