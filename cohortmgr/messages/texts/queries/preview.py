"""Preview a text before it is stored: what it would replace, whether it can be sent, how it reads filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.db import db
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import speaking
from cohortmgr.messages.letters.queries import log
from cohortmgr.messages.letters.queries import texts as letters_texts
from cohortmgr.messages.texts.queries import texts
from cohortmgr.messages.texts.rules import proofread, tidied, weighed
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import Notice
from cohortmgr.outbox.texts.display.house_texts import house_text, needed
from cohortmgr.outbox.texts.display.rendering import SMS, Rendered, render_wording, signature
from cohortmgr.outbox.texts.segments import Measure

SAMPLES = 8
# Among how many of the newest messages samples are looked for.
NEWEST = 200


@dataclass(frozen=True)
class TextIdentity:
    """What identifies a text: an institution (its row's id), a message, a channel and a language."""

    institution_id: int
    notice: Notice
    channel: str
    language: str

    @property
    def name(self) -> tuple[int, str, str, str]:
        """The key by which rows and queries know the text."""
        return self.institution_id, self.notice.key, self.channel, self.language


@dataclass(frozen=True)
class TextDraft:
    """A text as typed in the form, and the number of the version that the form was opened on."""

    subject: str
    body: str
    number: int

    def read(self, identity: TextIdentity) -> tuple[str, str]:
        """Return subject and body without invisible characters; a short message has no subject."""
        return "" if identity.channel == SMS else " ".join(self.subject.split()), tidied(self.body)


def held_text(identity: TextIdentity) -> TextDraft:
    """Return the text that is sent now: the newest version, or the house's own."""
    number = texts.last_version(*identity.name)
    held = letters_texts.newest({identity.name}).get(identity.name)
    if held is not None:
        return TextDraft(held.subject, held.body, number)
    with speaking(identity.language):
        return TextDraft(*house_text(identity.notice, identity.channel), number)


def check(identity: TextIdentity, subject: str, body: str) -> tuple[Measure, int] | None:
    """Check that the text can be sent; raises Refused if not.
    For a short message, return its size, filled with the examples, and its cost; else None."""
    with speaking(identity.language):
        wanted = needed(identity.notice, identity.channel)
        wrong = proofread(identity.notice, wanted, None if identity.channel == SMS else subject, body)
        if wrong:
            raise Refused(*wrong)
        tried(identity, subject, body, examples(identity.notice))
    if identity.channel != SMS:
        return None
    each = current_app.extensions["cohortmgr-settings"].sms_cost
    return weighed(over_the_year(identity, body), lambda measure: measure.cost(each))


def over_the_year(identity: TextIdentity, body: str) -> list[str]:
    """Return the short message filled with the examples, its days and moments put on each month and day of the
    week: names of months differ in length and in signs, so that an example of June says nothing of August.

    Raises KeyError or Refused for a text that cannot be filled."""
    given = examples(identity.notice)
    dated = {name: value for name, value in given.items() if isinstance(value, date)}
    if not dated:
        return [tried(identity, "", body, given).text]
    year = max(value.year for value in dated.values())
    # Seven days with two figures have every day of the week.
    days = [date(year, month, day) for month in range(1, 13) for day in range(20, 27)]
    filled = (
        tried(identity, "", body, given | {name: _on(day, dated[name]) for name in dated}) for day in days
    )
    return list(dict.fromkeys(each.text for each in filled))


def _on(day: date, example: date) -> date:
    """Return an example on another day; a moment at an hour that takes two figures, and minutes."""
    return datetime.combine(day, time(22, 30), CASABLANCA) if isinstance(example, datetime) else day


def tried(identity: TextIdentity, subject: str, body: str, variables: Mapping[str, Any]) -> Rendered:
    """Return the text filled with these values, in its own language, signed as its institution's are."""
    with speaking(identity.language):
        signed = signature(identity.institution_id)
        return render_wording(identity.notice, identity.channel, subject, body, variables, signed)


def examples(notice: Notice) -> dict[str, Any]:
    """Return the example values that the room declared, by variable."""
    return {variable.name: variable.example for variable in notice.variables}


def shown_examples(notice: Notice) -> dict[str, str]:
    """Return each variable's example, as the current language writes it."""
    given = examples(notice)
    return {
        variable.word: render_wording(notice, SMS, "", f"{{{variable.word}}}", given).text
        for variable in notice.variables
    }


def samples(viewer: Viewer, identity: TextIdentity) -> list[tuple[Message, str]]:
    """Return the latest messages of that key that the viewer may read, each with its recipient's name, to try a
    text on. Only the newest of the institution are looked at, however many it wrote."""
    alike = (Message.institution_id == identity.institution_id, Message.key == identity.notice.key)
    newest = sa.select(Message.id).where(*alike).order_by(Message.due.desc(), Message.id.desc()).limit(NEWEST)
    chosen = log.readable(viewer).where(Message.id.in_(newest))
    return [(row[0], log.named(row)) for row in db.session.execute(chosen.limit(SAMPLES))]
