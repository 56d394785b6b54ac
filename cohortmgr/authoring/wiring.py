"""Joins authoring to the application: the pages on which a programme is written."""

from __future__ import annotations

from flask import Flask

from cohortmgr.authoring.views import (
    beginnings,
    copies,
    eligibility,
    form,
    intakes,
    pictures,
    publishing,
    settings,
    terms,
)
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of

PAGES = (
    form.bp,
    publishing.bp,
    eligibility.bp,
    terms.bp,
    settings.bp,
    intakes.bp,
    copies.bp,
    beginnings.bp,
    pictures.bp,
)


def init_app(app: Flask) -> None:
    """Register the pages, and their place in the bar."""
    for page in PAGES:
        app.register_blueprint(page)
    below = tuple(page.name for page in PAGES)
    entry = Entry(N_("Programmes"), "definitions_staff.index", 50, "programmes.manage", below, icon="edit")
    navigation_of(app).add("staff", entry)
