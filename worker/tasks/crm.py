"""Tasks of customers and activities."""
