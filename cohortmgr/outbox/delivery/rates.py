"""How many messages a second a domain is sent: which leave now, and when the others ask again. Pure.

Each domain has a pace. `next_at` keeps the rate: it moves on by one interval for each message that
leaves, and no message leaves while it lies more than a burst ahead. `spread_at` only spreads the messages
that are put off, so that they do not all ask again at once: a message that comes back at its time finds
the rate free, or is put off once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# After a silence, as many messages may leave at once as the rate allows for this time.
BURST = timedelta(seconds=1)
OTHERS = "*"


@dataclass(frozen=True)
class Pace:
    """How far the rate of a domain is used up, and until when put-off messages are spread."""

    next_at: datetime
    spread_at: datetime


def rate_of(domain: str, rates: Mapping[str, float]) -> float | None:
    """Return the rate of a domain; None if it has none."""
    return rates.get(domain, rates.get(OTHERS))


def shared_out(
    pace: Pace | None, moment: datetime, rate: float, count: int
) -> tuple[int, list[datetime], Pace]:
    """Return how many of `count` messages leave at `moment`, when the others ask again, and the new pace.

    In any stretch of time at most rate × (its length + BURST) + 1 messages leave.
    """
    step = timedelta(seconds=1 / rate)
    start = max(pace.next_at, moment) if pace else moment
    if start > moment + BURST + 2 * step:
        start = moment  # only a clock that was put back makes it lie so far ahead
    free = (moment + BURST - start) // step + 1
    leaving = max(0, min(count, free))
    next_at = start + leaving * step
    spread = max(next_at, pace.spread_at if pace else moment)
    later = [spread + number * step for number in range(count - leaving)]
    return leaving, later, Pace(next_at, spread + len(later) * step)
