"""Imports an institution's file: prepares it, shows what it would change, loads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.rules import asked
from cohortmgr.applications.importing.actions.loading import fill_tray, store
from cohortmgr.applications.importing.damaged import damaged_cells
from cohortmgr.applications.importing.mappings import (
    ColumnMapping,
    mapping_as_json,
    names_counted,
    require_dated,
)
from cohortmgr.applications.importing.models import ImportRun
from cohortmgr.applications.importing.orders import DateOrder, date_orders
from cohortmgr.applications.importing.queries import runs
from cohortmgr.applications.importing.queries.plan import (
    ImportCounts,
    ImportPlan,
    PreparedImport,
    plan_of,
    prepared_of,
)
from cohortmgr.applications.importing.queries.runs import IMPORT, own_runs, require_run
from cohortmgr.applications.importing.rules import (
    GivenMapping,
    Rejection,
    Sending,
    moment_of,
    propose_mapping,
    read_records,
)
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, storage
from cohortmgr.base.db import after_commit, db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.sheets.tables import Place, SheetTable, read_table
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.rules import require_questions

# A file waits this long for its confirmation; after that, the next upload removes it.
WAITS = timedelta(days=1)


@dataclass(frozen=True)
class ImportPreview:
    """A file as its preview shows it; `prepared` is None while `problems` concern the file as a whole. `dates` says
    how each column of dates is read."""

    table: SheetTable
    mapping: ColumnMapping
    prepared: PreparedImport | None
    problems: tuple[Problem, ...] = ()
    dates: Mapping[str, DateOrder] = field(default_factory=dict)
    # How many rows the spreadsheet hides.
    hidden: int = 0


class TableRefused(Refused):
    """A whole file that was read and cannot be used; `place` is where its table was taken from."""

    def __init__(self, place: Place, problems: Sequence[Problem]) -> None:
        super().__init__(*problems)
        self.place = place


def prepare_import(
    data: bytes, filename: str, definition: Definition, given: GivenMapping | None = None
) -> PreparedImport:
    """Read and judge a file. This is slow: call it before `writing()`. Raises Refused if the whole file is
    unusable."""
    require_questions(len(asked(definition.form)), definition.key)
    table = _table(data, filename, definition, given)
    try:
        mapping = propose_mapping(table.header, definition.form, definition.imports, given)
        require_dated(mapping, definition.form)
        made = _judged(_shown(table, given), mapping, filename, definition)
    except Refused as refused:
        raise TableRefused(table.place, refused.problems) from None
    return replace(made, hidden=table.hidden_rows)


def _table(data: bytes, filename: str, definition: Definition, given: GivenMapping | None) -> SheetTable:
    named = names_counted(definition.form, definition.imports, given)
    return read_table(data, filename, given.place if given else None, named)


def _shown(table: SheetTable, given: GivenMapping | None) -> SheetTable:
    """The table without the rows that the spreadsheet hides, if whoever imports leaves them out."""
    return table.without_hidden() if given is not None and given.without_hidden else table


def prepare_preview(data: bytes, filename: str, definition: Definition, given: GivenMapping) -> ImportPreview:
    """Like `prepare_import`, for a page on which staff can still correct the mapping."""
    require_questions(len(asked(definition.form)), definition.key)
    table = _table(data, filename, definition, given)
    hidden, table = table.hidden_rows, _shown(table, given)
    try:
        mapping = propose_mapping(table.header, definition.form, definition.imports, given)
        require_dated(mapping, definition.form)
    except Refused as refused:
        proposed = propose_mapping(table.header, definition.form, definition.imports)
        chosen = {name: given.columns.get(name, key) for name, key in proposed.columns.items()}
        mapping = replace(
            proposed,
            columns=chosen,
            dates=given.dates,
            place=given.place,
            without_hidden=given.without_hidden,
        )
        return ImportPreview(table, mapping, None, refused.problems, hidden=hidden)
    try:
        prepared = _judged(table, mapping, filename, definition)
    except Refused as refused:
        orders = date_orders(table, mapping, definition.form, definition.imports)
        return ImportPreview(table, mapping, None, refused.problems, orders, hidden)
    return ImportPreview(table, mapping, prepared, (), prepared.dates, hidden)


def last_mapping(viewer: Viewer, intake: Intake, reading: ImportPreview) -> GivenMapping | None:
    """How a file of the same columns was read last; None if there was none, or if the form has changed since."""
    found = runs.last_mapping(viewer, intake, reading.table.header)
    try:
        if found is not None:
            definition = programmes.definition_of(intake)
            propose_mapping(reading.table.header, definition.form, definition.imports, found)
    except Refused:
        return None
    return found


def _judged(
    table: SheetTable, mapping: ColumnMapping, filename: str, definition: Definition
) -> PreparedImport:
    result = read_records(table, mapping, definition.form, definition.imports, clock.today())
    made = prepared_of(filename, definition, mapping, result.accepted, result.replaced, result.rejected)
    damaged = damaged_cells(table, mapping.columns)
    return replace(made, place=table.place, dates=result.dates, damaged=damaged)


def choose_intake(viewer: Viewer, intakes: Sequence[Intake], prepared: PreparedImport) -> Intake:
    """The one intake during whose opening the rows were sent; Refused if there is none, or several."""
    layout = prepared.definition.imports
    rows: tuple[Sending | Rejection, ...] = (*prepared.accepted, *prepared.replaced, *prepared.rejected)
    told = [moment_of(row.raw, prepared.mapping, layout) for row in rows]
    moments = [moment for moment in told if moment is not None]
    hit = [
        intake
        for intake in intakes
        if any(intake.opens_at <= moment <= intake.closes_at for moment in moments)
    ]
    if not moments and len(intakes) == 1:
        hit = list(intakes)
    if len(hit) != 1:
        keys = ", ".join(sorted(intake.key for intake in intakes))
        what = N_("Les dates d’envoi ne désignent pas une seule campagne. Indiquez-la : %(keys)s.")
        raise Refused(Problem(what, {"keys": keys}))
    return hit[0]


def plan(viewer: Viewer, intake_reference: str, prepared: PreparedImport) -> ImportPlan:
    """What `load` would do, without doing it."""
    intake = _intake(viewer, intake_reference)
    return plan_of(intake, prepared, own=own_runs(viewer, intake))


def load(
    viewer: Viewer, intake_reference: str, prepared: PreparedImport, run_reference: str | None = None
) -> ImportCounts:
    """Load a prepared file; the rows that cannot be used go to the tray.

    `run_reference` is the reference of its preview. A preview that is confirmed twice is loaded once.
    """
    return load_telling(viewer, intake_reference, prepared, run_reference)[0]


def load_telling(
    viewer: Viewer, intake_reference: str, prepared: PreparedImport, run_reference: str | None = None
) -> tuple[ImportCounts, ImportPlan | None]:
    """Like `load`; also returns what was done, with each row that went to the tray or was in it already. None if
    the file was loaded before."""
    intake = _intake(viewer, intake_reference, lock=True)
    run = _opened(viewer, intake, prepared.filename, run_reference)
    if run.state == "loaded":
        return ImportCounts(run.loaded, run.replaced, run.rejected, run.unchanged), None
    made = plan_of(intake, prepared, lock=True, own=own_runs(viewer, intake))
    run.mapping = mapping_as_json(prepared.mapping)
    run.state, run.at = "loaded", clock.now()
    counts = made.counts
    run.loaded, run.replaced = counts.loaded, counts.replaced
    run.rejected, run.unchanged = counts.rejected, counts.unchanged
    db.session.add(run)
    db.session.flush()
    references = store(viewer, intake, prepared, made, run)
    added = fill_tray(intake, prepared, made.rejected, run)
    _forget_upload(run)
    after = _loaded(intake, run, made, references, added)
    record(viewer, "imports.load", about(run), after=after)
    return counts, made


def _loaded(
    intake: Intake, run: ImportRun, made: ImportPlan, references: dict[int, str], added: int
) -> dict[str, object]:
    return {
        "intake": intake.reference,
        "filename": run.filename,
        "loaded": run.loaded,
        "replaced": run.replaced,
        "rejected": run.rejected,
        "unchanged": run.unchanged,
        "new_in_tray": added,
        "applications": sorted(references[step.sending.line] for step in (*made.new, *made.replacing)),
    }


def _intake(viewer: Viewer, reference: str, *, lock: bool = False) -> Intake:
    """The intake, if the viewer may import into it. With `lock`, only one import runs at a time."""
    intake = programmes.get_intake(reference)
    require(viewer, IMPORT, intake.path)
    if lock:
        db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    return intake


def _opened(viewer: Viewer, intake: Intake, filename: str, reference: str | None) -> ImportRun:
    if reference is not None:
        found = db.session.scalar(
            sa.select(ImportRun)
            .where(ImportRun.reference == reference, ImportRun.intake_id == intake.id)
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise NotFound(reference)
        require_run(viewer, intake, found)
        if found.state == "dropped":
            raise Refused(N_("Ce fichier a été abandonné. Envoyez-le de nouveau."))
        return found
    return ImportRun(
        institution_id=intake.institution_id,
        intake_id=intake.id,
        filename=filename[-200:],
        by=viewer.reference,
        at=clock.now(),
        state="preview",
    )


def prepare_upload(data: bytes) -> str:
    """Keep an uploaded file, sealed, until its preview is confirmed. Returns its key. Call it before
    `writing()`."""
    return storage.store(data).key


def begin(viewer: Viewer, intake_reference: str, filename: str, storage_key: str, given: GivenMapping) -> str:
    """Record an uploaded file that waits for confirmation. Returns the reference of its preview."""
    intake = _intake(viewer, intake_reference)
    _forget_old(intake)
    run = _opened(viewer, intake, filename, None)
    run.storage_key, run.mapping = storage_key, mapping_as_json(given)
    db.session.add(run)
    db.session.flush()
    after = {"intake": intake.reference, "filename": run.filename}
    record(viewer, "imports.upload", about(run), after=after)
    return run.reference


def remap(viewer: Viewer, run_reference: str, given: GivenMapping) -> None:
    """Change which column answers which question; this works only before the file is loaded."""
    run, _ = run_of(viewer, run_reference)
    if run.state == "preview":
        run.mapping = mapping_as_json(given)


def drop(viewer: Viewer, run_reference: str) -> None:
    """Abandon an uploaded file; doing so again changes nothing."""
    run, intake = run_of(viewer, run_reference)
    if run.state != "preview":
        return
    run.state = "dropped"
    _forget_upload(run)
    record(viewer, "imports.drop", about(run))


def run_of(viewer: Viewer, reference: str) -> tuple[ImportRun, Intake]:
    """A run with its intake, if the viewer may import there and see it; NotFound otherwise."""
    row = db.session.execute(
        sa.select(ImportRun, Intake)
        .join(Intake, Intake.id == ImportRun.intake_id)
        .where(ImportRun.reference == reference)
    ).first()
    if row is None:
        raise NotFound(reference)
    require_run(viewer, row[1], row[0])
    return row[0], row[1]


def _forget_upload(run: ImportRun) -> None:
    key = run.storage_key
    if key is not None:
        run.storage_key = None
        after_commit(f"file {key}", lambda: storage.delete(key))


def _forget_old(intake: Intake) -> None:
    """Remove files that nobody confirmed within a day."""
    old = sa.select(ImportRun).where(
        ImportRun.intake_id == intake.id,
        ImportRun.state == "preview",
        ImportRun.at < clock.now() - WAITS,
    )
    for run in db.session.scalars(old):
        run.state = "dropped"
        _forget_upload(run)
