"""The demonstration's dealerships and their invented history (see docs/decisions/0005-demonstration-data.md)."""
