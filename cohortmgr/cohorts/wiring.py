"""Join cohorts to the application: the page of a cohort, and the enrolments that follow from offers."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.file import hooks as files
from cohortmgr.base.errors import N_
from cohortmgr.base.navigation import RoomCard, navigation_of
from cohortmgr.cohorts import actions, queries, staff_views
from cohortmgr.selection.actions import offers


def init_app(app: Flask) -> None:
    """Register page and navigation. An accepted offer enrols the person; a released one ends the enrolment."""
    app.register_blueprint(staff_views.bp)
    offers.on_acceptance.register(actions.enrol)
    offers.on_release.register(actions.leave)
    files.enrolled_elsewhere.register(queries.enrolled_elsewhere)
    files.over.register(queries.over)
    files.took_part.register(queries.took_part)
    navigation = navigation_of(app)
    navigation.lead_to("portals.staff_home", staff_views.bp.name)
    card = RoomCard(
        N_("Promotion"), N_("Inscriptions"), "cohorts_staff.cohort", "cohorts.read", 10, of="cohort"
    )
    navigation.add_cards(card)
