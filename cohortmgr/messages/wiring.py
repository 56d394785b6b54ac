"""Join messages to the application: letters, help desk, campaigns, texts, preferences, incoming mail."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts import hooks as account_hooks
from cohortmgr.applications.filling import hooks as filling_hooks
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.audit import hooks as audit
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.base.registries.person_page import PersonTab, person_page_of
from cohortmgr.base.registries.waiting import Agenda, Room, leads, workspace_of
from cohortmgr.base.text import script_language
from cohortmgr.base.work import add_work
from cohortmgr.messages import notices
from cohortmgr.messages.campaigns import tasks as campaign_tasks
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.views import agenda as campaign_agenda
from cohortmgr.messages.campaigns.views import staff as campaigns
from cohortmgr.messages.helpdesk.actions import consent_withdrawn, door_closed, numbers_contradict, questions
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.views import agenda as desk_agenda
from cohortmgr.messages.helpdesk.views import candidate as own_questions
from cohortmgr.messages.helpdesk.views import saved_answers
from cohortmgr.messages.helpdesk.views import staff as desk
from cohortmgr.messages.incoming import actions as incoming
from cohortmgr.messages.incoming import commands
from cohortmgr.messages.incoming import tasks as incoming_tasks
from cohortmgr.messages.incoming import views as unread_mail
from cohortmgr.messages.letters import tasks as letter_tasks
from cohortmgr.messages.letters.queries import texts as letter_texts
from cohortmgr.messages.letters.views import candidate as inbox
from cohortmgr.messages.letters.views import guardian as guardian_letters
from cohortmgr.messages.letters.views import person
from cohortmgr.messages.letters.views import staff as log
from cohortmgr.messages.preferences import hooks as preference_hooks
from cohortmgr.messages.preferences import views as preferences
from cohortmgr.messages.preferences.actions import preferences as preference_acts
from cohortmgr.messages.preferences.actions import unsubscribe_links
from cohortmgr.messages.preferences.queries import routing
from cohortmgr.messages.texts import views as texts
from cohortmgr.messages.undelivered import actions as undelivered
from cohortmgr.messages.undelivered import queries as undelivered_queries
from cohortmgr.messages.undelivered import views as undelivered_pages
from cohortmgr.outbox import hooks as outbox
from cohortmgr.outbox.notices import declare
from cohortmgr.selection.actions.offers import release_on_withdrawal

PAGES = (
    inbox.bp,
    guardian_letters.bp,
    preferences.bp,
    own_questions.bp,
    desk.bp,
    saved_answers.bp,
    log.bp,
    campaigns.bp,
    texts.bp,
    undelivered_pages.bp,
    unread_mail.bp,
)
JOBS = (letter_tasks.send_again, campaign_tasks.send, campaign_tasks.resend)
MESSAGE_PAGES = (log.bp.name, campaigns.bp.name, texts.bp.name, undelivered_pages.bp.name)


def init_app(app: Flask) -> None:
    """Register pages, commands, notices, navigation entries and work, and join the hooks of outbox, trail and
    guardians."""
    for page in PAGES:
        app.register_blueprint(page)
    app.add_template_filter(script_language)
    app.cli.add_command(commands.group)
    declare("messages", *notices.NOTICES)
    _join_hooks()
    _place(app)
    add_work(app, *incoming_tasks.WORKS)


def _join_hooks() -> None:
    outbox.router.fill(routing.route_all)
    preference_hooks.unread.fill(undelivered_queries.unread)
    outbox.stored.fill(letter_texts.newest)
    outbox.headers.register(unsubscribe_links.headers)
    outbox.headers.register(incoming.reply_to)
    account_hooks.on_closed.register(door_closed.tell_staff)
    account_hooks.on_reopened.register(door_closed.tell_reopened)
    account_hooks.on_language.register(preference_acts.follow)
    filling_hooks.on_contradiction.register(numbers_contradict.tell_staff)
    outbox.on_returned.register(undelivered.raise_trouble)
    audit.on_destroyed.register(questions.forget)
    # The hook must come before the one that releases the seat:
    # that one ends the placement, and staff must read in which company the child is.
    consents.on_hidden.register(consent_withdrawn.tell_staff, before=release_on_withdrawal)


def _place(app: Flask) -> None:
    navigation = navigation_of(app)
    said = N_("Messages")
    below = (desk.bp.name, saved_answers.bp.name)
    navigation.add(
        "staff",
        Entry(
            N_("Questions"),
            "desk_staff.index",
            30,
            "messages.desk",
            below,
            icon="info",
            count=desk_queries.waiting_at,
        ),
        Entry(said, "messages_staff.log", 40, "applications.manage", MESSAGE_PAGES, icon="mail"),
        Entry(N_("Courrier non lu"), "unread_mail_staff.index", 45, "operations.read", icon="mail"),
        # Shown only to people without the log: those who have it reach the texts from its tabs.
        Entry(
            said,
            "texts_staff.index",
            41,
            "messages.write",
            MESSAGE_PAGES,
            unless="messages_staff.log",
            icon="mail",
        ),
    )
    navigation.add("company", Entry(said, "messages_candidate.inbox", 30))
    navigation.add("candidate", Entry(said, "messages_candidate.inbox", 20))
    navigation.add(
        "own",
        Entry(N_("Mes messages"), "messages_candidate.inbox", 10),
        Entry(N_("Mes questions"), "help.mine", 20),
        Entry(N_("Mes préférences"), "preferences.mine", 30),
    )
    _place_work(app, said)


def _place_work(app: Flask, said: str) -> None:
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Envois groupés"),
            "campaigns_staff.index",
            "messages.write",
            100,
            "mail",
            below=tuple(f"campaigns_staff.{page}" for page in ("new", "create", "show", "edit", "people")),
        )
    )
    workspace.add_agendas(
        Agenda(("messages.desk",), desk_agenda.open_questions, 10),
        Agenda(("applications.manage",), undelivered_pages.lost, 15),
        Agenda(("messages.approve",), campaign_agenda.to_approve, 70),
    )
    opening = ("applications.manage", "messages.desk")
    person_page_of(app).add_tabs(PersonTab("messages", said, 70, opening, person.draw))
    workspace.lead("campaigns", leads(Campaign.intake_id, Campaign.reference))
