"""Acts of the trail, and what an owner of the database can do to it."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit import actions, queries
from cohortmgr.audit.actions import About, record
from cohortmgr.audit.models import Event, Head
from cohortmgr.audit.rules import GENESIS, chain_of, chains_of, digest_of
from cohortmgr.base.db import db, writing
from tests.databases import Database, PostgresDatabase

PERSON = "P" * 26
# The chains that acts on the first row go into.
OURS, THEIRS = chain_of("installation", "r1"), chain_of("7", "r1")


def note(number: int = 1, institution: int | None = None, subject: str | None = PERSON) -> None:
    record(
        SYSTEM,
        "tests.note",
        About("test", f"r{number}", institution, subject),
        before={"n": 0},
        after={"n": number, "nom": "Saïd"},
    )


def events(owner: str = "installation") -> list[Event]:
    """The events of all chains of an owner, in the order in which they were written."""
    return list(
        db.session.scalars(sa.select(Event).where(Event.chain.in_(chains_of(owner))).order_by(Event.id))
    )


def said() -> list[str]:
    db.session.rollback()
    db.session.expire_all()
    return [str(problem) for problem in queries.faults()]


def behind_the_application(database: Database, *statements: str) -> None:
    """Do what an owner of the database can: the triggers do not hold for them."""
    db.session.rollback()
    if isinstance(database, PostgresDatabase):
        for statement in statements:
            database.admin.execute(statement.encode())  # as a replica does, without triggers
        return
    for trigger in ("audit_events_unchanged", "audit_events_stay"):
        db.session.execute(sa.text(f"DROP TRIGGER IF EXISTS {trigger}"))
    for statement in statements:
        db.session.execute(sa.text(statement))
    db.session.commit()


def written(*numbers: int, institution: int | None = None) -> None:
    for number in numbers:
        with writing():
            note(number, institution)


def old_chain(owner: str, length: int) -> None:
    """A chain as the application wrote it before digests were keyed."""
    institution, digest = (None if owner == "installation" else int(owner)), GENESIS
    with writing() as session:
        for number in range(1, length + 1):
            event = actions._event("system", "tests.old", About("test", f"o{number}", institution), "{}")
            event.chain, event.sequence, event.sealed = owner, number, b"sealed"
            event.digest = digest = digest_of(digest, event, None)
            names = [column.name for column in Event.__table__.columns if column.name != "id"]
            session.execute(sa.insert(Event.__table__).values({name: getattr(event, name) for name in names}))
        session.execute(sa.insert(Head).values(chain=owner, sequence=length, digest=digest))
