"""Join reviews to the application: the reader's queue, and the overview of who reads what."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.documents import hooks as papers
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.guardians.hooks import ways_above as guardian_ways
from cohortmgr.applications.journey.actions import sending
from cohortmgr.applications.journey.hooks import steps_above
from cohortmgr.audit import hooks as audit_hooks
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.base.registries.person_page import person_page_of
from cohortmgr.base.registries.waiting import Agenda, IntakeStage, Room, RoomName, leads, workspace_of
from cohortmgr.base.work import add_work
from cohortmgr.outbox import hooks as outbox
from cohortmgr.outbox.notices import declare
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.reviews import hooks, notices, queries
from cohortmgr.reviews.assignment import tasks as assigning
from cohortmgr.reviews.assignment.actions import passing
from cohortmgr.reviews.assignment.queries import bars, days
from cohortmgr.reviews.assignment.views import by_hand, knowing
from cohortmgr.reviews.assignment.views import overview as assignment_views
from cohortmgr.reviews.calibration import commands as calibration
from cohortmgr.reviews.discussion import views as discussion_views
from cohortmgr.reviews.further import tasks as further
from cohortmgr.reviews.further import views as further_views
from cohortmgr.reviews.gaps import tasks as gaps
from cohortmgr.reviews.interviews import tasks as interview_tasks
from cohortmgr.reviews.interviews.actions import booking, needs
from cohortmgr.reviews.interviews.models import InterviewDay
from cohortmgr.reviews.interviews.queries import reminders
from cohortmgr.reviews.interviews.queries import waiting as slots
from cohortmgr.reviews.interviews.rules import attended
from cohortmgr.reviews.interviews.views import agenda as interview_agenda
from cohortmgr.reviews.interviews.views import booking as booking_views
from cohortmgr.reviews.interviews.views import days as day_views
from cohortmgr.reviews.interviews.views import panel, placing
from cohortmgr.reviews.interviews.views.steps import steps as interview_steps
from cohortmgr.reviews.jury import tasks as jury
from cohortmgr.reviews.jury.views import harmonisation
from cohortmgr.reviews.marksheets import tasks as marksheets
from cohortmgr.reviews.marksheets import views as marksheet_views
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.views import closing as phase_views
from cohortmgr.reviews.phases.views import results as result_views
from cohortmgr.reviews.progress import tasks as progress
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.reading.views import cockpit
from cohortmgr.reviews.reading.views import papers as paper_views
from cohortmgr.reviews.regrading import actions as regrading
from cohortmgr.reviews.views import agenda, standing

JOBS = (assigning.assign, progress.sum_up, gaps.look, jury.harmonise, further.look_ahead, further.give)
PAGES = (
    assignment_views.bp, by_hand.bp, knowing.bp, cockpit.bp, paper_views.bp, discussion_views.bp, marksheet_views.bp,
    phase_views.bp, result_views.bp, harmonisation.bp, further_views.bp,
)  # fmt: skip

INTERVIEWS = (day_views.bp, placing.bp, panel.bp)


def _marks(definition: Definition) -> bool:
    return definition.rubric.ranks


def init_app(app: Flask) -> None:
    """Register the pages and their navigation entries."""
    for page in PAGES:
        app.register_blueprint(page)
    app.cli.add_command(calibration.group)
    declare("reviews", *notices.NOTICES)
    hooks.given_back.register(passing.pass_on_given_back)
    hooks.phase_begun.register(phases.has_begun)
    hooks.barred.register(bars.is_barred)
    programmes.on_regraded.register(regrading.put_aside)
    outbox.checks[days.READINGS_DUE] = days.still_waiting
    add_work(app, *assigning.WORKS, *marksheets.WORKS)
    papers.read_now.fill(own.files_in_hand)
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
            count=queries.counted_for(own.open_in),
            stops=True,
            used=_marks,
            known_as=(RoomName(N_("Lecture des dossiers")), RoomName(N_("Par évaluateur"))),
        )
    )
    workspace.add_agendas(
        Agenda(("reviews.score",), agenda.to_declare, 29),
        Agenda(("reviews.score",), agenda.own_readings, 30),
        Agenda(("reviews.score",), agenda.discussions, 30),
        Agenda(("reviews.assign",), agenda.to_assign, 31),
        Agenda(("reviews.assign",), agenda.late_readers, 32),
        Agenda(("reviews.assign",), agenda.to_close, 33),
    )
    workspace.add_stages(IntakeStage("readings", "reviews.read", standing.stage, used=_marks))
    workspace.lead("reviews", leads(Review.intake_id, Review.reference))
    _place_interviews(app)


def _attends(definition: Definition) -> bool:
    return bool(attended(definition))


def _place_interviews(app: Flask) -> None:
    for page in (*INTERVIEWS, panel.public_bp, booking_views.bp, booking_views.guardian_bp):
        app.register_blueprint(page)
    audit_hooks.on_destroyed.register(needs.forget_with)
    sending.on_withdrawal.register(booking.leave)
    consents.on_hidden.register(booking.leave)
    steps_above.register(interview_steps)
    guardian_ways.register(booking_views.way_of_guardian)
    hooks.phase_begun.register(slots.has_begun)
    hooks.beside_queue.register(panel.way_to_panels)
    for key in reminders.OF_A_SLOT:
        outbox.checks[key] = reminders.still_booked
    outbox.checks[reminders.SLOT_AWAITED] = reminders.still_without
    outbox.checks[reminders.PANEL_TOMORROW] = reminders.panel_still_heard
    add_work(app, *interview_tasks.WORKS)
    desk.told_above.register(slots.told_of)
    person_page_of(app).add_traces(slots.traces)
    navigation = navigation_of(app)
    navigation.lead_to("reading_staff.queue", "panels_staff.index")
    navigation.lead_to("portals.my_home", booking_views.bp.name)
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Entretiens"),
            "interviews_staff.index",
            "reviews.read",
            45,
            "calendar",
            below=tuple(page.name for page in INTERVIEWS),
            used=_attends,
            known_as=(RoomName(N_("Jurys")), RoomName(N_("Créneaux"))),
        )
    )
    workspace.add_agendas(
        Agenda(("reviews.score",), interview_agenda.own_days, 34),
        Agenda(("reviews.score",), interview_agenda.to_mark, 30),
        Agenda(("reviews.assign",), interview_agenda.without_slot, 34),
        Agenda(("reviews.assign",), interview_agenda.lacking_panels, 34),
    )
    workspace.add_coming(interview_agenda.coming)
    workspace.lead("interviews", leads(InterviewDay.intake_id, InterviewDay.reference))
