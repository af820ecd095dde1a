"""The pages of the console; the blueprint is `bp`."""

from app.operators.views import dealerships, people, running, signing
from app.operators.views.base import bp

__all__ = ["bp", "dealerships", "people", "running", "signing"]
