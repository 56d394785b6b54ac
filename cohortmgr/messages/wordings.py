"""Writing a text in place of the house's own, going back to an older one, and trying one out. Never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.audit.actions import record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Refused, Stale
from cohortmgr.base.i18n import speaking
from cohortmgr.messages import queries, texts
from cohortmgr.messages.models import MessageText
from cohortmgr.messages.proofreading import proofread, tidied, weighed
from cohortmgr.messages.texts import WRITE
from cohortmgr.outbox.delivery import opened
from cohortmgr.outbox.house_texts import house_text, needed
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import Notice
from cohortmgr.outbox.rendering import SMS, Rendered, render_wording
from cohortmgr.outbox.segments import Measure

READ = "messages.preview"
WRITTEN, LAID_BACK = "messages.write_text", "messages.lay_back_text"
KIND = "message_text"
SAMPLES = 8


@dataclass(frozen=True)
class Place:
    """Which text: of an institution (its row's number), a message, a channel and a language."""

    institution_id: int
    notice: Notice
    channel: str
    language: str

    @property
    def name(self) -> tuple[int, str, str, str]:
        """As rows and queries know it."""
        return self.institution_id, self.notice.key, self.channel, self.language


@dataclass(frozen=True)
class Draft:
    """A text as the form has it, and the number of the version that the form was opened on."""

    subject: str
    body: str
    number: int

    def read(self, place: Place) -> tuple[str, str]:
        """Subject and body without what nobody sees; a short message has no subject."""
        return "" if place.channel == SMS else " ".join(self.subject.split()), tidied(self.body)


def place_for(viewer: Viewer, reference: str | None, key: str, channel: str, language: str) -> Place:
    """The text that the viewer may write; NotPermitted or NotFound otherwise."""
    require_anywhere(viewer, WRITE)
    host = texts.host_for(viewer, reference)
    return Place(host.id, texts.notice_for(key, channel, language), channel, language)


def held_text(place: Place) -> Draft:
    """What is sent now: the newest version, or the house's own."""
    number = texts.last_number(*place.name)
    held = texts.newest({place.name}).get(place.name)
    if held is not None:
        return Draft(held.subject, held.body, number)
    with speaking(place.language):
        return Draft(*house_text(place.notice, place.channel), number)


def write_text(viewer: Viewer, place: Place, draft: Draft) -> MessageText | None:
    """Keep a text as a new version; None when it says what is sent already. Refused with every problem at its field,
    or when somebody else wrote meanwhile."""
    require_anywhere(viewer, WRITE)
    subject, body = draft.read(place)
    before = held_text(place)
    if (before.subject, before.body) == (subject, body):
        return None
    if before.number != draft.number:
        raise Refused(
            N_(
                "Ce texte a changé depuis que vous avez ouvert la page : relisez l’historique, puis enregistrez."
            )
        )
    check(place, subject, body)
    return _new_version(viewer, WRITTEN, place, before, subject, body)


def lay_back_text(viewer: Viewer, place: Place, number: int) -> MessageText | None:
    """Take up version `number` again as a new one, or with 0 the house's own; None when it is what holds."""
    require_anywhere(viewer, WRITE)
    before = held_text(place)
    if number == 0:
        house = place.name not in texts.newest({place.name})
        return None if house else _new_version(viewer, LAID_BACK, place, before, "", None)
    old = texts.version(*place.name, number)
    if old.body is None or (old.subject, old.body) == (before.subject, before.body):
        return None
    check(place, old.subject, old.body)
    return _new_version(viewer, LAID_BACK, place, before, old.subject, old.body)


def check(place: Place, subject: str, body: str) -> tuple[Measure, int] | None:
    """Refused if the text could not be sent; of a short message, how long it is on the examples and what it costs."""
    with speaking(place.language):
        wanted = needed(place.notice, place.channel)
        wrong = proofread(place.notice, wanted, None if place.channel == SMS else subject, body)
        if wrong:
            raise Refused(*wrong)
        rendered = tried(place, subject, body, examples(place.notice))
    if place.channel != SMS:
        return None
    each = current_app.extensions["cohortmgr-settings"].sms_cost
    return weighed([rendered.text], lambda measure: measure.cost(each))


def tried(place: Place, subject: str, body: str, variables: Mapping[str, Any]) -> Rendered:
    """The text filled with these values, in its own language."""
    with speaking(place.language):
        return render_wording(place.notice, place.channel, subject, body, variables)


def examples(notice: Notice) -> dict[str, Any]:
    """What the room declared as examples of its values."""
    return {variable.name: variable.example for variable in notice.variables}


def shown_examples(notice: Notice) -> dict[str, str]:
    """By variable, its example as the present language writes it."""
    given = examples(notice)
    return {
        variable.word: render_wording(notice, SMS, "", f"{{{variable.word}}}", given).text
        for variable in notice.variables
    }


def samples(viewer: Viewer, place: Place) -> list[sa.Row[Any]]:
    """(message, person) of the latest of that key which the viewer may see, to try a text on."""
    chosen = queries.visible(viewer).where(
        Message.key == place.notice.key, Message.institution_id == place.institution_id
    )
    return list(db.session.execute(chosen.limit(SAMPLES)))


def read_sample(viewer: Viewer, place: Place, reference: str) -> dict[str, Any]:
    """The values of a message that was sent; reading them is an act of its own. A link that opens an account or a
    file is the mailbox's alone: its example stands for it."""
    message = queries.get_for(viewer, reference)
    if (message.key, message.institution_id) != (place.notice.key, place.institution_id):
        raise NotFound(reference)
    [content] = opened([message])
    if content is None:
        raise Refused(N_("Les données de cette personne ont été effacées."))
    record(viewer, READ, "message", reference, message.institution_id, message.subject)
    given = {**examples(place.notice), **content["variables"]}
    if place.notice.bears_a_key:
        links = (variable for variable in place.notice.variables if variable.kind == "link")
        given |= {variable.name: variable.example for variable in links}
    return given


def _new_version(
    viewer: Viewer, action: str, place: Place, before: Draft, subject: str, body: str | None
) -> MessageText:
    number = before.number + 1
    row = MessageText(
        institution_id=place.institution_id,
        key=place.notice.key,
        channel=place.channel,
        language=place.language,
        number=number,
        subject=subject,
        body=body,
        written_by=viewer.reference,
        published_at=clock.now(),
    )
    try:
        db.session.add(row)
        db.session.flush()
    except IntegrityError:  # two at once: the number is taken
        raise Stale(place.notice.key) from None
    was = {"number": before.number, "subject": before.subject, "body": before.body}
    now = {"number": number, "subject": subject, "body": body}
    what = {"key": place.notice.key, "channel": place.channel, "language": place.language}
    record(viewer, action, KIND, row.reference, place.institution_id, None, was, {**what, **now})
    return row
