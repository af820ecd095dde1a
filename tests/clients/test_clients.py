"""The clients the command makes: whole, the same each time, and of use against the real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from app.core.http.api import api_document
from app.core.http.api.finishing import operations_of
from ops import assets
from ops import clients as making
from tests.clients.conftest import Called, make_clients

HERE = Path(__file__).parent
EXACT = re.compile(r"\d+\.\d+\.\d+")


@pytest.fixture(scope="module")
def operations(app: Flask) -> list[tuple[str, str, str]]:
    """(operation, method, path) of the whole document."""
    with app.app_context():
        return [(said["operationId"], method, path) for path, method, said in operations_of(api_document())]


def run(command: list[str], folder: Path, **environment: str) -> str:
    ran = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=False, capture_output=True,
                         text=True, timeout=180)  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*")
            if path.is_file() and path.suffix != ".pyc"}  # fmt: skip


def test_every_operation_is_in_both(clients: Path, operations: list[tuple[str, str, str]]) -> None:
    api = clients / "python" / "forecourt_client" / "api"
    modules = {path.stem: path.read_text() for path in api.glob("*/*.py") if path.stem != "__init__"}
    assert modules.keys() == {name for name, _, _ in operations}
    for name, method, path in operations:
        assert f'"method": "{method}"' in modules[name], name
        assert f'"url": "{path}"' in modules[name], name
    loaded = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    names = [f"forecourt_client.api.{path.parent.name}.{path.stem}" for path in api.glob("*/*.py")]
    run([sys.executable, "-c", loaded, *names], clients / "python", PYTHONDONTWRITEBYTECODE="1")
    sdk = (clients / "typescript" / "sdk.gen.ts").read_text()
    exported = re.findall(r"^export const (\w+) = .*?\)\.(\w+)<.*?\burl: '([^']+)'", sdk, re.MULTILINE | re.DOTALL)
    assert set(exported) == {(camel(name), method, path) for name, method, path in operations}


def test_made_again_they_are_the_same_and_foreign_folders_are_left_alone(clients: Path, tmp_path: Path) -> None:
    (before := tmp_path / "python" / "forecourt_client").mkdir(parents=True)
    for name in ("client.py", "gone_meanwhile.py"):
        (before / name).touch()
    ran = make_clients(tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["python", "typescript"]
    assert texts(tmp_path) == texts(clients)
    (own := tmp_path / "own" / "python").mkdir(parents=True)
    (own / "notes.txt").write_text("mine")
    refused = make_clients(tmp_path / "own")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "is no client of ours" in refused.stderr
    assert [path.name for path in (tmp_path / "own").rglob("*")] == ["python", "notes.txt"]


def test_what_a_generator_warns_of_is_not_swallowed(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    answer = {"200": {"description": "OK", "content": {"application/nonsense": {"schema": {"type": "string"}}}}}
    path = {"get": {"operationId": "x", "responses": answer}}
    document.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": path}}))
    with pytest.raises(making.OpsError, match="The Python client could not be made"):
        making.make_python(document, tmp_path / "python")


def test_the_python_client_has_its_day(clients: Path, called: Called) -> None:
    said = run([sys.executable, "-W", "error", str(HERE / "day.py"), *values(called)], HERE,
               PYTHONPATH=str(clients / "python"), PYTHONDONTWRITEBYTECODE="1")  # fmt: skip
    assert re.fullmatch(r"\d+ customers on \d+ pages\n", said)


def test_the_typescript_client_has_its_day(clients: Path, called: Called, tmp_path: Path) -> None:
    shutil.copytree(clients / "typescript", tmp_path / "typescript")
    shutil.copyfile(HERE / "day.ts", tmp_path / "day.ts")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    options = {"strict": True, "noUncheckedIndexedAccess": True, "module": "nodenext", "target": "es2022",
               "lib": ["es2022", "dom", "dom.iterable"], "types": [], "outDir": "out", "rootDir": "."}  # fmt: skip
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["day.ts"]}))
    node = assets.find_node(making.OLDEST_NODE).command
    compiler = making.TOOLS / "node_modules" / "typescript" / "bin" / "tsc"
    run([*node, str(compiler), "-p", str(tmp_path)], tmp_path)
    preloaded = ["--import", str(HERE / "loopback.mjs")]
    said = run([*node, *preloaded, str(tmp_path / "out" / "day.js"), *values(called)], tmp_path)
    assert re.fullmatch(r"\d+ customers on \d+ pages\n", said)


def test_the_generators_are_locked_exactly() -> None:
    wanted = json.loads((making.TOOLS / "package.json").read_text())["devDependencies"]
    locked = json.loads((making.TOOLS / "package-lock.json").read_text())["packages"]
    assert all(EXACT.fullmatch(version) for version in wanted.values()), wanted
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert not any("resolved" in package for package in locked.values())
    assert all(not name or package["integrity"].startswith("sha512-") for name, package in locked.items())


def values(called: Called) -> list[str]:
    return [called.url, called.host, called.key, called.narrow, called.store]
