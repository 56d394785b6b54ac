"""Fills the small year of `year.py` with thousands of files, so that what grows with them shows."""

from __future__ import annotations

import sqlalchemy as sa

from bench.country import Loader, Place
from cohortmgr.accounts.models import Account
from cohortmgr.applications.file.models import Application
from cohortmgr.base import crypto
from cohortmgr.base.db import table_of
from cohortmgr.reviews.models import Review
from cohortmgr.selection.models import Batch
from tests.factories.year import Year


def filled(connection: sa.Connection, year: Year, ring: crypto.Keyring, files: int) -> None:
    """Add files to the year's intake, each with its readings, decision, letter and act; half with a paper."""
    Loader(connection, ring).load(place_in(connection, year), files)


def place_in(connection: sa.Connection, year: Year) -> Place:
    """The year's intake as a place for files that are like its candidate's."""
    table = table_of(Application)
    asked = sa.select(table).where(table.c.reference == year.references["application"])
    template = connection.execute(asked).mappings().one()
    accounts = [number for name, number in year.accounts.items() if "reviewer" in name]
    readers = sa.select(Account.person_id).where(Account.id.in_(accounts))
    batch = sa.select(Batch.id).where(Batch.reference == year.references["batch"])
    scores = sa.select(Review.scores).where(Review.reference == year.references["review"])
    return Place(
        institution_id=template["institution_id"],
        intake_id=template["intake_id"],
        version_id=template["version_id"],
        prefix=template["number"].rpartition("-")[0],
        template=template,
        offering_id=template["offering_id"],
        readers=tuple(connection.scalars(readers)),
        scores=connection.scalar(scores) or {},
        batch_id=connection.scalar(batch),
    )
