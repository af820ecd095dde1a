"""Tenants: the dealership itself.

Its stores, users, roles, teams and grants; signing in and out, sessions, invitation and password links; and, for the
platform's staff, creating, migrating, suspending and deleting a tenant. The lowest module: the others stand on it.
"""
