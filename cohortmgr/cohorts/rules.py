"""The rules of cohorts: the states of an enrolment, and the working days and pay day of a month."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from cohortmgr.base.errors import N_, Problem
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


LONGEST_REASON = 1000


def check_days(
    state: EnrolmentState, starts_on: date, ends_on: date | None, first: date, reason: str
) -> list[Problem]:
    """Return why these days cannot be somebody's first and last day in a cohort that begins on `first`."""
    problems = []
    if starts_on < first:
        what = N_("La promotion commence le %(day)s : personne n’y entre avant.")
        problems.append(Problem(what, {"day": first}, "starts_on"))
    if ends_on is not None and ends_on < starts_on:
        problems.append(Problem(N_("Le dernier jour vient avant le premier."), {}, "ends_on"))
    if ends_on is not None and state is EnrolmentState.PENDING:
        what = N_("Cette inscription n’est pas confirmée : elle n’a pas encore de dernier jour.")
        problems.append(Problem(what, {}, "ends_on"))
    if ends_on is None and state in PAID_TO_THE_END:
        what = N_("Cette personne a quitté la promotion : écrivez son dernier jour.")
        problems.append(Problem(what, {}, "ends_on"))
    if not reason.strip() or len(reason) > LONGEST_REASON:
        problems.append(Problem(N_("Écrivez le motif : il explique cet acte plus tard."), {}, "reason"))
    return problems


"""(month, day) of Morocco's holidays on fixed days. This is an assumption: change it here when the State
does.

Religious holidays follow the moon; a definition states them as periods of its calendar."""
