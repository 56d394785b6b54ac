"""Fills the small year of `year.py` with thousands of files, so that what grows with them shows."""

from __future__ import annotations

import random

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bench.country import Loader, Place
from cohortmgr.accounts.models import Account
from cohortmgr.applications.file.models import Application
from cohortmgr.base import crypto
from cohortmgr.base.db import table_of
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.programmes.queries import definition_of, get_intake
from cohortmgr.reviews.rules import bounds_of, total_thousandths
from cohortmgr.selection.models import Batch, Decision
from tests.databases import Database
from tests.factories.year import Year

MARKS = 500
"""So many different readings there are."""


def filled(connection: sa.Connection, year: Year, ring: crypto.Keyring, files: int) -> None:
    """Add files to the year's intake, each with its readings, decision, letter and act; half with a paper."""
    place = place_in(connection, year)
    Loader(connection, ring).load(place, files)
    _sum_up(connection, place.batch_id)


def place_in(connection: sa.Connection, year: Year) -> Place:
    """The year's intake as a place for files that are like its candidate's, or like its first; in a context."""
    table, chosen = table_of(Application), year.references.get("application")
    intake = get_intake(year.references["intake"])
    like = table.c.reference == chosen if chosen else table.c.intake_id == intake.id
    asked = sa.select(table).where(like).order_by(table.c.id).limit(1)
    template = dict(connection.execute(asked).mappings().one())
    accounts = [number for name, number in year.accounts.items() if "reviewer" in name]
    readers = sa.select(Account.person_id).where(Account.id.in_(accounts))
    batch = sa.select(Batch.id).where(Batch.reference == year.references.get("batch"))
    return Place(
        institution_id=template["institution_id"],
        intake_id=template["intake_id"],
        version_id=template["version_id"],
        prefix=template["number"].rpartition("-")[0],
        template=template,
        offering_id=template["offering_id"],
        readers=tuple(connection.scalars(readers)),
        marks=_marks(definition_of(intake).rubric),
        batch_id=connection.scalar(batch),
    )


def _marks(rubric: Rubric) -> tuple[tuple[dict[str, int], int], ...]:
    """Readings that are drawn from, each the scores and what they come to."""
    chance, bounds = random.Random(MARKS), bounds_of(rubric)
    drawn = [{key: chance.randint(*ends) for key, ends in bounds.items()} for _ in range(MARKS)]
    return tuple((scores, total_thousandths(rubric, scores)) for scores in drawn)


def writer(database: Database) -> sa.Engine:
    """Connections that may write every table."""
    if database.dialect == "sqlite":
        return sa.create_engine(database.settings.database_url, poolclass=sa.NullPool)
    superuser = make_url(database.settings.superuser_database_url)
    return sa.create_engine(superuser.set(database=database.name), poolclass=sa.NullPool)


def _sum_up(connection: sa.Connection, batch_id: int | None) -> None:
    """Let the batch say how many decisions it holds now, as it does when it is frozen."""
    decisions = table_of(Decision)
    kinds = sa.select(decisions.c.outcome, sa.func.count()).where(decisions.c.batch_id == batch_id)
    counted = {row[0]: row[1] for row in connection.execute(kinds.group_by(decisions.c.outcome))}
    bare = sa.select(sa.func.count()).where(decisions.c.batch_id == batch_id, decisions.c.rank.is_(None))
    summary = {
        **counted,
        "all": sum(counted.values()),
        "ineligible": connection.scalar(bare),
        "languages": {"fr": sum(counted.values())},
    }
    batches = table_of(Batch)
    connection.execute(sa.update(batches).where(batches.c.id == batch_id).values(summary=summary))
