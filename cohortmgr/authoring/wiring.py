"""Joins authoring to the application: the pages on which a programme is written."""

from __future__ import annotations

from flask import Flask

from cohortmgr.authoring.rubric import views as rubric_views
from cohortmgr.authoring.views import (
    agenda,
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
from cohortmgr.base.registries.waiting import Agenda, workspace_of
from cohortmgr.programmes.drafts.queries import MANAGE

PAGES = (
    form.bp,
    publishing.bp,
    eligibility.bp,
    rubric_views.bp,
    terms.bp,
    settings.bp,
    intakes.bp,
    copies.bp,
    beginnings.bp,
    pictures.bp,
)


def init_app(app: Flask) -> None:
    """Register the pages, their place in the bar, and what of them waits."""
    for page in PAGES:
        app.register_blueprint(page)
    below = tuple(page.name for page in PAGES)
    entry = Entry(N_("Programmes"), "definitions_staff.index", 50, MANAGE, below, icon="edit")
    navigation_of(app).add("staff", entry)
    workspace_of(app).add_agendas(Agenda((MANAGE,), agenda.to_publish, 90))
