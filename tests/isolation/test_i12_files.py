"""Case I12: files of dealerships that upload at the same moment never meet: each lies under its own tenant's id."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import Flask

from app.core.db import Tenant, tenant, transaction
from app.core.guard import files

UPLOADS = 40


def test_interleaved_uploads_stay_with_their_owners(app: Flask, alpha: Tenant, beta: Tenant) -> None:
    folder = Path(app.extensions["forecourt_settings"].files_dir)

    def upload(number: int) -> tuple[Tenant, str, bytes]:
        of = (alpha, beta)[number % 2]
        content = f"{of.slug} {number}".encode()
        with app.app_context(), tenant(of.id), transaction():
            # The same name from both, as when two dealers export the same system.
            row = files.save_file(io.BytesIO(content), "customers.csv", "import")
            return of, row.stored_as, content

    with ThreadPoolExecutor(4) as pool:
        saved = list(pool.map(upload, range(UPLOADS)))
    assert len({stored_as for _, stored_as, _ in saved}) == UPLOADS
    for of, stored_as, content in saved:
        (path,) = folder.rglob(stored_as)
        assert path.relative_to(folder).parts[0] == of.id
        assert path.read_bytes() == content
