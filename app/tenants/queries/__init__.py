"""What can be asked about stores, users, roles, sessions and links."""
