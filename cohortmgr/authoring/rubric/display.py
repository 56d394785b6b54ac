"""What the pages of a definition's rubric show: each criterion with what it weighs, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cohortmgr.authoring.display.form import said_fault
from cohortmgr.programmes.definition.binding import Fault
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


def shown(writing: Writing) -> list[ListedCriterion]:
    """The criteria as the list shows them. Shares are rounded, so that they may add up to 99 or 101."""
    published = {each.key for each in writing.published.rubric.criteria}
    known = {each.key: each for each in writing.definition.rubric.criteria}
    whole = sum(each.weight for each in known.values() if each.weight > 0)
    found = []
    for place, table in enumerate(rubric_fields.criteria_of(writing.document)):
        bound = known.get(table["key"])
        limit = bound.knock_out_below if bound is not None else None
        share = round(100 * bound.weight / whole) if bound is not None and whole else 0
        unexplained = bound.unexplained if bound is not None else ()
        faults = len(faults_of(writing, place))
        is_new = table["key"] not in published
        found.append(ListedCriterion(table["key"], table, share, limit, unexplained, faults, is_new))
    return found


def faults_of(writing: Writing, place: int) -> list[Fault]:
    """The faults of the criterion at this place."""
    path = (*phase_path(writing), "criteria", place)
    return [fault for fault in writing.judged.faults if fault.path[: len(path)] == path]


def phase_path(writing: Writing) -> Path:
    """The path of the phase in which files are read, as faults give it."""
    return ("rubric", "phases", rubric_fields.place_of(writing.document))


def wrong_at(writing: Writing, place: int) -> dict[str, list[str]]:
    """The faults of the criterion at this place, by field of its page."""
    beginning = len(phase_path(writing)) + 2
    found: dict[str, list[str]] = {}
    for fault in faults_of(writing, place):
        found.setdefault(rubric_fields.anchor(fault.path[beginning:]), []).append(said_fault(fault))
    return found


def wrong_settings(writing: Writing) -> dict[str, list[str]]:
    """The faults of the phase itself, by field of the rubric's page."""
    path = phase_path(writing)
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
