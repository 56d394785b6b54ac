"""What can go wrong: `Problem` (a French message and its values) and the exceptions that actions raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(msgid: str) -> str:
    """Mark a French message for extraction; it is translated when it is shown."""
    return msgid


def NN_(one: str, many: str) -> tuple[str, str]:
    """Mark a counted thing for extraction, in its two French forms: `NN_("%(num)s jour", "%(num)s jours")`."""
    return one, many


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
        values = {name: ", ".join(v) if isinstance(v, tuple) else v for name, v in self.values.items()}
        text = self.what % values if values else self.what
        return f"{self.where}: {text}" if self.where else text


class Refused(Exception):
    """A rule refuses the act. It carries every problem at once, so that a person can mend them all in one go."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(Problem(p) if isinstance(p, str) else p for p in problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class NotFound(Exception):
    """The thing asked for does not exist, or the viewer may not know that it exists."""


class NotPermitted(Exception):
    """The viewer's roles do not allow the act. The page shows it as NotFound."""


class Stale(Exception):
    """Somebody else changed the row after this page was opened."""
