"""Write the audit trail. Acts note their events here, and each chain is extended just before the commit.

Nothing here reads the tables of other rooms.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cohortmgr.audit.hooks import on_destroyed
from cohortmgr.audit.models import Event, Head, SubjectKey
from cohortmgr.audit.queries import known_keys
from cohortmgr.audit.rules import GENESIS, INSTALLATION, digest_of
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import append, db, insert_or_leave, table_of, transaction_cache, within_writing
from cohortmgr.base.text import new_reference


class Actor(Protocol):
    """Whoever acts: an account, or the system."""

    @property
    def reference(self) -> str: ...


class Traced(Protocol):
    """A row of an institution whose table says, as `__trail__`, under which name the trail knows it."""

    @property
    def __trail__(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def institution_id(self) -> int | None: ...


@dataclass(frozen=True)
class About:
    """What an act was done to, and in whose chain it goes: an institution's, or with None the installation's.

    `subject` is the reference of the person whom it concerns (their key seals it), or None for the installation.
    """

    kind: str
    reference: str
    institution_id: int | None = None
    subject: str | None = None


def about(row: Traced, subject: str | None = None) -> About:
    """The same of a row, which says itself what it is and whose: nobody who acts on it spells it again."""
    return About(row.__trail__, row.reference, row.institution_id, subject)


def record(
    viewer: Actor,
    action: str,
    what: About,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note one act for the trail. A bulk act is one call, with its list in `after`.

    None and an empty mapping are sealed as they are, as null and {}. `writing()` writes the row and adds it to its
    chain.
    """
    pending: list[Event] = within_writing("an event of the trail").info.setdefault("audit", [])
    values = json.dumps({"before": before, "after": after}, ensure_ascii=False, sort_keys=True, default=str)
    event = Event(
        reference=new_reference(),
        chain=INSTALLATION if what.institution_id is None else str(what.institution_id),
        at=clock.now(),
        actor=viewer.reference,
        action=action,
        object_kind=what.kind,
        object_reference=what.reference,
        institution_id=what.institution_id,
        subject=what.subject or INSTALLATION,
        sealed=values.encode(),
    )
    pending.append(event)


def destroy_key(viewer: Actor, subject: str) -> None:
    """Erase a person from the trail: the key is destroyed, and the chain can still be verified."""
    destroy(subject)
    record(viewer, "audit.destroy_key", About("person", subject))


def extend_chains(session: Session) -> None:
    """Seal the events that were noted, then lock each chain, in order, and append its events to it."""
    pending: list[Event] = session.info.pop("audit", [])
    if not pending:
        return
    keys = subject_keys({event.subject for event in pending})
    session.flush()
    for chain in sorted({event.chain for event in pending}):
        _append(session, chain, [event for event in pending if event.chain == chain], keys)


def _append(session: Session, chain: str, events: list[Event], keys: dict[str, bytes | None]) -> None:
    heads = table_of(Head)
    lock = sa.select(heads.c.sequence, heads.c.digest).where(heads.c.chain == chain).with_for_update()
    found = session.execute(lock).first()
    if found is None:  # two may begin a chain at once: one row is written, and both wait for its lock
        insert_or_leave(session, Head, [{"chain": chain, "sequence": 0, "digest": GENESIS}])
        found = session.execute(lock).one()
    sequence, digest = found.sequence, found.digest
    moment: datetime = clock.now()
    for event in events:
        sequence += 1
        event.sequence, event.at = sequence, moment
        key = keys[event.subject]
        event.sealed = b"" if key is None else crypto.encrypt(key, event.sealed, event.reference.encode())
        event.digest = digest = digest_of(digest, event)
    names = [column.name for column in Event.__table__.columns if column.name != "id"]
    append(session, Event, [{name: getattr(event, name) for name in names} for event in events])
    values = {"sequence": sequence, "digest": digest}
    session.execute(sa.update(heads).where(heads.c.chain == chain).values(values))


def subject_key(subject: str) -> bytes | None:
    """Return the key of a subject, made at its first use; None once it was destroyed."""
    return subject_keys({subject})[subject]


def subject_keys(subjects: set[str]) -> dict[str, bytes | None]:
    """Return the keys of many subjects in a few statements, making those that do not exist yet.

    If two transactions meet a new subject at once, both get the one key that was written.
    """
    cache = transaction_cache(db.session, "subject_keys")
    wanted = sorted(subjects - cache.keys())
    cache.update(known_keys(wanted))
    new = [subject for subject in wanted if subject not in cache]
    insert_or_leave(db.session, SubjectKey, [_new_row(subject) for subject in new])
    cache.update(known_keys(new))
    return {subject: cache[subject] for subject in subjects}


def destroy(subject: str) -> None:
    """Destroy a key. The row stays, so that no new key is made for the same person."""
    insert_or_leave(db.session, SubjectKey, [_new_row(subject)])
    keys = table_of(SubjectKey)
    gone = sa.update(keys).where(keys.c.subject == subject, keys.c.destroyed_at.is_(None))
    db.session.execute(gone.values(wrapped=None, destroyed_at=clock.now()))
    transaction_cache(db.session, "subject_keys").pop(subject, None)
    for forget in on_destroyed:
        forget(subject)


def _new_row(subject: str) -> dict[str, object]:
    wrapped = crypto.seal(os.urandom(32).hex(), "subject_keys", "wrapped", subject)
    return {"subject": subject, "wrapped": wrapped, "destroyed_at": None}
