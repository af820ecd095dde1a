"""Customers and what was said and done with them: people, companies, contact points, activities."""
