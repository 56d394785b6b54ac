"""Count the wrong answers to the question that an address or number is asked, and say whether they closed it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.accounts.bearers import CLOSED_FOR
from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.models import SignInAttempt
from cohortmgr.base import crypto
from cohortmgr.base.db import db, present, reading_as
from cohortmgr.outbox.queries import written_to


def wrong_answers(contact: Contact, moment: datetime) -> int:
    """Count the wrong answers of a day to the question of an address or number."""
    present(answers_blind(contact))
    counted = sa.select(sa.func.count()).select_from(SignInAttempt)
    chosen = (SignInAttempt.blind == answers_blind(contact), SignInAttempt.at > moment - CLOSED_FOR)
    return db.session.scalar(counted.where(*chosen)) or 0


def closed_since(contact: Contact, moment: datetime) -> datetime | None:
    """Return when wrong answers closed the question of an address or number; None if it is open."""
    present(closing_blind(contact))
    chosen = sa.select(sa.func.max(SignInAttempt.at)).where(
        SignInAttempt.blind == closing_blind(contact), SignInAttempt.at > moment - CLOSED_FOR
    )
    return db.session.scalar(chosen)


def forget(*blinds: str) -> None:
    """Delete what was counted under these names."""
    present(*blinds)
    db.session.execute(sa.delete(SignInAttempt).where(SignInAttempt.blind.in_(blinds)))


def were_mailed(person_id: int, numbers: Iterable[str], contact: Contact) -> set[str]:
    """Return those of a person's numbers that were mailed to an address: whoever reads it knows them. No short
    message bears one."""
    if contact.channel != EMAIL:
        return set()
    with reading_as(person_id):
        return written_to(person_id, contact.address, list(numbers))


def answers_blind(contact: Contact) -> str:
    """Return the name under which wrong answers are counted."""
    return crypto.blind_index("doubt", contact.address)


def closing_blind(contact: Contact) -> str:
    """Return the name under which it is noted that the question closed."""
    return crypto.blind_index("doubt-closed", contact.address)
