"""What one thing of a definition does otherwise than another of the same kind: the values that tell it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Text

_INSTEAD = N_("%(what)s : %(after)s, au lieu de : %(before)s")
NO_DATE = N_("aucune date")
WAS_CALLED = N_("s’appelait « %(title)s »")


class ChangeKind(StrEnum):
    """What happens to a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class DefinitionChange:
    """A change of one thing: what it is (`named`), its key if it is a question, and what changes in it."""

    kind: ChangeKind
    named: Text | str
    details: tuple[Problem | str, ...] = ()
    question: str | None = None


def instead(what: Problem | str, before: object, after: object) -> Problem:
    """Tell that `after` stands where `before` stood; both are values of a Problem."""
    named = Problem(what) if isinstance(what, str) else what
    return Problem(_INSTEAD, {"what": named, "before": before, "after": after})


def moved(before: object, after: object, names: Mapping[str, str]) -> Iterator[Problem]:
    """The dates among the fields `names` that are not the same, each with the earlier one."""
    for name, label in names.items():
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            none = Problem(NO_DATE)
            yield instead(label, was or none, now or none)
