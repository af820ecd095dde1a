"""`python -m worker worker|beat …`: Celery's commands on our two applications, with Celery's own options.

Its command line brings an interactive shell along, which every process would keep in memory for as long as it runs.
"""

from __future__ import annotations

import importlib
import sys

from celery.bin.base import CLIContext

APPLICATIONS = {"worker": "worker.celery_app", "beat": "worker.beat"}


def main(arguments: list[str]) -> None:
    """Run the named command until it is told to stop."""
    name = arguments[0] if arguments else ""
    if name not in APPLICATIONS:
        raise SystemExit(f"usage: python -m worker {'|'.join(APPLICATIONS)} [options of celery]")
    application = importlib.import_module(APPLICATIONS[name]).celery
    command = getattr(importlib.import_module(f"celery.bin.{name}"), name)
    context = CLIContext(application, no_color=True, workdir=None)
    command.main(args=arguments[1:], prog_name=f"worker {name}", obj=context)


if __name__ == "__main__":
    main(sys.argv[1:])
