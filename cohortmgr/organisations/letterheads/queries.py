"""Reading letterheads: all of them from the process's memory, for each page and message; one place's, to be written.

They stand on every page, so no page asks the database for them: they are read again when they are ten seconds old, and
at once by the process that has changed one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base.caching import Reread
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import NotFound
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.letterheads.models import KeptLetterhead
from cohortmgr.organisations.letterheads.rules import INSTALLATION, UNNAMED, Letterhead, Letterheads
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import HOSTS, OrganisationKind

# How many seconds another process may show what was there before.
KEPT_FOR = 10.0
# The most companies whose marks are kept in memory; those of an installation are some hundreds.
_MOST_MARKS = 5_000
OF_HOST, OF_INSTALLATION = "programmes.manage", "installation.manage"
_SHELF = "cohortmgr-letterheads"
_ROWS, _TREE = table_of(KeptLetterhead).c, table_of(Organisation).c
# Made once: building a statement costs more than running it. The pictures stay where they are.
_ALL: sa.Select[Any] = sa.select(
    _ROWS.institution_id,
    _ROWS.texts,
    _ROWS.telephone,
    _ROWS.email,
    _ROWS.cndp,
    _ROWS.mark_digest,
    _ROWS.picture_digest,
    _ROWS.reference,
    _ROWS.version,
    _TREE.key,
).outerjoin_from(table_of(KeptLetterhead), table_of(Organisation), _TREE.id == _ROWS.institution_id)
_MARKS: sa.Select[Any] = (
    sa.select(_TREE.key, _TREE.mark_digest)
    .where(_TREE.mark_digest > "", _TREE.kind == OrganisationKind.COMPANY.value)
    .order_by(_TREE.key)
    .limit(_MOST_MARKS)
)


@dataclass(frozen=True)
class LetterheadPlace:
    """Where a letterhead stands, and its row if it is written. The installation's place has no organisation."""

    organisation: Organisation | None
    row: KeptLetterhead | None

    @property
    def reference(self) -> str:
        """The word by which an address names the place."""
        return self.organisation.reference if self.organisation else INSTALLATION


def shelf() -> Reread[Letterheads]:
    """Return where the present application keeps its letterheads."""
    known = current_app.extensions
    if _SHELF not in known:  # a page asks three times: no shelf is made to be thrown away
        known.setdefault(_SHELF, Reread(Letterheads(), KEPT_FOR))
    found: Reread[Letterheads] = known[_SHELF]
    return found


def known() -> Letterheads:
    """Return all letterheads, at most ten seconds old, or as they were last read where the database is out of reach."""
    return shelf().get(_read)


def _read() -> Letterheads | None:
    try:
        rows = db.session.execute(_ALL.order_by(_ROWS.id)).all()
        marks = {row.key: row.mark_digest for row in db.session.execute(_MARKS)}
    except sa.exc.SQLAlchemyError:  # a page that tells of a failure has its head all the same
        return None
    written = "".join(
        f"{row.reference} {row.version} {row.mark_digest} {row.picture_digest}\n" for row in rows
    )
    written += "".join(f"{key} {digest}\n" for key, digest in marks.items())
    edition = hashlib.sha256(written.encode()).hexdigest()[:16] if written else ""
    ours = [_letterhead(row) for row in rows if row.institution_id is None]
    hosts = tuple(_letterhead(row) for row in rows if row.institution_id is not None)
    return Letterheads(ours[0] if ours else UNNAMED, hosts, edition, marks)


def _letterhead(row: sa.Row[Any]) -> Letterhead:
    return Letterhead(
        row.texts,
        row.telephone,
        row.email,
        row.cndp,
        row.mark_digest,
        row.key or "",
        row.institution_id,
        row.picture_digest,
    )


def visible(viewer: Viewer) -> sa.Select[KeptLetterhead]:
    """Return every letterhead: they stand on pages that anybody opens."""
    return sa.select(KeptLetterhead).order_by(KeptLetterhead.id)


def may_write(viewer: Viewer, organisation: Organisation | None) -> bool:
    """Whether the viewer may write the letterhead of an organisation; of the installation, if there is none."""
    if organisation is None:
        return allows(viewer, OF_INSTALLATION, "")
    return allows(viewer, OF_HOST, organisation.path)


def places_for(viewer: Viewer) -> Sequence[LetterheadPlace]:
    """Return the places whose letterheads the viewer may write, the installation's first. Two statements."""
    rows = {row.institution_id: row for row in db.session.scalars(visible(viewer))}
    kinds = {kind.value for kind in HOSTS}
    tree = [row for row in db.session.scalars(organisations.visible(viewer)) if row.kind in kinds]
    own = [LetterheadPlace(None, rows.get(None))] if may_write(viewer, None) else []
    return own + [LetterheadPlace(each, rows.get(each.id)) for each in tree if may_write(viewer, each)]


def get_for(viewer: Viewer, reference: str) -> LetterheadPlace:
    """Return the place with this reference if the viewer may write its letterhead. Raises NotFound."""
    organisation = None if reference == INSTALLATION else organisations.get_for(viewer, reference)
    hosts = organisation is None or organisation.kind in {kind.value for kind in HOSTS}
    if not hosts or not may_write(viewer, organisation):
        raise NotFound(reference)
    number = organisation.id if organisation else None
    chosen = visible(viewer).where(KeptLetterhead.place == (number or 0))
    return LetterheadPlace(organisation, db.session.scalar(chosen))


def mark_of(digest: str) -> bytes:
    """Return the mark of a letterhead or an organisation, or the home page's picture, with this digest. Raises
    NotFound."""
    shown = sa.case((_ROWS.mark_digest == digest, _ROWS.mark), else_=_ROWS.picture)
    chosen = (
        sa.select(shown).where(sa.or_(_ROWS.mark_digest == digest, _ROWS.picture_digest == digest)).limit(1)
    )
    of_organisation = sa.select(_TREE.mark).where(_TREE.mark_digest == digest).limit(1)
    found = (db.session.scalar(chosen) or db.session.scalar(of_organisation)) if digest else None
    if found is None:
        raise NotFound(digest)
    return found
