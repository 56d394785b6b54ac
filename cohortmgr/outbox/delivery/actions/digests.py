"""Put the messages that waited for a person's digest into one mail; each is still noted by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import sqlalchemy as sa
from flask import current_app

from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.i18n import speaking
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState
from cohortmgr.outbox.texts.display.rendering import Rendered, render_own, signature

KEY = "digest"
MOST = 500


class DepartingMessage(Protocol):
    """A message that leaves now, with its channel and its address."""

    @property
    def message(self) -> Message: ...

    @property
    def channel(self) -> str: ...

    @property
    def address(self) -> str: ...


L = TypeVar("L", bound=DepartingMessage)
# What leaves as one mail: the messages, of which the first gives its reference, and the text.
Parcel = tuple[Sequence[L], Rendered]


def companions(chosen: Sequence[Message], moment: datetime) -> list[Message]:
    """Return the other due messages of the digests to which some chosen messages
    belong, locked for this transaction.

    A batch may end in the middle of a digest, and a person must get one mail.
    One statement; none if no chosen message waited for a digest."""
    people = {message.subject for message in chosen if message.gathered}
    first = chosen[0]
    # Messages that silenced a sender once are tried again together, apart from all others;
    # after the second time, each is tried alone.
    if not people or first.lost_starts > 1:
        return []
    due = (Message.state == MessageState.WAITING.value, Message.due <= moment, Message.gathered.is_(True))
    others = sa.select(Message).where(Message.subject.in_(people), *due).order_by(Message.due, Message.id)
    alike = (Message.lost_starts == first.lost_starts, Message.unanswered == first.unanswered)
    taken = others.where(Message.id.not_in([message.id for message in chosen]), *alike).limit(MOST)
    return list(db.session.scalars(taken.with_for_update(skip_locked=True)))


def joint(each: DepartingMessage) -> tuple[object, ...] | None:
    """Return what messages that leave as one mail have in common; None for a message that leaves alone."""
    message = each.message
    if not message.gathered or each.channel != "email":
        return None
    return message.subject, message.language, each.address


def parcels(leaving: Sequence[tuple[L, Rendered]]) -> list[Parcel[L]]:
    """Group messages into mails, in the order in which the first message of each was due.

    The gathered e-mails to one person, in one language and at one address, become one;
    every other leaves alone."""
    together: dict[tuple[object, ...], list[tuple[L, Rendered]]] = {}
    for place, (each, words) in enumerate(leaving):
        together.setdefault(joint(each) or (place,), []).append((each, words))
    return [parcel for group in together.values() for parcel in _packed(group)]


def _packed(group: Sequence[tuple[L, Rendered]]) -> list[Parcel[L]]:
    if len(group) == 1:
        return [([group[0][0]], group[0][1])]
    group = sorted(group, key=lambda pair: pair[0].message.id)  # in the order in which they were written
    try:
        places = {each.message.institution_id for each, _ in group}
        place = places.pop() if len(places) == 1 else None
        words = composed(group[0][0].message.language, [words for _, words in group], place)
    except Exception:  # people get their messages, though not in one mail
        current_app.logger.exception("a digest was not put into words")
        return [([each], words) for each, words in group]
    return [([each for each, _ in group], words)]


def composed(language: str, words: Sequence[Rendered], institution_id: int | None) -> Rendered:
    """Return several mails as one, each under its subject, in the given order, signed once: by the institution that
    they all come from, or by who runs the site."""
    with speaking(language):
        given = {"letters": words, "day": clock.today()}
        return render_own(KEY, "email", given, signature(institution_id))
