"""Write the audit trail. Acts note their events here, and chains are extended just before the commit.

What a transaction does for one institution goes into one of its chains. Locks are taken in one order: the register's
first, by whoever begins chains, then those of chains by their names.

Nothing here reads the tables of other rooms.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cohortmgr.audit import queries
from cohortmgr.audit.hooks import on_destroyed
from cohortmgr.audit.models import Event, Head, SubjectKey
from cohortmgr.audit.queries import (
    ended_old_rule,
    ends_of_chains,
    known_keys,
    noted_outside,
    sightings_folder,
)
from cohortmgr.audit.rules import (
    BEGIN,
    CHAIN,
    CLOSE,
    END,
    GENESIS,
    INSTALLATION,
    REGISTER,
    ChainEnd,
    chain_of,
    chains_of,
    digest_of,
    end_of,
    is_old,
    owner_of,
)
from cohortmgr.audit.sightings import line_of
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import (
    append,
    db,
    insert_or_leave,
    is_postgresql,
    table_of,
    transaction_cache,
    within_writing,
)
from cohortmgr.base.text import new_reference

_log = logging.getLogger(__name__)
_HEADS = table_of(Head)
# The functions of PostgreSQL by which the application's role changes heads and keys: they check it (decision 17).
_LOCK = sa.text("SELECT sequence, digest, signature FROM app_lock_head(:chain)")
_MOVE = sa.text("SELECT app_move_head(:chain, :sequence, :digest, :signature)")
_DESTROY = sa.text("SELECT app_destroy_key(:subject, :moment)")
# Who closes and begins chains.
_ITSELF = "system"


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
    """What an act was done to, and in whose chains it goes: an institution's, or with None the installation's.

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
    pending.append(_event(viewer.reference, action, what, values))


def _event(actor: str, action: str, what: About, values: str) -> Event:
    """Return an event that is not in its chain yet, nor sealed."""
    return Event(
        reference=new_reference(),
        at=clock.now(),
        actor=actor,
        action=action,
        object_kind=what.kind,
        object_reference=what.reference,
        institution_id=what.institution_id,
        subject=what.subject or INSTALLATION,
        sealed=values.encode(),
    )


def destroy_key(viewer: Actor, subject: str) -> None:
    """Erase a person from the trail: the key is destroyed, and the chain can still be verified."""
    destroy(subject)
    record(viewer, "audit.destroy_key", About("person", subject))


def extend_chains(session: Session) -> None:
    """Seal the events that were noted, then lock each chain, in order, and append its events to it."""
    pending: list[Event] = session.info.pop("audit", [])
    if not pending:
        return
    owners: dict[str, list[Event]] = {}
    for event in pending:
        owners.setdefault(owner_of(event.institution_id), []).append(event)
    keys = subject_keys({event.subject for event in pending})
    session.flush()
    chains = {chain_of(owner, events[0].object_reference): owner for owner, events in owners.items()}
    ends = {}
    if len(chains) == 1:  # the usual case, for which one statement less is enough: nothing is locked yet
        ends = {chain: _locked(session, chain) for chain in chains}
    if None in ends.values() or not ends:
        known = set(queries.chains())
        _begin(session, sorted({owner for chain, owner in chains.items() if chain not in known}))
    for chain, owner in sorted(chains.items()):
        _append(session, chain, ends.get(chain) or _locked(session, chain), owners[owner], keys)


def end_old_rule(session: Session) -> None:
    """Close each chain of the old rule that is still open, by an event whose digest is keyed, and note in the
    register that there are no more. Done once: whoever makes a chain without the key later finds nobody to close it."""
    if ended_old_rule():
        return
    wanted = sa.select(_HEADS.c.chain).where(_HEADS.c.signature.is_(None)).order_by(_HEADS.c.chain)
    _begin(session, [chain for chain in session.scalars(wanted) if is_old(chain)], ends=True)


def _begin(session: Session, owners: list[str], *, ends: bool = False) -> None:
    """Begin all chains of these owners, and close those that they had under the old rule, which `ends` with it.

    The register's lock is held until the commit, so that two who begin at once make one set."""
    if not owners and not ends:
        return
    end = _locked(session, REGISTER) or _begun_register(session)
    keys = subject_keys({REGISTER})
    known = set(queries.chains())
    told: list[Event] = []
    for owner in owners:
        if chains_of(owner)[0] not in known:
            _make_heads(session, chains_of(owner))
            told.append(_event(_ITSELF, BEGIN, About(CHAIN, owner, subject=REGISTER), "{}"))
        if owner in known and _closed(session, owner, keys):
            told.append(_event(_ITSELF, CLOSE, About(CHAIN, owner, subject=REGISTER), "{}"))
    if ends:
        told.append(_event(_ITSELF, END, About(CHAIN, REGISTER, subject=REGISTER), "{}"))
    if told:
        _append(session, REGISTER, end, told, keys)


def _begun_register(session: Session) -> ChainEnd | None:
    """Make the register's head. If the key of the register's events is there, which is made with it, the trail was
    emptied: then the head stays unsigned, which verifying tells."""
    if REGISTER in known_keys([REGISTER]) and _locked(session, REGISTER) is None:
        _log.error("trail: the register of chains is gone; run `flask operations verify-trail`")
        insert_or_leave(session, Head, [_head(REGISTER, ChainEnd(0, GENESIS, ""))])
    _make_heads(session, [REGISTER])
    return _locked(session, REGISTER)


def _closed(session: Session, chain: str, keys: dict[str, bytes | None]) -> bool:
    """Close a chain of the old rule; False if it was."""
    end = _locked(session, chain)
    if end is None or end.signature is not None:
        return False
    institution = None if chain == INSTALLATION else int(chain)
    closing = _event(_ITSELF, CLOSE, About(CHAIN, chain, institution, REGISTER), "{}")
    signed = end_of(crypto.keyring().trail_key, chain, end.sequence, end.digest)
    _append(session, chain, signed, [closing], keys)
    return True


def _make_heads(session: Session, chains: Iterable[str]) -> None:
    key = crypto.keyring().trail_key
    insert_or_leave(session, Head, [_head(chain, end_of(key, chain, 0, GENESIS)) for chain in chains])


def _head(chain: str, end: ChainEnd) -> dict[str, object]:
    return {"chain": chain, "sequence": end.sequence, "digest": end.digest, "signature": end.signature}


def _locked(session: Session, chain: str) -> ChainEnd | None:
    """Lock the head of a chain; None if there is none."""
    wanted: sa.Executable = (
        sa.select(_HEADS.c.sequence, _HEADS.c.digest, _HEADS.c.signature)
        .where(_HEADS.c.chain == chain)
        .with_for_update()
    )
    if is_postgresql():
        wanted = _LOCK.bindparams(chain=chain)
    found = session.execute(wanted).first()
    return None if found is None else ChainEnd(*found)


def _append(
    session: Session, chain: str, end: ChainEnd | None, events: list[Event], keys: dict[str, bytes | None]
) -> None:
    if end is None:
        raise RuntimeError(
            f"the trail's chain {chain} has lost its head: run `flask operations verify-trail`"
        )
    key = crypto.keyring().trail_key
    sequence, digest = end.sequence, end.digest
    moment: datetime = clock.now()
    for event in events:
        sequence += 1
        event.chain, event.sequence, event.at = chain, sequence, moment
        sealing = keys[event.subject]
        event.sealed = (
            b"" if sealing is None else crypto.encrypt(sealing, event.sealed, event.reference.encode())
        )
        event.digest = digest = digest_of(digest, event, key)
    names = [column.name for column in Event.__table__.columns if column.name != "id"]
    append(session, Event, [{name: getattr(event, name) for name in names} for event in events])
    signature = end_of(key, chain, sequence, digest).signature
    if end.signature != end_of(key, chain, end.sequence, end.digest).signature:
        # A chain that was cut, and its head set back, must not be made good by the next act.
        _log.error("trail: the head of chain %s is not signed by this installation's key", chain)
        signature = ""
    values = {"sequence": sequence, "digest": digest, "signature": signature}
    moved: sa.Executable = sa.update(_HEADS).where(_HEADS.c.chain == chain).values(values)
    if is_postgresql():
        moved = _MOVE.bindparams(chain=chain, **values)
    session.execute(moved)


def note_outside() -> None:
    """Note where the chains end outside of the database: a line in the day's file, and its signature in the log.

    Two workers that stop at once write one after the other, each the line that follows the other's."""
    key = crypto.keyring().trail_key
    folder = sightings_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder / ".lock"):
        moment = clock.now()
        path = folder / f"{moment.date().isoformat()}.jsonl"
        before = noted_outside()
        line = line_of(key, moment, ends_of_chains(), before, whole=not path.exists())
        if not line:
            return
        with path.open("a", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    said = json.loads(line)
    _log.warning("trail: %s chains noted, signature %s", len(said["heads"]), said["signature"])


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which other processes wait for."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


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
    gone: sa.Executable = (
        sa.update(keys)
        .where(keys.c.subject == subject, keys.c.destroyed_at.is_(None))
        .values(wrapped=None, destroyed_at=clock.now())
    )
    if is_postgresql():
        gone = _DESTROY.bindparams(subject=subject, moment=clock.now())
    db.session.execute(gone)
    transaction_cache(db.session, "subject_keys").pop(subject, None)
    for forget in on_destroyed:
        forget(subject)


def _new_row(subject: str) -> dict[str, object]:
    wrapped = crypto.seal(os.urandom(32).hex(), "subject_keys", "wrapped", subject)
    return {"subject": subject, "wrapped": wrapped, "destroyed_at": None}
