"""Read which identity numbers of a file contradict those by which its person is known."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from cohortmgr.accounts.models import Identifier
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState, identity_numbers
from cohortmgr.base import crypto
from cohortmgr.base.db import db


def contradicted(file: File, answers: Mapping[str, Answer]) -> list[str]:
    """Return the kinds of the answers' identity numbers that are not those of the file's person. One statement, and
    none for a form that asks for no such number."""
    numbers = identity_numbers(file.definition.form, answers)
    if not numbers:
        return []
    chosen = sa.select(Identifier.kind, Identifier.blind).where(
        Identifier.person_id == file.application.person_id, Identifier.kind.in_(numbers)
    )
    known: dict[str, set[str]] = {}
    for kind, blind in db.session.execute(chosen):
        known.setdefault(kind, set()).add(blind)
    return sorted(kind for kind in known if crypto.blind_index(kind, numbers[kind]) not in known[kind])


def has_sent_another(file: File) -> bool:
    """Whether the person has another file that was ever sent, on paper or by others too."""
    row = file.application
    others = sa.select(Application.id).where(
        Application.person_id == row.person_id,
        Application.id != row.id,
        Application.state != ApplicationState.DRAFT.value,
    )
    return db.session.scalar(others.limit(1)) is not None


def name_before(file: File) -> str:
    """Return the name that the person's last other file at the same institution gives; empty without one: what
    another institution knows of them is not this one's to learn."""
    row = file.application
    others = sa.select(Application.name).where(
        Application.person_id == row.person_id,
        Application.institution_id == row.institution_id,
        Application.id != row.id,
        Application.state != ApplicationState.DRAFT.value,
    )
    return db.session.scalar(others.order_by(Application.id.desc()).limit(1)) or ""
