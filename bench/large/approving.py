"""Propose and approve the decisions of one large intake, by the acts of people and the worker's own code: how long each
takes, what the process holds at most, and the longest that one transaction kept what it locked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from bench.country import Loader, Share
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import WRITING, db, writing
from cohortmgr.programmes.models import Offering
from cohortmgr.programmes.queries import get_intake
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.queries import offering_of
from cohortmgr.selection.rules import BatchState, Outcome
from cohortmgr.selection.standings import actions as standings
from tests import databases
from tests.factories.many import place_in, writer
from tests.factories.working import work
from tests.factories.year import Year, read
from tests.watch import test_context

# One file in so many gets a seat.
SEATS = 10
DECIDED_ON = clock.instant(date(2025, 7, 29), 10)
STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Spent:
    """What an act took: seconds in all, the longest of its transactions, the most that the process held, in MB."""

    seconds: float = 0
    longest: float = 0
    held_before_mb: float = 0
    held_mb: float = 0


@contextmanager
def spending(engine: sa.Engine) -> Iterator[Spent]:
    """Watch what the block takes. Linux counts the most that a process held, and is told to begin anew."""
    spent, begun = Spent(), {}

    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get(WRITING):
            begun[connection] = time.perf_counter()

    def end(connection: sa.Connection) -> None:
        if connection in begun:
            spent.longest = max(spent.longest, time.perf_counter() - begun.pop(connection))

    REFERENCES.write_text("5")
    spent.held_before_mb, began = _most_held_mb(), time.perf_counter()
    listened = (("begin", begin), ("commit", end), ("rollback", end))
    for name, listener in listened:
        event.listen(engine, name, listener)
    try:
        yield spent
    finally:
        for name, listener in listened:
            event.remove(engine, name, listener)
        spent.seconds, spent.held_mb = time.perf_counter() - began, _most_held_mb()


def _most_held_mb() -> float:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measured(database: databases.Database, files: int) -> None:
    """Load the intake of a year that is read, then rank, propose and approve it; print what each took."""
    with test_context(database.system_app):
        year = read()
        _fill(database, year, files)
        proposer, approver = year.viewer("selection_manager"), year.viewer("programme_administrator")
        with clock.at(DECIDED_ON):
            with spending(db.engine) as spent:
                intake = get_intake(year.intake.reference)
                with writing():
                    standings.ask(SYSTEM, intake, offering_of(intake))
                work()
            _say("rank", files, spent)
            with spending(db.engine) as spent:
                with writing():
                    batch = decisions.propose(proposer, year.intake.reference).reference
                work()
            _say("propose", files, spent)
            chosen = (
                sa.select(sa.func.count()).select_from(Decision).join(Batch, Batch.id == Decision.batch_id)
            )
            offered = chosen.where(Batch.reference == batch, Decision.outcome == Outcome.OFFER.value)
            number = db.session.scalar(offered)
            with spending(db.engine) as spent:
                with writing():
                    decisions.approve(approver, batch, str(number))
                work()
            _say("approve", files, spent)
            kept = db.session.execute(
                sa.select(Batch.state, Batch.letters).where(Batch.reference == batch)
            ).one()
            print(f"{kept.state}: {number} offers, {kept.letters} letters", flush=True)
    if kept.state != BatchState.APPROVED:
        raise RuntimeError(f"the batch is {kept.state}")


def _fill(database: databases.Database, year: Year, files: int) -> None:
    with clock.at(clock.instant(date(2025, 7, 17), 12)), writer(database).begin() as connection:
        place = place_in(connection, year)
        loader = Loader(connection, database.system_app.extensions["cohortmgr-keyring"])
        loader.load(place, files, Share(letters=0, acts=0))
        seats = sa.update(Offering).where(Offering.intake_id == place.intake_id)
        connection.execute(seats.values(seats=max(1, files // SEATS)))
    if isinstance(database, databases.PostgresDatabase):
        database.admin.execute("VACUUM ANALYZE")
    db.session.rollback()
    db.session.expire_all()


def _say(what: str, files: int, spent: Spent) -> None:
    print(
        f"{what:8} {files:8} files {spent.seconds:8.1f} s, longest transaction {spent.longest:6.2f} s, "
        f"at most {spent.held_mb:6.0f} MB ({spent.held_before_mb:.0f} before)",
        flush=True,
    )
