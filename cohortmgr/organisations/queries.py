"""Reading the tree of organisations. They are public: whoever knows one may see its name and place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import HOSTS, OrganisationKind


def visible(viewer: Viewer) -> sa.Select[Organisation]:
    """Return every organisation, in the order of the tree."""
    return sa.select(Organisation).order_by(Organisation.path)


def get_for(viewer: Viewer, reference: str) -> Organisation:
    """Return the organisation with this public reference. Raises NotFound."""
    found = db.session.scalar(visible(viewer).where(Organisation.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def by_key(key: str) -> Organisation | None:
    """Return the organisation with this key, or None."""
    return db.session.scalar(sa.select(Organisation).where(Organisation.key == key))


def by_keys(keys: Iterable[str]) -> dict[str, Organisation]:
    """Return those of the keys that exist, each with its organisation, in one statement."""
    wanted = sa.select(Organisation).where(Organisation.key.in_(list(keys)))
    return {row.key: row for row in db.session.scalars(wanted)}


def companies_named(names: Collection[str]) -> dict[str, str]:
    """Return the keys of the companies with these French names, by the name; the oldest of those with the same."""
    named: sa.ColumnElement[str] = Organisation.name["fr"].as_string()
    mine = (Organisation.kind == OrganisationKind.COMPANY.value, named.in_(sorted(names)))
    rows = db.session.execute(
        sa.select(named, Organisation.key).where(*mine).order_by(Organisation.id.desc())
    )
    return {row[0]: row.key for row in rows}


def hosts_below(paths: Collection[str]) -> Sequence[tuple[str, int]]:
    """Return the hosting institutions at or below some paths, as they are now: their paths and ids."""
    hosting = Organisation.kind.in_([kind.value for kind in HOSTS])
    mine = sa.or_(
        sa.false(), *(Organisation.path.startswith(path, autoescape=True) for path in sorted(paths))
    )
    rows = db.session.execute(sa.select(Organisation.path, Organisation.id).where(hosting, mine))
    return [(path, number) for path, number in rows]


def names_at(paths: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """Return the names of the organisations at these paths, in one statement."""
    rows = sa.select(Organisation.path, Organisation.name).where(Organisation.path.in_(list(paths)))
    return {row.path: row.name for row in db.session.execute(rows)}


def stands_at(path: str) -> bool:
    """Return whether an organisation stands at a path."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Organisation.path == path))))


def institutions_below(path: str) -> tuple[int, ...]:
    """Return the ids of the hosting institutions at or below a path, sorted: those that a grant there opens."""
    mine = sa.select(Organisation.id).where(
        Organisation.path.startswith(path, autoescape=True),
        Organisation.kind.in_([kind.value for kind in HOSTS]),
    )
    return tuple(db.session.scalars(mine.order_by(Organisation.id)))


def open_below(row: Organisation) -> int:
    """Return how many open organisations stand directly below one."""
    below = sa.select(sa.func.count(Organisation.id)).where(
        Organisation.parent_id == row.id, Organisation.closed_at.is_(None)
    )
    return db.session.scalar(below) or 0


def names_above(viewer: Viewer, rows: Sequence[Organisation]) -> dict[int, dict[str, str]]:
    """Return the names of what some organisations belong to, by the organisations' ids, in one statement at most."""
    above = {row.parent_id for row in rows} - {None}
    if not above:
        return {}
    found = {
        row.id: row.name for row in db.session.scalars(visible(viewer).where(Organisation.id.in_(above)))
    }
    return {row.id: found[row.parent_id] for row in rows if row.parent_id and row.parent_id in found}


def parents_for(viewer: Viewer) -> Sequence[Organisation]:
    """Return the open organisations below which another may stand: all but companies and clubs, at most 500."""
    leaves = (OrganisationKind.COMPANY.value, OrganisationKind.CLUB.value)
    mine = (Organisation.closed_at.is_(None), Organisation.kind.not_in(leaves))
    return db.session.scalars(visible(viewer).where(*mine).limit(500)).all()


def held_for(reference: str) -> Organisation:
    """Return the organisation with this reference, locked for a change. Raises NotFound."""
    wanted = sa.select(Organisation).where(Organisation.reference == reference).with_for_update()
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(reference)
    return found
