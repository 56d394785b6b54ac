"""Reads the staff's list of an intake's applications: filters kept in the address, pages, neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application, Document, Note
from cohortmgr.applications.file.queries import AGREED, READ, counted_files, within
from cohortmgr.applications.file.rules import ApplicationState, Source
from cohortmgr.applications.lists import columns
from cohortmgr.applications.lists.filters import COUNTED_BY, NONE, SIZES, ApplicationFilters
from cohortmgr.applications.lists.models import SavedView
from cohortmgr.applications.lists.queries import lent as lent_columns
from cohortmgr.applications.lists.queries.file_sets import FileSet
from cohortmgr.applications.lists.rules import MOST_AT_ONCE
from cohortmgr.applications.searching import queries as searching
from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.paging import (
    ListPlace,
    Neighbours,
    Page,
    Total,
    chunks_of,
    counted_in_order,
    is_longer,
    neighbours_of,
    page_of,
)
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
    # Whose telephone it is; nobody's for a draft, which is for its person alone.
    "phone": sa.case((Application.state != ApplicationState.DRAFT.value, Application.person_id)),
    "language": Application.language,
    "documents": _DOCUMENTS,
    "notes": _NOTES,
    "correction": sa.func.nullif(Application.correction, NONE),
    "outcome": sa.func.nullif(Application.outcome, NONE),
    "changed": Application.updated_at,
}


def told_late(intake_id: int, filters: ApplicationFilters) -> tuple[list[str], datetime | None]:
    """The shown columns whose figures follow what they rest on a while later, and of which moment they are."""
    late = [
        key
        for key in filters.shown
        if key in lent_columns.ORDERS and lent_columns.ORDERS[key].as_of is not None
    ]
    asked = lent_columns.ORDERS[late[0]].as_of if late else None
    return late, asked(intake_id) if asked else None


def _midnight(day: str, after: int = 0) -> datetime:
    moment = date.fromisoformat(day) + timedelta(days=after)
    return datetime.combine(moment, time(), CASABLANCA)


def chosen(intake_id: int, filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    """The conditions that choose the applications of a list, for everything that is done to the same list."""
    found = [*_of_the_file(intake_id, filters), *(each.condition for each in _sets(intake_id, filters))]
    if filters.among and _is_lent_order_of(filters):
        found.append(_grouped(intake_id, filters).condition)
    return found


def _of_the_file(intake_id: int, filters: ApplicationFilters) -> list[sa.ColumnElement[bool]]:
    """The conditions on the file's own columns that the index of the list's order can say, or that many files meet."""
    found = _of_state(intake_id, filters)
    if filters.eligible:
        found.append(Application.eligible.is_({"yes": True, "no": False}.get(filters.eligible)))
    if filters.source:  # as the index of imported files is written
        found.append(Application.source == sa.literal_column(f"'{Source(filters.source).value}'"))
    found += _between(filters)
    if filters.offering:
        found.append(Application.offering_id == _offering(intake_id, filters.offering))
    if filters.note == "no":
        found.append(Application.noted.is_(False))
    if filters.correction == NONE:
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
    if filters.region:
        found.append(Application.region_rank == filters.region)
    if filters.diploma:
        found.append(Application.diploma_rank == filters.diploma)
    if filters.documents:
        found.append(Application.documented == (filters.documents == "yes"))
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
    """The files that a search or a rare condition choose. Each query reads the intake alone."""
    found: list[FileSet] = []
    if filters.search:
        found.append(_searched(intake_id, filters))
    if filters.among and not _is_lent_order_of(filters):
        found.append(_grouped(intake_id, filters))
    few = [] if _has_own_index(filters) else _few(filters)
    if few:
        named = sa.select(Application.sort_name, Application.id)
        found.append(FileSet(named.where(*_of_state(intake_id, filters), *few), of_row=sa.and_(*few)))
    return found


def _grouped(intake_id: int, filters: ApplicationFilters) -> FileSet:
    """The files of a group of lent columns, or of one value in it."""
    group, _, value = filters.among.partition(".")
    lender = next(
        key
        for key, lent in columns.LENT.items()
        if lent.group == group and (not value or value in lent.words)
    )
    files = Application.id.in_(lent_columns.ORDERS[lender].files(intake_id, value))
    named = sa.select(Application.sort_name, Application.id)
    return FileSet(named.where(*_of_state(intake_id, filters), files), of_row=files)


def _lent_order(filters: ApplicationFilters) -> lent_columns.LentOrder | None:
    return lent_columns.ORDERS.get(filters.sort.removeprefix("-"))


def _is_lent_order_of(filters: ApplicationFilters) -> bool:
    """Whether the list's order holds the files of its group, and no others."""
    return columns.group_of(filters.sort) == filters.among


def _searched(intake_id: int, filters: ApplicationFilters) -> FileSet:
    states = tuple(ApplicationState) if filters.state == "all" else (filters.state,)
    return FileSet(searching.in_intake(intake_id, states, filters.search))


def seeks_identity(filters: ApplicationFilters) -> bool:
    """Whether the search may be an identity number or a telephone, which is kept nowhere unsealed."""
    return searching.seeks_identity(filters.search)


def _order(filters: ApplicationFilters) -> list[Any]:
    turned, lent = filters.sort.startswith("-"), _lent_order(filters)
    if lent is not None:
        turned = turned != lent.is_turned
        return [column.desc() if turned else column for column in (lent.column, lent.file_id)]
    held = SORTS[filters.sort.removeprefix("-")]
    return [column.desc() if turned else column for column in (*held, Application.id.expression)]


def _keys(filters: ApplicationFilters, sets: Sequence[FileSet]) -> sa.Select[*tuple[Any, ...]] | None:
    """The keys of the list's rows, if all that it shows is what a search found by the thousand, in the order of names:
    the words stand beside these, so that no other file is passed. None for other lists."""
    alone = filters.narrowing == {"search"} and filters.sort.removeprefix("-") == "name"
    return sets[0].named if alone and not sets[0].is_gathered else None


def _parts(
    intake_id: int, filters: ApplicationFilters, sets: Sequence[FileSet]
) -> list[sa.ColumnElement[bool]]:
    """A list of all states is read state by state: no index has its order. What a search finds is looked for in the
    index of names alone, since those who bear a name may stand behind everybody else; then these rows are read. Files
    that are gathered need neither."""
    if any(each.is_gathered for each in sets):
        return []
    lent = _lent_order(filters)
    if lent is not None:
        parts = list(lent.parts(intake_id))
        return parts if len(parts) > 1 else []
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
    keys = _keys(filters, sets)
    conditions = _of_the_file(intake_id, filters)
    if keys is None:  # else they say it
        conditions += [each.along() for each in sets]
    total = _total(intake_id, filters, sets, counts or {})
    rows, readable = _rows(intake_id, filters, conditions), (Application.intake_id == intake_id, AGREED)
    parts = _parts(intake_id, filters, sets)
    return page_of(rows, place, filters.size, total, parts=parts, among=readable, keys=keys)


def _total(
    intake_id: int, filters: ApplicationFilters, sets: Sequence[FileSet], counts: Mapping[str, int]
) -> Total | None:
    """How many files the list has, if that is known without counting them."""
    narrowing = filters.narrowing
    if not narrowing and filters.state in counts:
        return Total(counts[filters.state])
    if narrowing <= COUNTED_BY:
        return Total(counted_files(intake_id, _kind(intake_id, filters)))
    if len(narrowing) > 1 or _lent_order(filters) is not None:
        return None
    if sets:
        return sets[0].size
    few = _few(filters)
    if not few or filters.state == "all":
        return None
    files = sa.select(Application.id).where(*_of_state(intake_id, filters), *few)
    return counted_in_order(files.order_by(*_order(filters)))


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
    known = {**COLUMN_EXPRESSIONS, **lent_columns.EXPRESSIONS}
    rows = sa.select(Application.reference, Application.name, *(known[name] for name in filters.shown))
    rows = rows.where(*(conditions or chosen(intake_id, filters)))
    return _ordered(intake_id, rows, filters)


def _ordered(intake_id: int, rows: sa.Select[Any], filters: ApplicationFilters) -> sa.Select[Any]:
    """A query of files in the list's order. One that another table holds is joined, with the files of it alone."""
    lent = _lent_order(filters)
    if lent is not None:
        rows = rows.join_from(Application, lent.table, lent.file_id == Application.id)
        rows = rows.where(sa.or_(sa.false(), *lent.parts(intake_id)))
    return rows.order_by(*_order(filters))


def neighbours(intake_id: int, filters: ApplicationFilters, reference: str) -> Neighbours | None:
    """The neighbours of a file; None when the file is not in the list."""
    sets = _sets(intake_id, filters)
    conditions = [*_of_the_file(intake_id, filters), *(each.along() for each in sets)]
    query = _ordered(intake_id, sa.select(Application.reference).where(*conditions), filters)
    return neighbours_of(query, reference, _parts(intake_id, filters, sets), _keys(filters, sets))


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
