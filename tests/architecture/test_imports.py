"""The import contracts hold, and break when somebody imports upward."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def _lint(folder):
    command = [LINT, "--no-logo", "--config", ROOT / ".importlinter"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_contracts_are_kept():
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


PLANTED = {
    "app/crm/operations/planted.py": "def late():\n    from app.sales import queries\n",
    "app/core/guard/planted.py": "from app.core.jobs import outbox\n",
    "app/core/planted.py": "",
    "app/crm/utils.py": "",
    "app/tenants/rules/planted.py": "import sqlalchemy\n",
    "app/crm/queries/planted.py": "from app.crm import operations\n",
    "app/sales/operations/planted.py": "from app.crm import models\nimport flask\n",
    "app/insights/operations/planted.py": "from app.core.http import problems\n",
    "app/web/planted.py": "import worker\n",
}
BROKEN = [
    "App folders are layered",
    "Worker is above app",
    "Same files in every module, same order",
    "Rules are pure",
    "Operations, queries and models do not touch Flask or Celery",
    "crm internals are private",
    "Core is five rooms, one above the other",
    "The HTTP room is for views only",
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The linter's report on a copy of the code with faults planted in it."""
    copy = tmp_path_factory.mktemp("planted")
    for folder in ("app", "worker", "ops", "bench"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "static", "*.html"))
    for name, source in PLANTED.items():
        path = copy / name
        file = path.parent.with_suffix(".py")
        if file.exists():
            # The module has not grown into a folder: the fault goes into the file itself.
            file.write_text(f"{file.read_text(encoding='utf-8')}\n{source}", encoding="utf-8")
        else:
            path.write_text(source, encoding="utf-8")
    done = _lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("contract", BROKEN)
def test_a_planted_import_breaks_its_contract(report, contract):
    assert f"{contract} BROKEN" in report
