"""The page of a person's own messages, each in the language in which it was sent."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.paging import page_of
from cohortmgr.base.web.asked import place_asked
from cohortmgr.messages.letters.names import CHANNELS
from cohortmgr.messages.letters.queries import letters as letters_letters
from cohortmgr.messages.preferences.actions import preferences

bp = Blueprint("messages_candidate", __name__)
SHOWN = 20


@bp.get("/my/messages")
@guards.candidate
def inbox() -> ResponseReturnValue:
    """List the viewer's messages, newest first; twenty rows take as many statements as one.

    Messages that came since the last visit are marked as new, for this visit only."""
    viewer, now = guards.viewer(), clock.now()
    opened, unread = letters_letters.last_opened(viewer), letters_letters.unread(viewer)
    page = page_of(letters_letters.mine(viewer), place_asked(), SHOWN)
    letters = letters_letters.read([row[0] for row in page.rows])
    new = {letter.reference for letter in letters if letter.is_new(opened, now)}
    if unread:
        with writing():
            preferences.note_reading(viewer, now)
    return render_template(
        "messages/letters/candidate_inbox.html",
        page=page,
        letters=letters,
        new=new,
        unread=unread,
        channels=CHANNELS,
    )
