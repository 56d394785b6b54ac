"""Reading what was written to one person and what they asked, for their page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import db
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.messages.helpdesk.queries import questions
from cohortmgr.messages.letters.queries import log
from cohortmgr.outbox.models import Message

MOST_QUESTIONS = 50


def letters_to(viewer: Viewer, person_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Select the letters to a person whose files the viewer manages, the newest first, as the log does."""
    return log.visible(viewer).where(Message.person_id == person_id)


def questions_of(viewer: Viewer, person_id: int) -> Sequence[HelpRequest]:
    """Return what a person asked at the viewer's desk, the last changed first, as many as a page shows."""
    asked = questions.visible(viewer).where(HelpRequest.person_id == person_id)
    newest = asked.order_by(HelpRequest.touched_at.desc(), HelpRequest.id.desc()).limit(MOST_QUESTIONS)
    return [row[0] for row in db.session.execute(newest)]
