"""Join stipends to the application: payment runs, and the bank details that enrolment asks for."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.file import hooks as files
from cohortmgr.applications.joining import actions as joining
from cohortmgr.base.errors import N_
from cohortmgr.base.navigation import RoomCard, navigation_of
from cohortmgr.cohorts import actions as enrolments
from cohortmgr.stipends import candidate_views, staff_views
from cohortmgr.stipends.actions import bank_details


def init_app(app: Flask) -> None:
    """Register pages and navigation entries, and the hooks that bring bank details."""
    app.register_blueprint(candidate_views.bp)
    app.register_blueprint(staff_views.bp)
    enrolments.on_enrolment.register(bank_details.take_bank_details)
    corrections.on_answers.register(bank_details.take_given_later)
    joining.on_answers.register(bank_details.take_given_later)
    files.answers_changed.register(bank_details.take_given_later)
    navigation = navigation_of(app)
    navigation.lead_to("portals.my_home", candidate_views.bp.name)
    navigation.lead_to("portals.staff_home", staff_views.bp.name)
    card = RoomCard(
        N_("Bourses"), N_("États de paiement"), "stipends_staff.runs", "stipends.read", 30, of="cohort"
    )
    navigation.add_cards(card)
