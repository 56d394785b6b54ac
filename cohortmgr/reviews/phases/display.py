"""Phases as people are told of them: their names, where an intake stands in them, and what a file got in each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import in_each_language, language, localized, say
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.rubric_changes import PHASE_NAMES
from cohortmgr.programmes.definition.rules import Criterion, PhaseKind, Rubric, RubricPhase
from cohortmgr.reviews.phases.marks import FileMarks
from cohortmgr.reviews.phases.result_rows import NUMBER
from cohortmgr.reviews.phases.rules import current_place

_NUMBER = N_("Dossier")


def name_of(phase: RubricPhase) -> str:
    """What a phase is called in the present language."""
    return localized(phase.title) if phase.title else say(PHASE_NAMES[phase.kind])


def weights_of(rubric: Rubric) -> list[tuple[str, int]]:
    """The phases with their weights, where there are others than that in which files are read."""
    return [] if rubric.is_plain else [(name_of(each), each.weight) for each in rubric.phases]


@dataclass(frozen=True)
class ListedPhase:
    """A phase of an intake, in order: whether it is over, goes on now, or comes."""

    phase: RubricPhase
    name: str
    state: str


def listed(rubric: Rubric, closed: Collection[str]) -> list[ListedPhase]:
    """The phases of an intake in their order. Where all go on, phases run beside each other."""
    now = current_place(rubric, closed)
    found = []
    for place, phase in enumerate(rubric.phases):
        over = phase.key in closed
        state = "done" if over else "now" if place <= now else "next"
        found.append(ListedPhase(phase, name_of(phase), state))
    return found


@dataclass(frozen=True)
class ShownPhase:
    """What a file got in one phase: the mark by which it is ranked in thousandths, None without; its points on each
    criterion where nobody reads; whether its person did not come; whether the file is in the phase at all; and whether
    the mark is harmonised."""

    name: str
    weight: int
    mark: int | None
    points: Sequence[tuple[Criterion, int | None]]
    is_absent: bool
    is_in: bool
    is_harmonised: bool


def shown(rubric: Rubric, marks: FileMarks) -> list[ShownPhase]:
    """What a file got in each phase; nothing where files are read, nothing else is marked, and raw marks count."""
    if rubric.is_plain and not marks.harmonised:
        return []
    found = []
    for place, phase in enumerate(rubric.phases):
        readings = marks.of(phase)
        mark = marks.mark_in(phase)
        unread = not phase.is_read and bool(readings)
        points = [(each, readings[0].scores.get(each.key)) for each in phase.criteria] if unread else []
        found.append(
            ShownPhase(
                name_of(phase),
                phase.weight,
                None if mark is None else round(mark),
                points,
                phase.key in marks.absent,
                place <= marks.reached,
                phase.key in marks.harmonised,
            )
        )
    return found


def computed(rubric: Rubric, marks: FileMarks) -> list[ShownPhase]:
    """What a file's answers give by rule, for whoever reads it: not read by them."""
    names = {name_of(each) for each in rubric.phases if each.kind is PhaseKind.COMPUTED}
    return [each for each in shown(rubric, marks) if each.name in names and each.points]


def heads_of(phase: RubricPhase) -> dict[str, str]:
    """What each head of a sheet of results means, folded: one that was made in one language is read in another."""
    known = {fold(text): NUMBER for text in in_each_language(_NUMBER).values()}
    for criterion in phase.criteria:
        known |= {fold(text): criterion.key for text in (*criterion.title.values(), criterion.key)}
    return known


def workbook_of(
    title: Mapping[str, str],
    phase: RubricPhase,
    numbers: Sequence[str],
    held: Mapping[str, Mapping[str, int] | None],
) -> bytes:
    """Return a row for each file of a phase: its number, and the scores that are noted of it already, None of who did
    not come."""
    header = [_("Dossier"), *(localized(each.title) for each in phase.criteria)]
    rows = []
    for number in numbers:
        scores = held.get(number, {})
        marks = [_("absent") if scores is None else scores.get(each.key) for each in phase.criteria]
        rows.append([number, *marks])
    return write_xlsx([Sheet(localized(title), header, rows, language() == "ar")])
