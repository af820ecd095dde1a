"""The roles' page has a word for everything that can be granted."""

from app.core.guard.permissions import declared
from app.tenants.views.words import RESOURCES, VERBS


def test_every_permission_has_words(app):
    names = [name.split(".") for name in declared()]
    assert {resource for resource, _ in names} - RESOURCES.keys() == set()
    assert {verb for _, verb in names} - VERBS.keys() == set()
