"""Reading what people need at interviews and tests: they themselves, and the panel that hears them. Nobody else."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.reviews.interviews.models import AccessRequest
from cohortmgr.reviews.interviews.rules import AccessNeed

PLACE = ("access_requests", "sealed")


@dataclass(frozen=True)
class AccessNeeds:
    """What somebody needs, and in which words; `said_at` is when they said it last."""

    kinds: tuple[AccessNeed, ...]
    words: str = ""
    said_at: datetime | None = None

    def __bool__(self) -> bool:
        """Whether they need anything."""
        return bool(self.kinds or self.words)


def needs_of(applications: Collection[int]) -> Mapping[int, AccessNeeds]:
    """Return what the people of these files need, by the file's id. One statement. Whoever reads it for a panel notes
    that it was read."""
    wanted = sa.select(AccessRequest).where(AccessRequest.application_id.in_(sorted(applications)))
    found = db.session.scalars(wanted.execution_options(populate_existing=True)) if applications else ()
    return {row.application_id: _opened(row) for row in found}


def _opened(row: AccessRequest) -> AccessNeeds:
    told = json.loads(crypto.unseal(row.sealed, *PLACE, row.reference))
    kinds = tuple(each for each in AccessNeed if each.value in told["kinds"])
    return AccessNeeds(kinds, str(told["words"]), row.said_at)


def needs_more_time(application: Application) -> bool:
    """Whether somebody takes two slots: one that follows the other."""
    found = needs_of([application.id]).get(application.id)
    return found is not None and AccessNeed.EXTRA_TIME in found.kinds


def asked_for(application: Application) -> AccessRequest | None:
    """Return the row in which somebody said what they need; None if they said nothing yet."""
    wanted = sa.select(AccessRequest).where(AccessRequest.application_id == application.id)
    return db.session.scalar(wanted)
