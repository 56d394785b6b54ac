"""What a day may be: each fault is named with its field, and a member of two panels by name."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cohortmgr.reviews.interviews.rules import (
    MOST_SLOTS,
    BusyReader,
    DayPlan,
    changes_until,
    clashes,
    may_be_heard,
    plan_problems,
    sequence_of,
    settled,
)
from cohortmgr.reviews.interviews.timetable import DaySpan

TODAY = date(2027, 6, 1)
PLAN = DayPlan(date(2027, 6, 3), DaySpan(540, 960), 30, address="12, avenue Allal El Fassi, Rabat")


def test_a_sound_plan_has_no_problem() -> None:
    assert plan_problems(PLAN, ["R1"], TODAY) == []
    assert (
        plan_problems(replace(PLAN, remote=True, link="https://meet.example.org/a?b=c"), ["R1"], TODAY) == []
    )


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"day": TODAY - timedelta(days=1)}, "day"),
        ({"day": TODAY + timedelta(days=400)}, "day"),
        ({"hours": DaySpan(960, 540)}, "ends"),
        ({"hours": DaySpan(540, 1500)}, "ends"),
        ({"length": 0}, "length"),
        ({"length": 241}, "length"),
        ({"hours": DaySpan(540, 560)}, "length"),
        ({"places": 0}, "places"),
        ({"places": 51}, "places"),
        ({"move_until": -1}, "move_until"),
        ({"breaks": (DaySpan(700, 700),)}, "break1_ends"),
        ({"breaks": (DaySpan(600, 660), DaySpan(900, 990))}, "break2_ends"),
        ({"address": ""}, "address"),
        ({"address": "x" * 301}, "address"),
        ({"map_link": "javascript:alert(1)"}, "map_link"),
        ({"map_link": "https://user@evil.example"}, "map_link"),
        ({"remote": True}, "link"),
        ({"remote": True, "link": "https://a b.example"}, "link"),
        ({"remote": True, "link": "https://exemple"}, "link"),
    ],
)
def test_each_fault_is_named_with_its_field(changed: dict[str, object], where: str) -> None:
    found = plan_problems(replace(PLAN, **changed), ["R1"], TODAY)  # type: ignore[arg-type]
    assert [each.where for each in found] == [where]


def test_a_panel_has_somebody_and_not_a_crowd() -> None:
    for readers in ([], [f"R{number}" for number in range(13)]):
        assert [each.where for each in plan_problems(PLAN, readers, TODAY)] == ["readers"]


def test_too_many_slots_are_one_fault() -> None:
    plan = replace(PLAN, hours=DaySpan(0, 1440), length=5)
    assert [each.values["most"] for each in plan_problems(plan, ["R1"], TODAY)] == [MOST_SLOTS]


def test_what_a_plan_does_not_use_is_not_kept() -> None:
    both = replace(PLAN, link="https://meet.example.org", room="4", map_link="https://maps.example.org")
    assert settled(both).link == "" and settled(both).room == "4"
    remote = settled(replace(both, remote=True))
    assert (remote.address, remote.room, remote.map_link) == ("", "", "") and remote.link


def test_a_member_of_two_panels_is_named_if_their_hours_meet() -> None:
    busy = [
        BusyReader("A", "Amina", DaySpan(480, 540), {"fr": "Rentrée 2027"}),
        BusyReader("B", "Badr", DaySpan(900, 1000), {"fr": "Rentrée 2027"}),
    ]
    (found,) = clashes(PLAN.hours, busy)
    assert found.values["name"] == "Badr" and (found.values["begins"], found.values["ends"]) == (
        "15:00",
        "16:40",
    )


def test_the_last_moment_to_change_counts_from_the_slot() -> None:
    assert changes_until(datetime(2027, 6, 3, 9, tzinfo=UTC), 24) == datetime(2027, 6, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("readings", "able", "unmarked_by", "heard"),
    [
        (1, {1, 2}, {1}, True),
        (1, {1, 2}, {1, 2}, False),
        (2, {1, 2, 3}, {3}, True),
        (2, {1, 2}, {2}, False),
        (2, {1}, set(), True),  # a panel of one is what the office made, and hears whom it knows not
        (2, {1}, {1}, False),
        (1, {1}, {7}, True),
        (1, set(), set(), False),  # nobody of the panel may hear
    ],
)
def test_somebody_is_heard_by_as_many_as_are_asked_for(
    readings: int, able: set[int], unmarked_by: set[int], heard: bool
) -> None:
    assert may_be_heard(readings, able, unmarked_by) is heard


def test_the_number_of_a_calendars_entry_grows_with_the_slot_and_with_its_day() -> None:
    assert sequence_of(1, 2) > sequence_of(1, 1)
    assert sequence_of(2, 1) > sequence_of(1, 900)
    assert sequence_of(2, 1) > sequence_of(1, 5_000)
