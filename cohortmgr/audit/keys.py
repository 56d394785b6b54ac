"""The key of each person in the trail and in messages; destroying it is erasing them there."""

from __future__ import annotations

import os
from collections.abc import Iterable

import sqlalchemy as sa

from cohortmgr.audit.models import SubjectKey
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, insert_or_leave, table_of, transaction_cache
from cohortmgr.base.hooks import Hook

_KEYS = table_of(SubjectKey)
# Rooms above blank here what says who a subject is without being sealed by their key, in the same transaction.
on_destroyed: Hook[[str], None] = Hook()


def known_key(subject: str) -> bytes | None:
    """The key of a subject for reading; None if it never had one or it was destroyed. Changes nothing."""
    known = _known([subject])
    return known.get(subject)


def known_keys(subjects: set[str]) -> dict[str, bytes | None]:
    """The keys of many subjects for reading, in a statement for every 500; the subjects without one are left out."""
    return _known(sorted(subjects))


def subject_key(subject: str) -> bytes | None:
    """The key of a subject, made at its first use; None once it was destroyed."""
    return subject_keys({subject})[subject]


def subject_keys(subjects: set[str]) -> dict[str, bytes | None]:
    """The keys of many subjects in a few statements, made where absent.

    Of two transactions that meet a new subject at once, both get the one key that was written.
    """
    cache = transaction_cache(db.session, "subject_keys")
    wanted = sorted(subjects - cache.keys())
    cache.update(_known(wanted))
    new = [subject for subject in wanted if subject not in cache]
    insert_or_leave(db.session, SubjectKey, [_new_row(subject) for subject in new])
    cache.update(_known(new))
    return {subject: cache[subject] for subject in subjects}


def destroy(subject: str) -> None:
    """Destroy a key; the row stays, so that no other is made for the same person."""
    insert_or_leave(db.session, SubjectKey, [_new_row(subject)])
    gone = sa.update(_KEYS).where(_KEYS.c.subject == subject, _KEYS.c.destroyed_at.is_(None))
    db.session.execute(gone.values(wrapped=None, destroyed_at=clock.now()))
    transaction_cache(db.session, "subject_keys").pop(subject, None)
    for forget in on_destroyed:
        forget(subject)


def _known(subjects: Iterable[str]) -> dict[str, bytes | None]:
    """What the table holds for these; nothing kept from before, for a key may have been destroyed meanwhile."""
    found: dict[str, bytes | None] = {}
    subjects = list(subjects)
    for part in (subjects[i : i + 500] for i in range(0, len(subjects), 500)):
        rows = sa.select(_KEYS.c.subject, _KEYS.c.wrapped).where(_KEYS.c.subject.in_(part))
        for subject, wrapped in db.session.execute(rows):
            found[subject] = _unwrap(subject, wrapped)
    return found


def _new_row(subject: str) -> dict[str, object]:
    wrapped = crypto.seal(os.urandom(32).hex(), "subject_keys", "wrapped", subject)
    return {"subject": subject, "wrapped": wrapped, "destroyed_at": None}


def _unwrap(subject: str, wrapped: bytes | None) -> bytes | None:
    return (
        None if wrapped is None else bytes.fromhex(crypto.unseal(wrapped, "subject_keys", "wrapped", subject))
    )
