"""Join placements to the application: wishes, the matching board, the company's pages."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.errors import N_
from cohortmgr.base.navigation import Entry, RoomCard, navigation_of
from cohortmgr.cohorts import actions as enrolments
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.outbox.notices import declare
from cohortmgr.placements import candidate_views, company_views, notices, staff_views
from cohortmgr.placements.actions import positions
from cohortmgr.placements.queries import placements


def init_app(app: Flask) -> None:
    """Register pages, notices, navigation entries, and the hooks that cohorts call."""
    for views in (candidate_views, company_views, staff_views):
        app.register_blueprint(views.bp)
    declare("placements", *notices.NOTICES)
    enrolments.on_leaving.register(positions.end_placement)
    cohorts.companies_of_members.register(placements.companies_of)
    navigation = navigation_of(app)
    navigation.lead_to("portals.my_home", candidate_views.bp.name)
    navigation.lead_to("portals.staff_home", staff_views.bp.name)
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
    navigation.add_cards(
        RoomCard(
            N_("Affectations"),
            N_("Vœux, notes, entreprises"),
            "placements_staff.board",
            "placements.read",
            20,
            of="cohort",
        )
    )
