"""Tasks of deals."""
