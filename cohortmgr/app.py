"""Wiring: settings, extensions, the rooms' pages and commands, and what happens upwards between floors."""

from __future__ import annotations

import logging
from inspect import iscoroutinefunction
from typing import Any, Literal

import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic
from sqlalchemy import event
from werkzeug.middleware.proxy_fix import ProxyFix

from cohortmgr import cli, tables
from cohortmgr.accounts import guards
from cohortmgr.accounts import notices as accounts_notices
from cohortmgr.accounts.views import access, codes, held_forms
from cohortmgr.accounts.views import sign_in as accounts
from cohortmgr.accounts.views import trail as accounts_staff
from cohortmgr.applications import notices as applications_notices
from cohortmgr.applications.corrections import queries as corrections
from cohortmgr.applications.corrections import views as corrections_candidate
from cohortmgr.applications.deadlines import queries as recalls
from cohortmgr.applications.deadlines import views as deadlines
from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.desk.views import acts as applications_desk
from cohortmgr.applications.desk.views import bulk
from cohortmgr.applications.desk.views import file as applications_staff
from cohortmgr.applications.documents import tasks as documents_tasks
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.views import candidate as documents
from cohortmgr.applications.documents.views import staff
from cohortmgr.applications.duplicates import views as applications_duplicates
from cohortmgr.applications.eligibility.views import check as eligibility
from cohortmgr.applications.file import hooks as file
from cohortmgr.applications.filling.actions import amending
from cohortmgr.applications.guardians.actions import consents, readdressing
from cohortmgr.applications.guardians.views import pages as guardians_pages
from cohortmgr.applications.importing.views import groups, paper, repair
from cohortmgr.applications.importing.views import staff as imports
from cohortmgr.applications.joining import actions as joining
from cohortmgr.applications.joining.views import form
from cohortmgr.applications.journey.actions import changes, sending
from cohortmgr.applications.journey.views import one_page as journey_candidate
from cohortmgr.applications.journey.views import whole_form as applications_candidate
from cohortmgr.applications.lists import queries as lists
from cohortmgr.applications.lists.views import pages as lists_pages
from cohortmgr.audit import keys
from cohortmgr.authoring.views import eligibility as rules_staff
from cohortmgr.authoring.views import form as definitions_staff
from cohortmgr.authoring.views import publishing as publishing_staff
from cohortmgr.authoring.views import terms as terms_staff
from cohortmgr.base import clock, crypto, db, i18n
from cohortmgr.base.pages import assets, markup, precedence, web
from cohortmgr.base.settings import ROOT, Settings, read_settings
from cohortmgr.cohorts import actions as enrolling
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts import staff_views as cohorts_staff
from cohortmgr.jobs.actions.broker import celery_for, wake_sender
from cohortmgr.messages import notices as messages_notices
from cohortmgr.messages.campaigns import views as campaigns_staff
from cohortmgr.messages.helpdesk.actions import consent_withdrawn, questions
from cohortmgr.messages.helpdesk.views import candidate, saved_answers
from cohortmgr.messages.helpdesk.views import staff as helpdesk_staff
from cohortmgr.messages.incoming import actions as incoming
from cohortmgr.messages.letters.queries import texts as letters_texts
from cohortmgr.messages.letters.views import candidate as messages_candidate
from cohortmgr.messages.letters.views import guardian as guardian_letters
from cohortmgr.messages.letters.views import staff as messages_staff
from cohortmgr.messages.preferences import views as preferences
from cohortmgr.messages.preferences.actions import unsubscribe_links
from cohortmgr.messages.preferences.queries import routing
from cohortmgr.messages.texts import views as texts_staff
from cohortmgr.messages.undelivered import actions as troubles
from cohortmgr.messages.undelivered import views as undelivered
from cohortmgr.outbox import actions as outbox
from cohortmgr.outbox import hooks
from cohortmgr.outbox import hooks as outbox_hooks
from cohortmgr.outbox.notices import declare
from cohortmgr.placements import candidate_views as placements_candidate
from cohortmgr.placements import company_views as placements_company
from cohortmgr.placements import notices as placements_notices
from cohortmgr.placements import staff_views as placements_staff
from cohortmgr.placements.actions import positions
from cohortmgr.placements.queries import placements
from cohortmgr.portals.views import home as portals
from cohortmgr.portals.views import mailbox
from cohortmgr.portals.views.navigation import init_navigation
from cohortmgr.portals.views.steps import steps
from cohortmgr.programmes import actions as loading
from cohortmgr.programmes import notices as programmes_notices
from cohortmgr.programmes.public.views import pages as programmes
from cohortmgr.programmes.watches import actions as watching
from cohortmgr.programmes.watches import views as watches
from cohortmgr.reports import staff_views as reports_staff
from cohortmgr.reviews import staff_views as reviews_staff
from cohortmgr.selection import candidate_views as selection_candidate
from cohortmgr.selection import notices as selection_notices
from cohortmgr.selection import queries as selection
from cohortmgr.selection import staff_views as selection_staff
from cohortmgr.selection.actions import letters, offers
from cohortmgr.stipends import candidate_views as stipends_candidate
from cohortmgr.stipends import staff_views as stipends_staff
from cohortmgr.stipends.actions import runs

Process = Literal["web", "system"]


class Site(Flask):
    """Flask with our templates' environment."""

    jinja_environment = markup.House


def create_app(settings: Settings | None = None, process: Process = "web") -> Flask:
    """The application for the web (the application's database role) or for worker and commands (the system's)."""
    settings = settings or read_settings()
    app = Site(
        "cohortmgr",
        root_path=str(ROOT / "cohortmgr"),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
    )
    _configure(app, settings, process)
    app.extensions["cohortmgr-keyring"] = crypto.Keyring.parse(settings.sealing_keys, settings.index_key)
    app.extensions["cohortmgr-wake"] = wake_sender(celery_for(settings))
    _open_database(app, settings)
    i18n.init_i18n(app)
    precedence.init_precedence(app)
    web.init_web(app)
    guards.init_guards(app)
    assets.init_assets(app)
    for blueprint in (
        accounts.bp,
        codes.bp,
        access.bp,
        accounts_staff.bp,
        portals.bp,
        mailbox.bp,
        programmes.bp,
        watches.bp,
        eligibility.bp,
        applications_candidate.bp,
        journey_candidate.bp,
        held_forms.bp,
        applications_staff.bp,
        lists_pages.bp,
        definitions_staff.bp,
        publishing_staff.bp,
        rules_staff.bp,
        terms_staff.bp,
        applications_desk.bp,
        applications_duplicates.bp,
        bulk.bp,
        corrections_candidate.bp,
        deadlines.bp,
        form.bp,
        documents.candidate_bp,
        staff.staff_bp,
        imports.staff_bp,
        repair.public_bp,
        guardians_pages.bp,
        guardians_pages.my_bp,
        groups.bp,
        paper.bp,
        reports_staff.bp,
        reviews_staff.bp,
        selection_staff.bp,
        selection_candidate.bp,
        cohorts_staff.bp,
        placements_candidate.bp,
        placements_company.bp,
        placements_staff.bp,
        stipends_candidate.bp,
        stipends_staff.bp,
        guardian_letters.bp,
        messages_candidate.bp,
        preferences.bp,
        messages_staff.bp,
        campaigns_staff.bp,
        texts_staff.bp,
        candidate.bp,
        helpdesk_staff.bp,
        saved_answers.bp,
        undelivered.bp,
    ):
        app.register_blueprint(blueprint)
    init_navigation(app)
    cli.register(app)
    _join_floors()
    if settings.proxies:
        trusted = settings.proxies
        behind = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted)
        app.wsgi_app = behind  # type: ignore[method-assign]  # as Flask's documentation says to wrap it
    if settings.production:
        clock.forbid_moving()
    return app


def _join_floors() -> None:
    """What an act brings about on the floors above, in its own transaction. Once, however many apps are made."""
    floors: tuple[tuple[Any, list[Any]], ...] = (
        (steps, applications_candidate.steps_above),
        (guardians_pages.steps, applications_candidate.steps_above),
        (selection.was_told, changes.decided),
        (selection.bearing, lists.outcomes_above),
        (selection.story_of, desk.told_above),
        (amending.move_drafts, loading.on_amended),
        (corrections.reopens, papers.reopened),
        (offers.release_on_withdrawal, sending.on_withdrawal),
        (consent_withdrawn.tell_staff, consents.on_hidden),
        (offers.release_on_withdrawal, consents.on_hidden),
        (readdressing.to_guardians, outbox.readdress),
        (enrolling.enrol, offers.on_acceptance),
        (enrolling.leave, offers.on_release),
        (runs.take_bank_details, enrolling.on_enrolment),
        (positions.end_placement, enrolling.on_leaving),
        (placements.companies_of, cohorts.companies_of_members),
        (cohorts.enrolled_elsewhere, file.enrolled_elsewhere),
        (selection.holds_seat, file.seated),
        (cohorts.over, file.over),
        (runs.take_given_later, joining.on_answers),
        (routing.route_all, hooks.router),
        (unsubscribe_links.headers, hooks.headers),
        (watching.headers, hooks.headers),
        (incoming.reply_to, hooks.headers),
        (troubles.raise_trouble, hooks.on_returned),
        (letters_texts.newest, hooks.stored),
        (questions.forget, keys.on_destroyed),
    )
    for act, hook in floors:
        if act not in hook:
            hook.append(act)
    rooms = (accounts_notices, applications_notices, selection_notices, placements_notices, messages_notices)
    for room in (*rooms, programmes_notices):
        declare(room.__name__.split(".")[1], *room.NOTICES)
    outbox_hooks.checks[letters.OFFER_REMINDER] = letters.awaits_answer
    outbox_hooks.checks[documents_tasks.DOCUMENT_AWAITED] = documents_tasks.still_owed
    outbox_hooks.checks[recalls.DRAFT_REMINDER] = recalls.still_unsent


def _configure(app: Flask, settings: Settings, process: Process) -> None:
    url = settings.database_url if process == "web" else settings.system_database_url
    app.config.update(
        ROOT=ROOT,
        DATA=str(settings.data),
        BASE_URL=settings.base_url,
        DEMONSTRATION=settings.demonstration,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_ENGINES={"default": db.pooled_options(url)},
        MAX_CONTENT_LENGTH=settings.upload_limit,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        IMPORT_LIMIT=settings.import_limit,
        CLAMD=settings.clamd,
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        # Longer than the session itself, so that a form which comes too late still says whose it is.
        PERMANENT_SESSION_LIFETIME=30 * 24 * 3600,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        ALEMBIC={"script_location": str(ROOT / "migrations"), "file_template": "%%(rev)s_%%(slug)s"},
        ALEMBIC_CONTEXT={
            "render_as_batch": True,
            "transactional_ddl": True,
            "compare_server_default": True,
            "render_item": _render,
            "include_object": _compared,
        },
    )
    app.extensions["cohortmgr-settings"] = settings
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.auto_reload = False


def _open_database(app: Flask, settings: Settings) -> None:
    db.db.init_app(app)
    # No session of ours is asynchronous; closing none of them starts a thread at each request (1 ms of CPU).
    app.teardown_appcontext_funcs[:] = [
        f for f in app.teardown_appcontext_funcs if not iscoroutinefunction(f)
    ]
    with app.app_context():
        for engine in db.db.engines.values():
            db.configure_engine(engine)
    owner = sa.create_engine(**db.engine_options(settings.owner_database_url), poolclass=sa.NullPool)
    _prepare_owner(owner)
    migrations = Alembic(app, run_mkdir=False, metadatas=tables.metadata, engines=owner)
    migrations.rev_id = _next_number  # type: ignore[method-assign]  # its documented use
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _next_number() -> str:
    return f"{len(list((ROOT / 'migrations').glob('[0-9]*.py'))) + 1:04d}"


def _prepare_owner(engine: sa.Engine) -> None:
    """Foreign keys are off before BEGIN: migrations rebuild SQLite tables, and a dropped parent drops its children."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "commit")
    def _check(connection: sa.Connection) -> None:
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            raise RuntimeError(f"the migration would leave rows without their parents: {orphans[:5]}")


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our column types into migrations as plain ones, since these import nothing of the application."""
    if kind != "type":
        return False
    if isinstance(item, db.Utc):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, sa.BigInteger):
        return "ID"
    return "JSON" if isinstance(item, sa.JSON) else False


def _compared(item: Any, _name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Whether models and database are compared there: the foreign keys to institutions stand in migrations only."""
    return not (
        kind == "foreign_key_constraint" and reflected and list(item.column_keys) == ["institution_id"]
    )
