"""The Celery application of beat, which needs to know nothing but the broker: it only says that time has passed."""

from __future__ import annotations

from celery import Celery

from worker import settings

celery = Celery("forecourt-beat")
celery.config_from_object(settings.load())
