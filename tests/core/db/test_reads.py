"""Reads kept while a page is drawn: once a question, apart by dealership and by thread, and then forgotten."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from app.core.db import Tenant, tenant
from app.core.db.reads import drawing, kept

asked: list[tuple[object, ...]] = []


@kept
def read(key: int, *, of: str = "all") -> list[object]:
    asked.append((key, of))
    return [key, of]


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()


def test_a_question_is_asked_once_while_a_page_is_drawn(in_alpha: Tenant) -> None:
    with drawing():
        assert read(1) is read(1)
        assert read(1, of="some") == [1, "some"]
        assert read(2) == [2, "all"]
    assert asked == [(1, "all"), (1, "some"), (2, "all")]


def test_outside_of_a_page_and_on_the_next_everything_is_read_anew(in_alpha: Tenant) -> None:
    assert read(1) is not read(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), drawing():
            read(1)
            raise ZeroDivisionError
    read(1)
    assert len(asked) == 5


def test_what_one_dealership_read_is_not_told_to_another(app: Flask, alpha: Tenant, beta: Tenant) -> None:
    with app.app_context(), drawing():
        with tenant(alpha.id):
            first = read(1)
        with tenant(beta.id):
            assert read(1) is not first
    assert len(asked) == 2


def test_pages_drawn_at_once_keep_to_themselves(in_alpha: Tenant, app: Flask) -> None:
    def elsewhere() -> None:
        with app.app_context(), tenant(in_alpha.id):
            read(1)

    with drawing():
        read(1)
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
    assert len(asked) == 2
