"""What the pages of a definition's rubric show: each criterion with what it weighs, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cohortmgr.authoring.display.form import said_fault
from cohortmgr.base.i18n import localized, say
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.checks.points import FIGURES
from cohortmgr.programmes.definition.questions import Question, QuestionKind
from cohortmgr.programmes.definition.rubric import PhaseKind
from cohortmgr.programmes.definition.rubric_changes import PHASE_NAMES
from cohortmgr.programmes.definition.source_lines import Path
from cohortmgr.programmes.drafts import rubric_fields

if TYPE_CHECKING:
    from cohortmgr.programmes.drafts.queries import Writing


@dataclass(frozen=True)
class ListedCriterion:
    """A criterion as the list shows it: its table, its share of the whole in percent, the scores that no words explain,
    its number of faults, whether it is new."""

    key: str
    table: Mapping[str, Any]
    share: int
    limit: Decimal | None
    unexplained: tuple[int, ...]
    faults: int
    is_new: bool


def shown(writing: Writing, phase: str | None = None) -> list[ListedCriterion]:
    """The criteria of a phase as the list shows them. Shares are rounded, so that they may add up to 99 or 101."""
    published = {each.key for each in writing.published.rubric.every_criterion}
    known = {each.key: each for each in writing.definition.rubric.every_criterion}
    tables = rubric_fields.criteria_of(writing.document, phase)
    bounds = [known[table["key"]] for table in tables if table["key"] in known]
    whole = sum(each.weight for each in bounds if each.weight > 0)
    found = []
    for table in tables:
        bound = known.get(table["key"])
        limit = bound.knock_out_below if bound is not None else None
        share = round(100 * bound.weight / whole) if bound is not None and whole else 0
        unexplained = bound.unexplained if bound is not None else ()
        faults = len(faults_of(writing, table["key"]))
        is_new = table["key"] not in published
        found.append(ListedCriterion(table["key"], table, share, limit, unexplained, faults, is_new))
    return found


def faults_of(writing: Writing, criterion: str) -> list[Fault]:
    """The faults of the criterion with this key."""
    path = criterion_path(writing, criterion)
    return [fault for fault in writing.judged.faults if fault.path[: len(path)] == path]


def criterion_path(writing: Writing, criterion: str) -> Path:
    """The path of a criterion, as faults give it."""
    phase, _criteria, place = rubric_fields.of_phase_with(writing.document, criterion)
    return (*phase_path(writing, phase["key"]), "criteria", place)


def phase_path(writing: Writing, phase: str | None = None) -> Path:
    """The path of a phase, as faults give it."""
    return ("rubric", "phases", rubric_fields.place_of(writing.document, phase))


def wrong_at(writing: Writing, criterion: str) -> dict[str, list[str]]:
    """The faults of the criterion with this key, by field of its page."""
    beginning = len(criterion_path(writing, criterion))
    found: dict[str, list[str]] = {}
    for fault in faults_of(writing, criterion):
        found.setdefault(rubric_fields.anchor(fault.path[beginning:]), []).append(said_fault(fault))
    return found


def wrong_settings(writing: Writing, phase: str | None = None) -> dict[str, list[str]]:
    """The faults of the phase itself, by field of its page."""
    path = phase_path(writing, phase)
    found: dict[str, list[str]] = {}
    for fault in writing.judged.faults:
        if fault.path[:3] == path and fault.path[3:5] and not is_of_criterion(fault.path):
            found.setdefault(rubric_fields.anchor(fault.path[3:]), []).append(said_fault(fault))
        elif fault.path == ("rubric", "reading_target_minutes"):
            found.setdefault("reading_target_minutes", []).append(said_fault(fault))
    return found


def is_of_criterion(path: Path) -> bool:
    """Whether a fault is about one criterion, which has a page of its own."""
    return path[:2] == ("rubric", "phases") and path[3:4] == ("criteria",) and len(path) > 4


@dataclass(frozen=True)
class PhaseEntry:
    """A phase as the rubric's page lists it: what it is called, how many criteria and faults it has."""

    key: str
    name: str
    kind: PhaseKind
    weight: Any
    criteria: int
    faults: int


def phases(writing: Writing) -> list[PhaseEntry]:
    """The phases of a draft in their order."""
    found = []
    for place, phase in enumerate(rubric_fields.phases_of(writing.document)):
        kind, path = rubric_fields.kind_of(phase), ("rubric", "phases", place)
        name = localized(phase.get("title")) or say(PHASE_NAMES[kind])
        faults = sum(1 for fault in writing.judged.faults if fault.path[:3] == path)
        criteria = len(phase.get("criteria", ()))
        found.append(PhaseEntry(phase["key"], name, kind, phase.get("weight", 1), criteria, faults))
    return found


def askable(writing: Writing) -> list[Question]:
    """The questions of a form from which points can be computed, in their order."""
    wanted = FIGURES | {QuestionKind.CHOICE}
    return [
        each
        for each in writing.definition.form.questions
        if not each.sealed
        and each.asked_at_application
        and (each.kind in wanted or any(part.kind in FIGURES for part in each.fields))
    ]
