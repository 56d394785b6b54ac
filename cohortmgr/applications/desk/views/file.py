"""The page of a person: who, and a tab for each room that knows something of them; documents as downloads.

The desk's own tabs are the path, which is what happened, and the file, with its sealed answers when asked for. All
others are those that higher rooms registered (base/registries/person_page.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.contacts import SMS, Contact, as_dialled
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.corrections import queries as corrections
from cohortmgr.applications.corrections.rules import CORRECTION_STATE_NAMES, KIND_NAMES
from cohortmgr.applications.deadlines import queries as deadlines
from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.desk.actions import contacts, notes
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.views.download import download
from cohortmgr.applications.duplicates.queries import pairs as duplicates
from cohortmgr.applications.eligibility import queries as eligibility
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.display import sections_of
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import FILE_STATES, SOURCE_NAMES, ApplicationState
from cohortmgr.applications.filling.queries import contradicted
from cohortmgr.applications.guardians.queries import masked
from cohortmgr.applications.joining import queries as joining_queries
from cohortmgr.applications.joining.views.section import section_of
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries import allowed
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound
from cohortmgr.base.registries.person_page import TabContent, may_open, person_page_of
from cohortmgr.base.text import new_reference

bp = Blueprint("applications_staff", __name__, url_prefix="/staff")
PATH, FILE = "path", "file"


@bp.get("/applications/<reference>")
@guards.staff
def show(reference: str) -> ResponseReturnValue:
    """Show who a person is, and what happened to their file, the newest first."""
    return _page(file_queries.read_by_staff(guards.viewer(), reference), PATH)


@bp.get("/applications/<reference>/<tab>")
@guards.staff
def tab(reference: str, tab: str) -> ResponseReturnValue:
    """Show another tab of the page: only what one may open is there."""
    return _page(file_queries.read_by_staff(guards.viewer(), reference), tab)


@bp.post("/applications/<reference>/unseal")
@guards.staff
def unseal(reference: str) -> ResponseReturnValue:
    """Show the file with its sealed answers; the reading is written into the trail."""
    with writing():
        file, opened = notes.unseal(guards.viewer(), reference)
    return _page(file, FILE, content=_file(guards.viewer(), file, opened))


@bp.post("/applications/<reference>/contacts")
@guards.staff
def read_contacts(reference: str) -> ResponseReturnValue:
    """Show the page with the whole telephone and address; the reading is written into the trail."""
    with writing():
        file = contacts.read_contacts(guards.viewer(), reference)
    return _page(file, PATH, whole=True)


def _page(
    file: File, name: str, *, content: TabContent | None = None, whole: bool = False
) -> ResponseReturnValue:
    """The page with one tab open. `whole` shows contacts as they are dialled and written."""
    viewer, row, registry = guards.viewer(), file.application, person_page_of(current_app)
    wanted = registry.tab(name)
    if wanted is None or not may_open(wanted, lambda held: allows(viewer, held, file.intake.path)):
        raise NotFound(name)
    head = desk.head_of(viewer, file, registry)
    if wanted not in head.tabs:  # nothing to tell yet, or this programme has no such room
        return redirect(url_for(".show", reference=row.reference))
    filters = allowed.open_to(viewer, file.intake, ApplicationFilters.of(request.args))
    content = content or wanted.draw(viewer, file)
    reached = desk.contacts_of(head.person, row)
    return render_template(
        content.template,
        **content.values,
        application=row,
        intake=file.intake,
        head=head,
        here=name,
        arguments=filters.arguments(),
        neighbours=lists.neighbours(file.intake.id, filters, row.reference),
        contacts=[_reached(each) if whole else (masked(each), "") for each in reached],
        may_see_contacts=bool(reached)
        and not whole
        and allows(viewer, file_queries.MANAGE, file.intake.path),
        states=FILE_STATES.names,
        sources=SOURCE_NAMES,
    )


def _reached(contact: Contact) -> tuple[str, str]:
    """A contact as it is dialled or written, and the address that calls or writes."""
    scheme = "tel" if contact.channel == SMS else "mailto"
    return as_dialled(contact.address), f"{scheme}:{contact.address}"


def draw_path(viewer: Viewer, file: File) -> TabContent:
    """The tab of what happened. The number of statements does not grow with it."""
    return TabContent("applications/desk/staff_path.html", {"story": desk.story(viewer, file)})


def draw_file(viewer: Viewer, file: File) -> TabContent:
    """The tab of the file: its answers, and what the team asked, noted and decided; sealed answers stay sealed."""
    return _file(viewer, file, {})


def _file(viewer: Viewer, file: File, opened: Mapping[str, Answer]) -> TabContent:
    row = file.application
    manages = allows(viewer, file_queries.MANAGE, file.intake.path)
    is_draft = row.state == ApplicationState.DRAFT  # which is for its person alone
    values = {
        "sections": [] if is_draft else _sections(file, {**row.answers, **opened}),
        "owed": joining_queries.owed(file) if joining_queries.questions_of(file) else (),
        "opened": bool(opened),
        "manages": manages,
        "may_open": manages and not is_draft,
        "contradicted": [] if is_draft else contradicted(file, file.answers),
        "rules": [rule for rule in file.definition.eligibility if rule.key in row.reasons],
        "override": eligibility.override_of(row),
        "extension": deadlines.extension_of(row),
        "corrections": corrections.corrections_of(file),
        "may_correct": manages and not file.reopened_until and bool(corrections.questions_to_correct(file)),
        "notes": [
            (note, desk.note_text(note), notes.may_take_back(viewer, note)) for note in desk.notes_of(row)
        ],
        "also": duplicates.same_person(viewer, row),
        "once": new_reference(),
        "shown": shown,
        "names": {"asked": CORRECTION_STATE_NAMES, "kind": KIND_NAMES},
    }
    return TabContent("applications/desk/staff_file.html", values)


def _sections(file: File, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    return [*sections_of(file, answers), *section_of(file, answers)]


@bp.get("/documents/<reference>")
@guards.staff
def document(reference: str) -> ResponseReturnValue:
    """Send a document as a download; the reading is written into the trail."""
    with writing():
        found = papers.read_document(guards.viewer(), reference)
    return download(found)


@bp.app_template_global()
def person_url(reference: str, tab: str = PATH, **arguments: Any) -> str:
    """Return the address of a tab of a person's page, by the reference of the file."""
    if tab == PATH:
        return url_for("applications_staff.show", reference=reference, **arguments)
    return url_for("applications_staff.tab", reference=reference, tab=tab, **arguments)


@bp.app_template_global()
def reads_files(path: str) -> bool:
    """Whether whoever looks at the present page may open the files below a path; templates ask before they link."""
    return allows(guards.viewer(), file_queries.READ, path)
