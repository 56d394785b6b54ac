"""Join accounts to the application: ways in, one's own devices, the trail, and the deleting of old codes."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts import contacts, guards, notices, tasks
from cohortmgr.accounts.actions import counting
from cohortmgr.accounts.queries import arabic_names
from cohortmgr.accounts.roles import staff_views as people
from cohortmgr.accounts.roles import views as invitations
from cohortmgr.accounts.roles.actions import forgetting
from cohortmgr.accounts.trail import staff_views as trail
from cohortmgr.accounts.views import access, codes, found, held_forms, sign_in
from cohortmgr.audit import hooks as audit
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.base.registries.person_page import PersonTab, person_page_of
from cohortmgr.base.registries.waiting import Finder, workspace_of
from cohortmgr.base.web import responses
from cohortmgr.base.work import add_work
from cohortmgr.outbox import hooks as outbox
from cohortmgr.outbox.notices import declare


def init_app(app: Flask) -> None:
    """Register guards, pages, notices, navigation entries and the worker's work."""
    guards.init_guards(app)
    app.add_template_filter(contacts.as_dialled)
    for page in (sign_in, codes, found, access, trail, held_forms, people, invitations):
        app.register_blueprint(page.bp)
    outbox.short_budget.fill(counting.spend_sms)
    outbox.names_in_arabic.fill(arabic_names.in_arabic)
    audit.on_destroyed.register(forgetting.forget)
    responses.way_to_missing.fill(guards.way_to_missing)
    responses.word_to_missing.fill(guards.word_to_missing)
    responses.ended_meanwhile.fill(guards.ended_meanwhile)
    declare("accounts", *notices.NOTICES)
    navigation = navigation_of(app)
    navigation.add(
        "staff",
        Entry(N_("Personnes"), "people_staff.index", 55, "people.manage", ("people_staff",), icon="people"),
        Entry(N_("Journal"), "accounts_staff.trail", 60, "audit.read", icon="lock"),
    )
    navigation.add("own", Entry(N_("Accès et appareils"), "access.mine", 40))
    finder = Finder(N_("Personnes de l’équipe et des entreprises"), ("people.manage",), people.people, 50)
    workspace_of(app).add_finders(finder)
    person_page_of(app).add_tabs(PersonTab("trail", N_("Journal"), 80, ("audit.read",), trail.draw))
    add_work(app, *tasks.WORKS)
