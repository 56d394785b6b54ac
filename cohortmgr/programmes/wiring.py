"""Joins programmes to the application: public pages, people who wait for an opening, and commands."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts.roles import hooks as roles
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.base.registries.waiting import leads, workspace_of
from cohortmgr.base.work import add_work
from cohortmgr.organisations import hooks as tree
from cohortmgr.outbox import hooks
from cohortmgr.outbox.notices import declare
from cohortmgr.programmes import commands, notices, queries
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.public.views import coming, pages
from cohortmgr.programmes.public.views import notices as notice_pages
from cohortmgr.programmes.watches import actions as watches
from cohortmgr.programmes.watches import tasks
from cohortmgr.programmes.watches import views as watch_pages


def init_app(app: Flask) -> None:
    """Register pages, commands, notices, the place in the bar, the worker's works, the headers of letters to
    watchers, and where roles are given."""
    app.register_blueprint(pages.bp)
    app.register_blueprint(notice_pages.bp)
    app.register_blueprint(watch_pages.bp)
    app.cli.add_command(commands.group)
    declare("programmes", *notices.NOTICES)
    hooks.headers.register(watches.headers)
    roles.scopes_for.fill(queries.scopes_for)
    roles.names_at.fill(queries.names_at)
    tree.programmes_at.register(queries.programmes_at)
    tree.is_programme.fill(queries.is_programme)
    navigation_of(app).add("candidate", Entry(N_("Programmes"), "programmes.home", 30))
    workspace_of(app).lead("intakes", leads(Intake.id, Intake.reference))
    workspace_of(app).add_coming(coming.days)
    add_work(app, *tasks.WORKS)
