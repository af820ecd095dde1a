"""The dealership itself over the API, one file a kind of record; `shapes` says what goes in and out.

What takes a person stays with people: passwords, second factors and who must have one, sessions, the identity provider,
letting the operator in, and API keys themselves, which no key may even read (`NEVER` in `rules/api_keys.py`).
"""

from app.tenants.api import me, roles, stores, teams, users

blueprints = (me.bp, stores.bp, users.bp, roles.bp, teams.bp)
