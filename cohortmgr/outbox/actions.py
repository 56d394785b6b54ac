"""Writing messages in the transaction that causes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from cohortmgr.audit.keys import subject_keys
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import append, db, insert_or_leave
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions.queue import wake
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.rules import MessageState
from cohortmgr.outbox.variables import written


@dataclass(frozen=True)
class Letter:
    """What a message is before it is a row: `variables` fill the template of `key`.

    `once` names it for good: of two letters of one name, the second is not written. `bundle` is the reference of
    the bundle that it leaves with."""

    key: str
    person_reference: str
    address: str
    language: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    institution_id: int | None = None
    person_id: int | None = None
    due: datetime | None = None
    channel: str = "email"
    once: str | None = None
    bundle: str | None = None


# To whom letters go in place of those they are about: a child's go to the guardian. One statement for many.
readdress: Hook[[list[Letter]], list[Letter]] = Hook()


def send_all(letters: Iterable[Letter]) -> int:
    """Write many messages in a few statements; returns how many."""
    letters = list(letters)
    for turned in readdress:
        letters = turned(letters)
    keys = subject_keys({letter.person_reference for letter in letters})
    db.session.flush()
    rows = [_row(letter, keys[letter.person_reference]) for letter in letters]
    named = [row for row in rows if row["once"]]
    append(db.session, Message, [row for row in rows if not row["once"]])
    insert_or_leave(db.session, Message, named)
    if rows:
        wake("outbox")
    return len(rows)


def send(
    key: str,
    person_reference: str,
    address: str,
    language: str,
    variables: Mapping[str, Any],
    institution_id: int | None = None,
    person_id: int | None = None,
    due: datetime | None = None,
) -> None:
    """Write one message; see `Letter`."""
    send_all([Letter(key, person_reference, address, language, variables, institution_id, person_id, due)])


def take_up(reference: str) -> bool:
    """Let a message that was set aside, or came back, wait anew, what it has behind it forgotten; False if it is in
    another state. The system's alone: the web cannot change what it wrote."""
    stopped = (MessageState.SET_ASIDE.value, MessageState.RETURNED.value)
    return _taken_up(Message.reference == reference, Message.state.in_(stopped)) == 1


def take_up_all(chosen: sa.Select[Any]) -> int:
    """The same for every one of the chosen ids that was set aside; returns how many there were."""
    taken = _taken_up(Message.id.in_(chosen), Message.state == MessageState.SET_ASIDE.value)
    if taken:
        wake("outbox")
    return taken


def _taken_up(*chosen: sa.ColumnElement[bool]) -> int:
    values = {"state": MessageState.WAITING.value, "due": clock.now(), "error": None, "failure": None}
    forgotten = {"tries": 0, "lost_starts": 0, "unanswered": 0, "lease_until": None}
    taken = sa.update(Message).where(*chosen).values(values | forgotten)
    return db.session.connection().execute(taken).rowcount


def open_bundle(institution_id: int) -> str:
    """Begin a bundle of messages that leave together; returns its reference."""
    reference = new_reference()
    db.session.add(Bundle(reference=reference, institution_id=institution_id, state="open"))
    return reference


def turn_bundle(reference: str, state: Literal["open", "held", "called_off"]) -> None:
    """Hold a bundle, let it leave again, or call it off, which is for good."""
    kept = sa.update(Bundle).where(Bundle.reference == reference, Bundle.state != "called_off")
    db.session.execute(kept.values(state=state).execution_options(synchronize_session=False))
    if state == "open":
        wake("outbox")


def _row(letter: Letter, subject_key: bytes | None) -> dict[str, Any]:
    reference = new_reference()
    content = written({"address": letter.address, "variables": dict(letter.variables)})
    sealed = b"" if subject_key is None else crypto.encrypt(subject_key, content.encode(), reference.encode())
    return {
        "reference": reference,
        "key": letter.key,
        "channel": letter.channel,
        "language": letter.language,
        "subject": letter.person_reference,
        "person_id": letter.person_id,
        "institution_id": letter.institution_id,
        "sealed": sealed,
        "due": letter.due or clock.now(),
        "state": MessageState.WAITING.value,
        "tries": 0,
        "once": letter.once,
        "bundle": letter.bundle,
        "lost_starts": 0,
        "unanswered": 0,
        "gathered": False,
    }
