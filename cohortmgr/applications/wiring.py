"""Join this room to the Flask application: its pages, its works and what it does for lower rooms."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts import hooks as account_hooks
from cohortmgr.accounts.roles import hooks as role_hooks
from cohortmgr.applications import notices
from cohortmgr.applications.corrections import queries as corrections
from cohortmgr.applications.corrections import views as correction_pages
from cohortmgr.applications.deadlines import queries as deadlines
from cohortmgr.applications.deadlines import tasks as deadline_tasks
from cohortmgr.applications.deadlines import views as late_start_pages
from cohortmgr.applications.desk.views import acts, bulk
from cohortmgr.applications.desk.views import file as file_page
from cohortmgr.applications.documents import tasks as document_tasks
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.views import candidate as own_documents
from cohortmgr.applications.documents.views import staff as read_documents
from cohortmgr.applications.duplicates import commands as duplicate_commands
from cohortmgr.applications.duplicates import tasks as duplicate_tasks
from cohortmgr.applications.duplicates import views as duplicates
from cohortmgr.applications.eligibility.views import check
from cohortmgr.applications.file import commands as file_commands
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.filling.actions import amending
from cohortmgr.applications.guardians.actions import consents, readdressing
from cohortmgr.applications.guardians.views import pages as guardian_pages
from cohortmgr.applications.guardians.views.steps import steps as guardian_steps
from cohortmgr.applications.importing import commands
from cohortmgr.applications.importing import tasks as import_tasks
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.applications.importing.views import groups, paper, repair
from cohortmgr.applications.importing.views import invitations as invitation_pages
from cohortmgr.applications.importing.views import staff as import_staff
from cohortmgr.applications.interests import queries as interests
from cohortmgr.applications.joining.views import form as joining
from cohortmgr.applications.journey.hooks import steps_above
from cohortmgr.applications.journey.views import one_page, receipts, whole_form
from cohortmgr.applications.lists import tasks as list_tasks
from cohortmgr.applications.lists.views import pages as lists
from cohortmgr.applications.searching import commands as search_commands
from cohortmgr.audit import hooks as audit_hooks
from cohortmgr.base.errors import N_
from cohortmgr.base.navigation import Entry, RoomCard, navigation_of
from cohortmgr.base.work import add_work
from cohortmgr.outbox import actions as outbox
from cohortmgr.outbox import hooks as outbox_hooks
from cohortmgr.outbox.notices import declare
from cohortmgr.programmes import actions as programmes

CANDIDATE = (
    whole_form.bp,
    one_page.bp,
    receipts.bp,
    own_documents.candidate_bp,
    correction_pages.bp,
    joining.bp,
    guardian_pages.my_bp,
)
PUBLIC = (check.bp, repair.public_bp, guardian_pages.bp)
# Staff's pages about the applications of an intake; each address begins with /staff.
STAFF = (
    lists.bp,
    file_page.bp,
    acts.bp,
    bulk.bp,
    duplicates.bp,
    late_start_pages.bp,
    read_documents.staff_bp,
    import_staff.staff_bp,
    invitation_pages.bp,
    groups.bp,
    paper.bp,
)

JOBS = (import_tasks.count, import_tasks.invite)


def init_app(app: Flask) -> None:
    """Register the room's pages, commands, notices, places and works, and join the hooks of lower rooms."""
    for page in (*PUBLIC, *CANDIDATE, *STAFF):
        app.register_blueprint(page)
    commands.group.add_command(file_commands.recount)
    commands.group.add_command(search_commands.words)
    commands.group.add_command(duplicate_commands.compare)
    app.cli.add_command(commands.group)
    declare("applications", *notices.NOTICES)
    _join_hooks()
    _place(app)
    add_work(app, *document_tasks.WORKS, *deadline_tasks.WORKS, *duplicate_tasks.WORKS, *list_tasks.WORKS)


def _join_hooks() -> None:
    audit_hooks.on_destroyed.register(list_tasks.forget_with)
    role_hooks.conflicts.fill(interests.why_not)
    account_hooks.file_numbers.register(file_queries.numbers_of)
    account_hooks.renew_claim.fill(invitations.renew)
    programmes.on_amended.register(amending.move_drafts)
    programmes.on_published.register(consents.ask_waiting)
    papers.reopened.register(corrections.reopens)
    steps_above.register(guardian_steps)
    outbox.readdress.register(readdressing.to_guardians)
    outbox_hooks.checks[document_tasks.DOCUMENT_REMINDER] = document_tasks.still_owed
    outbox_hooks.checks[deadlines.DRAFT_REMINDER] = deadlines.still_unsent


def _place(app: Flask) -> None:
    navigation = navigation_of(app)
    navigation.lead_to("portals.staff_home", *(page.name for page in STAFF))
    mine = tuple(page.name for page in CANDIDATE)
    navigation.add("candidate", Entry(N_("Mon dossier"), "portals.my_home", 10, below=mine))
    navigation.add_cards(
        RoomCard(
            N_("Candidatures"),
            N_("Liste, filtres, chaque dossier"),
            "applications_lists.list",
            "applications.read",
            10,
        ),
        RoomCard(
            N_("Importer un fichier"),
            N_("CSV ou XLSX, avec aperçu"),
            "imports_staff.new",
            "applications.import",
            20,
        ),
        RoomCard(
            N_("Lignes à réparer"),
            N_("Ce qui n’a pas pu être chargé"),
            "imports_staff.tray",
            "applications.import",
            30,
        ),
    )
