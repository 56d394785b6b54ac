"""The national holidays with a fixed date, the working days of a month, and the day on which it is paid."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

NATIONAL_HOLIDAYS: tuple[tuple[int, int], ...] = (
    (1, 1),  # new year
    (1, 11),  # independence manifesto
    (1, 14),  # Amazigh new year
    (5, 1),  # labour
    (7, 30),  # throne
    (8, 14),  # Oued Ed-Dahab
    (8, 20),  # revolution of the king and the people
    (8, 21),  # youth
    (11, 6),  # green march
    (11, 18),  # independence
)


def pay_day(month: date, holidays: Iterable[tuple[date, date]] = ()) -> date:
    """Return the first working day of the month of `month`, outside of national holidays and of `holidays`.

    `holidays` are spans of days, both ends included. If they leave no working day in the month, only national
    holidays count, since the bank pays all the same.
    """
    national = national_holidays(month)
    spans = tuple(holidays)
    days = working_days(month, national)
    free = (day for day in days if not any(first <= day <= last for first, last in spans))
    return next(free, days[0])


def national_holidays(month: date) -> frozenset[date]:
    """Return the national holidays of the month of `month` that are no weekend's."""
    return frozenset(day for day in working_days(month) if (day.month, day.day) in NATIONAL_HOLIDAYS)


def working_days(month: date, holidays: Collection[date] = ()) -> tuple[date, ...]:
    """Return the days from Monday to Friday of the month of `month`, in order, without the holidays."""
    day = month.replace(day=1)
    days = []
    while day.month == month.month:
        if day.weekday() < 5 and day not in holidays:
            days.append(day)
        if day == date.max:
            break
        day += timedelta(days=1)
    return tuple(days)
