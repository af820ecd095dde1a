"""Sets one print: run as a script by `app.core.printing`, with the order on standard input and the bytes on output."""

from __future__ import annotations

import base64
import json
import resource
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst

# What a print may take at most; one that takes more is not one of ours.
MOST_BYTES, MOST_SECONDS = 2 * 1024**3, 20
FONTS = "pylopdf_fonts_zh_cn"


def main() -> int:
    """Read the order, set it, write the bytes."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    order = json.load(sys.stdin)
    found = find_spec(FONTS)
    if found is None or found.origin is None:
        raise SystemExit(f"The package {FONTS} is missing.")
    files = {name: base64.b64decode(content) for name, content in order["pictures"].items()}
    # Its own types leave out files given by name, which its documentation offers.
    compile_files: Any = typst.compile
    made = compile_files(
        {"main.typ": order["paper"].encode(), **files},
        font_paths=[str(Path(found.origin).parent)],
        ignore_system_fonts=True,
        format=order["form"],
        ppi=96,
        sys_inputs={"data": order["data"]},
    )
    # A picture of several pages is a list of pictures.
    sys.stdout.buffer.write(made[0] if isinstance(made, list) else made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
