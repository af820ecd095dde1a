"""`python -m bench NAME [OPTIONS]`: run one measure or drill."""

from __future__ import annotations

import importlib
import sys

# Name -> what it measures. Each is the module bench.<name> with main(arguments) -> int.
NAMES = {
    "isolation": "what isolation by schema and role costs beside none, and that no foreign row is read",
    "provision": "a dealership created beside its bare DDL script",
    "fleet": "migrating 1,000 dealerships: nothing to do, one column, killed and resumed",
    "metrics": "the activity metric in full and incrementally, beside one scan and an ORM loop",
    "import": "importing sales beside COPY of the same rows into one bare table",
    "encryption": "a page of 50 rows with encrypted values beside the same page without, and single values",
    "audit": "what sealing the audit costs 32 writers, alone and beside an import, and how soon an entry is sealed",
    "api": "a list, a read and a creation over the API beside the same done by hand",
    "desk": "random deals beside exact arithmetic, and what else the deal desk promises",
    "search": "one box over a million entries, beside a scan of them and beside an empty request",
    "outbox": "0 of 1,000 effects lost or done twice while worker, broker and database are killed",
    "gateway": "0 failed reads while each of two web servers behind the gateway is killed",
    "relay": "what the relay costs while all is idle, and how soon a new row is on its way",
}
# A keyword cannot be imported.
MODULES = {"import": "importing"}


def main(arguments: list[str]) -> int:
    """Run the bench named first with the arguments after it."""
    if not arguments or arguments[0] not in NAMES:
        listed = "\n".join(f"  {name:<11} {what}" for name, what in NAMES.items())
        print(f"usage: python3 forecourt.py bench NAME [--help]\n\n{listed}", file=sys.stderr)
        return 2
    return int(importlib.import_module(f"bench.{MODULES.get(arguments[0], arguments[0])}").main(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
