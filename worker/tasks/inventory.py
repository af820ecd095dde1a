"""Tasks of vehicles and stock."""
