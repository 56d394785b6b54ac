"""The rules of phases: which one an intake is in, who goes on to the next, and when that may be taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile

from cohortmgr.programmes.definition.rules import Rubric, RubricPhase

LONGEST_REASON = 1000


def place_of(rubric: Rubric, key: str) -> int:
    """The place of the phase with that key; KeyError if there is none."""
    return rubric.phases.index(rubric.phase(key))


def deciding_place(rubric: Rubric, key: str) -> int:
    """The place of the phase at whose end the marks of the one with that key decide: the first from it on from which
    only some go on, or the last."""
    for place in range(place_of(rubric, key), len(rubric.phases)):
        if rubric.phases[place].goes_on is not None:
            return place
    return len(rubric.phases) - 1


def settled_keys(rubric: Rubric, closed: Collection[str]) -> frozenset[str]:
    """The keys of the phases by whose marks people have gone on: those that are closed, and those before them, whose
    marks counted too."""
    last = max((place for place, phase in enumerate(rubric.phases) if phase.key in closed), default=-1)
    return frozenset(phase.key for phase in rubric.phases[: last + 1])


def current_place(rubric: Rubric, closed: Collection[str]) -> int:
    """The place of the phase that an intake is in: the first that lets only some go on and is not closed, or the last.

    Phases from which all go on need no act: what comes after them begins when whoever organises it begins."""
    for place, phase in enumerate(rubric.phases):
        if phase.goes_on is not None and phase.key not in closed:
            return place
    return len(rubric.phases) - 1


def reached_place(rubric: Rubric, gone_on: Collection[str], closed: Collection[str]) -> int:
    """The place of the last phase that a file is in, by the keys of the phases from which it went on."""
    for place, phase in enumerate(rubric.phases):
        if phase.goes_on is not None and (phase.key not in closed or phase.key not in gone_on):
            return place
    return len(rubric.phases) - 1


def narrowing_before(rubric: Rubric, key: str) -> tuple[RubricPhase, ...]:
    """The phases before the one with that key from which only some go on; none if the rubric has no such phase."""
    before = takewhile(lambda each: each.key != key, rubric.phases)
    known = any(each.key == key for each in rubric.phases)
    return tuple(each for each in before if known and each.goes_on is not None)


@dataclass(frozen=True)
class GoingOn:
    """Who goes on from a phase, the best first, and who stays. `line` is the lowest mark that goes on; `tied` is how
    many go on beyond the number that was asked, since their mark is the line's."""

    chosen: tuple[str, ...]
    staying: tuple[str, ...]
    line: Fraction | None
    tied: int


def going_on(marks: Mapping[str, Fraction | None], number: int, out: Collection[str] = ()) -> GoingOn:
    """Let the best `number` go on, by their marks so far, and whoever has the mark of the last of them: no lot decides
    who is heard. Those without a mark, and those whom a criterion knocks out, stay."""
    marked = {name: mark for name, mark in marks.items() if mark is not None and name not in out}
    ordered = sorted(marked, key=lambda name: (-marked[name], name))
    line = marked[ordered[min(number, len(ordered)) - 1]] if ordered and number > 0 else None
    chosen = tuple(name for name in ordered if line is not None and marked[name] >= line)
    left = sorted(marks.keys() - set(chosen), key=lambda name: (-(marks[name] or Fraction(-1)), name))
    return GoingOn(chosen, tuple(left), line, max(0, len(chosen) - number))
