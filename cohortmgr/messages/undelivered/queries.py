"""Reading what came of messages that did not arrive."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from cohortmgr.accounts.models import Account
from cohortmgr.base.db import db
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.messages.undelivered.rules import Resolution


def unread(persons: Collection[int]) -> Collection[int]:
    """Return those of these persons for whom a colleague wrote another address after they had proved theirs: letters
    to the proved one came back."""
    since = sa.select(DeliveryTrouble.person_id).join(Account, Account.person_id == DeliveryTrouble.person_id)
    since = since.where(
        DeliveryTrouble.person_id.in_(persons),
        DeliveryTrouble.resolution == Resolution.CORRECTED.value,
        DeliveryTrouble.resolved_at > Account.proved_at,
    )
    return set(db.session.scalars(since))
