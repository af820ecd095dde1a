"""The process that `bench fleet` kills: it migrates the fleet and says each dealership it has done."""

from __future__ import annotations

from app.factory import create_app
from app.tenants.operations import migrating
from bench.fleet import TARGET, next_release

if __name__ == "__main__":
    with create_app().app_context(), next_release():
        migrating.migrate_tenants(target=TARGET, progress=lambda tenant_id: print(tenant_id, flush=True))
