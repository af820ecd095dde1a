"""The metrics over the API."""

from app.insights.api import metrics

blueprints = (metrics.bp,)
