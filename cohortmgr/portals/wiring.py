"""Join the portals to the application: each audience's home, the navigation bar, the demonstration's mailbox."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications.guardians.views.steps import steps as guardian_steps
from cohortmgr.applications.journey.hooks import steps_above
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.portals.views import home, mailbox, search, training
from cohortmgr.portals.views.frame import init_frame
from cohortmgr.portals.views.navigation import init_navigation
from cohortmgr.portals.views.steps import steps


def init_app(app: Flask) -> None:
    """Register pages, the navigation bar, and the steps that a file's own page shows after its sending."""
    app.register_blueprint(home.bp)
    app.register_blueprint(mailbox.bp)
    app.register_blueprint(search.bp)
    app.register_blueprint(training.bp)
    navigation_of(app).add("staff", Entry(N_("Aujourd’hui"), "portals.staff_home", 10, icon="calendar"))
    navigation_of(app).lead_to("portals.my_home", training.bp.name)
    init_navigation(app)
    init_frame(app)
    # The decision comes first, then the guardian's steps.
    steps_above.register(steps, before=guardian_steps)
