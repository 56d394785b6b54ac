"""What publishing a draft touches: each campaign with its seats before and after, and the people whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cohortmgr.authoring.queries import ConcernedPeople
from cohortmgr.programmes.definition.rules import Definition, IntakeDefinition
from cohortmgr.programmes.drafts.queries import RunningIntake


@dataclass(frozen=True)
class TouchedIntake:
    """A campaign of the draft: its seats after and before (None if it is new), how many are taken, whom it concerns,
    and the most people of its waiting list to whom a seat is offered at once."""

    intake: IntakeDefinition
    seats_before: int | None
    taken: int
    people: ConcernedPeople
    called: int = 0

    @property
    def is_new(self) -> bool:
        """Whether publishing makes it."""
        return self.seats_before is None


def touched(
    after: Definition, running: Mapping[str, RunningIntake], people: Mapping[str, ConcernedPeople]
) -> list[TouchedIntake]:
    """The campaigns that the draft describes, the newest first."""
    found = []
    for intake in sorted(after.intakes, key=lambda each: each.opens_at, reverse=True):
        held, who = running.get(intake.key), people.get(intake.key, ConcernedPeople())
        if held is None:
            found.append(TouchedIntake(intake, None, 0, who))
            continue
        seats, taken = sum(held.seats.values()), sum(held.taken.values())
        called = min(_free(intake, held), who.waiting)
        found.append(TouchedIntake(intake, seats, taken, who, called))
    return found


def _free(intake: IntakeDefinition, held: RunningIntake) -> int:
    """The seats that are free in the choices that get more: their waiting lists are called when they do."""
    return sum(
        each.seats - held.taken[each.key]
        for each in intake.offerings
        if each.key in held.seats and each.seats > held.seats[each.key]
    )
