"""The only clock of the application. Instants are aware and in UTC; days are those of Casablanca.

Morocco stays at UTC+0 since 2026-09-20, and the time-zone data of a machine may not know it yet. So the
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
    """Forbid `at()`. The application calls this in production, where the clock must be the machine's."""
    global _movable
    _movable = False


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    if _frozen is not None:
        return _frozen
    return datetime.now(UTC)


def arrived() -> datetime:
    """Return when the present request began, before its body was read and before it waited for anything.

    Outside of a request this is `now()`. Deadlines are compared with it: what arrived before a deadline is in
    time.
    """
    return _arrival.get() or now()


def note_arrival(moment: datetime | None) -> None:
    """Remember when the request began. Called at the start of a request, and with None at its end."""
    _arrival.set(moment)


def today() -> date:
    """Return the present day in Casablanca."""
    return now().astimezone(CASABLANCA).date()


def local(moment: datetime) -> datetime:
    """Return the same instant in Casablanca's time zone."""
    return moment.astimezone(CASABLANCA)


def instant(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """Return the UTC instant at which Casablanca's clocks show that day and hour."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CASABLANCA).astimezone(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware), for the demonstration, tests and soak. Refused in production."""
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
