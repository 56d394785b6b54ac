"""One month's stipend to the centime, and its trail."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.cohorts.holidays import national_holidays, working_days
from cohortmgr.stipends.months import (
    following,
    month_of,
    payable_from,
    prepared_from,
    require_begun,
    require_payable_month,
)
from cohortmgr.stipends.rules import (
    RETURNED_BEFORE,
    RUN_STATES,
    UNPAID_BEFORE,
    Arrear,
    RunState,
    StipendSum,
    UnpaidAmount,
    compute_line,
    proportion,
    unpaid_amounts_by,
)

MARCH = date(2026, 3, 1)
DAYS = working_days(MARCH)
MONTHLY = 700_000


def _line(
    start: date = date(2025, 9, 22), end: date | None = None, absent: int = 0, *arrears: Arrear
) -> StipendSum:
    return compute_line(MONTHLY, MARCH, start, end, DAYS, absent, arrears)


def test_nothing_is_approved_uncomputed_nor_called_off_once_paid() -> None:
    with pytest.raises(Refused):
        RUN_STATES.move(RunState.DRAFT, RunState.APPROVED)
    with pytest.raises(Refused):
        RUN_STATES.move(RunState.PAID, RunState.CANCELLED)


def test_the_trail_that_the_page_shows() -> None:
    line = _line(date(2025, 9, 22), None, 2, Arrear(date(2026, 2, 1), 1, 22))
    assert [item.cents for item in line.items] == [700_000, -63_636, 31_818]
    assert line.net == 668_182
    assert line.carried == 0
    assert [str(item.label) for item in line.items] == [
        "Montant mensuel",
        "Absences : 2 sur 22 jours",
        "Rappel, 02/2026 : 1 sur 22 jours",
    ]


def test_a_whole_month_is_the_gross_amount_alone() -> None:
    assert _line() == StipendSum(MONTHLY, (), MONTHLY)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 3, 16), None, 12),
        (date(2025, 9, 22), date(2026, 3, 13), 10),
        (date(2026, 3, 14), date(2026, 3, 16), 1),
        (date(2026, 4, 1), None, 0),
        (date(2026, 3, 1), date(2026, 3, 31), 22),
    ],
)
def test_first_and_last_months_are_in_proportion(start: date, end: date | None, days: int) -> None:
    line = _line(start, end)
    assert line.net == round(Fraction(MONTHLY * days, 22))
    assert sum(item.cents for item in line.items) == line.net


def test_five_hundred_and_sixty_eight_grants_a_month() -> None:
    assert sum(_line().net for _ in range(568)) == 397_600_000


def test_absent_every_day_is_nothing_even_where_roundings_meet() -> None:
    for begin in DAYS:
        left = sum(1 for day in DAYS if day >= begin)
        assert _line(begin, None, left).net == 0


def test_what_cannot_be_taken_back_is_carried() -> None:
    line = _line(date(2025, 9, 22), None, 22, Arrear(date(2026, 2, 1), -2, 20))
    assert (line.net, line.carried) == (0, 70_000)
    assert sum(item.cents for item in line.items) == 0


@given(
    st.integers(0, 2_000_000),
    st.integers(-40, 40),
    st.one_of(st.none(), st.integers(0, 60)),
    st.data(),
)
def test_the_items_add_up_and_each_is_within_half_a_centime(
    monthly: int, offset: int, length: int | None, data: st.DataObject
) -> None:
    start = MARCH + timedelta(days=offset)
    end = None if length is None else start + timedelta(days=length)
    enrolled = sum(1 for day in DAYS if start <= day and (end is None or day <= end))
    absent = data.draw(st.integers(0, enrolled))
    owed = data.draw(st.lists(st.integers(-20, 20), max_size=2))
    line = compute_line(
        monthly, MARCH, start, end, DAYS, absent, [Arrear(date(2026, 2, 1), days, 20) for days in owed]
    )
    assert sum(item.cents for item in line.items) == line.net >= 0
    exact = Fraction(monthly * (enrolled - absent), len(DAYS)) + sum(Fraction(monthly * d, 20) for d in owed)
    assert abs(line.net - line.carried - exact) <= Fraction(2 + len(owed), 2)


@pytest.mark.parametrize(
    ("monthly", "absent", "arrears"),
    [
        (-1, 0, ()),
        (1, 23, ()),
        (1, -1, ()),
        (1, 0, (Arrear(date(2026, 2, 1), 21, 20),)),
        (1, 0, (Arrear(date(2026, 3, 9), 1, 20),)),
        (1, 0, (Arrear(date(2026, 2, 1), 0, 0),)),
    ],
)
def test_figures_that_cannot_be_are_refused(monthly: int, absent: int, arrears: tuple[Arrear, ...]) -> None:
    with pytest.raises(Refused):
        compute_line(monthly, MARCH, date(2025, 9, 22), None, DAYS, absent, arrears)


def test_a_month_without_working_days_is_refused() -> None:
    with pytest.raises(Refused):
        compute_line(MONTHLY, MARCH, MARCH, None, (), 0)


def test_an_absence_costs_one_part_of_the_basis_whatever_the_month() -> None:
    february = tuple(date(2026, 2, day) for day in range(2, 28) if date(2026, 2, day).weekday() < 5)
    assert len(february) == 20
    line = compute_line(400_000, date(2026, 2, 1), date(2025, 9, 22), None, february, 2, basis=22)
    assert [item.cents for item in line.items] == [400_000, -36_364]
    assert line.items[1].values == {"days": 2, "of": 22}
    assert compute_line(400_000, date(2026, 2, 1), date(2025, 9, 22), None, february, 20, basis=22).net == 0


def test_what_is_still_owed_is_taken_and_what_is_left_is_carried() -> None:
    days = tuple(date(2026, 1, day) for day in range(1, 32) if date(2026, 1, day).weekday() < 5)
    line = compute_line(400_000, date(2026, 1, 1), date(2025, 9, 22), None, days, 0, owed=18_182)
    assert (line.net, line.carried) == (381_818, 0)
    line = compute_line(10_000, date(2026, 1, 1), date(2025, 9, 22), None, days, 0, owed=18_182)
    assert (line.net, line.carried, sum(item.cents for item in line.items)) == (0, 8_182, 0)


def test_a_month_is_read_and_lies_within_the_scheme() -> None:
    assert month_of(" 2026-01 ") == date(2026, 1, 1)
    for text in ("", "juin", "2026-13", "2026-1", "26-01", "2026-01-02", "٢٠٢٦-٠١"):
        with pytest.raises(Refused):
            month_of(text)
    require_payable_month(date(2027, 6, 1), date(2026, 1, 1), 18)
    for month in (date(2025, 12, 1), date(2027, 7, 1)):
        with pytest.raises(Refused):
            require_payable_month(month, date(2026, 1, 1), 18)
    assert (following(date(2026, 1, 1)), following(date(2026, 12, 1))) == (date(2026, 2, 1), date(2027, 1, 1))


@given(st.lists(st.tuples(st.integers(0, 22), st.integers(0, 9_000)), min_size=1, max_size=5))
def test_months_set_aside_one_after_another_are_owed_in_full_and_named_once(
    months: list[tuple[int, int]],
) -> None:
    month, whole = date(2026, 1, 1), 0
    aside: tuple[UnpaidAmount, ...] = ()
    for absences, owed in months:
        days = working_days(month)
        alone = compute_line(MONTHLY, month, month, None, days, min(absences, len(days)), owed=owed)
        line = compute_line(
            MONTHLY, month, month, None, days, min(absences, len(days)), (), None, owed, aside
        )
        assert sum(item.cents for item in line.items) == line.net
        whole += alone.net - alone.carried
        assert line.net - line.carried == whole
        whole = line.net
        kept = [{"what": i.what, "values": i.values, "cents": i.cents} for i in line.items]
        aside = unpaid_amounts_by(month, line.net, kept)
        assert sum(each.cents for each in aside) == line.net
        assert len({each.month for each in aside}) == len(aside) and all(each.cents > 0 for each in aside)
        month = following(month)


@pytest.mark.parametrize(
    ("start", "paid"),
    [
        (date(2027, 1, 4), 21),  # the 1st is a holiday, and a weekend follows
        (date(2027, 1, 5), 19),  # the 4th was worked
        (date(2027, 1, 15), 12),  # the 14th is a holiday, the 13th was worked
        (date(2027, 1, 18), 10),
        (date(2026, 12, 14), 21),  # it began before this month
    ],
)
def test_holidays_directly_before_the_first_day_are_no_absence(start: date, paid: int) -> None:
    january = date(2027, 1, 1)
    days, free = working_days(january), national_holidays(january)
    found = compute_line(700_000, january, start, None, days, 0, holidays=free)
    assert (len(days), found.net) == (21, 700_000 if paid == 21 else proportion(700_000, paid, 21))


def test_five_hundred_and_sixty_eight_grants_are_whole_in_the_first_month_too() -> None:
    january = date(2027, 1, 1)
    found = compute_line(
        700_000,
        january,
        date(2027, 1, 4),
        None,
        working_days(january),
        0,
        holidays=national_holidays(january),
    )
    assert 568 * found.net == 397_600_000


@pytest.mark.parametrize(
    ("month", "arrears", "prepared", "payable"),
    [
        (date(2027, 3, 1), True, date(2027, 3, 1), date(2027, 4, 1)),
        (date(2026, 12, 1), True, date(2026, 12, 1), date(2027, 1, 1)),
        (date(2027, 1, 1), False, date(2026, 12, 15), date(2026, 12, 15)),
        (date(2027, 3, 1), False, date(2027, 2, 15), date(2027, 2, 15)),
    ],
)
def test_a_month_is_prepared_and_payable_from_a_stated_day(
    month: date, arrears: bool, prepared: date, payable: date
) -> None:
    assert (prepared_from(month, arrears), payable_from(month, arrears)) == (prepared, payable)
    require_begun(month, prepared, prepared)
    for early in (prepared - timedelta(days=1), prepared - timedelta(days=365)):
        with pytest.raises(Refused, match=str(prepared)):
            require_begun(month, prepared, early)


def test_what_came_back_is_told_from_what_was_never_sent() -> None:
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    (own,) = unpaid_amounts_by(january, 100, [], returned=True)
    aside = [own, *unpaid_amounts_by(february, 50, [])]
    march = date(2026, 3, 1)
    line = compute_line(MONTHLY, march, march, None, working_days(march), 0, aside=aside)
    assert [item.what for item in line.items if "Rappel" in item.what] == [RETURNED_BEFORE, UNPAID_BEFORE]
    kept = [{"what": i.what, "values": i.values, "cents": i.cents} for i in line.items]
    assert [each.returned for each in unpaid_amounts_by(march, line.net, kept)] == [True, False, False]
