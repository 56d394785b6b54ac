"""What people and programs type, bounded where it enters: whole numbers, days, and texts that nest.

Python takes a number of any length, a day beside the end of its calendar, and brackets as deep as a file is
long. The database, the calendar and the stack do not, and each was once found by a page that fell over it. So
whatever comes in as text becomes a number, a day or a table here and nowhere else.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

# What a column for whole numbers holds on both databases.
MOST = 2**31 - 1
MOST_PLACES = 9
# Years that somebody can mean. A day may be added to any of theirs, or a zone, and the calendar does not end.
FIRST_YEAR, LAST_YEAR = 1900, 2199
# How deep a file or a body may nest. Ours need six.
DEEPEST = 32
# Floats are exact up to here, and so are the scripts of browsers.
_MOST_IN_JSON = 2**53
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
# Texts and comments of JSON and TOML, in which a bracket opens nothing. A text that nobody closes is taken to where it
# ends, and nothing that was read is given back: else each of a million quotation marks reads on to the end.
_QUOTED = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)?'
    r"|'''(?:[^']++|'(?!''))*+(?:'{3,5})?"
    r'|"(?:\\[^\n]|[^"\\\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
_BRACKET = re.compile(r"[][{}]")


def whole(text: object, least: int = 0, most: int = MOST) -> int | None:
    """Return the whole number that a text says, in Latin or Arabic figures, within its bounds; None for all else."""
    if not isinstance(text, str):
        return None
    bare = text.strip()
    digits = bare.removeprefix("-")
    if not digits.isdecimal() or len(digits) > 18:
        return None
    number = int(bare)
    return number if least <= number <= most else None


def day(text: object) -> date | None:
    """Return the day of a text like `2027-03-31`; None for anything else, and for years that nobody means."""
    found = _DAY.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    try:
        return sound_day(date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        return None


def moment(text: object, zone: tzinfo) -> datetime | None:
    """Return the instant in UTC of a text like `2027-03-31T09:00`, which says it in `zone` unless it bears another;
    None for anything else."""
    try:
        return sound_moment(datetime.fromisoformat(text), zone) if isinstance(text, str) else None
    except ValueError:
        return None


def sound_moment(given: datetime, zone: tzinfo) -> datetime | None:
    """Return the instant in UTC if it lies in a year that somebody can mean, else None."""
    if sound_day(given.date()) is None:
        return None
    return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)


def sound_day(given: date) -> date | None:
    """Return the day if it lies in a year that somebody can mean, else None."""
    return given if FIRST_YEAR <= given.year <= LAST_YEAR else None


def parse_json(text: str | bytes) -> Any:
    """Return what a JSON text from outside says. Raises ValueError if it does not read, nests deeper than
    DEEPEST, or holds a number that is none or too large."""
    shallow = text if isinstance(text, str) else text.decode("utf-8")
    _require_shallow(shallow)
    return json.loads(shallow, parse_int=_figure, parse_float=_float, parse_constant=_no_figure)


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a TOML text from outside says. Raises ValueError as `parse_json` does."""
    _require_shallow(text)
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise ValueError("the text nests too deeply") from None
    require_shallow(found)
    return found


def is_sound(text: str) -> bool:
    """Whether a text can be stored and sent: PostgreSQL takes no NUL, and half of a surrogate pair is no letter."""
    return "\0" not in text and not is_broken(text)


def is_broken(text: str) -> bool:
    """Whether half of a surrogate pair stands in the text."""
    return _HALVES.search(text) is not None


_HALVES = re.compile("[\ud800-\udfff]")
# Controls that nobody types: all but tabs and line ends, DEL and the second block among them; and the signs that turn
# all that follows them, which telephones leave around a copied number. Isolates, which end with their text, stay.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e]")
_OLD_BREAKS = re.compile("[\x0b\x0c\x85]")


def entered(text: str) -> str:
    """Return a text as it enters the house: without the control signs that programs leave in what is copied, and that
    no page shows and not every database keeps. Breaks of old terminals, which part words, are spaces."""
    if text.isprintable():
        return text
    return _OLD_BREAKS.sub(" ", _CONTROLS.sub("", text))


def texts_entered(value: Any) -> Any:
    """Return a JSON value with each of its texts as `entered` has it; its names stay as they are."""
    if isinstance(value, str):
        return entered(value)
    if isinstance(value, dict):
        return {name: texts_entered(each) for name, each in value.items()}
    return [texts_entered(each) for each in value] if isinstance(value, list) else value


def texts_in(value: object) -> Iterator[str]:
    """Each text of a JSON value, the names among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts_in(name)
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


def require_shallow(value: object) -> None:
    """Raise ValueError if lists and tables stand in one another deeper than DEEPEST, as dotted names can write."""
    level: list[object] = [value]
    for _depth in range(DEEPEST + 1):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise ValueError("the text nests too deeply")


def nests_too_deeply(text: str) -> bool:
    """Whether the brackets of a JSON or TOML text stand in one another deeper than DEEPEST."""
    depth = 0
    for found in _BRACKET.finditer(_QUOTED.sub("", text)):
        depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
        if depth > DEEPEST:
            return True
    return False


def sound_figure(given: Decimal) -> Decimal | None:
    """Return the figure if it is a number of a size and of places that somebody can mean, else None."""
    if not given.is_finite() or abs(given) > MOST or int(given.as_tuple().exponent) < -MOST_PLACES:
        return None
    return given


def _require_shallow(text: str) -> None:
    if nests_too_deeply(text):
        raise ValueError("the text nests too deeply")


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _figure(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _MOST_IN_JSON:
        raise ValueError("a number is too large")
    return int(text)


def _float(text: str) -> float:
    found = float(text)
    if abs(found) > _MOST_IN_JSON:
        raise ValueError("a number is too large")
    return found


def _no_figure(text: str) -> float:
    raise ValueError(f"{text} is no number")
