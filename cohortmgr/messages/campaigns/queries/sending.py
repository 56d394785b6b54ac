"""Read how far the sending of a campaign is, and what of it failed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import JobState
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries.recipients import TOLD, listed, people_on
from cohortmgr.messages.campaigns.rules import Tally
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.rules import UNDER_WAY, MessageState

_LAST = sa.func.max(Message.id)
_RETRIABLE = (
    Message.state == MessageState.SET_ASIDE.value,
    # A server may have accepted unanswered messages: sent again all at once, some would arrive twice.
    sa.or_(Message.failure.is_(None), Message.failure != "unanswered"),
)


def _last_of_each(campaign: Campaign) -> sa.Select[Any]:
    """Select the newest message to each person:
    a returned one may have been followed by one to another address."""
    return sa.select(_LAST).where(Message.bundle == campaign.bundle).group_by(Message.subject)


def tally(campaign: Campaign) -> Tally:
    """Count a campaign's people by what became of their messages. One statement."""
    rows = db.session.execute(
        sa.select(Message.state, sa.func.count())
        .where(Message.id.in_(_last_of_each(campaign)))
        .group_by(Message.state)
    )
    found: dict[str, int] = dict(rows.all())
    return Tally(
        total=campaign.total,
        sent=found.get("sent", 0),
        returned=found.get("returned", 0),
        set_aside=found.get("set_aside", 0),
        dropped=found.get("dropped", 0),
        left_out=campaign.left_out,
    )


def retriable(campaign: Campaign) -> sa.Select[Any]:
    """Select the ids of a campaign's messages that failed and may be tried again, to people who are still meant."""
    meant = Message.person_id.in_(listed(campaign).with_only_columns(Application.person_id))
    return sa.select(Message.id).where(Message.id.in_(_last_of_each(campaign)), meant, *_RETRIABLE)


def count_retriable(campaign: Campaign) -> int:
    """Count the messages of `retriable`."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(retriable(campaign).subquery())) or 0


def readdressed(campaign: Campaign) -> list[tuple[sa.Row[Any], str]]:
    """Return the people still meant whose message was returned and who have another address since, with it.
    Takes two statements, and one for every 500 persons' keys, with which the failed addresses are sealed."""
    last = _last_of_each(campaign)
    came_back = sa.select(Message).where(
        Message.id.in_(last), Message.state == MessageState.RETURNED.value, Message.person_id.is_not(None)
    )
    messages = db.session.scalars(came_back.order_by(Message.id)).all()
    failed = {
        message.person_id: content["address"]
        for message, content in zip(messages, opened(messages), strict=True)
        if content is not None
    }
    if not failed:
        return []
    people = people_on(campaign, *TOLD, Application.email.label("of_file"), Person.email.label("of_person"))
    meant = Application.id.in_(listed(campaign).with_only_columns(Application.id))
    rows = db.session.execute(people.where(Person.id.in_(failed), meant)).all()
    found = []
    for row in rows:
        others = [each for each in (row.of_file, row.of_person) if each and each != failed[row.person_id]]
        found += [(row, others[0])] if others else []
    return found


def unfinished(campaign: Campaign) -> int:
    """Count a campaign's messages that still wait or are being sent."""
    under_way = Message.state.in_([state.value for state in UNDER_WAY])
    counted = sa.select(sa.func.count()).where(Message.bundle == campaign.bundle, under_way)
    return db.session.scalar(counted) or 0


def is_resending(campaign: Campaign, kind: str) -> bool:
    """Whether somebody asked to try its failed messages again and the worker has not begun yet."""
    asked = (
        Job.kind == kind,
        Job.institution_id == campaign.institution_id,
        Job.state == JobState.WAITING.value,
    )
    mine = Job.payload["campaign"].as_string() == campaign.reference
    return db.session.scalar(sa.select(Job.id).where(*asked, mine).limit(1)) is not None
