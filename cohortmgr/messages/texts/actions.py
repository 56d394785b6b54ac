"""Write a text in place of the house's own, go back to an older version, and read samples. Never commits."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Refused, Stale
from cohortmgr.messages.letters.models import MessageText
from cohortmgr.messages.letters.queries import log
from cohortmgr.messages.letters.queries import texts as letters_texts
from cohortmgr.messages.texts.queries import texts
from cohortmgr.messages.texts.queries.preview import TextDraft, TextIdentity, check, examples, held_text
from cohortmgr.messages.texts.queries.texts import WRITE
from cohortmgr.outbox.queries import opened

READ = "messages.preview"
WRITTEN, LAID_BACK = "messages.write_text", "messages.lay_back_text"


def place_for(viewer: Viewer, reference: str | None, key: str, channel: str, language: str) -> TextIdentity:
    """Return the text that the viewer may write. Raises NotPermitted or NotFound otherwise."""
    require_anywhere(viewer, WRITE)
    host = texts.host_for(viewer, reference)
    return TextIdentity(host.id, texts.notice_for(key, channel, language), channel, language)


def write_text(viewer: Viewer, identity: TextIdentity, draft: TextDraft) -> MessageText | None:
    """Store a text as a new version; returns None if it is the same as what is sent already.

    Raises Refused with every problem at its field, or if somebody else wrote a version meanwhile."""
    require_anywhere(viewer, WRITE)
    subject, body = draft.read(identity)
    before = held_text(identity)
    if (before.subject, before.body) == (subject, body):
        return None
    if before.number != draft.number:
        raise Refused(
            N_(
                "Ce texte a changé depuis que vous avez ouvert la page : relisez l’historique, puis enregistrez."
            )
        )
    check(identity, subject, body)
    return _new_version(viewer, WRITTEN, identity, before, subject, body)


def lay_back_text(viewer: Viewer, identity: TextIdentity, number: int) -> MessageText | None:
    """Store version `number` again as a new version, or the house's own text for 0;
    returns None if it is in force already."""
    require_anywhere(viewer, WRITE)
    before = held_text(identity)
    if number == 0:
        house = identity.name not in letters_texts.newest({identity.name})
        return None if house else _new_version(viewer, LAID_BACK, identity, before, "", None)
    old = texts.version(*identity.name, number)
    if old.body is None or (old.subject, old.body) == (before.subject, before.body):
        return None
    check(identity, old.subject, old.body)
    return _new_version(viewer, LAID_BACK, identity, before, old.subject, old.body)


def read_sample(viewer: Viewer, identity: TextIdentity, reference: str) -> dict[str, Any]:
    """Return the values of a message that was sent;
    the reading is recorded in the trail as an act of its own.

    A link that opens an account or a file is replaced by its example,
    because only the mailbox may show it."""
    message = log.get_for(viewer, reference)
    if (message.key, message.institution_id) != (identity.notice.key, identity.institution_id):
        raise NotFound(reference)
    [content] = opened([message])
    if content is None:
        raise Refused(N_("Les données de cette personne ont été effacées."))
    record(viewer, READ, about(message, message.subject))
    given = {**examples(identity.notice), **content["variables"]}
    if identity.notice.bears_a_key:
        links = (variable for variable in identity.notice.variables if variable.kind == "link")
        given |= {variable.name: variable.example for variable in links}
    return given


def _new_version(
    viewer: Viewer, action: str, identity: TextIdentity, before: TextDraft, subject: str, body: str | None
) -> MessageText:
    number = before.number + 1
    row = MessageText(
        institution_id=identity.institution_id,
        key=identity.notice.key,
        channel=identity.channel,
        language=identity.language,
        number=number,
        subject=subject,
        body=body,
        written_by=viewer.reference,
        written_at=clock.now(),
    )
    try:
        db.session.add(row)
        db.session.flush()
    except IntegrityError:  # two people wrote at once: the number is taken
        raise Stale(identity.notice.key) from None
    was = {"number": before.number, "subject": before.subject, "body": before.body}
    now = {"number": number, "subject": subject, "body": body}
    what = {"key": identity.notice.key, "channel": identity.channel, "language": identity.language}
    record(viewer, action, about(row), before=was, after={**what, **now})
    return row
