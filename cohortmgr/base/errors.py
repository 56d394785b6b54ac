"""What can go wrong: `Problem` (a French message and its values) and the exceptions that actions raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def N_(msgid: str) -> str:
    """Mark a French message for extraction; it is translated when it is shown."""
    return msgid


def NN_(one: str, many: str) -> tuple[str, str]:
    """Mark a counted thing for extraction, in its two French forms: `NN_("%(num)s jour", "%(num)s jours")`."""
    return one, many


@dataclass(frozen=True)
class CalendarMonth:
    """A month, by its first day, as one value of a Problem: it is said without a day."""

    first: date


@dataclass(frozen=True)
class Quantity:
    """A number with what it counts, as one value of a Problem: Arabic has six forms of the thing, English two.

    A sentence counts one thing in its own forms; what else it counts comes in as such a value. It stands behind a
    verb or a preposition, which Arabic hears in the forms of one and two.
    """

    one: str
    many: str
    number: int

    def __str__(self) -> str:
        return (self.one if self.number < 2 else self.many) % {"num": self.number}


# Where a problem is that only people can mend: pages lead from it to the page of help, and to no field.
HELP = "help"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or one reason that is given.

    `what` is a French msgid with named placeholders, `values` fills them, and `where` names the field,
    question, line or place concerned.
    """

    what: str
    values: Mapping[str, object] = field(default_factory=dict)
    where: str | None = None

    def __str__(self) -> str:
        values = {
            name: ", ".join(map(str, v)) if isinstance(v, tuple) else v for name, v in self.values.items()
        }
        text = self.what % values if values else self.what
        return f"{self.where}: {text}" if self.where else text


def as_json(problem: Problem) -> dict[str, Any]:
    """Convert a problem or reason to JSON, for a row that keeps it.

    Texts in three languages, quantities, decimals, days, moments, lists and problems within it survive the round
    trip, so that whoever reads it later is told it in their own language. Raises TypeError for anything else: a value
    turned into its repr would reach a page as such."""
    return {
        "what": problem.what,
        "values": {name: _json_of(value) for name, value in problem.values.items()},
        "where": problem.where,
    }


def from_json(stored: Mapping[str, Any]) -> Problem:
    """Convert the JSON of `as_json` back to a problem."""
    values = {name: _read(value) for name, value in stored.get("values", {}).items()}
    return Problem(stored["what"], values, stored.get("where"))


_READ: Mapping[str, Callable[[Any], object]] = {
    "$decimal": Decimal,
    "$quantity": lambda kept: Quantity(*kept),
    "$moment": datetime.fromisoformat,
    "$day": date.fromisoformat,
    "$row": lambda kept: tuple(_read(each) for each in kept),
}


def _json_of(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Problem):
        return as_json(value)
    if isinstance(value, Quantity | Decimal | date):
        return _kept(value)
    if isinstance(value, Mapping):
        return {str(name): _json_of(each) for name, each in value.items()}
    if isinstance(value, tuple) and any(isinstance(each, Problem) for each in value):
        return {"$row": [_json_of(each) for each in value]}  # a list would be told in quotation marks
    if isinstance(value, list | tuple | set | frozenset):
        return [_json_of(each) for each in value]
    if hasattr(value, "__html__"):  # a text that is translated when it is shown
        return str(value)
    raise TypeError(f"a problem cannot keep {type(value).__name__}: {value!r}")


def _kept(value: Quantity | Decimal | date) -> dict[str, object]:
    """A value of a kind that JSON has not, by the name of what reads it back."""
    if isinstance(value, Quantity):
        return {"$quantity": [str(value.one), str(value.many), value.number]}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    return {"$moment" if isinstance(value, datetime) else "$day": value.isoformat()}


def _read(value: Any) -> object:
    if isinstance(value, list):
        return [_read(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    if "what" in value:
        return from_json(value)
    if len(value) == 1:
        ((name, text),) = value.items()
        if name in _READ:
            return _READ[name](text)
    return {name: _read(each) for name, each in value.items()}


class Refused(Exception):
    """A rule refuses the act. It carries every problem at once, so that a person can mend them all in one go."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(Problem(p) if isinstance(p, str) else p for p in problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class LineFault:
    """What is wrong with one line of a file."""

    line: int
    problem: Problem


class FaultyLines(Exception):
    """Lines of a file cannot be read, all of them in their order."""

    def __init__(self, faults: Sequence[LineFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__(f"{len(self.faults)} faulty lines")


class Withheld(Refused):
    """What the viewer's roles would open is not for them, for a reason that concerns them. Its page says why, and who
    does it instead."""


class NotFound(Exception):
    """The thing asked for does not exist, or the viewer may not know that it exists."""


class NotPermitted(Exception):
    """The viewer's roles do not allow the act. The page shows it as NotFound."""


class Stale(Exception):
    """Somebody else changed the row after this page was opened."""
