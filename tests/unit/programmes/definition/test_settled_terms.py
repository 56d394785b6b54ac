"""A draft's change of seats, companies, stipend or offers is told with the earlier figure, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cohortmgr.base.errors import CalendarMonth, Problem
from cohortmgr.programmes.definition.comparing import PARTS, ChangeKind, changes
from cohortmgr.programmes.definition.rules import Definition, ProgrammeStage
from cohortmgr.programmes.definition.settled_terms import ABSENCE_NAMES, PAYER_NAMES, STAGE_NAMES
from cohortmgr.programmes.definition.toml import read_known

MASTER = read_known("mdia")
FIRST, *LATER = MASTER.intakes
SEATS = FIRST.offerings[0]


def with_seats(seats: int) -> Definition:
    return replace(MASTER, intakes=(replace(FIRST, offerings=(replace(SEATS, seats=seats),)), *LATER))


def words(details: tuple[Problem | str, ...]) -> list[str]:
    return [str(each) for each in details]


def told(before: Definition, after: Definition) -> list[tuple[ChangeKind, object, list[str]]]:
    return [(each.kind, each.named, words(each.details)) for each in changes(before, after)]


def test_seats_are_told_before_and_after() -> None:
    ((kind, named, details),) = told(MASTER, with_seats(35))
    assert (kind, named) == (ChangeKind.CHANGED, FIRST.title)
    assert len(details) == 1
    assert "35 places" in details[0] and "30 places" in details[0]


def test_a_new_choice_a_new_campaign_and_one_left_out_are_named() -> None:
    more = replace(FIRST, offerings=(SEATS, replace(SEATS, key="autre", seats=1)))
    ((_kind, _named, details),) = told(MASTER, replace(MASTER, intakes=(more, *LATER)))
    assert "1 place" in details[0]
    added = replace(FIRST, key="2029")
    ((kind, named, details),) = told(MASTER, replace(MASTER, intakes=(*MASTER.intakes, added)))
    assert (kind, named, "30 places" in details[-1]) == (ChangeKind.ADDED, FIRST.title, True)
    ((kind, named, _details),) = told(MASTER, replace(MASTER, intakes=MASTER.intakes[:1]))
    assert (kind, named) == (ChangeKind.REMOVED, LATER[0].title)


def test_companies_come_go_and_change() -> None:
    one, *others = MASTER.partners
    assert told(MASTER, replace(MASTER, partners=tuple(others)))[0][:2] == (ChangeKind.REMOVED, one.name)
    ((kind, named, details),) = told(
        MASTER, replace(MASTER, partners=(replace(one, seats=one.seats + 1), *others))
    )
    assert (kind, named, len(details)) == (ChangeKind.CHANGED, one.name, 1)


@pytest.mark.parametrize(
    ("part", "values", "figures"),
    [
        ("stipend", {"monthly_cents": 450_000}, ["4500", "4000"]),
        ("stipend", {"months": 12}, ["12", "18"]),
        ("offers", {"waiting_list": 40}, ["40 personnes", "30 personnes"]),
        ("offers", {"days_to_answer": 5}, ["5 jours", "7 jours"]),
        ("reminders", {"draft_hours": (24,)}, ["24 heures", "168 heures"]),
        ("placement", {"wishes_max": 2}, ["2 vœux", "4 vœux"]),
    ],
)
def test_a_figure_is_told_with_the_earlier_one(
    part: str, values: dict[str, object], figures: list[str]
) -> None:
    ((kind, named, details),) = told(
        MASTER, replace(MASTER, **{part: replace(getattr(MASTER, part), **values)})
    )
    assert (kind, named) == (ChangeKind.CHANGED, PARTS[part])
    (detail,) = details
    assert all(figure in detail for figure in figures), detail


def test_a_stipend_that_ends_or_begins_says_so() -> None:
    without = replace(MASTER, stipend=None)
    assert len(told(MASTER, without)[0][2]) == 1
    assert len(told(without, MASTER)[0][2]) > 5
    months = [
        value
        for each in changes(without, MASTER)
        for detail in each.details
        if isinstance(detail, Problem)
        for value in detail.values.values()
        if isinstance(value, CalendarMonth)
    ]
    assert months == [CalendarMonth(MASTER.stipend.starts_month)] if MASTER.stipend else False


def test_phases_are_named() -> None:
    ((_kind, named, details),) = told(
        MASTER,
        replace(MASTER, stages=tuple(each for each in MASTER.stages if each is not ProgrammeStage.OUTCOMES)),
    )
    assert (named, len(details)) == (PARTS["stages"], 1)
    assert STAGE_NAMES.keys() == set(ProgrammeStage)
    assert len(PAYER_NAMES) == 3 and len(ABSENCE_NAMES) == 2
