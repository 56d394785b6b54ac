"""Join placements to the application: wishes, the matching board, the company's pages."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.desk import queries as desk
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.base.registries.person_page import PersonMark, PersonTab, person_page_of
from cohortmgr.base.registries.waiting import Agenda, Finder, IntakeStage, Room, RoomName, leads, workspace_of
from cohortmgr.cohorts import actions as enrolments
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.organisations import hooks as tree
from cohortmgr.outbox.notices import declare
from cohortmgr.placements import candidate_views, company_views, notices, staff_views
from cohortmgr.placements.actions import positions
from cohortmgr.placements.models import Placement, Position
from cohortmgr.placements.queries import of_file, placements, standing
from cohortmgr.placements.views import agenda, finding, person
from cohortmgr.placements.views import standing as overview
from cohortmgr.programmes.definition.rules import Definition


def _places(definition: Definition) -> bool:
    return definition.placement is not None


def init_app(app: Flask) -> None:
    """Register pages, notices, navigation entries, and the hooks that cohorts call."""
    for views in (candidate_views, company_views, staff_views):
        app.register_blueprint(views.bp)
    declare("placements", *notices.NOTICES)
    enrolments.on_leaving.register(positions.end_placement)
    cohorts.companies_of_members.register(placements.companies_of)
    tree.depending_on.register(standing.depending_on)
    desk.told_above.register(of_file.told_of)
    page = person_page_of(app)
    page.add_tabs(
        PersonTab(
            "company",
            N_("Entreprise"),
            50,
            (of_file.PERMISSION,),
            person.draw,
            is_there=cohorts.has_enrolled,
            used=_places,
        )
    )
    page.add_marks(PersonMark(30, of_file.PERMISSION, of_file.company_name, person.mark))
    page.add_traces(of_file.traces)
    navigation = navigation_of(app)
    navigation.lead_to("portals.my_home", candidate_views.bp.name)
    navigation.add(
        "company",
        Entry(N_("Accueil"), "portals.company_home", 10, below=("placements_company.candidates",)),
        Entry(
            N_("Mes apprentis"),
            "placements_company.apprentices",
            20,
            below=("placements_company.apprentice",),
        ),
    )
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Affectations"),
            "placements_staff.board",
            "placements.read",
            70,
            "building",
            below=(staff_views.bp.name,),
            dot=standing.awaits_approval,
            reference=cohorts.cohort_of,
            used=_places,
            known_as=tuple(map(RoomName, (N_("Affectation en entreprise"), N_("Entreprises"), N_("Vœux")))),
        )
    )
    workspace.add_agendas(
        Agenda(("placements.manage",), agenda.matchings, 60),
        Agenda(("placements.manage",), agenda.to_match, 61),
    )
    workspace.add_stages(IntakeStage("placements", "placements.read", overview.stage, used=_places))
    workspace.add_finders(Finder(N_("Entreprises"), ("placements.read",), finding.companies, 40))
    of_cohort = (Cohort.id == Position.cohort_id, Position.id == Placement.position_id)
    workspace.lead("placements", leads(Cohort.intake_id, Placement.reference, *of_cohort))
