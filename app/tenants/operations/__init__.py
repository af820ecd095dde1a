"""What can be done to stores, users, roles, sessions and links, and to a tenant as a whole."""
