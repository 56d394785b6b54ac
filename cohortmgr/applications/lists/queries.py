"""Reads the staff's list of an intake's applications: filters kept in the address, pages, neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application, Document, Note
from cohortmgr.applications.file.queries import AGREED, READ, counted_files, within
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.lists.filters import COUNTED_BY, NONE, SIZES, ApplicationFilters
from cohortmgr.applications.lists.models import ListExport, SavedView
from cohortmgr.applications.lists.rules import MOST_AT_ONCE, ListExportState
from cohortmgr.applications.searching import queries as searching
from cohortmgr.base import clock
from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.db import db, is_postgresql
from cohortmgr.base.errors import NotFound
from cohortmgr.base.paging import (
    ListPlace,
    Neighbours,
    Page,
    Total,
    chunks_of,
    is_longer,
    neighbours_of,
    page_of,
)
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import LOST
from cohortmgr.programmes.models import Intake, Offering

# How many rows of an export are read at a time.
READ_AT_ONCE = 500
# An index of the model holds each of these orders.
SORTS: Mapping[str, tuple[sa.ColumnElement[Any], ...]] = {
    "name": (Application.sort_name.expression,),
    "number": (Application.number.expression,),
    "average": (Application.average_rank.expression,),
    "sent": (Application.listed_at.expression,),
    "region": (Application.region_rank.expression, Application.sort_name.expression),
    "diploma": (Application.diploma_rank.expression, Application.sort_name.expression),
    "outcome": (Application.outcome.expression, Application.sort_name.expression),
}

_NOTES = sa.select(sa.func.count()).where(Note.application_id == Application.id).scalar_subquery()
_DOCUMENTS = (
    sa.select(sa.func.count())
    .where(Document.application_id == Application.id, Document.replaced_at.is_(None))
    .scalar_subquery()
)
_OFFERING = sa.select(Offering.key).where(Offering.id == Application.offering_id).scalar_subquery()
# The columns that a list may show beside the name; a column is read only when it is shown.
COLUMN_EXPRESSIONS: Mapping[str, Any] = {
    "number": Application.number,
    "diploma": Application.diploma,
    "average": Application.average_thousandths,
    "region": Application.region,
    "conditions": Application.eligible,
    "state": Application.state,
    "source": Application.source,
    "sent": Application.sent_at,
    "offering": _OFFERING,
    "email": Application.email,
    "language": Application.language,
    "documents": _DOCUMENTS,
    "notes": _NOTES,
    "correction": sa.func.nullif(Application.correction, NONE),
    "outcome": sa.func.nullif(Application.outcome, NONE),
    "changed": Application.updated_at,
}


# So many files are counted that something beside the index of an order chooses. If no more are found by what is asked
# of a file for four blocks or five, they are gathered by their ids, each for six; else met along the order.
MANY = 5_000
# If it costs nothing to ask it of a file that is read anyhow, so many are gathered.
GATHERED = 1_000


@dataclass(frozen=True)
class FileSet:
    """Files that are chosen by more than the index of an order can say, as a query of their ids; or all others.

    `of_row` is what a file's own row says of it. Of what `is_dense` no index says of one file whether it is in it, so
    that all are read before the first is asked for. What `is_of_state` holds files of the list's state alone."""

    files: sa.Select[Any]
    is_wanted: bool = True
    is_dense: bool = False
    is_of_state: bool = False
    of_row: sa.ColumnElement[bool] | None = None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The condition that a file is in the set, or is not. As NOT IN that would be no join."""
        if self.of_row is not None:
            return self.of_row
        if self.is_wanted:
            return Application.id.in_(self.files)
        there = self.files.where(self.files.selected_columns[0] == Application.id)
        return ~there.correlate(Application).exists()

    @cached_property
    def size(self) -> Total:
        """How many files these are, or that they are more than MANY. No more than that are read."""
        first = self.files.limit(MANY + 1).subquery()
        number = sa.func.count(first.c[0].distinct())
        rows, files = db.session.execute(sa.select(sa.func.count(), number).select_from(first)).one()
        return Total(files) if rows <= MANY else Total(files - 1, is_more=True)  # a file may be there twice

    def along(self) -> sa.ColumnElement[bool]:
        """The same condition for who reads a page along its order. It asks the database how many files these are."""
        if not self.is_wanted:
            return self.condition
        is_asked_freely = self.is_dense or self.of_row is not None
        if not self.size.is_more and self.size.number <= (GATHERED if is_asked_freely else MANY):
            return _among(self.files)
        return self.condition.is_(True) if self.is_dense else self.condition  # the first is no join


def _among(files: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """The condition that a file is one of a query's, which PostgreSQL reads first, as one value."""
    if not is_postgresql():
        return Application.id.in_(files)
    return Application.id == sa.any_(sa.func.array(files.scalar_subquery(), type_=ARRAY(sa.BigInteger)))


def _midnight(day: str, after: int = 0) -> datetime:
    moment = date.fromisoformat(day) + timedelta(days=after)
    return datetime.combine(moment, time(), CASABLANCA)


def chosen(intake_id: int, filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    """The conditions that choose the applications of a list, for everything that is done to the same list."""
    return [*_of_the_file(intake_id, filters), *(each.condition for each in _sets(intake_id, filters))]


def _of_the_file(intake_id: int, filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    """The conditions on the file's own columns that the index of the list's order can say, or that many files meet."""
    found = _of_state(intake_id, filters)
    if filters.eligible:
        found.append(Application.eligible.is_({"yes": True, "no": False}.get(filters.eligible)))
    same = [name for name in ("region", "diploma", "source") if getattr(filters, name)]
    found += [getattr(Application, name) == getattr(filters, name) for name in same]
    found += _between(filters)
    if filters.offering:
        found.append(Application.offering_id == _offering(intake_id, filters.offering))
    if filters.note == "no":
        found.append(Application.noted.is_(False))
    if filters.correction == "none":
        found.append(Application.correction == NONE)
    if filters.files:
        found.append(Application.reference.in_(filters.files.split(",")))
    return [*found, *_few(filters)] if _has_own_index(filters) else found


def _of_state(intake_id: int, filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    here: list[sa.ColumnElement[bool]] = [Application.intake_id == intake_id, AGREED]
    return here if filters.state == "all" else [*here, Application.state == filters.state]


def _offering(intake_id: int, key: str) -> sa.ScalarSelect[int]:
    wanted = sa.select(Offering.id).where(Offering.intake_id == intake_id, Offering.key == key)
    return wanted.scalar_subquery()


def _few(filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    """The conditions that few files may meet, as the indexes of these files are written."""
    found: list[sa.ColumnElement[bool]] = []
    if filters.note == "yes":
        found.append(Application.noted.is_(True))
    if filters.extended:
        found.append(Application.extended.is_(True))
    if filters.correction not in ("", NONE):
        found += [
            Application.correction != sa.literal_column("'none'"),
            Application.correction == filters.correction,
        ]
    if filters.outcome:
        found.append(Application.outcome == filters.outcome)
    return found


def _has_own_index(filters: ApplicationFilters) -> bool:
    """Whether the indexes of files that few conditions choose have the list's order."""
    return filters.sort.removeprefix("-") == "name"


def _between(filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    """The conditions on figures and days; both ends are included."""
    found: list[sa.ColumnElement[bool]] = []
    if filters.average_from:
        found.append(Application.average_thousandths >= int(Decimal(filters.average_from) * 1000))
    if filters.average_to:
        found.append(Application.average_thousandths <= int(Decimal(filters.average_to) * 1000))
    if filters.sent_from:
        found.append(Application.sent_at >= _midnight(filters.sent_from))
    if filters.sent_to:
        found.append(Application.sent_at < _midnight(filters.sent_to, 1))
    return found


def _sets(intake_id: int, filters: ApplicationFilters) -> list[FileSet]:
    """The files that a search, their documents or a rare condition choose. Each query reads the intake alone."""
    found: list[FileSet] = []
    if filters.search:
        found.append(_searched(intake_id, filters))
    if filters.documents:
        standing = (Document.intake_id == intake_id, Document.replaced_at.is_(None))
        with_papers = sa.select(Document.application_id).where(*standing)
        found.append(FileSet(with_papers, filters.documents == "yes"))
    few = [] if _has_own_index(filters) else _few(filters)
    if few:
        files = sa.select(Application.id).where(*_of_state(intake_id, filters), *few)
        found.append(FileSet(files, is_of_state=True, of_row=sa.and_(*few)))
    return found


def _searched(intake_id: int, filters: ApplicationFilters) -> FileSet:
    states = tuple(ApplicationState) if filters.state == "all" else (filters.state,)
    found = searching.in_intake(intake_id, states, filters.search)
    return FileSet(found, is_dense=True, is_of_state=True)


def seeks_identity(filters: ApplicationFilters) -> bool:
    """Whether the search may be an identity number or a telephone, which is kept nowhere unsealed."""
    return searching.seeks_identity(filters.search)


def _order(filters: ApplicationFilters) -> list[Any]:
    turned = filters.sort.startswith("-")
    columns = SORTS[filters.sort.removeprefix("-")]
    return [column.desc() if turned else column for column in (*columns, Application.id.expression)]


def _parts(filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    """A list of all states is read state by state: no index has its order. What a search finds is looked for in the
    index of names alone, since those who bear a name may stand behind everybody else; then these rows are read."""
    if filters.state == "all":
        return [Application.state == state for state in ApplicationState]
    by_name = filters.search and filters.sort.removeprefix("-") == "name"
    return [Application.state == filters.state] if by_name else []


def page(
    intake_id: int, filters: ApplicationFilters, place: ListPlace, counts: Mapping[str, int] | None = None
) -> Page:
    """One page. The caller has loaded the intake for the viewer. `counts` are its files by state, if they are known:
    what only a state narrows is not counted again."""
    sets = _sets(intake_id, filters)
    conditions = [*_of_the_file(intake_id, filters), *(each.along() for each in sets)]
    total = _total(intake_id, filters, sets, counts or {})
    rows, readable = _rows(intake_id, filters, conditions), (Application.intake_id == intake_id, AGREED)
    return page_of(rows, place, filters.size, total, parts=_parts(filters), among=readable)


def _total(
    intake_id: int, filters: ApplicationFilters, sets: Sequence[FileSet], counts: Mapping[str, int]
) -> Total | None:
    """How many files the list has, if that is known without counting them."""
    narrowing = filters.narrowing
    if not narrowing and filters.state in counts:
        return Total(counts[filters.state])
    if narrowing <= COUNTED_BY:
        return Total(counted_files(intake_id, _kind(intake_id, filters)))
    if len(narrowing) == 1 and sets and sets[0].is_of_state:
        return sets[0].size
    return None


def _kind(intake_id: int, filters: ApplicationFilters) -> dict[str, Any]:
    kind: dict[str, Any] = {name: getattr(filters, name) for name in filters.narrowing}
    if kind.pop("offering", None):
        kind["offering_id"] = _offering(intake_id, filters.offering)
    return kind if filters.state == "all" else {**kind, "state": filters.state}


def awaiting_guardian(intake_id: int, place: ListPlace) -> Page:
    """One page of the files that wait for a guardian's word: number, consent and day alone, for they are hidden.

    No filter narrows it: by whom it finds, it would tell what stands in a file that nobody may read yet."""
    held = (Application.intake_id == intake_id, Application.state == ApplicationState.HELD.value)
    shown: tuple[Any, ...] = (
        Application.number,
        Application.consent,
        Application.updated_at,
        Application.reference,
    )
    query = sa.select(*shown).where(*held).order_by(Application.updated_at, Application.id)
    return page_of(query, place, SIZES[0])


def every(intake_id: int, filters: ApplicationFilters) -> Iterator[Any]:
    """The whole list in one statement, for an export. The rows are read as they are taken, some hundred at a time."""
    read = _rows(intake_id, filters).execution_options(stream_results=True, yield_per=READ_AT_ONCE)
    return iter(db.session.execute(read))


def in_chunks(intake_id: int, filters: ApplicationFilters, size: int) -> Iterator[Sequence[Any]]:
    """Do `every` in several statements, between which a transaction may end."""
    return chunks_of(_rows(intake_id, filters), size)


def number_of(intake_id: int, filters: ApplicationFilters) -> int:
    """How many files the filters choose, however many."""
    counted = sa.select(sa.func.count()).select_from(Application).where(*chosen(intake_id, filters))
    return db.session.scalar(counted) or 0


def is_long(intake_id: int, filters: ApplicationFilters) -> bool:
    """Whether a workbook of the list is too long to be written while somebody waits."""
    return is_longer(sa.select(Application.id).where(*chosen(intake_id, filters)), MOST_AT_ONCE)


def _rows(
    intake_id: int, filters: ApplicationFilters, conditions: Sequence[sa.ColumnElement[bool]] = ()
) -> sa.Select[Any]:
    """A query of reference and name, then the chosen columns in their order. `conditions` choose the same files as
    `chosen` does."""
    return (
        sa.select(
            Application.reference,
            Application.name,
            *(COLUMN_EXPRESSIONS[name] for name in filters.shown),
        )
        .where(*(conditions or chosen(intake_id, filters)))
        .order_by(*_order(filters))
    )


def neighbours(intake_id: int, filters: ApplicationFilters, reference: str) -> Neighbours | None:
    """The neighbours of a file; None when the file is not in the list."""
    sets = [each.along() for each in _sets(intake_id, filters)]
    query = sa.select(Application.reference).where(*_of_the_file(intake_id, filters), *sets)
    return neighbours_of(query.order_by(*_order(filters)), reference, _parts(filters))


def export_for(viewer: Viewer, reference: str) -> tuple[ListExport, Intake]:
    """The viewer's own kept list, with its intake. NotFound for anybody else's, once it is over, or if its files are
    open to them no longer."""
    wanted = (
        sa.select(ListExport, Intake)
        .join(Intake, Intake.id == ListExport.intake_id)
        .where(ListExport.reference == reference, ListExport.asked_by == viewer.reference)
        .where(ListExport.expires_at > clock.now(), within(viewer, READ))
    )
    row = db.session.execute(wanted).first()
    if row is None:
        raise NotFound(reference)
    return row[0], row[1]


def progress_of(export: ListExport) -> tuple[int, str]:
    """How far a kept list is: whole percent, and its state. One whose job was lost has failed."""
    if export.state != ListExportState.WRITING:
        return 100, export.state
    asked = sa.select(Job.percent, Job.state).where(Job.reference == export.job_reference)
    row = db.session.execute(asked).first()
    if row is not None and row.state in LOST:
        return row.percent, ListExportState.FAILED.value
    return (row.percent if row is not None else 0), export.state


def being_written(intake_id: int, account: str, blind: str) -> ListExport | None:
    """The kept list of the same filters that the worker still writes for an account; None if there is none."""
    same = (ListExport.intake_id == intake_id, ListExport.asked_by == account, ListExport.blind == blind)
    return db.session.scalar(
        sa.select(ListExport).where(*same, ListExport.state == ListExportState.WRITING.value)
    )


def stored_keys() -> set[str]:
    """The keys of all kept lists in the storage."""
    return set(
        db.session.scalars(sa.select(ListExport.storage_key).where(ListExport.storage_key.is_not(None)))
    )


def intake_with_views(viewer: Viewer, reference: str) -> tuple[Intake, list[SavedView]]:
    """An intake whose files the viewer reads, and the views saved for its programme, their own and shared
    ones, in one statement. NotFound otherwise."""
    mine = sa.or_(SavedView.author == viewer.reference, SavedView.shared.is_(True))
    rows = db.session.execute(
        sa.select(Intake, SavedView)
        .outerjoin(SavedView, sa.and_(SavedView.path == Intake.path, mine))
        .where(Intake.reference == reference, within(viewer, READ))
        .order_by(SavedView.name, SavedView.id)
    ).all()
    if not rows:
        raise NotFound(reference)
    return rows[0][0], [view for _, view in rows if view is not None]
