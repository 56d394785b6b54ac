"""What the phases of a rubric may be, what is wrong with them, and how a change of them is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cohortmgr.programmes.definition.checks.points import check_points
from cohortmgr.programmes.definition.checks.rubric import check_rubric
from cohortmgr.programmes.definition.checks.whole import check
from cohortmgr.programmes.definition.comparing import ChangeKind, changes
from cohortmgr.programmes.definition.rubric import (
    Criterion,
    NoShow,
    PhaseKind,
    PointBand,
    PointKind,
    PointSource,
    Rubric,
    RubricPhase,
)
from cohortmgr.programmes.definition.rules import Definition, ProgrammeStage
from cohortmgr.programmes.definition.toml import (
    as_json,
    fingerprint,
    from_json,
    read_definition,
    read_known,
    write_definition,
)
from tests.factories.choices import phases

MASTER, PHASED = read_known("mdia"), phases()
NAME = {"fr": "Critère", "ar": "معيار", "en": "Criterion"}
ORAL = RubricPhase("entretien", (Criterion("oral", NAME, 1, 0, 20),), PhaseKind.INTERVIEW)


def wrong(rubric: Rubric, stages: tuple[ProgrammeStage, ...] = tuple(ProgrammeStage)) -> list[str]:
    found = [*check_rubric(rubric, stages), *check_points(rubric, MASTER.form)]
    return [".".join(map(str, fault.path[2:])) for fault in found]


def with_phases(*added: RubricPhase) -> Rubric:
    return Rubric((*MASTER.rubric.phases, *added))


def test_a_phase_to_which_people_come_while_their_files_are_read_blind_is_named() -> None:
    files = MASTER.rubric.files
    test = replace(ORAL, key="epreuve", kind=PhaseKind.TEST)
    assert Rubric((files, test, ORAL)).met_before_read == {"epreuve", "entretien"}
    assert Rubric((files, replace(test, goes_on=3), ORAL)).met_before_read == {"epreuve"}
    assert Rubric((replace(files, goes_on=3), test, ORAL)).met_before_read == frozenset()
    named = replace(files, hidden=tuple(each for each in files.hidden if each.value != "name"))
    assert Rubric((named, ORAL)).met_before_read == frozenset()
    assert Rubric((ORAL, files)).met_before_read == frozenset()


def test_phases_are_read_and_written_as_they_are() -> None:
    assert check(PHASED) == []
    assert read_definition(write_definition(PHASED), "x.toml") == PHASED
    assert from_json(as_json(PHASED)) == PHASED
    assert fingerprint(PHASED) != fingerprint(MASTER)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({}, []),
        ({"weight": 0}, ["1.weight"]),
        ({"weight": -1}, ["1.weight"]),
        ({"goes_on": 5}, ["1.goes_on"]),
        ({"criteria": ()}, ["1.criteria"]),
        ({"key": "dossiers"}, ["1.key"]),
        ({"criteria": MASTER.rubric.criteria[:1]}, ["1.criteria.0.key"]),
        ({"criteria": (Criterion("oral", NAME, 1, 4, 4),)}, ["1.criteria.0.scale_max"]),
        ({"readings": 0}, ["1.readings"]),
    ],
)
def test_what_is_wrong_with_a_phase_is_named_where_it_is(changed: dict[str, Any], where: list[str]) -> None:
    assert wrong(with_phases(replace(ORAL, **changed))) == where


def test_only_the_last_phase_lets_nobody_go_on() -> None:
    files = replace(MASTER.rubric.files, goes_on=0)
    assert wrong(Rubric((files, ORAL))) == ["0.goes_on"]
    assert wrong(Rubric((replace(files, goes_on=1), ORAL))) == []


def test_a_test_and_an_interview_need_their_purpose() -> None:
    without = tuple(each for each in ProgrammeStage if each is not ProgrammeStage.INTERVIEW)
    assert wrong(with_phases(ORAL), without) == ["1.kind"]
    test = replace(ORAL, kind=PhaseKind.TEST)
    assert wrong(with_phases(test), without) == []
    (fault,) = check_rubric(with_phases(test), MASTER.stages)
    assert "Épreuve" in str(fault.values["stage"])


def test_one_result_of_a_test_knocks_nobody_out() -> None:
    strict = replace(ORAL.criteria[0], knock_out_below=Decimal(5))
    test = replace(ORAL, kind=PhaseKind.TEST, criteria=(strict,))
    assert wrong(with_phases(test)) == ["1.criteria.0.knock_out_below"]


MEAN = PointSource(PointKind.MEAN, ("s1",), worst=Decimal(10), best=Decimal(20))


@pytest.mark.parametrize(
    ("points", "where"),
    [
        (MEAN, []),
        (None, [""]),
        (replace(MEAN, questions=()), ["questions"]),
        (replace(MEAN, questions=("none",)), ["questions.0"]),
        (replace(MEAN, questions=("phone",)), ["questions.0", "questions.0"]),
        (replace(MEAN, questions=("motivation",)), ["questions.0"]),
        (replace(MEAN, kind=PointKind.YEARS, questions=("s1",)), ["questions", "questions.0"]),
        (replace(MEAN, best=None), [""]),
        (replace(MEAN, best=Decimal(10)), [""]),
        (replace(MEAN, bands=(PointBand(Decimal(1), 1),)), [""]),
        (replace(MEAN, worst=None, best=None), [""]),
        (replace(MEAN, worst=None, best=None, bands=(PointBand(Decimal(1), 9),)), ["bands.0.points"]),
        (
            replace(MEAN, worst=None, best=None, bands=(PointBand(Decimal(2), 1), PointBand(Decimal(2), 2))),
            ["bands.1.since"],
        ),
        (replace(MEAN, options={"a": 1}), ["options"]),
        (replace(MEAN, missing=9), ["missing"]),
        (replace(MEAN, field="x"), ["field"]),
        (PointSource(PointKind.OPTION, ("licence",), options={"informatique": 5}), ["options"]),
    ],
)
def test_what_is_wrong_with_where_points_come_from_is_named(
    points: PointSource | None, where: list[str]
) -> None:
    phase = RubricPhase("points", (Criterion("p", NAME, 1, 0, 5, points=points),), PhaseKind.COMPUTED)
    found = wrong(with_phases(phase))
    assert found == [".".join(filter(None, ("1.criteria.0.points", each))) for each in where]


def test_points_are_computed_in_their_phase_alone() -> None:
    read = replace(MASTER.rubric.files, criteria=(Criterion("p", NAME, 1, 0, 5, points=MEAN),))
    assert wrong(Rubric((read,))) == ["0.criteria.0.points"]


def told(before: Definition, after: Definition) -> list[tuple[ChangeKind, str]]:
    return [
        (each.kind, f"{each.named} {' '.join(map(str, each.details))}") for each in changes(before, after)
    ]


def test_phases_that_come_change_and_go_are_told_one_by_one() -> None:
    kinds = [kind for kind, _ in told(MASTER, PHASED)]
    assert kinds.count(ChangeKind.ADDED) == 6, "three phases and their criteria"
    assert [kind for kind, _ in told(PHASED, MASTER)].count(ChangeKind.REMOVED) == 6
    computed, files, test, oral = PHASED.rubric.phases

    def after(*found: RubricPhase) -> list[tuple[ChangeKind, str]]:
        return told(PHASED, replace(PHASED, rubric=replace(PHASED.rubric, phases=found)))

    ((kind, said),) = after(computed, files, replace(test, weight=5, no_show=NoShow.NOUGHT), oral)
    assert kind is ChangeKind.CHANGED and "5" in said and "zéro" in said
    ((_, said),) = after(computed, replace(files, goes_on=None), test, oral)
    assert "tous" in said and "3" in said
    assert len(after(computed, files, oral, replace(test, goes_on=None))) == 2, (
        "phases, and criteria with them"
    )
    points = replace(computed.criteria[0], points=MEAN)
    ((_, said),) = after(replace(computed, criteria=(points,)), files, test, oral)
    assert "d’où viennent les points" in said
    assert after(computed, files, test, oral) == []


def test_known_programmes_have_the_phases_that_were_said_of_them() -> None:
    assert [each.kind for each in MASTER.rubric.phases] == [PhaseKind.FILES]
    assert any("1891.25" in each for each in MASTER.assumptions)
    found = read_known("jobintech")
    assert [each.kind for each in found.rubric.phases] == [PhaseKind.FILES, PhaseKind.INTERVIEW]
    assert all(not each.unexplained for each in found.rubric.every_criterion)
    assert any("entretien" in each for each in found.assumptions)
    assert read_known("ai-master-junior").rubric == Rubric()
