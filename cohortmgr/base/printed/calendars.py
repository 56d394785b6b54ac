"""Dates as a file that telephones and computers put into their calendar: iCalendar, RFC 5545. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# What such a file is, for whoever opens it.
ICALENDAR = "text/calendar; charset=utf-8"
# So many octets may stand on a line of the file; what follows stands on the next one, behind a space.
_LINE = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True)
class CalendarDate:
    """One entry: `key` names it for good, so that a file which is opened again moves it and adds none. It is a moment,
    or lasts from it until it `ends`; or it is the days from `begins` to `last`, both included. `warns` is how long
    before one is reminded, and `place` where one comes. `sequence` grows whenever the entry changes: a program takes
    no older one. `note` says in words what the program may show otherwise, such as the hour of another zone."""

    key: str
    title: str
    begins: date | datetime
    last: date | None = None
    address: str = ""
    warns: timedelta | None = None
    ends: datetime | None = None
    place: str = ""
    sequence: int = 0
    note: str = ""


def calendar_file(name: str, dates: Iterable[CalendarDate], moment: datetime) -> bytes:
    """Return the file of these dates. `name` is what a program may call them together; `moment` is when it is made."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//cohortmgr//dates//FR", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{_text(name)}")
    for each in dates:
        lines += _entry(each, moment)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _entry(each: CalendarDate, moment: datetime) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", f"UID:{each.key}@cohortmgr", f"DTSTAMP:{_instant(moment)}")
    if isinstance(each.begins, datetime):
        yield f"DTSTART:{_instant(each.begins)}"
        if each.ends is not None:
            yield f"DTEND:{_instant(each.ends)}"
    else:
        yield f"DTSTART;VALUE=DATE:{each.begins:%Y%m%d}"
        # The end is the day after the last one.
        yield f"DTEND;VALUE=DATE:{(each.last or each.begins) + timedelta(days=1):%Y%m%d}"
        yield "TRANSP:TRANSPARENT"
    if each.sequence:
        yield f"SEQUENCE:{each.sequence}"
    yield f"SUMMARY:{_text(each.title)}"
    if each.note:
        yield f"DESCRIPTION:{_text(each.note)}"
    if each.place:
        yield f"LOCATION:{_text(each.place)}"
    if each.address:
        yield f"URL:{each.address}"
    if each.warns is not None:
        before = f"TRIGGER:-PT{int(each.warns.total_seconds()) // 60}M"
        yield from (
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_text(each.title)}",
            before,
            "END:VALARM",
        )
    yield "END:VEVENT"


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _folded(line: str) -> Iterator[str]:
    """Break a line where it is too long, and never within a letter."""
    part, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _LINE:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + octets
    yield part
