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
from cohortmgr.applications.desk.models import BulkAct
from cohortmgr.applications.desk.views import acts, bulk, finding, on_request
from cohortmgr.applications.desk.views import agenda as desk_agenda
from cohortmgr.applications.desk.views import file as file_page
from cohortmgr.applications.desk.views import standing as desk_standing
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
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.filling.actions import amending
from cohortmgr.applications.guardians.actions import asking_again, readdressing
from cohortmgr.applications.guardians.views import pages as guardian_pages
from cohortmgr.applications.guardians.views.steps import steps as guardian_steps
from cohortmgr.applications.importing import commands
from cohortmgr.applications.importing import tasks as import_tasks
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.applications.importing.queries import runs as import_queries
from cohortmgr.applications.importing.views import agenda as import_agenda
from cohortmgr.applications.importing.views import groups, paper, repair
from cohortmgr.applications.importing.views import invitations as invitation_pages
from cohortmgr.applications.importing.views import staff as import_staff
from cohortmgr.applications.interests import queries as interests
from cohortmgr.applications.invitees import actions as invitees
from cohortmgr.applications.invitees import queries as invitee_queries
from cohortmgr.applications.invitees import tasks as invitee_tasks
from cohortmgr.applications.invitees.models import InvitedAdult
from cohortmgr.applications.invitees.views import agenda as invitee_agenda
from cohortmgr.applications.invitees.views import invited as invited_pages
from cohortmgr.applications.invitees.views import staff as invitee_pages
from cohortmgr.applications.joining.views import form as joining
from cohortmgr.applications.journey.hooks import shared_with, steps_above
from cohortmgr.applications.journey.views import one_page, receipts, whole_form
from cohortmgr.applications.lists import tasks as list_tasks
from cohortmgr.applications.lists.models import ListExport
from cohortmgr.applications.lists.views import pages as lists
from cohortmgr.applications.searching import commands as search_commands
from cohortmgr.audit import hooks as audit_hooks
from cohortmgr.base.errors import N_
from cohortmgr.base.registries.navigation import Entry, navigation_of
from cohortmgr.base.registries.person_page import PersonTab, person_page_of
from cohortmgr.base.registries.waiting import (
    Agenda,
    Finder,
    IntakeStage,
    Room,
    RoomName,
    Workspace,
    leads,
    workspace_of,
)
from cohortmgr.base.work import add_work
from cohortmgr.outbox import actions as outbox
from cohortmgr.outbox import hooks as outbox_hooks
from cohortmgr.outbox.notices import declare
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition

CANDIDATE = (
    whole_form.bp,
    one_page.bp,
    receipts.bp,
    own_documents.candidate_bp,
    correction_pages.bp,
    joining.bp,
    guardian_pages.my_bp,
    invited_pages.my_bp,
)
PUBLIC = (check.bp, repair.public_bp, guardian_pages.bp, invited_pages.bp)
# Staff's pages about the applications of an intake; each address begins with /staff.
STAFF = (
    lists.bp,
    file_page.bp,
    acts.bp,
    on_request.bp,
    bulk.bp,
    duplicates.bp,
    late_start_pages.bp,
    read_documents.staff_bp,
    import_staff.staff_bp,
    invitation_pages.bp,
    groups.bp,
    paper.bp,
    invitee_pages.bp,
)
# Pages about files, which stand below their list at the side.
FILE_PAGES = tuple(
    page.name
    for page in (
        lists.bp,
        file_page.bp,
        acts.bp,
        on_request.bp,
        bulk.bp,
        duplicates.bp,
        late_start_pages.bp,
        read_documents.staff_bp,
    )
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
    declare("applications/desk", *notices.ON_REQUEST)
    _join_hooks()
    _place(app)
    add_work(app, *document_tasks.WORKS, *deadline_tasks.WORKS, *duplicate_tasks.WORKS, *list_tasks.WORKS)
    add_work(app, *invitee_tasks.WORKS)


def _join_hooks() -> None:
    audit_hooks.on_destroyed.register(list_tasks.forget_with)
    role_hooks.conflicts.fill(interests.why_not)
    account_hooks.file_numbers.register(file_queries.numbers_of)
    account_hooks.renew_claim.fill(invitations.renew)
    programmes.on_amended.register(amending.move_drafts)
    programmes.on_published.register(asking_again.ask_waiting)
    programmes.runs_until.register(deadlines.runs_until)
    papers.reopened.register(corrections.reopens)
    steps_above.register(guardian_steps)
    shared_with.register(invited_pages.sharings)
    outbox.readdress.register(readdressing.to_guardians)
    outbox_hooks.checks[document_tasks.DOCUMENT_REMINDER] = document_tasks.still_owed
    outbox_hooks.checks[deadlines.DRAFT_REMINDER] = deadlines.still_unsent
    outbox_hooks.checks[invitees.LETTER] = invitee_queries.still_invited


def _place(app: Flask) -> None:
    navigation = navigation_of(app)
    mine = tuple(page.name for page in CANDIDATE)
    navigation.add("candidate", Entry(N_("Mon dossier"), "portals.my_home", 10, below=mine))
    workspace = workspace_of(app)
    workspace.add_rooms(
        Room(
            N_("Candidatures"),
            "applications_lists.list",
            "applications.read",
            10,
            "file",
            below=FILE_PAGES,
            count=file_queries.sent_in,
            known_as=(
                RoomName(
                    N_("Dossiers qui se ressemblent"), "applications_duplicates.index", file_queries.MANAGE
                ),
                RoomName(N_("Délai pour une personne"), "late_starts.index", file_queries.MANAGE),
            ),
        ),
        Room(
            N_("Importer ou inviter"),
            "imports_staff.new",
            "applications.import",
            20,
            "upload",
            below=tuple(
                page.name for page in (import_staff.staff_bp, invitation_pages.bp, paper.bp, invitee_pages.bp)
            ),
            known_as=(
                RoomName(N_("Importer un fichier")),
                RoomName(N_("Saisir un dossier papier"), "paper_staff.enter", file_queries.MANAGE),
                RoomName(N_("Personnes que vous invitez"), "invitees_staff.index"),
                RoomName(N_("Inviter les personnes importées"), "imports_invitations.index"),
            ),
        ),
        Room(
            N_("Accords des tuteurs légaux"),
            "groups_staff.enrolled",
            "applications.import",
            25,
            "people",
            below=(groups.bp.name,),
            used=_asks_guardians,
        ),
        Room(
            N_("Lignes à réparer"),
            "imports_staff.tray",
            "applications.import",
            30,
            "edit",
            below=("imports_staff.repair", "imports_staff.discard"),
            count=import_queries.rows_to_mend,
            stops=True,
        ),
    )
    workspace.add_agendas(
        Agenda(("applications.import",), import_agenda.to_mend, 20),
        Agenda(("applications.import",), import_agenda.guardians_awaited, 21),
        Agenda(("applications.import",), invitee_agenda.files_awaited, 22),
        Agenda((file_queries.MANAGE,), desk_agenda.to_decide, 80),
    )
    workspace.add_finders(Finder(N_("Dossiers"), (file_queries.READ,), finding.files, 20))
    workspace.add_stages(IntakeStage("files", None, desk_standing.stage))
    person_page_of(app).add_tabs(
        PersonTab(file_page.PATH, N_("Parcours"), 10, (file_queries.READ,), file_page.draw_path),
        PersonTab(file_page.FILE, N_("Dossier"), 20, (file_queries.READ,), file_page.draw_file),
    )
    _lead(workspace)


def _asks_guardians(definition: Definition) -> bool:
    return definition.guardians is not None


def _lead(workspace: Workspace) -> None:
    of_file = leads(Application.intake_id, Application.reference)
    for name in ("applications", "duplicates", "enrolled"):
        workspace.lead(name, of_file)
    of_document = Application.id == Document.application_id
    workspace.lead("documents", leads(Application.intake_id, Document.reference, of_document))
    workspace.lead("exports", leads(ListExport.intake_id, ListExport.reference))
    workspace.lead("lots", leads(BulkAct.intake_id, BulkAct.reference))
    workspace.lead("imports", leads(ImportRun.intake_id, ImportRun.reference))
    workspace.lead("invitees", leads(InvitedAdult.intake_id, InvitedAdult.reference))
    workspace.lead("tray", leads(TrayRow.intake_id, TrayRow.reference))
