"""The Celery application of beat, which needs to know nothing but the broker: it only says that time has passed."""

from __future__ import annotations

from typing import Any

from celery import Celery, signals

from worker import settings
from worker.memory import give_back

celery = Celery("forecourt-beat")
celery.config_from_object(settings.load())


@signals.beat_init.connect
def _settle(**_: Any) -> None:
    give_back()
