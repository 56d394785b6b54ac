"""What may stand in a rubric, and how a change of it is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cohortmgr.programmes.definition.checks.rubric import check_rubric
from cohortmgr.programmes.definition.comparing import ChangeKind, changes
from cohortmgr.programmes.definition.rubric import Criterion, HiddenPart, PaperView, Rubric, RubricPhase
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import read_known

MASTER = read_known("mdia")
NAME = {"fr": "Critère", "ar": "معيار", "en": "Criterion"}
SOUND = Criterion("projet", NAME, 2, 0, 5)


def faults(phase: RubricPhase, *others: RubricPhase, minutes: int = 0) -> list[str]:
    rubric = Rubric((phase, *others), minutes)
    return [".".join(map(str, fault.path[3:] or fault.path)) for fault in check_rubric(rubric)]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"weight": 0}, ["criteria.0.weight"]),
        ({"scale_max": 0}, ["criteria.0.scale_max"]),
        ({"scale_min": 6}, ["criteria.0.scale_max"]),
        ({"scale_max": 101}, ["criteria.0.scale_max"]),
        ({"anchors": {6: NAME}}, ["criteria.0.anchors.6"]),
        ({"anchors": {0: NAME, 5: NAME}}, []),
        ({"knock_out_below": Decimal(0)}, ["criteria.0.knock_out_below"]),
        ({"knock_out_below": Decimal("2.5")}, []),
        ({"knock_out_below": Decimal(6)}, ["criteria.0.knock_out_below"]),
        ({"knock_out_below": Decimal("2.333")}, ["criteria.0.knock_out_below"]),
        ({"key": "Projet"}, ["criteria.0.key"]),
    ],
)
def test_a_criterion_that_cannot_be_marked_is_named(changed: dict[str, Any], where: list[str]) -> None:
    assert faults(RubricPhase("dossiers", (replace(SOUND, **changed),))) == where


def test_a_phase_reads_something_and_by_somebody() -> None:
    assert faults(RubricPhase("dossiers")) == ["criteria"]
    assert faults(RubricPhase("dossiers", (SOUND,), readings=0)) == ["readings"]
    assert faults(RubricPhase("dossiers", (SOUND,), readings=3, most_readings=2)) == ["most_readings"]
    assert faults(RubricPhase("dossiers", (SOUND,), gap_points=0)) == ["gap_points"]
    assert faults(RubricPhase("dossiers", (SOUND,), reminder_hours=(24, 0))) == ["reminder_hours.1"]
    assert faults(RubricPhase("dossiers", (SOUND, SOUND))) == ["criteria.1.key", "criteria.1.title.fr"]
    again = RubricPhase("encore", (replace(SOUND, key="autre"),))
    assert faults(RubricPhase("dossiers", (SOUND,)), again) == ["kind"]
    assert faults(RubricPhase("dossiers", (SOUND,)), minutes=-1) == ["rubric.reading_target_minutes"]


def test_two_criteria_of_a_phase_are_called_by_two_names() -> None:
    other = replace(SOUND, key="autre", title={"fr": "Autre", "ar": "آخر", "en": "CRITERION "})
    assert faults(RubricPhase("dossiers", (SOUND, other))) == ["criteria.1.title.en"]
    other = replace(other, title={**other.title, "en": ""})
    assert (
        faults(RubricPhase("dossiers", (SOUND, other, replace(other, key="t", title={"fr": "T", "en": ""}))))
        == []
    )
    assert faults(RubricPhase("dossiers", (SOUND,)), RubricPhase("b", (replace(SOUND, key="autre"),))) == [
        "kind"
    ]


def test_one_person_alone_knocks_nobody_out() -> None:
    limited = replace(SOUND, knock_out_below=Decimal(2))
    assert faults(RubricPhase("dossiers", (limited,), readings=1)) == ["criteria.0.knock_out_below"]
    assert faults(RubricPhase("dossiers", (limited,), readings=2)) == []


def test_a_scale_without_end_is_not_listed() -> None:
    assert replace(SOUND, scale_max=2_000_000_000).unexplained == ()


def test_scores_without_words_are_named_and_no_fault() -> None:
    criterion = replace(SOUND, anchors={0: NAME, 5: NAME})
    assert criterion.unexplained == (1, 2, 3, 4)
    for key in ("mdia", "jobintech"):
        assert [each.unexplained for each in read_known(key).rubric.criteria if each.unexplained] == []


def test_who_is_hidden_is_everything_unless_said() -> None:
    assert set(RubricPhase("dossiers").hidden) == set(HiddenPart)


def with_phase(**changed: Any) -> Definition:
    phase = replace(MASTER.rubric.files, **changed)
    return replace(MASTER, rubric=replace(MASTER.rubric, phases=(phase,)))


def told(after: Definition) -> list[tuple[ChangeKind, object, str]]:
    return [(each.kind, each.named, " ".join(map(str, each.details))) for each in changes(MASTER, after)]


def test_criteria_that_come_change_and_go_are_told_one_by_one() -> None:
    first, second, *rest = MASTER.rubric.criteria
    ((kind, named, _),) = told(with_phase(criteria=(*MASTER.rubric.criteria, SOUND_TOO)))
    assert (kind, named) == (ChangeKind.ADDED, NAME)
    ((kind, named, details),) = told(with_phase(criteria=(replace(first, weight=9), second, *rest)))
    assert (kind, named) == (ChangeKind.CHANGED, first.title) and "9" in details and "8" in details
    ((kind, named, _),) = told(with_phase(criteria=(second, *rest)))
    assert (kind, named) == (ChangeKind.REMOVED, first.title)
    assert len(told(with_phase(criteria=(second, first, *rest)))) == 1


SOUND_TOO = replace(SOUND, key="autre")


def test_how_files_are_read_is_told_with_what_it_was() -> None:
    ((_, _, details),) = told(with_phase(readings=3, papers=PaperView.HIDDEN, hidden=(HiddenPart.NAME,)))
    assert "3 lectures" in details and "2 lectures" in details
    assert "jamais montrées" in details and "le nom" in details


def test_a_programme_that_reads_no_more_says_so() -> None:
    found = told(replace(MASTER, rubric=Rubric()))
    assert [kind for kind, _, _ in found].count(ChangeKind.REMOVED) == len(MASTER.rubric.criteria)


def test_the_gap_that_opens_a_discussion_is_told_with_what_it_was() -> None:
    ((_, _, details),) = told(with_phase(gap_points=6))
    ((_, _, hours),) = told(with_phase(reminder_hours=(48,)))
    assert "48 heures" in hours and "24 heures" in hours
    assert "6 points" in details and "4 points" in details
