"""Claim messages that are due, each for one worker only, and free those whose worker fell silent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile

import sqlalchemy as sa

from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.channels.actions.smtp import LAST_PATIENCE
from cohortmgr.outbox.delivery.actions.digests import companions
from cohortmgr.outbox.delivery.actions.outcomes import tell
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.rules import LEASE, LONGEST_LEASE, MessageState, Past, after_lost_start

# The messages that this process is handing over: it is alive, whatever the clock says of their leases.
_held: set[int] = set()
# The machine's clock minus the monotonic clock, when this process last looked;
# and until when, on the monotonic clock, no sender is taken for lost after a jump.
_offset: list[float] = []
_wary_until = [0.0]
_JUMP = 5.0
_PLAIN = {"synchronize_session": False}
# How many messages change their state in the transaction of one claim: less than a tenth of a second's work.
PARKED_AT_ONCE = 2000


@contextmanager
def holding(messages: Iterable[Message]) -> Iterator[None]:
    """Keep these messages from being taken for lost by another thread of this process."""
    ids = {message.id for message in messages}
    _held.update(ids)
    try:
        yield
    finally:
        _held.difference_update(ids)


def claim(limit: int) -> list[Message] | None:
    """Take up to `limit` due messages, detached from the session.

    A message that may have killed its sender is taken alone. Returns None if the claim only
    moved messages of held bundles out of the way: the caller then claims again, in a new
    transaction, so that each one stays short."""
    moment = clock.now()
    if not _clock_jumped():
        _take_back(moment)
    _let_go()
    waiting = (Message.state == MessageState.WAITING.value, Message.due <= moment)
    of_bundle = sa.select(Message, Bundle.state).outerjoin(Bundle, Bundle.reference == Message.bundle)
    first = of_bundle.where(*waiting).order_by(Message.due, Message.id).limit(limit)
    rows = db.session.execute(first.with_for_update(of=Message, skip_locked=True)).all()
    held = {message.bundle for message, state in rows if state == "held"}
    if held:
        _park(held, moment)
    found = [message for message, state in rows if state != "held"]
    chosen = list(takewhile(lambda message: not past_of(message).alone, found)) or found[:1]
    if not chosen:
        return None if held else []
    chosen += companions(chosen, moment)
    lease = moment + LEASE
    taken = sa.update(Message).where(Message.id.in_([message.id for message in chosen]), *waiting)
    values = {"state": MessageState.SENDING.value, "lease_until": lease}
    ours = set(db.session.scalars(taken.values(values).returning(Message.id), execution_options=_PLAIN))
    db.session.expunge_all()
    chosen = [message for message in chosen if message.id in ours]
    for message in chosen:
        message.state, message.lease_until = MessageState.SENDING.value, lease
    return chosen


def _park(bundles: set[str | None], moment: datetime) -> None:
    """Mark the first due messages of held bundles as held, so that they are
    skipped once and not at each claim.

    Each bundle's row is locked first, since the bundle may have been let go in the meantime."""
    still = sa.select(Bundle).where(Bundle.reference.in_(bundles), Bundle.state == "held")
    found = db.session.scalars(still.order_by(Bundle.id).with_for_update()).all()
    if not found:
        return
    names = [bundle.reference for bundle in found]
    due = (Message.state == MessageState.WAITING.value, Message.due <= moment, Message.bundle.in_(names))
    _turn(sa.select(Message.id).where(*due).order_by(Message.due, Message.id), MessageState.HELD)
    for bundle in found:
        bundle.parked = True
    db.session.flush()


def _let_go() -> None:
    """Let held messages wait again once their bundle is no longer held; then they leave or are dropped."""
    free = sa.select(Bundle).where(Bundle.parked, Bundle.state != "held").order_by(Bundle.id).limit(1)
    bundle = db.session.scalar(free.with_for_update(skip_locked=True))
    if bundle is None:
        return
    parked = (Message.bundle == bundle.reference, Message.state == MessageState.HELD.value)
    if _turn(sa.select(Message.id).where(*parked), MessageState.WAITING) < PARKED_AT_ONCE:
        bundle.parked = False
        db.session.flush()


def _turn(chosen: sa.Select[int], state: MessageState) -> int:
    ids = chosen.limit(PARKED_AT_ONCE).with_for_update(skip_locked=True).scalar_subquery()
    turned = sa.update(Message).where(Message.id.in_(ids)).values(state=state.value)
    done = db.session.connection().execute(turned)
    return done.rowcount


def past_of(message: Message) -> Past:
    """Return the failures and lost starts that the message has behind it."""
    return Past(message.tries, message.lost_starts, message.unanswered)


def _take_back(moment: datetime) -> None:
    """Let messages whose sender fell silent wait again, each to be claimed alone; or set them aside.

    A lease that ends later than any lease can was given before the clock was
    put back, and counts as expired."""
    late = sa.or_(Message.lease_until < moment, Message.lease_until > moment + LONGEST_LEASE)
    silent = (Message.state == MessageState.SENDING.value, late, Message.id.not_in(sorted(_held)))
    chosen = sa.select(Message).where(*silent).limit(500).with_for_update(skip_locked=True)
    found = db.session.scalars(chosen).all()
    if not found:
        return
    db.session.expunge_all()
    worn = [m for m in found if after_lost_start(past_of(m)) == MessageState.SET_ASIDE]
    counted = {"lost_starts": Message.lost_starts + 1, "lease_until": None}
    again = [message.id for message in found if message not in worn]
    _change(again, {**counted, "state": MessageState.WAITING.value})
    aside = {"state": MessageState.SET_ASIDE.value, "error": "its sender fell silent"}
    _change([message.id for message in worn], {**counted, **aside})
    for message in worn:
        tell(message, aside)


def _change(ids: list[int], values: dict[str, object]) -> None:
    if ids:
        changed = sa.update(Message).where(Message.id.in_(ids), Message.state == MessageState.SENDING.value)
        db.session.execute(changed.values(values), execution_options=_PLAIN)


def _clock_jumped() -> bool:
    """Whether the machine's clock was changed recently. Until every living sender has had the time to renew
    its leases by the new time, none of them is taken for lost."""
    steady = time.monotonic()
    offset = time.time() - steady
    if _offset and abs(offset - _offset[0]) > _JUMP:
        _wary_until[0] = steady + 2 * LAST_PATIENCE
    _offset[:] = [offset]
    return steady < _wary_until[0]
