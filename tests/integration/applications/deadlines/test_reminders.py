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
from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted
from cohortmgr.outbox.delivery.tasks import handing_over
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
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
        for due in deadlines.due_reminders():
            assert due.intake.id == intake.id
            db.session.rollback()
            with writing():
                told += reminders.remind_drafts(SYSTEM, due)
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
        due = deadlines.due_reminders()[0]
        db.session.rollback()
        with pytest.raises(NotPermitted), writing():
            reminders.remind_drafts(ANONYMOUS, due)


def _extend(number: str, until: datetime, given: datetime) -> None:
    with writing():
        row = db.session.scalars(sa.select(Application).where(Application.number == number)).one()
        db.session.add(
            Extension(
                institution_id=row.institution_id, person_id=row.person_id, application_id=row.id,
                until=until, reason="Hospitalisation.", by="X" * 26, at=given,
            )
        )  # fmt: skip


def _deadlines_told(number: str) -> list[datetime]:
    chosen = sa.select(Message).join(Application, Application.person_id == Message.person_id)
    chosen = chosen.where(Application.number == number, Message.key == deadlines.DRAFT_REMINDER)
    told = [(content_of(each) or {})["variables"]["deadline"] for each in db.session.scalars(chosen)]
    db.session.rollback()
    return sorted(told)


def test_an_end_of_ones_own_has_its_reminders_also_after_the_close(intake: Intake) -> None:
    end, own = intake.closes_at, intake.closes_at + timedelta(days=10)
    _extend("MDIA-000055", own, end - timedelta(days=20))
    assert _look(intake, end - timedelta(hours=47)) == 5, "the general end is not that file's"
    assert _look(intake, end + timedelta(days=1)) == 0
    assert _look(intake, own - timedelta(hours=150)) == 1
    assert _look(intake, own - timedelta(hours=47)) == 1
    assert _look(intake, own - timedelta(hours=46)) == 0
    assert _look(intake, own) == 0
    assert _deadlines_told("MDIA-000055") == [own, own]


def test_an_end_given_just_now_is_not_recalled_in_the_same_breath(intake: Intake) -> None:
    own = intake.closes_at + timedelta(days=1)
    _extend("MDIA-000055", own, intake.closes_at)
    assert _look(intake, intake.closes_at + timedelta(minutes=5)) == 0


def test_who_was_told_of_one_end_is_told_of_the_later_one_given_to_all(intake: Intake) -> None:
    before = intake.closes_at
    assert _look(intake, before - timedelta(hours=47)) == 6
    with writing():
        db.session.get_one(Intake, intake.id).closes_at = before + timedelta(days=5)
    assert _look(intake, before + timedelta(days=5, hours=-47)) == 6


def test_a_reminder_whose_end_moved_before_it_left_does_not_leave(intake: Intake, tmp_path: Path) -> None:
    moment = intake.closes_at - timedelta(hours=47)
    assert _look(intake, moment) == 6
    _extend("MDIA-000055", intake.closes_at + timedelta(days=3), moment)
    with clock.at(moment + timedelta(minutes=1)):
        while handing_over.deliver():
            continue
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 5
