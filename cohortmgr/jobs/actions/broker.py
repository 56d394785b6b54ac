"""Wake the worker through the broker. The database says what is to be done; a wake only says "look now"."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from celery import Celery
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

from cohortmgr.base.settings import Settings
from cohortmgr.base.work import Work

QUEUES = ("jobs", "outbox", "documents")
_ONE_TRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0}
_FILES = "files"
TRANSPORT_ALIASES[_FILES] = "cohortmgr.jobs.actions.broker_files:Transport"
_log = logging.getLogger(__name__)


def celery_for(settings: Settings) -> Celery:
    """Make a Celery application on Redis, or on files in the data folder."""
    celery = Celery("cohortmgr", broker=settings.broker_url or f"{_FILES}://")
    celery.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        task_default_queue="jobs",
        # Named, so that a worker without -Q consumes every queue and not only the default one.
        task_queues=[Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
        task_routes={f"drain.{queue}": {"queue": queue} for queue in QUEUES},
        broker_transport_options=_transport(settings),
        timezone="UTC",
    )
    return celery


def _transport(settings: Settings) -> dict[str, object]:
    if not settings.embedded_broker:
        return {
            "visibility_timeout": 600,
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "unacked_restore_limit": 100,
        }
    folder = settings.data / "broker"
    for name in ("queue", "control", "done"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
        "processed_folder": str(folder / "done"),
        "store_processed": False,
        "polling_interval": 0.2,
    }


def routes_of(works: Iterable[Work]) -> dict[str, dict[str, str]]:
    """Return the queue by which each work travels, by its name."""
    return {work.name: {"queue": work.queue} for work in works}


def schedule_of(works: Iterable[Work]) -> dict[str, dict[str, Any]]:
    """Return the schedule of beat: every task with a period.

    Each message expires a little before the next one is sent."""
    return {
        work.name: {
            "task": work.name,
            "schedule": float(work.every),
            "options": {"queue": work.queue, "expires": work.every - max(5, work.every / 30)},
        }
        for work in works
        if work.every is not None
    }


def ask_at_stop(celery: Celery, works: Iterable[Work]) -> None:
    """Ask the worker for what is done at a stop, because this process stops, which may not do it itself.

    A failure is only logged: the worker does it each hour, and at its own stop, anyway."""
    celery.conf.broker_transport_options = {**celery.conf.broker_transport_options, **_ONE_TRY}
    for work in works:
        if work.at_stop:
            try:
                celery.send_task(work.name, queue=work.queue, retry=False, expires=60)
            except Exception as error:
                _log.warning("the worker was not asked for %s: %s", work.name, error)


def wake_sender(celery: Celery) -> Callable[[str], None]:
    """Return a function that tells the worker that rows wait in a queue.

    A failure is only logged: the worker's periodic sweep finds the rows anyway."""

    # One try: without these options kombu goes on trying for six seconds, and a person waits for nothing.
    celery.conf.broker_transport_options = {**celery.conf.broker_transport_options, **_ONE_TRY}

    def send(queue: str) -> None:
        try:
            celery.send_task(f"drain.{queue}", queue=queue, retry=False, expires=60)
        except Exception as error:  # the sweep makes up for any fault: the person must not meet it
            _log.warning("the worker was not woken for %s: %s", queue, error)

    return send
