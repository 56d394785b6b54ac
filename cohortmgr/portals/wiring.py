"""Join the portals to the application: each audience's home, the bar above every page, the demonstration's mailbox."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.guardians.views.steps import steps as guardian_steps
from cohortmgr.applications.journey.hooks import steps_above
from cohortmgr.base.errors import N_
from cohortmgr.base.navigation import Entry, navigation_of
from cohortmgr.portals.views import home, mailbox
from cohortmgr.portals.views.navigation import init_navigation
from cohortmgr.portals.views.steps import steps


def init_app(app: Flask) -> None:
    """Pages, the bar, and what a file's own page says of the steps after its sending."""
    app.register_blueprint(home.bp)
    app.register_blueprint(mailbox.bp)
    # An intake and its cohort are reached from today's page: their rooms stand below it.
    today = Entry(N_("Aujourd’hui"), "portals.staff_home", 10, below=("portals.intake",))
    navigation_of(app).add("staff", today)
    init_navigation(app)
    # The answer first, then whose turn it is.
    steps_above.register(steps, before=guardian_steps)
