"""The key of each person in the trail and in messages; destroying it is erasing them there."""

from __future__ import annotations

import os

import sqlalchemy as sa

from cohortmgr.audit.models import SubjectKey
from cohortmgr.base import crypto
from cohortmgr.base.db import db, transaction_cache


def subject_key(subject: str) -> bytes | None:
    """The key of a subject, made at its first use; None once it was destroyed."""
    keys = transaction_cache(db.session, "subject_keys")
    if subject not in keys:
        row = db.session.get(SubjectKey, subject)
        if row is None:
            row = _new_key(subject)
        keys[subject] = _unwrap(row)
    return keys[subject]


def subject_keys(subjects: set[str]) -> dict[str, bytes | None]:
    """The keys of many subjects in two statements at most, made where absent."""
    known = transaction_cache(db.session, "subject_keys")
    wanted = sorted(subjects - known.keys())
    for part in (wanted[i : i + 500] for i in range(0, len(wanted), 500)):
        rows = {
            row.subject: row
            for row in db.session.scalars(sa.select(SubjectKey).where(SubjectKey.subject.in_(part)))
        }
        for subject in part:
            known[subject] = _unwrap(rows.get(subject) or _new_key(subject))
    return {subject: known[subject] for subject in subjects}


def seal_for(subject: str, text: str, place: str) -> bytes:
    """Seal a text under a person's key; empty once the key was destroyed."""
    key = subject_key(subject)
    return b"" if key is None else crypto.encrypt(key, text.encode(), place.encode())


def unseal_for(subject: str, sealed: bytes, place: str) -> str | None:
    """Open it again; None once the person was erased."""
    key = subject_key(subject)
    return None if key is None or not sealed else crypto.decrypt(key, sealed, place.encode()).decode()


def forget(subject: str) -> None:
    """Drop a key from the transaction's memory."""
    transaction_cache(db.session, "subject_keys").pop(subject, None)


def _new_key(subject: str) -> SubjectKey:
    wrapped = crypto.seal(os.urandom(32).hex(), "subject_keys", "wrapped", subject)
    row = SubjectKey(subject=subject, wrapped=wrapped)
    db.session.add(row)
    return row


def _unwrap(row: SubjectKey) -> bytes | None:
    if row.wrapped is None:
        return None
    return bytes.fromhex(crypto.unseal(row.wrapped, "subject_keys", "wrapped", row.subject))
