"""Changes of many rows of a list: each row by its own operation, together one thing to take back."""
