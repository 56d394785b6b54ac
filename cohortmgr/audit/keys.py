"""The key that seals a person's values in the trail and in messages; destroying it erases them there."""

from __future__ import annotations

import os
from collections.abc import Iterable

import sqlalchemy as sa

from cohortmgr.audit.models import SubjectKey
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, insert_or_leave, table_of, transaction_cache
from cohortmgr.base.hooks import Hook

_KEYS = table_of(SubjectKey)
# Higher rooms blank here, in the same transaction, what identifies a subject without being sealed by the key.
on_destroyed: Hook[[str], None] = Hook()


def known_key(subject: str) -> bytes | None:
    """Return the key of a subject, for reading; None if it never existed or was destroyed.
    Changes nothing."""
    known = _known([subject])
    return known.get(subject)


def known_keys(subjects: set[str]) -> dict[str, bytes | None]:
    """Return the keys of many subjects, for reading: one statement for every 500.

    A subject that never had a key is left out; one whose key was destroyed has None."""
    return _known(sorted(subjects))


def subject_key(subject: str) -> bytes | None:
    """Return the key of a subject, made at its first use; None once it was destroyed."""
    return subject_keys({subject})[subject]


def subject_keys(subjects: set[str]) -> dict[str, bytes | None]:
    """Return the keys of many subjects in a few statements, making those that do not exist yet.

    If two transactions meet a new subject at once, both get the one key that was written.
    """
    cache = transaction_cache(db.session, "subject_keys")
    wanted = sorted(subjects - cache.keys())
    cache.update(_known(wanted))
    new = [subject for subject in wanted if subject not in cache]
    insert_or_leave(db.session, SubjectKey, [_new_row(subject) for subject in new])
    cache.update(_known(new))
    return {subject: cache[subject] for subject in subjects}


def destroy(subject: str) -> None:
    """Destroy a key. The row stays, so that no new key is made for the same person."""
    insert_or_leave(db.session, SubjectKey, [_new_row(subject)])
    gone = sa.update(_KEYS).where(_KEYS.c.subject == subject, _KEYS.c.destroyed_at.is_(None))
    db.session.execute(gone.values(wrapped=None, destroyed_at=clock.now()))
    transaction_cache(db.session, "subject_keys").pop(subject, None)
    for forget in on_destroyed:
        forget(subject)


def _known(subjects: Iterable[str]) -> dict[str, bytes | None]:
    """Read the keys of these subjects from the table, never from the cache:
    a key may have been destroyed since."""
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
