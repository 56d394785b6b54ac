"""States how totals and ties were made, and what each file got, as a certificate holds it: keys and whole numbers.

Pure: the rubric and the marks of files in, plain values out.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from cohortmgr.programmes.definition.rules import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.phases.marks import FileMarks, counted_phases


def tie_order(rubric: Rubric) -> tuple[Criterion, ...]:
    """Return the criteria that decide between equal means, the heaviest first: by what they weigh in the whole mark."""
    weights = {
        criterion.key: Fraction(phase.weight * criterion.weight, sum(each.weight for each in phase.criteria))
        for phase in rubric.phases
        for criterion in phase.criteria
    }
    return tuple(sorted(rubric.every_criterion, key=lambda criterion: -weights[criterion.key]))


def marks_stated(rubric: Rubric, marks: FileMarks) -> dict[str, Any]:
    """What a file got in the phases that count for it, as the certificate states it."""
    counted = counted_phases(rubric, marks)
    phases = [
        {
            "key": phase.key,
            "scores": [dict(each.scores) for each in marks.of(phase)],
            "totals": [each.total for each in marks.of(phase)],
        }
        for phase in counted
        if marks.of(phase)
    ]
    return {"phases": phases, "short": len(rubric.phases) - len(counted)}


def rubric_of(rubric: Rubric) -> dict[str, Any]:
    """Return how totals and ties were made, as the certificate states it: keys and whole numbers."""
    ties = [each.key for each in tie_order(rubric)]
    if not rubric.is_plain:
        return {"phases": [_stated_phase(each) for each in rubric.phases], "ties": ties}
    return {
        "criteria": [_stated(each) for each in rubric.criteria],
        "readings": rubric.readings,
        "ties": ties,
    }


def _stated_phase(phase: RubricPhase) -> dict[str, Any]:
    return {
        "criteria": [_stated(each) for each in phase.criteria],
        "key": phase.key,
        "kind": phase.kind.value,
        "readings": phase.asked,
        "weight": phase.weight,
    }


def _stated(criterion: Criterion) -> dict[str, Any]:
    """A criterion in whole numbers; the score below which it knocks out in thousandths of a point of its scale."""
    stated = {"key": criterion.key, "max": criterion.scale_max, "min": criterion.scale_min}
    if criterion.knock_out_below is not None:
        stated["knock_out_below"] = round(criterion.knock_out_below * 1000)
    return {**stated, "weight": criterion.weight}
