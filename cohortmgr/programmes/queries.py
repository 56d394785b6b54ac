"""Reads programmes and their intakes; a definition is kept in memory after its first reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries import below, within
from cohortmgr.accounts.rules import Scope, Viewer
from cohortmgr.base.caching import Kept
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.programmes.definition.rules import Definition, IntakeState, Text
from cohortmgr.programmes.definition.toml import from_json
from cohortmgr.programmes.models import DefinitionVersion, Intake, Offering, Programme

# Known by the fingerprint of their content, which never changes: nothing makes one wrong.
_definitions: Kept[str, Definition] = Kept(64)


def definition_of(row: Intake | DefinitionVersion | sa.Row[Any]) -> Definition:
    """The definition of a version, or of an intake, whose offerings its form then ranks.

    Versions never change and are known by the fingerprint of their content, so the latest ones stay in
    memory.
    """
    found = _definitions.get(row.fingerprint, _read, row.fingerprint)
    return found.of_intake(row.key) if isinstance(row, Intake) else found


def _read(fingerprint: str) -> Definition:
    document = db.session.scalar(
        sa.select(DefinitionVersion.document).where(DefinitionVersion.fingerprint == fingerprint).limit(1)
    )
    if document is None:
        raise NotFound(fingerprint)
    return from_json(document)


def visible(viewer: Viewer) -> sa.Select[Intake]:
    """The intakes that are published, and all intakes of programmes that the viewer manages, newest first."""
    managed = within(viewer, "programmes.manage", Intake.path)
    shown = Intake.state == IntakeState.PUBLISHED
    return sa.select(Intake).where(sa.or_(shown, managed)).order_by(Intake.opens_at.desc(), Intake.id.desc())


def get_intake(reference: str) -> Intake:
    """The intake with a public reference, in whatever state, for actions; NotFound if there is none."""
    found = db.session.scalar(sa.select(Intake).where(Intake.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def get_for(viewer: Viewer, reference: str) -> Intake:
    """The intake with a public reference, if the viewer may see it; NotFound otherwise."""
    found = db.session.scalar(visible(viewer).where(Intake.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def intake_of(programme_key: str, intake_key: str | None = None) -> Intake:
    """The intake with these keys; without `intake_key`, the one that opens last. NotFound if there is none."""
    wanted = sa.select(Intake).join(Programme, Programme.id == Intake.programme_id)
    wanted = wanted.where(Programme.key == programme_key)
    if intake_key is not None:
        wanted = wanted.where(Intake.key == intake_key)
    found = db.session.scalar(wanted.order_by(Intake.opens_at.desc()).limit(1))
    if found is None:
        raise NotFound(f"{programme_key} {intake_key or ''}".strip())
    return found


def programme_by_key(key: str) -> Programme | None:
    """The programme with that key, or None."""
    return db.session.scalar(sa.select(Programme).where(Programme.key == key))


def offerings_of(intake: Intake) -> Sequence[Offering]:
    """The offerings of an intake, in the order in which they were entered."""
    return db.session.scalars(
        sa.select(Offering).where(Offering.intake_id == intake.id).order_by(Offering.id)
    ).all()


def intakes_below(scopes: Sequence[Scope]) -> Sequence[Intake]:
    """The intakes of programmes in these parts of the tree, newest first."""
    if not scopes:
        return []
    return db.session.scalars(
        sa.select(Intake).where(below(Intake.path, scopes)).order_by(Intake.opens_at.desc(), Intake.id.desc())
    ).all()


_SEATS = sa.select(sa.func.sum(Offering.seats)).where(Offering.intake_id == Intake.id).scalar_subquery()
_FREE = (
    sa.select(sa.func.sum(Offering.seats - Offering.taken))
    .where(Offering.intake_id == Intake.id)
    .scalar_subquery()
)

# The published intakes as public pages show them, in one statement, newest opening first. It is made once,
# because building a statement costs more than running it.
_PUBLIC = (
    sa.select(
        Intake.reference,
        Intake.version,
        Intake.fingerprint,
        Intake.key,
        Intake.title,
        Intake.opens_at,
        Intake.closes_at,
        Intake.decision_by,
        Intake.starts_on,
        Programme.key.label("programme_key"),
        Programme.version.label("programme_version"),
        Programme.title.label("programme_title"),
        Programme.summary.label("programme_summary"),
        _SEATS.label("seats"),
        _FREE.label("free"),
    )
    .join(Programme, Programme.id == Intake.programme_id)
    .where(Intake.state == IntakeState.PUBLISHED.value)
    .order_by(Intake.opens_at.desc(), Intake.id.desc())
)
_NEWEST = _PUBLIC.limit(100)
_OF_PROGRAMME = _PUBLIC.where(Programme.key == sa.bindparam("programme_key"))
_OF_REFERENCE = _PUBLIC.where(Intake.reference == sa.bindparam("intake_reference"))


def public_intakes() -> Sequence[sa.Row[Any]]:
    """The newest hundred published intakes of every programme, with their seats."""
    return db.session.execute(_NEWEST).all()


def public_intakes_of(programme_key: str) -> Sequence[sa.Row[Any]]:
    """The published intakes of a programme, newest first; NotFound if it has none."""
    found = db.session.execute(_OF_PROGRAMME, {"programme_key": programme_key}).all()
    if not found:
        raise NotFound(programme_key)
    return found


def programme_titles() -> dict[str, Text]:
    """Return key to title of the programmes that have a published intake, in the order of their keys."""
    shown = sa.select(Intake.programme_id).where(Intake.state == IntakeState.PUBLISHED.value)
    chosen = sa.select(Programme.key, Programme.title).where(Programme.id.in_(shown)).order_by(Programme.key)
    return {row.key: row.title for row in db.session.execute(chosen)}


def public_intake(reference: str) -> sa.Row[Any]:
    """One published intake; NotFound if there is none."""
    found = db.session.execute(_OF_REFERENCE, {"intake_reference": reference}).first()
    if found is None:
        raise NotFound(reference)
    return found
