"""The tray: staff or the person mend rows that could not be used, and each is then loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.rules import LINK_LIFETIME, Viewer
from cohortmgr.applications.answers.cells import TO_ITS_PERSON
from cohortmgr.applications.answers.scripts import exchanged
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.actions.loading import store
from cohortmgr.applications.importing.actions.tray_rows import (
    cells_of,
    contact_in,
    faults_as_json,
    faults_of,
    seal_cells,
    usable_email,
)
from cohortmgr.applications.importing.mappings import mapping_from_json, propose_mapping
from cohortmgr.applications.importing.persons import IDENTITIES, OF_NUMBERS, UNNAMED
from cohortmgr.applications.importing.queries.plan import plan_of, prepared_of
from cohortmgr.applications.importing.queries.runs import OPEN, Waiting, own_runs, require_run, waiting_row
from cohortmgr.applications.importing.rules import (
    ColumnMapping,
    Rejection,
    RowFault,
    Sending,
    read_record,
)
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.queries import definition_of
from cohortmgr.programmes.rules import require_published


@dataclass(frozen=True)
class Opened:
    """A row of the tray with its cells, unsealed and by header, and the faults in them."""

    waiting: Waiting
    definition: Definition
    mapping: ColumnMapping
    cells: Mapping[str, str]
    faults: tuple[RowFault, ...]

    @property
    def is_settled(self) -> bool:
        """Whether the row was loaded or discarded, so that nothing is left to mend."""
        return self.waiting.row.state not in OPEN

    @property
    def contact(self) -> Contact | None:
        """The contact that reaches the person; None when only staff can mend the row."""
        return contact_in(self.waiting.row, self.definition.form, self.mapping, self.cells)

    def at_fault(self) -> tuple[str, ...]:
        """The columns at fault, in the file's order, with a name's other writing if the two are to be exchanged, and
        every number of identity where one is another person's; all of them when the fault concerns the row as a
        whole."""
        named = {fault.column for fault in self.faults if fault.column}
        if named and any(fault.problem.what in OF_NUMBERS for fault in self.faults):
            named |= self._numbers()
        texts = {
            key: self.cells.get(header, "").strip() for header, key in self.mapping.columns.items() if key
        }
        moved = exchanged(self.definition.form, texts, set(texts))
        if any(self.mapping.columns.get(header) in moved for header in named):
            named |= {header for header, key in self.mapping.columns.items() if key in moved}
        chosen = tuple(header for header in self.mapping.columns if header in named)
        return chosen or tuple(header for header, key in self.mapping.columns.items() if key)

    def _numbers(self) -> set[str]:
        """The columns of numbers of identity. One of them is wrong, and the row cannot say which."""
        questions = self.definition.form.questions
        keys = {
            each.key for each in questions if each.target in IDENTITIES or each.kind is QuestionKind.IDENTITY
        }
        return {header for header, key in self.mapping.columns.items() if key in keys}


def open_row(viewer: Viewer, reference: str) -> Opened:
    """A row for staff to mend. Unsealing its cells is written into the trail: call this within `writing()`."""
    waiting = waiting_row(reference)
    require_run(viewer, waiting.intake, waiting.run)
    record(viewer, "imports.read_row", about(waiting.row))
    return _opened(waiting)


def mend(viewer: Viewer, reference: str, version: int, cells: Mapping[str, str]) -> tuple[RowFault, ...]:
    """Take the mended cells and load the row. Returns the faults that remain; if there are any, nothing has
    changed.

    A row that is already settled stays as it is. Raises Stale if somebody else mended it meanwhile.
    """
    waiting = waiting_row(reference, lock=True)
    require_run(viewer, waiting.intake, waiting.run)
    if waiting.row.state not in OPEN:
        return ()
    if waiting.row.version != version:
        raise Stale(reference)
    opened = _opened(waiting)
    return _load(viewer, opened, {**opened.cells, **cells})


def discard(viewer: Viewer, reference: str, reason: str) -> None:
    """Set a row aside for good, with a reason; a row that is already settled stays as it is."""
    waiting = waiting_row(reference, lock=True)
    require_run(viewer, waiting.intake, waiting.run)
    if not reason.strip():
        raise Refused(Problem(N_("Dites pourquoi cette ligne est écartée."), {}, "reason"))
    row = waiting.row
    if row.state not in OPEN:
        return
    row.state, row.note, row.settled_at = "discarded", reason.strip()[:500], clock.now()
    after = {"reason": row.note}
    record(
        viewer,
        "imports.discard_row",
        about(waiting.row),
        after=after,
    )


def ask(viewer: Viewer, reference: str, version: int) -> bool:
    """Send the person a link to mend the row themselves, by mail, or by SMS if there is no address. Returns
    False if an earlier click has done so already."""
    waiting = waiting_row(reference, lock=True)
    require_run(viewer, waiting.intake, waiting.run)
    row, intake = waiting.row, waiting.intake
    if row.state not in OPEN or row.version != version:
        return False
    require_published(intake.state, intake.path)
    opened = _opened(waiting)
    contact = opened.contact
    if contact is None:
        raise Refused(N_("Cette ligne ne contient ni adresse e-mail ni portable utilisable."))
    token = links.create("repair", row.reference, LINK_LIFETIME, intake.institution_id)
    variables = {
        "token": token,
        "name": row.name,
        "programme": dict(opened.definition.title),
        "days": LINK_LIFETIME.days,
    }
    letter = Letter("repair_row", row.reference, contact.address, "fr", variables, intake.institution_id)
    send_all([replace(letter, channel=contact.channel)])
    row.state, row.asked_at = "asked", clock.now()
    record(viewer, "imports.ask_person", about(row))
    return True


def open_link(viewer: Viewer, token: str) -> Opened:
    """The row behind a link, read without using the link up, so that a GET may call it. Raises what
    `links.peek` does."""
    link = links.peek(token, "repair")
    with acting_in(link.institution_id or 0):
        opened = _opened(waiting_row(link.subject))
        return replace(opened, faults=_without_names(opened.faults))


def _without_names(faults: tuple[RowFault, ...]) -> tuple[RowFault, ...]:
    """The faults as a person who mends their own row may read them: nobody else is named, and no spreadsheet, which
    is not theirs."""
    return tuple(replace(fault, problem=_without_name(fault.problem)) for fault in faults)


def _without_name(problem: Problem) -> Problem:
    if problem.what in UNNAMED:
        return Problem(UNNAMED[problem.what], {}, problem.where)
    return replace(problem, what=TO_ITS_PERSON.get(problem.what, problem.what))


def mend_by_link(viewer: Viewer, token: str, cells: Mapping[str, str]) -> tuple[RowFault, ...]:
    """Let the person mend the columns at fault, and no others. Loads the row and uses the link up, or returns
    the faults that remain and changes neither. A second click finds the work done."""
    if is_done(viewer, token):
        return ()
    link = links.peek(token, "repair")
    with acting_in(link.institution_id or 0):
        opened = _opened(waiting_row(link.subject, lock=True))
        if opened.is_settled:
            raise Refused(N_("Cette ligne a déjà été traitée par le programme. Vous n’avez rien à faire."))
        allowed = {header: cells[header] for header in opened.at_fault() if header in cells}
        faults = _load(viewer, opened, {**opened.cells, **allowed})
        if not faults:
            links.use(token, "repair")
        return _without_names(faults)


def is_done(viewer: Viewer, token: str) -> bool:
    """Whether the link was used; only loading its row uses it."""
    return links.is_used(token, "repair")


def _judge(opened: Opened, cells: Mapping[str, str]) -> Sending | Rejection:
    """Judge a row's cells as the rows of a file are judged."""
    definition = opened.definition
    return read_record(
        cells,
        opened.mapping,
        definition.form,
        definition.imports,
        clock.today(),
        opened.waiting.row.line,
    )


def _opened(waiting: Waiting) -> Opened:
    definition = definition_of(waiting.intake)
    given = mapping_from_json(waiting.run.mapping)
    mapping = propose_mapping(tuple(given.columns), definition.form, definition.imports, given)
    cells = cells_of(waiting.row)
    opened = Opened(waiting, definition, mapping, cells, faults_of(waiting.row))
    judged = _judge(opened, cells)
    if isinstance(judged, Rejection):
        # If the row was cut, these faults also say which of its cells are missing.
        return Opened(waiting, definition, mapping, cells, judged.faults)
    return opened


def _load(viewer: Viewer, opened: Opened, cells: Mapping[str, str]) -> tuple[RowFault, ...]:
    judged = _judge(opened, cells)
    if isinstance(judged, Rejection):
        return judged.faults
    row, run, intake = opened.waiting.row, opened.waiting.run, opened.waiting.intake
    prepared = prepared_of(run.filename, opened.definition, opened.mapping, [judged], [], [])
    # Without an account, it is the person who mends, by a link; the limit to own imports is for staff
    # accounts.
    own = own_runs(viewer, intake) if viewer.account_id else None
    made = plan_of(intake, prepared, lock=True, own=own)
    if made.rejected:
        return made.rejected[0].faults
    reference = store(viewer, intake, prepared, made, run)[judged.line]
    row.sealed = seal_cells(cells, row.reference)
    row.problems = faults_as_json(())
    row.email = usable_email(opened.definition.form, opened.mapping, cells)
    row.state, row.settled_at = "loaded", clock.now()
    row.application_id = db.session.scalar(
        sa.select(Application.id).where(Application.reference == reference)
    )
    after = {"application": reference, "changed": not made.unchanged}
    record(viewer, "imports.repair_row", about(row), after=after)
    return ()
