"""Giving further readings out, those that are likeliest to change the choice; and keeping what they promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.jobs.actions import keeping
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.jobs.actions.queue import request
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.assignment.actions.giving import intake_locked, require_to_come
from cohortmgr.reviews.assignment.actions.sharing import AssignmentPlan, GivenReadings
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.further import queries
from cohortmgr.reviews.further.outlook import ReadingOutlook, readings_to_give, standings_of
from cohortmgr.reviews.further.queries import GIVE, KIND
from cohortmgr.reviews.harmonising import queries as harmonising
from cohortmgr.reviews.queries import require_unconcerned

MOST = 20_000
"""The most readings of one press."""
_NUMBER = N_("Écrivez un nombre entier, de %(least)s à %(most)s.")
_GIVEN_SINCE = N_(
    "Des lectures ont été confiées depuis que cette page est ouverte : rien de plus ne l’est. Regardez-la de nouveau."
)


def give_further(
    viewer: Viewer, intake_reference: str, readings: int, due_on: date | None, last: int
) -> GivenReadings:
    """Give out as many further readings as asked, or as can be: one after the other to where it is likeliest to change
    the choice, each by the freest reader who may.

    `last` is the id of the last reading that the page knew of: whoever presses twice gives once. Nobody gets what they
    may not read or more than their limit, no file more than the programme allows. Refused while something stands in the
    way (see `in_the_way`), or if others were given since."""
    intake = intake_locked(viewer, intake_reference)
    _require_sound(viewer, intake, readings, due_on)
    if queries.last_given(intake) != last:
        raise Refused(Problem(_GIVEN_SINCE))
    plan = _plan(intake, readings, due_on)
    if plan.pairs:
        sharing.give_planned(viewer, plan, plan.pairs)
    return GivenReadings(len(plan.pairs))


def ask_further(viewer: Viewer, intake_reference: str, readings: int, due_on: date | None, last: int) -> None:
    """Ask the worker to do `give_further`, for an intake of many files. While it does, nothing more is asked of it."""
    intake = intake_locked(viewer, intake_reference)
    _require_sound(viewer, intake, readings, due_on)
    if queries.last_given(intake) != last:
        raise Refused(Problem(_GIVEN_SINCE))
    known = assignments.assignment_of(intake, GIVE)
    if known is None or not known.is_under_way:
        payload: dict[str, Any] = {
            "intake": intake.reference,
            "by": viewer.reference,
            "readings": readings,
            "given": queries.given_in(intake)[0],
        }
        if due_on is not None:
            payload["due_on"] = due_on.isoformat()
        request(viewer, GIVE, payload, intake.institution_id)


def plan_further(
    viewer: Viewer, intake_reference: str, readings: int, due_on: date | None, given: int
) -> AssignmentPlan:
    """Say which readings `give_further` would give, less those that were given since there were `given`: begun again
    after an interruption, the worker gives the rest. Nothing is changed."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    require_unconcerned(viewer, intake)
    _require_sound(viewer, intake, readings, due_on)
    return _plan(intake, readings - (queries.given_in(intake)[0] - given), due_on)


def _require_sound(viewer: Viewer, intake: Intake, readings: int, due_on: date | None) -> None:
    require_to_come(viewer, intake, due_on)
    if not 1 <= readings <= MOST:
        raise Refused(Problem(_NUMBER, {"least": 1, "most": MOST}, "readings"))
    problems = queries.in_the_way(intake, programmes.definition_of(intake).rubric.files)
    if problems:
        raise Refused(*problems)


def _plan(intake: Intake, readings: int, due_on: date | None) -> AssignmentPlan:
    found = harmonising.harmonisation_of(intake.id, programmes.definition_of(intake).rubric.files.key)
    if found is None:
        raise LookupError(f"{intake.reference} is not harmonised")
    ground = queries.ground_of(intake, found)
    standings = standings_of(ground.files, ground.places, ground.state)
    given = readings_to_give(standings, ground.state, readings, ground.noise, intake.reference)
    pairs = [(each.file, each.reviewer) for each in given]
    more = Counter(number for number, _reader in pairs)
    wanted = {number: ground.state.held.get(number, 0) + count for number, count in more.items()}
    return AssignmentPlan(intake, pairs, (), ground.standing, wanted, due_on)


def ask(viewer: Viewer, intake: Intake) -> None:
    """Ask the worker what further readings of an intake promise, unless it is at it."""
    require(viewer, "reviews.assign", intake.path)
    keeping.ask_once(viewer, _wanted(intake), {"intake": intake.reference})


def confirm(viewer: Viewer, intake: Intake, figures: Mapping[str, Any]) -> None:
    """Keep that what was found still holds this moment."""
    require(viewer, "reviews.assign", intake.path)
    keeping.keep(viewer, _wanted(intake), figures)


def keep(viewer: Viewer, intake: Intake, found: ReadingOutlook, stamp: str) -> None:
    """Keep what was found this moment, of the state that `stamp` says."""
    require(viewer, "reviews.assign", intake.path)
    keeping.keep(viewer, _wanted(intake), {**found.as_json(), "stamp": stamp})


def _wanted(intake: Intake) -> ResultWanted:
    return ResultWanted(KIND, intake.reference, intake.institution_id)
