"""The roles' page has a word for everything that can be granted."""

from app.core.guard.permissions import declared
from app.tenants.views.words import RESOURCES, VERBS


def test_every_permission_has_words(app):
    # Tests of the registry declare rights of their own in this process; their resources end in "_test".
    names = [name.split(".") for name in declared() if not name.partition(".")[0].endswith("_test")]
    assert {resource for resource, _ in names} - RESOURCES.keys() == set()
    assert {verb for _, verb in names} - VERBS.keys() == set()
