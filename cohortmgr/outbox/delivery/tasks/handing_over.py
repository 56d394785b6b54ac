"""Hand over due messages: prepare a batch in a few statements, then send and note each message."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox import hooks
from cohortmgr.outbox.channels.actions.mail import OutgoingMail, compose
from cohortmgr.outbox.channels.actions.providers import REST, Providers
from cohortmgr.outbox.channels.actions.signing import check_key
from cohortmgr.outbox.channels.actions.sms import short_message
from cohortmgr.outbox.channels.actions.smtp import SmtpRefusal
from cohortmgr.outbox.delivery.actions import pacing
from cohortmgr.outbox.delivery.actions.claiming import claim, holding, past_of
from cohortmgr.outbox.delivery.actions.digests import Parcel, joint, parcels
from cohortmgr.outbox.delivery.tasks.recording import Recorder, record, record_all
from cohortmgr.outbox.failures import Failure
from cohortmgr.outbox.hooks import Route, Unroutable, Wait, checks
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.rules import RENEWED, MessageState, after_failure
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all

BATCH = 200
# The columns that say what became of a message before anything was handed over.
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Ready:
    """A message that leaves now, with its channel, its address and its content."""

    message: Message
    channel: str
    address: str
    content: Mapping[str, Any]


class Post:
    """What stays open while the outbox is emptied: the servers' connections, and the one that notes results.

    Raises ValueError if the settings are not valid, before anything is claimed, so that no try is counted."""

    def __init__(self) -> None:
        pacing.rates()
        check_key(current_app.extensions["cohortmgr-settings"])
        self.providers = Providers()
        self.recorder = Recorder()

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.recorder.close()
        self.providers.close()


def deliver(batch: int = BATCH, post: Post | None = None, stopping: Callable[[], bool] | None = None) -> int:
    """Send one batch; returns how many messages were taken.
    Each result is noted before the next message leaves."""
    if post is None:
        with Post() as own:
            return deliver(batch, own, stopping)
    if post.providers.resting():
        return 0
    messages = _claimed(batch)
    if messages:
        began = time.monotonic()
        with holding(messages):
            leaving = _prepared(post, messages)
            db.session.rollback()  # no transaction stays open while a server is talked to
            _hand_over_all(post, parcels(leaving), began, stopping or (lambda: False))
    return len(messages)


def _claimed(batch: int) -> list[Message]:
    while True:
        with writing():
            found = claim(batch)
        if found is not None:
            return found


def _prepared(post: Post, messages: Sequence[Message]) -> list[tuple[Ready, Rendered]]:
    """Return the messages that leave now, with their texts, and record what becomes of the others.

    If one message causes a fault, the batch is prepared again one by one, so that the others still leave."""
    try:
        settled = _settled(messages)
        leaving = [each for each in settled if isinstance(each, Ready)]
        words = render_all(
            [ready.message for ready in leaving],
            [ready.content for ready in leaving],
            [ready.channel for ready in leaving],
        )
    except Exception as fault:
        db.session.rollback()
        if len(messages) > 1:
            return [each for message in messages for each in _prepared(post, [message])]
        _note_fault(post, messages[0], fault)
        return []
    pairs = zip(messages, settled, strict=True)
    record_all(post.recorder, [(message, each) for message, each in pairs if not isinstance(each, Ready)])
    db.session.rollback()
    found = []
    for ready, rendered in zip(leaving, words, strict=True):
        if isinstance(rendered, Exception):
            _note_fault(post, ready.message, rendered)
        else:
            found.append((ready, rendered))
    return found


def _settled(messages: Sequence[Message]) -> list[Ready | Values]:
    """Decide what becomes of each message, in a number of statements that does not grow with the batch."""
    bundles = _bundles({message.bundle for message in messages if message.bundle})
    contents = opened(messages)
    baseless = _baseless(messages, contents)
    settled: list[Ready | Values | None] = [
        _dropped() if place in baseless else _before_routing(message, contents[place], bundles)
        for place, message in enumerate(messages)
    ]
    asked = [place for place, each in enumerate(settled) if each is None]
    known = {place: content for place in asked if (content := contents[place]) is not None}
    routed = _routed([messages[place] for place in known], list(known.values()))
    for place, each in zip(known, routed, strict=True):
        settled[place] = _after_routing(messages[place], known[place], each)
    found = [each if each is not None else _dropped() for each in settled]
    found = _paced(found) if pacing.rates() else found
    return _budgeted(found) if hooks.short_budget else found


def _baseless(messages: Sequence[Message], contents: Sequence[Mapping[str, Any] | None]) -> set[int]:
    """Return the places in the batch of the messages that have no reason any more."""
    found: set[int] = set()
    for key in {message.key for message in messages} & checks.keys():
        asked = {
            place: content["variables"]
            for place, content in enumerate(contents)
            if content is not None and messages[place].key == key
        }
        holds = zip(asked, checks[key](list(asked.values())), strict=True) if asked else ()
        found |= {place for place, still in holds if not still}
    return found


def _bundles(references: set[str]) -> Mapping[str, str]:
    if not references:
        return {}
    chosen = sa.select(Bundle.reference, Bundle.state).where(Bundle.reference.in_(sorted(references)))
    return {row.reference: row.state for row in db.session.execute(chosen)}


def _before_routing(
    message: Message, content: Mapping[str, Any] | None, bundles: Mapping[str, str]
) -> Values | None:
    state = bundles.get(message.bundle or "")
    if state == "held":  # the bundle was held after the message was claimed
        return {"state": MessageState.WAITING}
    if content is None or state == "called_off":
        return _dropped()  # the person was erased, or the bundle was called off
    return None


def _dropped() -> Values:
    return {"state": MessageState.DROPPED, "error": None}


def _routed(messages: Sequence[Message], contents: Sequence[Mapping[str, Any]]) -> Sequence[hooks.Routed]:
    if hooks.router and messages:
        return hooks.router(messages, contents)
    return [Route(m.channel, content["address"]) for m, content in zip(messages, contents, strict=True)]


def _after_routing(message: Message, content: Mapping[str, Any], routed: hooks.Routed) -> Ready | Values:
    if isinstance(routed, Route):
        return Ready(message, routed.channel, routed.address, content)
    if isinstance(routed, Wait):
        # Never at once: a router that says "wait" until a past instant would be asked without end.
        until = max(routed.until, clock.now() + timedelta(minutes=1))
        return {"state": MessageState.WAITING, "due": until, "gathered": routed.gathered}
    if isinstance(routed, Unroutable) and routed.drop:
        return _dropped()
    return {"state": MessageState.SET_ASIDE, "error": "no way", "failure": Failure.PERMANENT}


def _paced(settled: list[Ready | Values]) -> list[Ready | Values]:
    """Put off the e-mails that exceed the rate of their domain. Messages in one mail count once."""
    mails: dict[tuple[object, ...], list[tuple[int, Ready]]] = {}
    for place, each in enumerate(settled):
        if isinstance(each, Ready) and each.channel == "email":
            mails.setdefault(joint(each) or (place,), []).append((place, each))
    db.session.rollback()
    with writing():
        instants = pacing.put_off([group[0][1].address for group in mails.values()])
    for group, instant in zip(mails.values(), instants, strict=True):
        if instant is not None:
            for place, _ in group:
                settled[place] = {"state": MessageState.WAITING, "due": instant}
    return settled


def _budgeted(settled: list[Ready | Values]) -> list[Ready | Values]:
    """Put off the short messages for which the day's budget has no room."""
    short = [
        (place, each)
        for place, each in enumerate(settled)
        if isinstance(each, Ready) and each.channel == "sms"
    ]
    if not short:
        return settled
    db.session.rollback()
    with writing():
        waits = hooks.short_budget([each.message for _, each in short])
    for (place, _each), until in zip(short, waits, strict=True):
        if until is not None:
            settled[place] = {"state": MessageState.WAITING, "due": until}
    return settled


def _hand_over_all(
    post: Post, leaving: Sequence[Parcel[Ready]], began: float, stopping: Callable[[], bool]
) -> None:
    ours = {ready.message.id for together, _ in leaving for ready in together}

    def rest(place: int) -> list[Message]:
        others = (ready.message for together, _ in leaving[place:] for ready in together)
        return [message for message in others if message.id in ours]

    for place, (together, rendered) in enumerate(leaving):
        if stopping():
            return post.recorder.give_back(rest(place))
        if ours and _is_old(began, together[0].message):
            ours, began = {message.id for message in post.recorder.renew(rest(place))}, time.monotonic()
        held = [ready.message for ready in together if ready.message.id in ours]
        if len(held) < len(together):  # another worker has some of them, so this mail must not be sent
            post.recorder.give_back(held)
            continue
        if together[0].channel == "email" and post.providers.resting():
            wait = clock.now() + timedelta(seconds=REST)
            return post.recorder.give_back(rest(place), due=wait)
        following = leaving[place + 1][0][0] if place + 1 < len(leaving) else None
        record_all(post.recorder, _hand_over(post, together, rendered, following))
    return None


def _is_old(began: float, message: Message) -> bool:
    """Whether the lease must be renewed:
    by the monotonic clock, or because the machine's clock was changed."""
    left = (message.lease_until or clock.now()) - clock.now()
    return time.monotonic() - began > RENEWED.total_seconds() or left <= RENEWED


def _hand_over(
    post: Post, together: Sequence[Ready], rendered: Rendered, following: Ready | None
) -> list[tuple[Message, dict[str, Any]]]:
    """Hand over what leaves as one mail; returns, for each message, the columns that say what came of it."""
    messages = [ready.message for ready in together]
    try:
        values = _sent(post, together, rendered, following)
        found = [(message, values) for message in messages]
    except SmtpRefusal as refusal:
        current_app.logger.warning("message %s was not taken: %s", messages[0].reference, refusal)
        found = [
            (
                message,
                {**after_failure(refusal.failure, past_of(message), clock.now()), "error": str(refusal)},
            )
            for message in messages
        ]
    except Exception as fault:  # whatever fails, the row says so, and the message is tried again or set aside
        found = [(message, _fault(message, fault)) for message in messages]
    # `before_end` raised `unanswered` only in case this process died: put the true number back.
    return [
        (message, {"unanswered": message.unanswered, **values} if past_of(message).alone else values)
        for message, values in found
    ]


def _sent(
    post: Post, together: Sequence[Ready], rendered: Rendered, following: Ready | None
) -> dict[str, Any]:
    ready = together[0]
    message = ready.message
    values: dict[str, Any] = {
        "state": MessageState.SENT,
        "channel": ready.channel,
        "error": None,
        "failure": None,
    }

    def before_end() -> None:
        if past_of(message).alone:
            post.recorder.note_all([(r.message, {"unanswered": r.message.unanswered + 1}) for r in together])

    if ready.channel == "email":
        data = compose(mail_of(together, rendered))
        behind = _named(following) if following is not None and following.channel == "email" else None
        values["provider"] = post.providers.send_mail(_named(ready), data, before_end, behind)
    elif ready.channel == "sms":
        short, measure = short_message(message.reference, ready.address, rendered.text)
        before_end()
        post.providers.short_messages.send(short)
        each = current_app.extensions["cohortmgr-settings"].sms_cost
        values |= {"segments": measure.segments, "cost": measure.cost(each)}
        values["provider"] = post.providers.short_messages.name
    elif ready.channel == "inbox":  # nothing to send: the person reads it in the application
        values["provider"] = "inbox"
    else:
        raise ValueError("no such channel")
    return {**values, "sent_at": clock.now()}


def _named(ready: Ready) -> tuple[str, str]:
    return ready.message.reference, ready.address


def mail_of(together: Sequence[Ready], rendered: Rendered) -> OutgoingMail:
    """Make the e-mail of the messages that leave as one."""
    ready = together[0]
    return OutgoingMail(
        ready.message.reference,
        ready.message.language,
        ready.address,
        rendered.subject,
        rendered.text,
        rendered.html,
        _more_headers(together),
        rendered.sender,
    )


def _more_headers(together: Sequence[Ready]) -> dict[str, str]:
    """Return the headers that higher rooms add;
    if several messages leave as one, the first takes precedence."""
    found: dict[str, str] = {}
    for ready in reversed(together):
        for hook in hooks.headers:
            found |= hook(ready.message, ready.content)
    return found


def _note_fault(post: Post, message: Message, fault: Exception) -> None:
    record(post.recorder, message, _fault(message, fault))


def _fault(message: Message, fault: Exception) -> dict[str, Any]:
    """Return the columns for a fault of ours, or one that no server reported.

    Only the kind of the error is kept:
    its text may contain the address, and the row outlives the person's key."""
    current_app.logger.error("message %s was not sent", message.reference, exc_info=fault)
    db.session.rollback()
    return {
        **after_failure(Failure.TEMPORARY, past_of(message), clock.now()),
        "error": type(fault).__name__,
    }
