"""The rules of cohorts: the states of an enrolment, and the working days and pay day of a month."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table


class EnrolmentState(StrEnum):
    """The state of one person's place in one cohort."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EXCLUDED = "excluded"


ENROLMENT_STATES = Table(
    {
        EnrolmentState.PENDING: Stage(
            N_("La place est acceptée ; les pièces de l’inscription sont attendues."),
            to=(EnrolmentState.ACTIVE, EnrolmentState.WITHDRAWN),
            name=N_("À confirmer"),
        ),
        EnrolmentState.ACTIVE: Stage(
            N_("La personne est inscrite et suit la formation."),
            to=(
                EnrolmentState.SUSPENDED,
                EnrolmentState.COMPLETED,
                EnrolmentState.WITHDRAWN,
                EnrolmentState.EXCLUDED,
            ),
            name=N_("En formation"),
        ),
        EnrolmentState.SUSPENDED: Stage(
            N_("La formation est interrompue pour un temps ; la place est gardée."),
            to=(EnrolmentState.ACTIVE, EnrolmentState.WITHDRAWN, EnrolmentState.EXCLUDED),
            name=N_("Interrompue"),
        ),
        EnrolmentState.COMPLETED: Stage(N_("La formation est achevée."), name=N_("Achevée")),
        EnrolmentState.WITHDRAWN: Stage(N_("La personne a quitté la formation."), name=N_("A quitté")),
        EnrolmentState.EXCLUDED: Stage(
            N_("L’établissement a mis fin à la formation, avec un motif."), name=N_("Exclue")
        ),
    }
)


TAGS: Mapping[EnrolmentState, str] = {
    EnrolmentState.PENDING: "wait",
    EnrolmentState.ACTIVE: "done",
    EnrolmentState.COMPLETED: "done",
    EnrolmentState.EXCLUDED: "stop",
}
"""The kind of tag by which pages show a state; a state that is not listed is neutral."""

PRESENT = frozenset({EnrolmentState.PENDING, EnrolmentState.ACTIVE, EnrolmentState.SUSPENDED})
"""Enrolments that hold a place, state wishes and enter the matching."""

PAID = frozenset({EnrolmentState.ACTIVE})
"""Enrolments that a stipend run includes."""

PAID_TO_THE_END = frozenset({EnrolmentState.COMPLETED, EnrolmentState.WITHDRAWN, EnrolmentState.EXCLUDED})
"""Enrolments that a stipend run includes up to their last day. Those without a last day never began."""


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
"""(month, day) of Morocco's holidays on fixed days. This is an assumption: change it here when the State
does.

Religious holidays follow the moon; a definition states them as periods of its calendar."""


def pay_day(month: date, holidays: Iterable[tuple[date, date]] = ()) -> date:
    """Return the first working day of the month of `month`, outside of national holidays and of `holidays`.

    `holidays` are spans of days, both ends included. If they leave no working day in the month, only national
    holidays count, since the bank pays all the same.
    """
    national = {day for day in working_days(month) if (day.month, day.day) in NATIONAL_HOLIDAYS}
    spans = tuple(holidays)
    days = working_days(month, national)
    free = (day for day in days if not any(first <= day <= last for first, last in spans))
    return next(free, days[0])


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
