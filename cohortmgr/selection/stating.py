"""States how totals and ties were made, and what each file got, as a certificate holds it: keys and whole numbers.

Pure: the rubric and the marks of files in, plain values out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cohortmgr.programmes.definition.rules import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.harmonising.rules import ChosenFormula
from cohortmgr.reviews.phases.marks import FileMarks, counted_phases, tie_order

# Every phase is ranked by its raw marks.
RAW: Mapping[str, ChosenFormula] = MappingProxyType({})


def marks_stated(
    rubric: Rubric, marks: FileMarks, formulas: Mapping[str, ChosenFormula] = RAW
) -> dict[str, Any]:
    """What a file got in the phases that count for it, as the certificate states it; where a phase is harmonised, also
    by whom, in letters, and the mark that follows."""
    counted = counted_phases(rubric, marks)
    phases = [
        {
            "key": phase.key,
            "scores": [dict(each.scores) for each in marks.of(phase)],
            "totals": [each.total for each in marks.of(phase)],
            **_harmonised(phase, marks, formulas),
        }
        for phase in counted
        if marks.of(phase)
    ]
    return {"phases": phases, "short": len(rubric.phases) - len(counted)}


def _harmonised(
    phase: RubricPhase, marks: FileMarks, formulas: Mapping[str, ChosenFormula]
) -> dict[str, Any]:
    if phase.key not in marks.harmonised:
        return {}
    readers = [formulas[phase.key].letter_of(each.reader) for each in marks.of(phase)]
    return {"mark": marks.harmonised[phase.key], "readers": readers}


def rubric_of(rubric: Rubric, formulas: Mapping[str, ChosenFormula] = RAW) -> dict[str, Any]:
    """Return how totals and ties were made, and harmonised marks by phase, as the certificate states it: keys, letters
    and whole numbers."""
    if not rubric.is_plain or formulas:
        return phased_rubric(rubric, formulas)
    return {
        "criteria": [_stated(each) for each in rubric.criteria],
        "readings": rubric.readings,
        "ties": [each.key for each in tie_order(rubric)],
    }


def phased_rubric(
    rubric: Rubric, formulas: Mapping[str, ChosenFormula] = RAW, ties: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the same in phases, though there be only one: so the certificate of a choice under bounds states it.
    `ties` are the keys of the criteria that tell equal marks apart, where rules say which."""
    stated = [_stated_phase(each, formulas.get(each.key)) for each in rubric.phases]
    keys = [each.key for each in tie_order(rubric)] if ties is None else list(ties)
    return {"phases": stated, "ties": keys}


def _stated_phase(phase: RubricPhase, chosen: ChosenFormula | None) -> dict[str, Any]:
    stated = {
        "criteria": [_stated(each) for each in phase.criteria],
        "key": phase.key,
        "kind": phase.kind.value,
        "readings": phase.asked,
        "weight": phase.weight,
    }
    return stated if chosen is None else {**stated, "marks": _stated_formula(chosen)}


def _stated_formula(chosen: ChosenFormula) -> dict[str, Any]:
    """The numbers of a formula, in thousandths, each reader by the letter: of those in whose marks it was found."""
    formula = chosen.formula
    letters = {reader: letter for reader, letter in chosen.letters.items() if reader in formula.severities}
    return {
        "basis": chosen.basis.value,
        "mean": formula.mean,
        "severities": {letter: formula.severities[reader] for reader, letter in letters.items()},
        "shrinkage": formula.shrinkage,
        "weights": {letter: formula.weights.get(reader, 1000) for reader, letter in letters.items()},
    }


def _stated(criterion: Criterion) -> dict[str, Any]:
    """A criterion in whole numbers; the score below which it knocks out in thousandths of a point of its scale."""
    stated = {"key": criterion.key, "max": criterion.scale_max, "min": criterion.scale_min}
    if criterion.knock_out_below is not None:
        stated["knock_out_below"] = round(criterion.knock_out_below * 1000)
    return {**stated, "weight": criterion.weight}
