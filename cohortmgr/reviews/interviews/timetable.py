"""The slots of a day: its hours cut into pieces of one length, with the breaks left out. Minutes since midnight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

A_DAY = 24 * 60


@dataclass(frozen=True, order=True)
class DaySpan:
    """From a minute of a day to another, which is not in it."""

    begins: int
    ends: int

    def meets(self, other: DaySpan) -> bool:
        """Whether the two have a minute in common."""
        return self.begins < other.ends and other.begins < self.ends


def slots_of(hours: DaySpan, length: int, breaks: Iterable[DaySpan] = ()) -> tuple[DaySpan, ...]:
    """Return the slots of some hours of a day, the first one first. One that would reach into a break begins after it,
    and none passes the last hour or midnight. Raises ValueError for a length below one minute."""
    if length < 1:
        raise ValueError(f"no slot lasts {length} minutes")
    pauses, found = sorted(breaks), []
    begins, last = max(hours.begins, 0), min(hours.ends, A_DAY)
    while begins + length <= last:
        slot = DaySpan(begins, begins + length)
        met = [pause for pause in pauses if pause.meets(slot)]
        if met:
            begins = max(pause.ends for pause in met)
        else:
            found.append(slot)
            begins = slot.ends
    return tuple(found)
