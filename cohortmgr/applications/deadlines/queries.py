"""Finds the reminders of unsent applications that are due, and checks them again when they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.deadlines.models import LateStart
from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.applications.file.queries import EXTENDED
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.definition.sections import ReminderWindow
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

DRAFT_REMINDER = "draft_reminder"


@dataclass(frozen=True)
class DueReminder:
    """A reminder that is due for the drafts of an intake that end at `closes_at`: the intake's close, or the later
    end that some of its files were given."""

    intake: Intake
    closes_at: datetime
    window: ReminderWindow


def due_reminders() -> list[DueReminder]:
    """The reminders that are due now: of each open intake, and of each later end that files of an intake have,
    whether the intake is closed or not."""
    moment = clock.now()
    later = (
        sa.select(Extension.until)
        .join(Application, Application.id == Extension.application_id)
        .where(Application.intake_id == Intake.id, Extension.revoked_at.is_(None))
        .where(Application.state == ApplicationState.DRAFT.value)
        .where(Extension.until > moment, Extension.until > Intake.closes_at)
        .correlate(Intake)
    )
    shown = (Intake.state != IntakeState.DRAFT.value, Intake.opens_at <= moment)
    running = sa.or_(Intake.closes_at > moment, later.exists())
    found = []
    for intake in db.session.scalars(sa.select(Intake).where(*shown, running).order_by(Intake.id)):
        ends = set(db.session.scalars(later.where(Intake.id == intake.id).distinct()))
        for closes_at in sorted({*ends, intake.closes_at}):
            window = definition_of(intake).reminders.due(closes_at, moment)
            if window is not None:
                found.append(DueReminder(intake, closes_at, window))
    return found


def still_unsent(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each reminder still holds when it leaves: its file is still a draft that ends at the moment of which
    it tells, and the next reminder has not come. One statement for all."""
    moment = clock.now()
    names = sorted({variables["reference"] for variables in asked})
    drafts = (
        sa.select(Application.reference, Intake.closes_at, EXTENDED)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Application.reference.in_(names), Application.state == ApplicationState.DRAFT.value)
    )
    ends = {
        reference: max(closes_at, extended or closes_at)
        for reference, closes_at, extended in db.session.execute(drafts)
    }
    return [moment < each["until"] and ends.get(each["reference"]) == each["deadline"] for each in asked]


def extension_of(application: Application) -> Extension | None:
    """The extension that gives this file time beyond the close; None if there is none."""
    live = (Extension.application_id == application.id, Extension.revoked_at.is_(None))
    return db.session.scalar(sa.select(Extension).where(*live))


def runs_until(intake: Intake) -> datetime | None:
    """The latest moment until which somebody may still fill in and send a form of this intake by an extension of their
    own, or begin one by a late start; None if nobody may."""
    moment = clock.now()
    given = (
        sa.select(sa.func.max(Extension.until))
        .join(Application, Application.id == Extension.application_id)
        .where(Application.intake_id == intake.id, Application.state == ApplicationState.DRAFT.value)
        .where(Extension.revoked_at.is_(None), Extension.until > moment)
    )
    unused = sa.select(sa.func.max(LateStart.until)).where(
        LateStart.intake_id == intake.id, LateStart.application_id.is_(None), LateStart.until > moment
    )
    ends = [end for each in (given, unused) if (end := db.session.scalar(each)) is not None]
    return max(ends, default=None)
