"""Read the trail: events, their values, whether the chains are whole, and the keys that seal them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.audit.models import Event, Head, SubjectKey
from cohortmgr.audit.rules import GENESIS, INSTALLATION, verify
from cohortmgr.base import crypto
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import Problem

_KEYS = table_of(SubjectKey)


def visible(institutions: Iterable[int], installation: bool) -> sa.Select[Event]:
    """Select the events of the listed institutions, and of the installation where allowed, newest first."""
    chains = [str(number) for number in institutions] + ([INSTALLATION] if installation else [])
    return sa.select(Event).where(Event.chain.in_(chains)).order_by(Event.at.desc(), Event.id.desc())


def of_object(kind: str, reference: str) -> sa.Select[Event]:
    """Select the events about one row, oldest first."""
    chosen = (Event.object_kind == kind, Event.object_reference == reference)
    return sa.select(Event).where(*chosen).order_by(Event.at, Event.id)


def values_of(event: Event) -> dict[str, Any] | None:
    """Return the values that the event holds from before and after the act;
    None once its subject was erased."""
    key = known_key(event.subject)
    if key is None or not event.sealed:
        return None
    values: dict[str, Any] = json.loads(crypto.decrypt(key, event.sealed, event.reference.encode()))
    return values


def broken_links(chain: str) -> list[Problem]:
    """Recompute one chain from its first link to its head; return the problems found."""
    head = db.session.get(Head, chain)
    problems = verify(_links(chain), head.sequence if head else 0, head.digest if head else GENESIS)
    return [problem if problem.where else replace(problem, where=chain) for problem in problems]


def chains() -> list[str]:
    """Every chain of the installation."""
    return list(db.session.scalars(sa.select(Head.chain).order_by(Head.chain)))


def _links(chain: str) -> Iterator[Event]:
    query = sa.select(Event).where(Event.chain == chain).order_by(Event.sequence)
    yield from db.session.scalars(query.execution_options(yield_per=500))


def known_key(subject: str) -> bytes | None:
    """Return the key of a subject, for reading; None if it never existed or was destroyed.
    Changes nothing."""
    return known_keys([subject]).get(subject)


def known_keys(subjects: Iterable[str]) -> dict[str, bytes | None]:
    """Return the keys of many subjects, for reading: one statement for every 500, and never from a cache, for a
    key may have been destroyed since.

    A subject that never had a key is left out; one whose key was destroyed has None."""
    found: dict[str, bytes | None] = {}
    wanted = sorted(set(subjects))
    for part in (wanted[i : i + 500] for i in range(0, len(wanted), 500)):
        rows = sa.select(_KEYS.c.subject, _KEYS.c.wrapped).where(_KEYS.c.subject.in_(part))
        for subject, wrapped in db.session.execute(rows):
            found[subject] = _unwrap(subject, wrapped)
    return found


def _unwrap(subject: str, wrapped: bytes | None) -> bytes | None:
    return (
        None if wrapped is None else bytes.fromhex(crypto.unseal(wrapped, "subject_keys", "wrapped", subject))
    )
