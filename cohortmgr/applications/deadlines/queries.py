"""Finds the reminders of unsent applications that are due, and checks them again when they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.definition.sections import ReminderWindow
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

DRAFT_REMINDER = "draft_reminder"


def due_reminders() -> list[tuple[Intake, ReminderWindow]]:
    """The open intakes in which a reminder is due now, each with that reminder."""
    moment = clock.now()
    running = (
        Intake.state == IntakeState.PUBLISHED.value,
        Intake.opens_at <= moment,
        Intake.closes_at > moment,
    )
    found = []
    for intake in db.session.scalars(sa.select(Intake).where(*running).order_by(Intake.id)):
        recall = definition_of(intake).reminders.due(intake.closes_at, moment)
        if recall is not None:
            found.append((intake, recall))
    return found


def still_unsent(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each reminder still holds when it leaves: its file is still a draft, and neither the next
    reminder nor the deadline has come. One statement for all."""
    moment = clock.now()
    names = sorted({variables["reference"] for variables in asked})
    draft = (Application.reference.in_(names), Application.state == ApplicationState.DRAFT.value)
    drafts = set(db.session.scalars(sa.select(Application.reference).where(*draft)))
    return [moment < each["until"] and each["reference"] in drafts for each in asked]


def extension_of(application: Application) -> Extension | None:
    """The extension that gives this file time beyond the close; None if there is none."""
    live = (Extension.application_id == application.id, Extension.revoked_at.is_(None))
    return db.session.scalar(sa.select(Extension).where(*live))
