"""Write messages into the outbox, in the transaction that causes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from cohortmgr.audit.actions import subject_keys
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import append, db, insert_or_leave
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions.queue import wake
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.rules import MessageState
from cohortmgr.outbox.variables import encode


@dataclass(frozen=True)
class Letter:
    """A message before it is a row. `variables` fill the template of `key`.

    `once` is a name that only one message may ever have: a second letter of the same name is not written.
    `bundle` is the reference of the bundle that the letter leaves with."""

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


# Turn letters to whoever receives them in another's place: a child's letters go to the guardian.
# Takes the whole list, so that one statement serves many letters.
readdress: Hook[[list[Letter]], list[Letter]] = Hook()


def send_all(letters: Iterable[Letter]) -> int:
    """Write many messages in a few statements; returns how many letters there were."""
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
    """Write one message. The arguments are the fields of `Letter`."""
    send_all([Letter(key, person_reference, address, language, variables, institution_id, person_id, due)])


def take_up(reference: str) -> bool:
    """Let a message that was set aside or returned wait again, with its tries and failures forgotten.

    Returns False if it is in another state.
    Only the system may do this: the web cannot change a written message."""
    stopped = (MessageState.SET_ASIDE.value, MessageState.RETURNED.value)
    return _taken_up(Message.reference == reference, Message.state.in_(stopped)) == 1


def take_up_all(chosen: sa.Select[Any]) -> int:
    """Let every chosen id whose message was set aside wait again; returns how many there were."""
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
    """Hold a bundle ("held"), let it leave again ("open"), or call it off, which cannot be undone."""
    kept = sa.update(Bundle).where(Bundle.reference == reference, Bundle.state != "called_off")
    db.session.execute(kept.values(state=state).execution_options(synchronize_session=False))
    if state == "open":
        wake("outbox")


def _row(letter: Letter, subject_key: bytes | None) -> dict[str, Any]:
    reference = new_reference()
    content = encode({"address": letter.address, "variables": dict(letter.variables)})
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
