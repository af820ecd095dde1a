"""Forecourt, a dealer management system. Nothing imports `app` itself; this keeps cycles away."""
