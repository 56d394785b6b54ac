"""Join cohorts to the application: the page of a cohort, and the enrolments that follow from offers."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.file import hooks as files
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.person_page import PersonMark, person_page_of
from cohortmgr.base.registries.waiting import Agenda, IntakeStage, Room, RoomName, leads, workspace_of
from cohortmgr.cohorts import actions, queries, staff_views
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.views import agenda, person, standing
from cohortmgr.organisations import hooks as tree
from cohortmgr.selection.actions import offers


def init_app(app: Flask) -> None:
    """Register page and navigation. An accepted offer enrols the person; a released one ends the enrolment."""
    app.register_blueprint(staff_views.bp)
    offers.on_acceptance.register(actions.enrol)
    offers.on_release.register(actions.leave)
    files.enrolled_elsewhere.register(queries.enrolled_elsewhere)
    files.over.register(queries.over)
    files.took_part.register(queries.took_part)
    tree.depending_on.register(queries.depending_on)
    desk.told_above.register(queries.told_of)
    page = person_page_of(app)
    page.add_marks(PersonMark(20, "cohorts.read", queries.state_of, person.mark))
    page.add_traces(queries.traces)
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Promotion"),
            "cohorts_staff.cohort",
            "cohorts.read",
            60,
            "people",
            below=(staff_views.bp.name,),
            count=queries.present_in,
            stops=True,
            reference=queries.cohort_of,
            known_as=(RoomName(N_("Inscriptions")),),
        )
    )
    workspace.add_agendas(
        Agenda(("cohorts.manage",), agenda.to_open, 49), Agenda(("cohorts.manage",), agenda.to_confirm, 50)
    )
    workspace.add_stages(IntakeStage("cohort", "cohorts.read", standing.stage))
    workspace.lead("cohorts", leads(Cohort.intake_id, Cohort.reference))
    of_cohort = Cohort.id == Enrolment.cohort_id
    workspace.lead("enrolments", leads(Cohort.intake_id, Enrolment.reference, of_cohort))
