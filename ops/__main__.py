"""`python -m ops …`: what `forecourt.py` hands over to once the environment exists."""

import sys

from ops.cli import run

sys.exit(run(sys.argv[1:]))
