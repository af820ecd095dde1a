"""`clients [FOLDER]`: makes a Python and a TypeScript client of the API from the document the application builds."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ops import assets
from ops.errors import OpsError
from ops.layout import ROOT, shown

TOOLS = ROOT / "clients"
DEFAULT = ROOT / "build" / "clients"
OLDEST_NODE = 24  # What @hey-api/openapi-ts asks for is 22.18; the one from PyPI is newer.
# A folder of ours holds its file; anything else in the way is somebody's own.
PYTHON_MARK, TYPESCRIPT_MARK = "forecourt_client/client.py", "sdk.gen.ts"
MERGE_PATCH, JSON = "application/merge-patch+json", "application/json"
# The document is made without a database, so these are never used.
NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "SECRET_KEY": "only the document is asked for, nothing is signed",
    "MASTER_KEY": base64.b64encode(bytes(32)).decode(),
}


def main(arguments: list[str]) -> int:
    """Write FOLDER/python and FOLDER/typescript anew; both or neither."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        raise OpsError("clients takes one folder, or none for build/clients.")
    folder = Path(arguments[0]).absolute() if arguments else DEFAULT
    marks = {"python": PYTHON_MARK, "typescript": TYPESCRIPT_MARK}
    for name, mark in marks.items():
        if (folder / name).exists() and not (folder / name / mark).exists():
            raise OpsError(f"{shown(folder / name)} is no client of ours: name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that it is moved there and not copied.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as temporary:
        made = Path(temporary)
        document = made / "openapi.json"
        document.write_text(json.dumps(one_body_each(current_document())))
        make_python(document, made / "python")
        make_typescript(document, made / "typescript")
        for name in marks:
            shutil.rmtree(folder / name, ignore_errors=True)
            (made / name).rename(folder / name)
    print(f"The clients are in {shown(folder)}/python and {shown(folder)}/typescript.", flush=True)
    return 0


def current_document() -> Any:
    """Return the OpenAPI document of this checkout; no server is needed."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    ran = subprocess.run([sys.executable, "-P", "-m", "flask", "--app", "wsgi:app", "api", "document"], cwd=ROOT,
                         env={**kept, "PYTHONPATH": str(ROOT), **NOWHERE}, check=False, capture_output=True)
    if ran.returncode != 0:
        raise OpsError(f"The document of the API could not be made: {last_line(ran.stderr)}")
    return json.loads(ran.stdout)


def one_body_each(document: Any) -> Any:
    """Return it with one media type for each body, the most telling of those that mean the same.

    A choice between a merge patch and plain JSON is none in a client, and openapi-python-client 0.29 writes a module
    that cannot be imported for it.
    """
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            if MERGE_PATCH in content and content[MERGE_PATCH]["schema"] == content.get(JSON, {}).get("schema"):
                del content[JSON]
    return document


def make_python(document: Path, output: Path) -> None:
    """Run openapi-python-client; whatever it would leave out with a warning is an error."""
    beside = str(Path(sys.executable).parent)  # Its formatter is ruff, of the same environment.
    environment = {**os.environ, "PATH": os.pathsep.join([beside, os.environ.get("PATH", "")])}
    command = [sys.executable, "-P", "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "uv",
               "--config", str(TOOLS / "python.yml"), "--output-path", str(output), "--fail-on-warning"]
    generate(command, environment, "Python")


def make_typescript(document: Path, output: Path) -> None:
    """Run @hey-api/openapi-ts under Node.js, which is fetched where there is none that is new enough."""
    node = assets.find_node(OLDEST_NODE)
    with assets.one_at_a_time():
        assets.fetch_packages(node, TOOLS, "the TypeScript generator")
    generate([*node.command, str(TOOLS / "typescript.mjs"), str(document), str(output)], node.environment, "TypeScript")


def generate(command: list[str], environment: dict[str, str], language: str) -> None:
    """Run a generator, which says nothing but what is wrong."""
    ran = subprocess.run(command, cwd=TOOLS, env=environment, check=False, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    if ran.returncode != 0 or "warning" in said.lower():
        raise OpsError(f"The {language} client could not be made:\n{said.strip()}")


def last_line(said: bytes) -> str:
    """Return the last line, where Python names the error."""
    return next(reversed(said.decode(errors="replace").strip().splitlines()), "nothing was said")[:300]
