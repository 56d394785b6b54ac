"""Hooks by which higher rooms say what they know about a file's person: enrolment, seat, end of training."""

from __future__ import annotations

from collections.abc import Collection

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.hooks import Hook

# (person, intake): whether the person is enrolled elsewhere than in that intake, now or soon.
enrolled_elsewhere: Hook[[int, int], bool] = Hook()

# Whether an application holds a seat that was offered and accepted.
seated: Hook[[Application], bool] = Hook()
# Called in the same transaction when answers of a file that was sent have changed, whoever changed them.
answers_changed: Hook[[Viewer, Application], None] = Hook()
# Given the ids of applications: those whose training is over.
over: Hook[[Collection[int]], set[int]] = Hook()


# Whether the person of an application took part in the training, if only for a day: they may be owed something.
took_part: Hook[[Application], bool] = Hook()


def joins(application: Application) -> bool:
    """Whether the person is about to join, or has joined: from the acceptance of a seat to the end of the training."""
    return any(holds(application) for holds in seated) and not ended([application.id])


def ended(applications: Collection[int]) -> set[int]:
    """The ids among `applications` whose training is over; many need no more statements than one."""
    return {number for found in over for number in found(applications)} if applications else set()
