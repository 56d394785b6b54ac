"""The staff's list of an intake's applications: filters that live in the address, pages, and neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.identifiers import normalise_cin, normalise_massar
from cohortmgr.accounts.models import Identifier
from cohortmgr.applications.models import Application
from cohortmgr.applications.rules import Source, State
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import Refused
from cohortmgr.base.paging import Page
from cohortmgr.base.text import fold

SIZES = (50, 100, 600)
SORTS: Mapping[str, tuple[sa.ColumnElement[Any], ...]] = {
    "name": (Application.sort_name.expression,),
    "number": (Application.number.expression,),
    "average": (Application.average_thousandths.expression,),
    "sent": (Application.sent_at.expression,),
    "region": (Application.region.expression, Application.sort_name.expression),
}
_SHOWN = (
    Application.reference,
    Application.number,
    Application.name,
    Application.state,
    Application.source,
    Application.eligible,
    Application.region,
    Application.diploma,
    Application.average_thousandths,
    Application.sent_at,
)


@dataclass(frozen=True)
class Filters:
    """What the address asks for; anything it says wrongly is left aside."""

    search: str = ""
    state: str = State.SUBMITTED.value
    eligible: str = ""
    region: str = ""
    source: str = ""
    sort: str = "name"
    size: int = SIZES[0]

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Filters:
        """From an address's arguments."""

        def among(name: str, known: set[str], otherwise: str = "") -> str:
            value = args.get(name, otherwise)
            return value if value in known else otherwise

        size = args.get("size", "")
        return cls(
            search=args.get("search", "").strip()[:100],
            state=among("state", {"all", *State}, State.SUBMITTED.value),
            eligible=among("eligible", {"yes", "no"}),
            region=args.get("region", "")[:5],
            source=among("source", set(Source)),
            sort=among("sort", {sign + name for name in SORTS for sign in ("", "-")}, "name"),
            size=int(size) if size in map(str, SIZES) else SIZES[0],
        )

    def arguments(self) -> dict[str, str]:
        """What differs from an untouched list, for addresses that keep the filter."""
        plain = Filters()
        return {
            name: str(value) for name, value in vars(self).items() if value != getattr(plain, name) and value
        }


def chosen(intake_id: int, filters: Filters) -> list[sa.ColumnElement[bool]]:
    """The conditions of a list of an intake's applications, for whatever is done to the same list."""
    found: list[sa.ColumnElement[bool]] = [Application.intake_id == intake_id]
    if filters.state != "all":
        found.append(Application.state == filters.state)
    if filters.eligible:
        found.append(Application.eligible.is_(filters.eligible == "yes"))
    if filters.region:
        found.append(Application.region == filters.region)
    if filters.source:
        found.append(Application.source == filters.source)
    if filters.search:
        found.append(_found(filters.search))
    return found


def _found(text: str) -> sa.ColumnElement[bool]:
    """Every word somewhere in names, number or address; or the identity number itself, by its blind index."""
    words = [Application.search_text.contains(word, autoescape=True) for word in fold(text).split()]
    numbers = _identity_numbers(text)
    if not numbers:
        return sa.and_(sa.true(), *words)
    bearers = sa.select(Identifier.person_id).where(Identifier.blind.in_(numbers))
    return sa.or_(sa.and_(sa.true(), *words), Application.person_id.in_(bearers))


def _identity_numbers(text: str) -> list[str]:
    """The blind indexes of the numbers of a state that a text could be."""
    numbers = []
    for kind, normalise in (("cin", normalise_cin), ("massar", normalise_massar)):
        try:
            numbers.append(crypto.blind_index(kind, normalise(text)))
        except Refused:
            continue
    return numbers


def seeks_identity(filters: Filters) -> bool:
    """Whether a list is searched by what may be somebody's identity number, which is kept nowhere unsealed."""
    return bool(_identity_numbers(filters.search))


def _order(filters: Filters) -> list[Any]:
    columns = SORTS[filters.sort.removeprefix("-")]
    turned = filters.sort.startswith("-")
    order = [(column.desc() if turned else column.asc()).nulls_last() for column in columns]
    return [*order, Application.id]


def page(intake_id: int, filters: Filters, number: int) -> Page:
    """One page in one statement, two when the number lies beyond the end (then the last page).

    The intake is the caller's, loaded for the viewer.
    """
    query = (
        sa.select(*_SHOWN, sa.func.count().over().label("total"))
        .where(*chosen(intake_id, filters))
        .order_by(*_order(filters))
        .limit(filters.size)
    )
    number = max(1, number)
    rows = db.session.execute(query.offset((number - 1) * filters.size)).all()
    if not rows and number > 1:
        counted = sa.select(sa.func.count()).where(*chosen(intake_id, filters))
        number = max(1, -(-(db.session.scalar(counted) or 0) // filters.size))
        rows = db.session.execute(query.offset((number - 1) * filters.size)).all()
    return Page(rows, number, filters.size, rows[0].total if rows else 0)


@dataclass(frozen=True)
class Neighbours:
    """The files before and after one within the same filter, and its place."""

    before: str | None
    after: str | None
    place: int
    total: int


def neighbours(intake_id: int, filters: Filters, reference: str) -> Neighbours | None:
    """In one statement; None when the filter does not hold the file."""
    order = _order(filters)
    inner = (
        sa.select(
            Application.reference,
            sa.func.lag(Application.reference).over(order_by=order).label("before"),
            sa.func.lead(Application.reference).over(order_by=order).label("after"),
            sa.func.row_number().over(order_by=order).label("place"),
            sa.func.count().over().label("total"),
        )
        .where(*chosen(intake_id, filters))
        .subquery()
    )
    row = db.session.execute(sa.select(inner).where(inner.c.reference == reference)).first()
    return Neighbours(row.before, row.after, row.place, row.total) if row else None
