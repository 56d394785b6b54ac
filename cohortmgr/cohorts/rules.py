"""What an enrolment may become, and the working days of a month."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_


class EnrolmentState(StrEnum):
    """Where one person's place in one cohort stands."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EXCLUDED = "excluded"


TRANSITIONS: Mapping[EnrolmentState, tuple[EnrolmentState, ...]] = {
    EnrolmentState.PENDING: (EnrolmentState.ACTIVE, EnrolmentState.WITHDRAWN),
    EnrolmentState.ACTIVE: (
        EnrolmentState.SUSPENDED,
        EnrolmentState.COMPLETED,
        EnrolmentState.WITHDRAWN,
        EnrolmentState.EXCLUDED,
    ),
    EnrolmentState.SUSPENDED: (EnrolmentState.ACTIVE, EnrolmentState.WITHDRAWN, EnrolmentState.EXCLUDED),
    EnrolmentState.COMPLETED: (),
    EnrolmentState.WITHDRAWN: (),
    EnrolmentState.EXCLUDED: (),
}

MEANINGS: Mapping[EnrolmentState, str] = {
    EnrolmentState.PENDING: N_("La place est acceptée ; les pièces de l’inscription sont attendues."),
    EnrolmentState.ACTIVE: N_("La personne est inscrite et suit la formation."),
    EnrolmentState.SUSPENDED: N_("La formation est interrompue pour un temps ; la place est gardée."),
    EnrolmentState.COMPLETED: N_("La formation est achevée."),
    EnrolmentState.WITHDRAWN: N_("La personne a quitté la formation."),
    EnrolmentState.EXCLUDED: N_("L’établissement a mis fin à la formation, avec un motif."),
}

NAMES: Mapping[EnrolmentState, str] = {
    EnrolmentState.PENDING: N_("À confirmer"),
    EnrolmentState.ACTIVE: N_("En formation"),
    EnrolmentState.SUSPENDED: N_("Interrompue"),
    EnrolmentState.COMPLETED: N_("Achevée"),
    EnrolmentState.WITHDRAWN: N_("A quitté"),
    EnrolmentState.EXCLUDED: N_("Exclue"),
}

TAGS: Mapping[EnrolmentState, str] = {
    EnrolmentState.PENDING: "wait",
    EnrolmentState.ACTIVE: "done",
    EnrolmentState.COMPLETED: "done",
    EnrolmentState.EXCLUDED: "stop",
}
"""The kind of tag that pages give a state; neutral for the others."""

PRESENT = frozenset({EnrolmentState.PENDING, EnrolmentState.ACTIVE, EnrolmentState.SUSPENDED})
"""Enrolments that hold a place, state wishes and enter the matching."""

PAID = frozenset({EnrolmentState.ACTIVE})
"""Enrolments that a stipend run includes."""

PAID_TO_THE_END = frozenset({EnrolmentState.COMPLETED, EnrolmentState.WITHDRAWN, EnrolmentState.EXCLUDED})
"""Enrolments that it includes up to their last day; those without one never began."""


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
"""(month, day) of Morocco's holidays with a fixed day: an assumption, to change here when the State changes them.
Religious holidays follow the moon; a definition states them as periods of its calendar."""


def pay_day(month: date, holidays: Iterable[tuple[date, date]] = ()) -> date:
    """The first working day of the month that `month` lies in, outside of national holidays and of `holidays`.

    `holidays` are spans of days, both ends included. A break that leaves no working day of the month does not keep
    the bank from paying: then national holidays alone count.
    """
    national = {day for day in working_days(month) if (day.month, day.day) in NATIONAL_HOLIDAYS}
    spans = tuple(holidays)
    days = working_days(month, national)
    free = (day for day in days if not any(first <= day <= last for first, last in spans))
    return next(free, days[0])


def working_days(month: date, holidays: Collection[date] = ()) -> tuple[date, ...]:
    """The days from Monday to Friday of the month that `month` lies in, without the holidays, in order."""
    day = month.replace(day=1)
    days = []
    while day.month == month.month:
        if day.weekday() < 5 and day not in holidays:
            days.append(day)
        if day == date.max:
            break
        day += timedelta(days=1)
    return tuple(days)
