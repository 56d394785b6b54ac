"""An interview day of jobintech on which nobody is expected yet: its slots wait for those who go on."""

from __future__ import annotations

from datetime import timedelta

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.queries import viewers as account_queries
from cohortmgr.accounts.rules import SYSTEM, Role, allows
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.demo.commands.setting import by_role, viewer
from cohortmgr.programmes import queries as programmes
from cohortmgr.reviews.interviews.actions import days
from cohortmgr.reviews.interviews.queries.days import days_of
from cohortmgr.reviews.interviews.rules import DayPlan, attended
from cohortmgr.reviews.interviews.timetable import DaySpan

PROGRAMME = "jobintech"
PANEL = 2
COMES_IN = timedelta(days=21)


def plan_day() -> None:
    """Let a manager and two reviewers work in jobintech too, and make one day of its interview."""
    intake = programmes.intake_of(PROGRAMME)
    (phase, *_more) = attended(programmes.definition_of(intake))
    if days_of(intake):
        return
    panel = by_role(Role.REVIEWER)[:PANEL]
    manager = by_role(Role.SELECTION_MANAGER)[0]
    for person, role, permission in (
        (manager, Role.SELECTION_MANAGER, "reviews.assign"),
        *((each, Role.REVIEWER, "reviews.score") for each in panel),
    ):
        account = account_queries.account_by_email(person.email)
        if account is not None and not allows(person, permission, intake.path):
            with writing():
                accounts.grant(
                    SYSTEM, account, role, "programme", intake.reference, intake.path, [intake.institution_id]
                )
    hours, pause = DaySpan(9 * 60, 16 * 60), DaySpan(12 * 60 + 30, 14 * 60)
    plan = DayPlan(
        clock.today() + COMES_IN,
        hours,
        30,
        (pause,),
        address="Technopark, route de Nouaceur, Casablanca",
        room="Salle 2",
    )
    with writing():
        days.add_day(
            viewer(manager.email),
            intake.reference,
            phase.key,
            plan,
            [each.person_reference or "" for each in panel],
        )
