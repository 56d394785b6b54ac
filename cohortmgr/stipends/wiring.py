"""Join stipends to the application: payment runs, and the bank details that enrolment asks for."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.file import hooks as files
from cohortmgr.applications.joining import actions as joining
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import navigation_of
from cohortmgr.base.registries.person_page import PersonTab, person_page_of
from cohortmgr.base.registries.waiting import Agenda, IntakeStage, Room, RoomName, leads, workspace_of
from cohortmgr.cohorts import actions as enrolments
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.stipends import candidate_views, staff_views
from cohortmgr.stipends.actions import bank_details
from cohortmgr.stipends.models import StipendLine, StipendRun
from cohortmgr.stipends.queries import of_file, today
from cohortmgr.stipends.views import agenda, person, standing


def _pays(definition: Definition) -> bool:
    return definition.stipend is not None


def init_app(app: Flask) -> None:
    """Register pages and navigation entries, and the hooks that bring bank details."""
    app.register_blueprint(candidate_views.bp)
    app.register_blueprint(staff_views.bp)
    enrolments.on_enrolment.register(bank_details.take_bank_details)
    corrections.on_answers.register(bank_details.take_given_later)
    joining.on_answers.register(bank_details.take_given_later)
    files.answers_changed.register(bank_details.take_given_later)
    desk.told_above.register(of_file.told_of)
    page = person_page_of(app)
    page.add_tabs(
        PersonTab(
            "pay",
            N_("Bourses"),
            60,
            (of_file.PERMISSION,),
            person.draw,
            is_there=cohorts.has_enrolled,
            used=_pays,
        )
    )
    page.add_traces(of_file.traces)
    navigation = navigation_of(app)
    navigation.lead_to("portals.my_home", candidate_views.bp.name)
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Bourses"),
            "stipends_staff.runs",
            "stipends.read",
            80,
            "money",
            below=(staff_views.bp.name,),
            dot=today.awaits_somebody,
            reference=cohorts.cohort_of,
            used=_pays,
            known_as=(RoomName(N_("États de paiement")), RoomName(N_("Paiements"))),
        )
    )
    workspace.add_agendas(Agenda(("stipends.approve", "stipends.prepare"), agenda.payments, 40))
    workspace.add_stages(IntakeStage("stipends", "stipends.read", standing.stage, used=_pays))
    workspace.add_coming(standing.coming)
    of_cohort = Cohort.id == StipendRun.cohort_id
    workspace.lead("stipends", leads(Cohort.intake_id, StipendRun.reference, of_cohort))
    of_run = StipendRun.id == StipendLine.run_id
    workspace.lead("stipend-lines", leads(Cohort.intake_id, StipendLine.reference, of_run, of_cohort))
