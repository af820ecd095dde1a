"""The commands behind `forecourt.py`; every expected failure ends as one sentence and exit code 1."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence

from ops import assets
from ops.errors import OpsError
from ops.layout import ROOT

# Each command's module is imported when it is asked for: `test` needs no supervisor, `memory` no drivers.
COMMANDS = {
    "up": "ops.up",
    "assets": "ops.assets",
    "clients": "ops.clients",
    "test": "ops.testing",
    "flask": "ops.forwarding",
    "memory": "ops.memory",
}

# The room above this one, so it is run and never imported.
MEASURES = {"bench": "bench", "screenshots": "bench.screenshots"}


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code."""
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    try:
        if name in MEASURES:
            os.chdir(ROOT)
            assets.build()
            os.execv(sys.executable, [sys.executable, "-m", MEASURES[name], *rest])  # noqa: S606 - our own interpreter
        if name not in COMMANDS:
            raise OpsError(f"There is no command {name!r}: {', '.join([*COMMANDS, *MEASURES])}.")
        return int(importlib.import_module(COMMANDS[name]).main(rest))
    except OpsError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            print("The disk is full: make room and start again; nothing that was saved is lost.", file=sys.stderr)
        elif error.errno in (errno.EACCES, errno.EROFS):
            print(f"{error.filename} cannot be written: {error.strerror}.", file=sys.stderr)
        else:
            raise
    return 1
