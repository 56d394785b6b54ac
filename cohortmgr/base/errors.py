"""What can go wrong: `Problem` (a French message and its values) and the exceptions that actions raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(msgid: str) -> str:
    """Mark a French message for extraction; it is translated when it is shown."""
    return msgid


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
        text = self.what % dict(self.values) if self.values else self.what
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
