"""A dealership answers at its own domain once the operator says so, and at nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from app.core.db import Tenant, directory
from app.core.errors import Invalid, NotFound
from app.tenants.errors import HostTaken, LastHost
from app.tenants.operations import lifecycle


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_an_own_domain_is_added_and_taken_away(app: Flask, alpha: Tenant, client_for: Callable[..., object]) -> None:
    client = app.test_client()
    assert client.get("/sign-in", base_url="http://cars.example.com").status_code == 404
    lifecycle.add_host(alpha.id, "Cars.Example.com")
    lifecycle.add_host(alpha.id, "cars.example.com")
    found = client.get("/sign-in", base_url="http://cars.example.com")
    assert found.status_code == 200
    assert alpha.name in found.text
    lifecycle.remove_host(alpha.id, "cars.example.com")
    assert client.get("/sign-in", base_url="http://cars.example.com").status_code == 404


def test_a_host_belongs_to_one_dealership(alpha: Tenant, beta: Tenant) -> None:
    with pytest.raises(HostTaken):
        lifecycle.add_host(beta.id, alpha.hosts[0])
    with pytest.raises(NotFound):
        lifecycle.remove_host(beta.id, alpha.hosts[0])
    found = directory.find_host(alpha.hosts[0])
    assert found is not None
    assert found.id == alpha.id


def test_the_last_host_stays(alpha: Tenant) -> None:
    with pytest.raises(LastHost):
        lifecycle.remove_host(alpha.id, alpha.hosts[0])


@pytest.mark.parametrize(
    "host", ["", "cars", "*.example.com", "cars.example.com:80", "a..b.com", "-a.com", "ä.example", "1.2.3.4"]
)
def test_only_full_names_are_hosts(alpha: Tenant, host: str) -> None:
    with pytest.raises(Invalid):
        lifecycle.add_host(alpha.id, host)
