"""Files of three intakes whose people look alike, put there without their forms."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.duplicates.models import DuplicatePair
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of

BORN = date(2004, 2, 26)


def intakes() -> list[Intake]:
    """Two of one institution, and one of another."""
    key = read_known("jobintech").intakes[0].key
    return [intake_of("mdia", "2027"), intake_of("mdia", "2025"), intake_of("jobintech", key)]


def put(intake: Intake, person: Person, **values: Any) -> Application:
    moment = clock.now()
    db.session.add(person)
    db.session.flush()
    row = Application(
        reference=new_reference(), institution_id=intake.institution_id, person_id=person.id, intake_id=intake.id,
        version_id=intake.definition_version_id, source="import", number=f"T-{new_reference(8)}", sent_at=moment,
        created_at=moment, updated_at=moment, **{"state": "submitted", "name": person.name, **values},
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def kept() -> set[tuple[Any, ...]]:
    db.session.expire_all()
    return {
        (row.intake_id, row.file_id, row.beside_id, row.across, row.score, tuple(row.signs))
        for row in db.session.scalars(sa.select(DuplicatePair))
    }
