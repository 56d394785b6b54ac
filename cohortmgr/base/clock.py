"""The only clock. Instants are aware and in UTC; days are Casablanca's.

Morocco stays at UTC+0 since 2026-09-20 and a machine's own time-zone data may not know it, so the
search path is emptied before any zone is read: only the `tzdata` package is used.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime

zoneinfo.reset_tzpath([])
zoneinfo.ZoneInfo.clear_cache()

CASABLANCA = zoneinfo.ZoneInfo("Africa/Casablanca")

_frozen: datetime | None = None
_movable = True
_arrival: ContextVar[datetime | None] = ContextVar("arrival", default=None)


def forbid_moving() -> None:
    """Called by the application in production: the clock is the machine's and nothing else."""
    global _movable
    _movable = False


def now() -> datetime:
    """The present instant, aware, in UTC."""
    if _frozen is not None:
        return _frozen
    return datetime.now(UTC)


def arrived() -> datetime:
    """When the present request began, before its body was read and whatever it then waited for; `now` outside of one.

    What arrived before a deadline is in.
    """
    return _arrival.get() or now()


def note_arrival(moment: datetime | None) -> None:
    """Called where a request begins, and with None where it ends."""
    _arrival.set(moment)


def today() -> date:
    """The present day in Casablanca."""
    return now().astimezone(CASABLANCA).date()


def local(moment: datetime) -> datetime:
    """The same instant as Casablanca's clocks show it."""
    return moment.astimezone(CASABLANCA)


def instant(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """The UTC instant at which Casablanca's clocks show that day and hour."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CASABLANCA).astimezone(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware). For the demonstration, tests and soak; refused in production."""
    global _frozen
    if not _movable:
        raise RuntimeError("the clock cannot be moved in production")
    if moment.tzinfo is None:
        raise ValueError("the moment must bear a time zone")
    before, _frozen = _frozen, moment.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before
