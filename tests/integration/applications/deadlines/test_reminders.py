"""Who has begun and not sent is told at the hours of the definition, once each, and nobody else is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM
from cohortmgr.applications.deadlines import queries as deadlines
from cohortmgr.applications.deadlines.actions import reminders
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted
from cohortmgr.outbox.delivery.tasks import handing_over
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from tests.factories.lives import AT, lived_intake

Statements = Callable[[], AbstractContextManager[list[str]]]

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture
def intake(system_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Intake:
    """Sixty files, of which the last six are drafts that were begun a month before the end; the last has no address."""
    monkeypatch.setitem(system_app.config, "DATA", str(tmp_path))
    found = lived_intake(60)
    with writing():
        begun = found.closes_at - timedelta(days=30)
        drafts = sa.update(Application).where(Application.number >= "MDIA-000055")
        db.session.execute(drafts.values(state="draft", sent_at=None, created_at=begun))
    return found


def _look(intake: Intake, moment: datetime) -> int:
    with clock.at(moment):
        told = 0
        for each, recall in deadlines.due_reminders():
            assert each.id == intake.id
            db.session.rollback()
            with writing():
                told += reminders.remind_drafts(SYSTEM, each, recall)
        return told


def _written() -> int:
    found = db.session.scalar(sa.select(sa.func.count()).where(Message.key == deadlines.DRAFT_REMINDER))
    db.session.rollback()
    return found or 0


def test_each_hour_tells_each_draft_once(intake: Intake) -> None:
    end = intake.closes_at
    assert _look(intake, end - timedelta(days=8)) == 0
    assert _look(intake, end - timedelta(days=7)) == 6
    assert _look(intake, end - timedelta(days=6)) == 0
    assert _look(intake, end - timedelta(hours=47)) == 6
    assert _look(intake, end - timedelta(hours=2)) == 6
    assert _look(intake, end) == 0
    assert _written() == 18


def test_a_worker_that_was_down_for_days_tells_the_nearest_only(intake: Intake) -> None:
    assert _look(intake, intake.closes_at - timedelta(hours=2)) == 6
    assert _written() == 6


def test_who_begins_after_the_hour_is_not_told_of_it(intake: Intake) -> None:
    with writing():
        late = sa.update(Application).where(Application.number == "MDIA-000057")
        db.session.execute(late.values(created_at=intake.closes_at - timedelta(hours=40)))
    assert _look(intake, intake.closes_at - timedelta(hours=39)) == 5
    assert _look(intake, intake.closes_at - timedelta(hours=3)) == 6


def test_what_was_sent_meanwhile_is_not_recalled(intake: Intake, tmp_path: Path) -> None:
    moment = intake.closes_at - timedelta(hours=47)
    _look(intake, moment)
    with writing():
        sent = sa.update(Application).where(Application.number < "MDIA-000058")
        db.session.execute(sent.values(state="submitted", sent_at=AT))
    with clock.at(moment + timedelta(minutes=1)):
        while handing_over.deliver():
            continue
    states = sa.select(Message.state, sa.func.count()).where(Message.key == deadlines.DRAFT_REMINDER)
    rows = db.session.execute(states.group_by(Message.state)).all()
    assert {row[0]: row[1] for row in rows} == {"dropped": 3, "sent": 3}
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 3


def test_as_many_statements_for_six_as_for_one(intake: Intake, statements: Statements) -> None:
    end = intake.closes_at
    _look(intake, end - timedelta(hours=100))  # each person has a key from here on
    with statements() as six:
        assert _look(intake, end - timedelta(hours=40)) == 6
    with writing():
        sent = sa.update(Application).where(Application.number > "MDIA-000055")
        db.session.execute(sent.values(state="submitted", sent_at=AT))
    with statements() as one:
        assert _look(intake, end - timedelta(hours=1)) == 1
    assert len(six) == len(one)


def test_nobody_recalls_but_the_worker(intake: Intake) -> None:
    with clock.at(intake.closes_at - timedelta(hours=1)):
        (each, recall) = deadlines.due_reminders()[0]
        db.session.rollback()
        with pytest.raises(NotPermitted), writing():
            reminders.remind_drafts(ANONYMOUS, each, recall)
