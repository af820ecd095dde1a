"""The demonstration's dealerships and their invented history (see docs/decisions/0007-demonstration-data.md)."""
