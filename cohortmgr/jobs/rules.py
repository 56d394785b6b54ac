"""The life of a job: a piece of long or later work that is done once, even if workers die meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table

# Only a start that ended without a recorded result counts as lost;
# after this many the job waits for a person.
MAX_LOST_STARTS = 3
LEASE = timedelta(minutes=5)
# For so long a kept result is not computed anew, however often its page is opened.
FRESH = timedelta(minutes=1)
# How long a job waits after a temporary failure that does not say how long itself.
PAUSE = timedelta(minutes=1)


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SET_ASIDE = "set_aside"


# A job in one of these waits for a person.
LOST = (JobState.FAILED, JobState.SET_ASIDE)

JOB_STATES = Table(
    {
        JobState.WAITING: Stage(N_("Le travail attend son tour."), to=(JobState.RUNNING,)),
        JobState.RUNNING: Stage(
            N_("Le travail est en cours."),
            to=(JobState.DONE, JobState.FAILED, JobState.WAITING, JobState.SET_ASIDE),
        ),
        JobState.DONE: Stage(N_("Le travail est terminé.")),
        JobState.FAILED: Stage(N_("Le travail a échoué ; la raison est notée."), to=(JobState.WAITING,)),
        JobState.SET_ASIDE: Stage(
            N_("Le travail s’est interrompu trois fois sans résultat ; une personne doit le regarder."),
            to=(JobState.WAITING,),
        ),
    }
)


def lease_end(moment: datetime) -> datetime:
    """Return until when a start may stay silent before it is taken for lost."""
    return moment + LEASE


def after_lost_start(lost_starts: int) -> JobState:
    """Return the state of a job whose lease ran out for the `lost_starts`-th time."""
    return JobState.SET_ASIDE if lost_starts >= MAX_LOST_STARTS else JobState.WAITING


def percentage(done: int, total: int) -> int:
    """Whole percent of the work that is done; 100 only at the end."""
    return 100 if total <= 0 or done >= total else min(99, done * 100 // total)


@dataclass(frozen=True)
class Advance:
    """How far a job of the worker is: whole percent, whether it goes on, and whether it failed for good."""

    percentage: int = 0
    goes_on: bool = False
    failed: bool = False
