"""Join reports to the application: their pages, and the job that computes them."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.errors import N_
from cohortmgr.base.registries.waiting import Room, leads, workspace_of
from cohortmgr.reports import staff_views, tasks
from cohortmgr.reports.models import Report

JOBS = (tasks.compute,)


def init_app(app: Flask) -> None:
    """Register the pages and their navigation entry."""
    app.register_blueprint(staff_views.bp)
    room = Room(
        N_("Rapports"), "reports_staff.index", "reports.read", 90, "chart", below=(staff_views.bp.name,)
    )
    workspace = workspace_of(app)
    workspace.add_rooms(room)
    workspace.lead("reports", leads(Report.intake_id, Report.reference))
