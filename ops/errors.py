"""The one error that `forecourt.py` shows to a person: a clear sentence, no traceback."""


class OpsError(Exception):
    """Something a person can act on. The text is shown as it is and the exit code is 1."""
