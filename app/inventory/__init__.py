"""Vehicles as built, and stock: the episodes in which a store owns or controls one.

A vehicle is never duplicated: sold and taken back, it gets a new episode. The database allows one open episode
per vehicle.
"""
