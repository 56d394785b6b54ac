"""Join reviews to the application: the reader's queue, and the overview of who reads what."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.errors import N_
from cohortmgr.base.navigation import Entry, RoomCard, navigation_of
from cohortmgr.reviews import staff_views, tasks
from cohortmgr.reviews.progress import tasks as progress

JOBS = (tasks.assign, progress.sum_up)


def init_app(app: Flask) -> None:
    """Register the pages and their navigation entries."""
    app.register_blueprint(staff_views.bp)
    navigation = navigation_of(app)
    reading = ("reviews_staff.review", "reviews_staff.abstain")
    navigation.add("staff", Entry(N_("Mes lectures"), "reviews_staff.queue", 20, "reviews.score", reading))
    navigation.lead_to("portals.staff_home", "reviews_staff.overview")
    card = RoomCard(
        N_("Lectures"), N_("Attribution et avancement"), "reviews_staff.overview", "reviews.read", 40
    )
    navigation.add_cards(card)
