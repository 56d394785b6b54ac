"""Join reports to the application: their pages, and the job that computes them."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.errors import N_
from cohortmgr.base.navigation import RoomCard, navigation_of
from cohortmgr.reports import staff_views, tasks

JOBS = (tasks.compute,)


def init_app(app: Flask) -> None:
    """Register the pages and their navigation entry."""
    app.register_blueprint(staff_views.bp)
    navigation = navigation_of(app)
    navigation.lead_to("portals.staff_home", staff_views.bp.name)
    card = RoomCard(
        N_("Rapports"), N_("Chiffres, graphiques, XLSX"), "reports_staff.index", "reports.read", 70
    )
    navigation.add_cards(card)
