"""An intake whose files are read and come from two regions and both sexes, for tests of its board."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import intake_of
from cohortmgr.selection.choosing.rules import Bound
from tests.databases import build_once
from tests.factories.choices import read, readers, sent, someone

MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
FLOOR = Bound({"region": "MA-08"}, 2)


def judged(files: int = 20, seats: int = 6) -> Intake:
    """Make an intake of read files: the last third is of MA-08, the others of MA-04; every second one is of a woman."""
    build_once(f"judged {files} {seats}", lambda: _judge(files, seats), may_age=True)
    return intake_of("mdia", "2025")


def _judge(files: int, seats: int) -> None:
    intake = sent(files, seats=seats)
    with writing():
        for row in db.session.scalars(sa.select(Application).where(Application.intake_id == intake.id)):
            place = int(row.number[5:])
            region = "MA-08" if place > files * 2 // 3 else "MA-04"
            row.answers = {**row.answers, "region": region, "sex": "f" if place % 2 else "m"}
            row.region = region
    someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    read(intake, readers(intake))


def offering(intake: Intake) -> Offering:
    """Its only offering."""
    return db.session.scalars(sa.select(Offering).where(Offering.intake_id == intake.id)).one()


def home(intake: Intake) -> str:
    """The address of its board."""
    return f"/staff/intakes/{intake.reference}/board"


def floor(least: object = 2, **more: Any) -> dict[str, Any]:
    """The fields of a form that tries a floor for the region of the last files."""
    return {"tried": "1", "group_new": "region=MA-08", "least_new": str(least), **more}
