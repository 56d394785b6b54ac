"""Read the trail: events, their values, whether the chains are whole, and the keys that seal them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.audit import rules, sightings
from cohortmgr.audit.models import Event, Head, SubjectKey
from cohortmgr.audit.rules import REGISTER, ChainEnd, Sighting, TrailFilter
from cohortmgr.base import crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db, is_postgresql, table_of
from cohortmgr.base.errors import Problem

_KEYS, _HEADS = table_of(SubjectKey), table_of(Head)
# The functions of PostgreSQL through which the application's role reads them.
_HEAD = sa.text("SELECT sequence, digest, signature FROM app_head(:chain)")
_CHAINS = sa.text("SELECT app_chains()")
_KEYS_OF = sa.text("SELECT subject, wrapped FROM app_keys(:subjects)")


def visible(institutions: Iterable[int], installation: bool) -> sa.Select[Event]:
    """Select the events of the listed institutions, and of the installation where allowed, newest first."""
    theirs = Event.institution_id.in_(list(institutions))
    chosen = sa.or_(theirs, Event.institution_id.is_(None)) if installation else theirs
    return sa.select(Event).where(chosen).order_by(Event.at.desc(), Event.id.desc())


def matching(query: sa.Select[Event], wanted: TrailFilter) -> sa.Select[Event]:
    """Narrow a selection of events to those that are wanted."""
    if wanted.people is not None:
        people = list(wanted.people)
        concerned = (Event.actor.in_(people), Event.subject.in_(people), Event.object_reference.in_(people))
        query = query.where(sa.or_(*concerned))
    if wanted.action:
        query = query.where(Event.action == wanted.action)
    if wanted.kind:
        query = query.where(Event.object_kind == wanted.kind)
    if wanted.reference:
        query = query.where(Event.object_reference.startswith(wanted.reference, autoescape=True))
    if wanted.first is not None:
        query = query.where(Event.at >= wanted.first)
    return query if wanted.before is None else query.where(Event.at < wanted.before)


def of_object(kind: str, reference: str) -> sa.Select[Event]:
    """Select the events about one row, oldest first."""
    chosen = (Event.object_kind == kind, Event.object_reference == reference)
    return sa.select(Event).where(*chosen).order_by(Event.at, Event.id)


def of_objects(query: sa.Select[Event], objects: Iterable[tuple[str, str]]) -> sa.Select[Event]:
    """Narrow a selection of events to those about some rows: pairs of kind and reference."""
    return query.where(sa.tuple_(Event.object_kind, Event.object_reference).in_(list(objects)))


def values_of(event: Event) -> dict[str, Any] | None:
    """Return the values that the event holds from before and after the act;
    None once its subject was erased."""
    return values_of_all([event])[0]


def values_of_all(events: Sequence[Event]) -> list[dict[str, Any] | None]:
    """`values_of`, for many events: one statement for every 500 subjects."""
    keys = known_keys({event.subject for event in events})
    return [_opened(event, keys.get(event.subject)) for event in events]


def _opened(event: Event, key: bytes | None) -> dict[str, Any] | None:
    if key is None or not event.sealed:
        return None
    values: dict[str, Any] = json.loads(crypto.decrypt(key, event.sealed, event.reference.encode()))
    return values


def faults() -> list[Problem]:
    """Verify the whole trail: every chain, the register of chains, and what was noted outside of the database."""
    noted = noted_outside()
    expected = rules.registered(_links(REGISTER))
    present = {*chains(), *db.session.scalars(sa.select(Event.chain).distinct())}
    acted = db.session.scalar(sa.select(_KEYS.c.subject).limit(1)) is not None
    found = noted.problems + rules.missing(expected, present, noted.links, acted)
    # Read again, because chains may have begun since.
    found += rules.unregistered(rules.registered(_links(REGISTER)), present)
    found += rules.closed_late(_links(REGISTER))
    for chain in sorted(present):
        found += broken_links(chain, noted.links.get(chain))
    return found


def faults_for(institutions: Iterable[int], installation: bool) -> list[Problem]:
    """Verify the chains that a viewer may see as `faults` does all: each by itself and by what was noted outside of the
    database, and those that are gone by what was noted and, where it can be read, by the register."""
    noted = noted_outside()
    present = set(chains_for(institutions, installation))
    owners = {*map(str, institutions), *([rules.INSTALLATION, REGISTER] if installation else [])}
    links = {chain: seen for chain, seen in noted.links.items() if chain.partition("/")[0] in owners}
    found = list(noted.problems)
    if REGISTER in present:
        expected = {each for each in rules.registered(_links(REGISTER)) if each.partition("/")[0] in owners}
        found += rules.missing(expected, present, links, True)
        found += [*rules.unregistered(expected, present), *rules.closed_late(_links(REGISTER))]
    else:
        found += rules.vanished(links, present)
    for chain in sorted(present):
        found += broken_links(chain, links.get(chain))
    return found


def broken_links(chain: str, noted: Mapping[int, Sighting] | None = None) -> list[Problem]:
    """Recompute one chain from its first link to its head; return the problems found.

    If the chain went on meanwhile, it is read again."""
    key = crypto.keyring().trail_key
    while True:
        end = _end(chain)
        found = rules.verify(key, chain, _links(chain), end, noted)
        if not found or _end(chain) == end:
            return found


def chains() -> list[str]:
    """Every chain of the installation that has a head."""
    return sorted(db.session.scalars(_CHAINS if is_postgresql() else sa.select(Head.chain)))


def chains_for(institutions: Iterable[int], installation: bool) -> list[str]:
    """Return the chains of the listed institutions, and of the installation where allowed, that have a head."""
    owners = {*map(str, institutions), *([rules.INSTALLATION, REGISTER] if installation else [])}
    return [chain for chain in chains() if chain.partition("/")[0] in owners]


def ends_of_chains() -> dict[str, ChainEnd]:
    """Return where each chain ends by its head, in one statement."""
    rows = db.session.execute(
        sa.select(_HEADS.c.chain, _HEADS.c.sequence, _HEADS.c.digest, _HEADS.c.signature)
    )
    return {chain: ChainEnd(sequence, digest, signature) for chain, sequence, digest, signature in rows}


def ended_old_rule() -> bool:
    """Whether the register says that there are no chains of the old rule to close any more. For the worker: on
    PostgreSQL the application's role does not see the register."""
    ended = sa.select(Event.id).where(Event.chain == REGISTER, Event.action == rules.END).limit(1)
    return db.session.scalar(ended) is not None


def noted_outside() -> sightings.Noted:
    """Read what was noted of the trail outside of the database."""
    return sightings.read(crypto.keyring().trail_key, _noted_lines())


def sightings_folder() -> Path:
    """Return the folder of what is noted outside, a file per day."""
    return Path(current_app.config["DATA"]) / "trail"


def _noted_lines() -> Iterator[tuple[str, str]]:
    for path in sorted(sightings_folder().glob("*.jsonl")):
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                yield f"{path.name}:{number}", line


def _end(chain: str) -> ChainEnd | None:
    wanted: sa.Executable = sa.select(_HEADS.c.sequence, _HEADS.c.digest, _HEADS.c.signature).where(
        _HEADS.c.chain == chain
    )
    if is_postgresql():  # the application's role reads no head but by its name
        wanted = _HEAD.bindparams(chain=chain)
    found = db.session.execute(wanted).first()
    return None if found is None else ChainEnd(*found)


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
    on_postgresql = is_postgresql()
    for part in in_parts(subjects):
        rows: sa.Executable = sa.select(_KEYS.c.subject, _KEYS.c.wrapped).where(_KEYS.c.subject.in_(part))
        if on_postgresql:  # the application's role reads no key but by its subject
            rows = _KEYS_OF.bindparams(subjects=part)
        for subject, wrapped in db.session.execute(rows):
            found[subject] = _unwrap(subject, wrapped)
    return found


def _unwrap(subject: str, wrapped: bytes | None) -> bytes | None:
    return (
        None if wrapped is None else bytes.fromhex(crypto.unseal(wrapped, "subject_keys", "wrapped", subject))
    )
