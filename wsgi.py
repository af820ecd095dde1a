"""The application for a WSGI server and for `flask`; a wrong configuration is a list of what is wrong, exit code 1."""

import sys

from app.core.config import ConfigError
from app.factory import create_app

try:
    app = create_app()
except ConfigError as error:
    sys.exit(str(error))
