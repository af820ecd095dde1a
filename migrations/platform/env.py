"""Alembic's entry for this line; both lines share one environment."""

from pathlib import Path

exec(compile((Path(__file__).parents[1] / "env.py").read_text(), "env.py", "exec"))  # noqa: S102
