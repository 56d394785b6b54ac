"""States of an enrolment and working days."""

from calendar import monthrange
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.cohorts.holidays import pay_day, working_days
from cohortmgr.cohorts.rules import ENROLMENT_STATES, EnrolmentState


def test_who_has_left_does_not_come_back_by_the_same_enrolment() -> None:
    ENROLMENT_STATES.move(EnrolmentState.SUSPENDED, EnrolmentState.ACTIVE)
    with pytest.raises(Refused):
        ENROLMENT_STATES.move(EnrolmentState.WITHDRAWN, EnrolmentState.ACTIVE)


def test_march_2026_has_22_working_days_and_a_holiday_takes_one() -> None:
    assert len(working_days(date(2026, 3, 17))) == 22
    assert len(working_days(date(2026, 3, 1), {date(2026, 3, 20), date(2026, 3, 21)})) == 21


@given(st.dates())
def test_working_days_are_the_weekdays_of_the_month(day: date) -> None:
    every = [day.replace(day=number) for number in range(1, monthrange(day.year, day.month)[1] + 1)]
    assert list(working_days(day)) == [each for each in every if each.isoweekday() <= 5]


@pytest.mark.parametrize(
    ("month", "holidays", "expected"),
    [
        (date(2026, 2, 1), [], date(2026, 2, 2)),
        (date(2026, 1, 9), [], date(2026, 1, 2)),
        (date(2026, 5, 1), [], date(2026, 5, 4)),
        (date(2026, 6, 1), [(date(2026, 5, 27), date(2026, 6, 2))], date(2026, 6, 3)),
        (date(2026, 5, 1), [(date(2026, 4, 1), date(2026, 6, 30))], date(2026, 5, 4)),
    ],
    ids=[
        "plain",
        "new year",
        "labour day and a weekend",
        "a holiday of the calendar",
        "a break of a whole month",
    ],
)
def test_stipends_arrive_on_the_first_working_day_that_is_no_holiday(
    month: date, holidays: list[tuple[date, date]], expected: date
) -> None:
    assert pay_day(month, holidays) == expected


@given(st.dates(date(2020, 1, 1), date(2090, 12, 31)))
def test_the_payment_day_is_a_working_day_of_its_month(day: date) -> None:
    found = pay_day(day)
    assert found in working_days(day) and found.day <= 6
