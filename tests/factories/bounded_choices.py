"""Makes a choice under sealed rules with its batch: what others check of it."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.programmes import queries
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Batch
from cohortmgr.selection.sealing import actions as sealing
from cohortmgr.selection.sealing import queries as sealed
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent
from tests.databases import build_once
from tests.factories.choices import SEASON, known, read, readers, sent, someone

MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
FLOOR = Bound({"region": "MA-08"}, 2)
"""A floor for a region of which the files are the worst: it costs."""


def chosen(
    files: int = 14, seats: int = 5, approve: bool = True, ineligible: int = 0, right: bool = False
) -> tuple[Intake, Batch]:
    """Make a batch chosen under a sealed floor that binds: the last four of so many files are of another region. With
    `right` the worst file has a seat whatever its mark."""
    name = f"chosen {files} {seats} {approve} {ineligible} {right}"
    build_once(name, lambda: _choose(files, seats, approve, ineligible, right), may_age=True)
    return queries.intake_of("mdia", "2025"), db.session.scalars(sa.select(Batch)).one()


def _choose(files: int, seats: int, approve: bool, ineligible: int, right: bool) -> None:
    intake = sent(files, ineligible, seats)
    manager = someone(intake, Role.SELECTION_MANAGER)
    administrator = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    last = [f"MDIA-{number:06d}" for number in range(files - 3, files + 1)]
    with writing():
        table = table_of(Application)
        for row in db.session.execute(sa.select(table.c.id, table.c.number, table.c.answers)).all():
            region = "MA-08" if row.number in last else "MA-04"
            changed = {"region": region, "answers": {**row.answers, "region": region}}
            db.session.execute(sa.update(table).where(table.c.id == row.id).values(**changed))
    seal(intake, FLOOR, right=(EntryByRight(last[-1], "Lauréate", "Décision 12"),) if right else ())
    read(intake, readers(intake))
    with writing():
        batch = decisions.propose(manager, intake.reference, open_until=intake.closes_at)
    if approve:
        with clock.at(min(clock.now(), SEASON)), writing():
            offers = batch.summary["offer"]
            decisions.approve(administrator, batch.reference, str(offers), open_until=intake.closes_at)


def seal(intake: Intake, *bounds: Bound, right: tuple[EntryByRight, ...] = ()) -> None:
    """Have two people seal these rules for an intake without any."""
    start = sealed.beginning(intake, sealed.ground_of(intake))
    content = RulesContent(start.seats, bounds, right, start.ties)
    with writing():
        row = sealing.save(known(MANAGER), intake.reference, content, 0)
    with writing():
        row = sealing.propose(known(MANAGER), intake.reference, "", row.version)
    with writing():
        sealing.seal(known(ADMINISTRATOR), intake.reference, row.version)
