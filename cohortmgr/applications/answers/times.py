"""Read times of the day as people and machines write them: 18:54, 18 h 54, 6:54:00.123 PM UTC+1. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta, timezone

# As machines write them: between the date and its time, of the hour, minutes and seconds, before or after noon, the
# zone, and its name in words.
_TIME = re.compile(
    r"(?P<before>.{0,120}?)[ ,T]{0,9}(?:\bà |\bat |\ba |على |في )? {0,9}(?<![0-9:.,/-])"
    r"(?P<hour>[0-9]{1,2})(?: ?[:hH] ?|\.)(?P<minute>[0-9]{2})"
    r"(?:(?: ?(?::|m(?:in)?) ?|\.)(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})? ?s?| ?m(?:in)?)?"
    r"(?: ?(?P<half>[AaPp]\.? ?[Mm]\.?|ص|م|صباحا|مساء))?"
    r"(?: ?(?P<zone>Z|(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?|UTC|GMT))?"
    r"(?: ?[\[(][^\])]{1,60}[\])])?\Z"
)
_ZONE = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{2})?\Z")
_DAY = 24 * 3600
_LONGEST = 120


@dataclass(frozen=True)
class TimeOfDay:
    """Seconds since midnight, and the zone if one is written."""

    seconds: int
    zone: timezone | None = None

    @property
    def days_off(self) -> int | None:
        """0 for midnight, within a minute as programs count it, 1 for that of the next day; None for other times."""
        if self.seconds < 60:
            return 0
        return 1 if self.seconds > _DAY - 60 else None


def split_time(text: str) -> tuple[str, TimeOfDay | None]:
    """Return what stands before the time, and the time that the text ends with, if it does with a sound one."""
    found = _TIME.match(text) if len(text) <= _LONGEST else None
    if found is None or not found["before"].strip():
        return text, None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["half"] or "").replace(".", "").replace(" ", "").lower()
    if half and not 1 <= hour <= 12:
        half = "" if hour < 24 else "?"  # 18:54 PM is written by programs too
    elif half:
        hour = hour % 12 + (12 if half in ("pm", "م", "مساء") else 0)
    if half == "?" or hour > 23 or minute > 59 or second > 59:
        return text, None
    zone = _zone(found["zone"])
    if found["zone"] and zone is None:
        return text, None
    return found["before"].strip(" ,"), TimeOfDay(hour * 3600 + minute * 60 + second, zone)


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    bare = text.removeprefix("UTC").removeprefix("GMT")
    if bare in ("", "Z"):
        return timezone(timedelta())
    found = _ZONE.match(bare)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return (
        timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes)) if minutes < 15 * 60 else None
    )
