"""The background: Celery application, beat table, relay process, thin tasks over the same operations."""
