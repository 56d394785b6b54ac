"""Join reviews to the application: the reader's queue, and the overview of who reads what."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.desk import queries as desk
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.base.registries.person_page import person_page_of
from cohortmgr.base.registries.waiting import Agenda, IntakeStage, Room, RoomName, leads, workspace_of
from cohortmgr.base.work import add_work
from cohortmgr.outbox import hooks as outbox
from cohortmgr.outbox.notices import declare
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.reviews import hooks, notices, queries
from cohortmgr.reviews.assignment import tasks as assigning
from cohortmgr.reviews.assignment.actions import passing
from cohortmgr.reviews.assignment.queries import days
from cohortmgr.reviews.assignment.views import by_hand, knowing
from cohortmgr.reviews.assignment.views import overview as assignment_views
from cohortmgr.reviews.calibration import commands as calibration
from cohortmgr.reviews.discussion import views as discussion_views
from cohortmgr.reviews.marksheets import views as marksheet_views
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import tasks as progress
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.reading import views as reading_views
from cohortmgr.reviews.views import agenda, standing

JOBS = (assigning.assign, progress.sum_up)
PAGES = (
    assignment_views.bp, by_hand.bp, knowing.bp, reading_views.bp, discussion_views.bp, marksheet_views.bp,
)  # fmt: skip


def _reads(definition: Definition) -> bool:
    return bool(definition.rubric.criteria)


def init_app(app: Flask) -> None:
    """Register the pages and their navigation entries."""
    for page in PAGES:
        app.register_blueprint(page)
    app.cli.add_command(calibration.group)
    declare("reviews", *notices.NOTICES)
    hooks.given_back.register(passing.pass_on_given_back)
    outbox.checks[days.READINGS_DUE] = days.still_waiting
    add_work(app, *assigning.WORKS)
    desk.told_above.register(queries.told_of)
    person_page_of(app).add_traces(queries.traces)
    navigation = navigation_of(app)
    reading = ("reading_staff.review", "reading_staff.abstain", "marksheets_staff.marks")
    navigation.add(
        "staff", Entry(N_("Mes lectures"), "reading_staff.queue", 20, "reviews.score", reading, icon="star")
    )
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Lectures"),
            "assignment_staff.overview",
            "reviews.read",
            40,
            "star",
            below=tuple(page.name for page in PAGES),
            count=own.open_in,
            stops=True,
            used=_reads,
            known_as=(RoomName(N_("Lecture des dossiers")), RoomName(N_("Par évaluateur"))),
        )
    )
    workspace.add_agendas(
        Agenda(("reviews.score",), agenda.to_declare, 29),
        Agenda(("reviews.score",), agenda.own_readings, 30),
        Agenda(("reviews.assign",), agenda.to_assign, 31),
        Agenda(("reviews.assign",), agenda.late_readers, 32),
    )
    workspace.add_stages(IntakeStage("readings", "reviews.read", standing.stage, used=_reads))
    workspace.lead("reviews", leads(Review.intake_id, Review.reference))
