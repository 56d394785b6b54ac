"""An unanswered offer is recalled at the hours of its definition, and at no other time."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.delivery.tasks import handing_over
from cohortmgr.outbox.models import Message
from cohortmgr.selection import queries
from cohortmgr.selection.actions import changes, offers
from cohortmgr.selection.actions.letters import OFFER_LATE, OFFER_REMINDER
from cohortmgr.selection.rules import GRACE
from tests.factories.choices import MANAGER, decided, known

pytestmark = pytest.mark.usefixtures("system_context", "written")


@pytest.fixture
def written(system_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own for what leaves."""
    monkeypatch.setitem(system_app.config, "DATA", str(tmp_path))


def _deadline(number: int) -> datetime:
    db.session.rollback()
    db.session.expire_all()
    offer = queries.mine(known(f"c{number}@exemple.ma"))[0].offer
    assert offer is not None
    return offer.deadline


def _answer(number: int, accept: bool) -> None:
    person = known(f"c{number}@exemple.ma")
    offer = queries.mine(person)[0].offer
    assert offer is not None
    with writing():
        offers.answer_offer(person, offer.reference, accept)


def _reminders() -> list[tuple[int, str]]:
    """(hours before the deadline of file 1, state), the earliest first."""
    deadline = _deadline(1)
    chosen = sa.select(Message.due, Message.state).where(Message.key == OFFER_REMINDER).order_by(Message.due)
    rows = db.session.execute(chosen).all()
    return [(round((deadline - due) / timedelta(hours=1)), state) for due, state in rows]


def _deliver_at(moment: datetime) -> None:
    with clock.at(moment):
        while handing_over.deliver():
            continue


def test_each_offer_is_recalled_at_the_definition_s_hours(tmp_path: Path) -> None:
    decided(5, seats=2)
    assert _reminders() == [(72, "waiting")] * 2 + [(24, "waiting")] * 2
    deadline = _deadline(1)
    _deliver_at(deadline - timedelta(hours=73))
    assert {state for _, state in _reminders()} == {"waiting"}
    _deliver_at(deadline - timedelta(hours=71))
    assert _reminders() == [(72, "sent")] * 2 + [(24, "waiting")] * 2
    assert any("/my/offers/" in path.read_text("utf-8") for path in (tmp_path / "mail").iterdir())


@pytest.mark.parametrize("accept", [True, False])
def test_who_answered_is_not_recalled(accept: bool) -> None:
    decided(5, seats=2)
    deadline = _deadline(1)
    _answer(1, accept)
    _deliver_at(deadline - timedelta(hours=71))
    mine = known("c1@exemple.ma").person_id
    db.session.rollback()
    chosen = sa.select(Message.state).where(Message.key == OFFER_REMINDER, Message.person_id == mine)
    assert sorted(db.session.scalars(chosen)) == ["dropped", "waiting"]
    _deliver_at(deadline - timedelta(hours=23))
    db.session.rollback()
    assert list(db.session.scalars(chosen)) == ["dropped", "dropped"]


def test_a_worker_that_was_away_sends_the_latest_alone() -> None:
    decided(5, seats=2)
    _deliver_at(_deadline(1) - timedelta(hours=1))
    assert _reminders() == [(72, "dropped")] * 2 + [(24, "sent")] * 2


def test_none_leaves_after_the_deadline_whoever_comes_first() -> None:
    decided(5, seats=2)
    deadline = _deadline(1)
    _deliver_at(deadline)
    assert _reminders() == [(72, "dropped")] * 2 + [(24, "dropped")] * 2


def _late() -> list[tuple[int, str]]:
    """(hours after the deadline of file 1, state) of the letters that tell of a day of grace."""
    deadline = _deadline(1)
    chosen = sa.select(Message.due, Message.state).where(Message.key == OFFER_LATE).order_by(Message.id)
    return [
        (round((due - deadline) / timedelta(hours=1)), state) for due, state in db.session.execute(chosen)
    ]


def test_who_did_not_answer_in_time_is_told_of_the_day_of_grace_and_nobody_else(tmp_path: Path) -> None:
    decided(5, seats=2)
    deadline = _deadline(1)
    _answer(2, True)
    _deliver_at(deadline - timedelta(hours=1))
    assert _late() == [(0, "waiting"), (0, "waiting")]
    _deliver_at(deadline + timedelta(minutes=1))
    assert _late() == [(0, "sent"), (0, "dropped")]
    mails = [message_from_bytes(each.read_bytes(), policy=default) for each in (tmp_path / "mail").iterdir()]
    bodies = [body.get_content() for each in mails if (body := each.get_body(("plain",))) is not None]
    assert len([each for each in bodies if "المقعد يبقى لكم" in each]) == 1


@pytest.mark.parametrize("hours", [24, 30])
def test_a_worker_that_was_away_tells_nobody_of_a_day_that_is_over(hours: int) -> None:
    decided(5, seats=2)
    _deliver_at(_deadline(1) + timedelta(hours=hours))
    assert {state for _, state in _late()} == {"dropped"}


def test_who_has_more_days_or_a_held_seat_is_not_told_of_a_day_of_grace() -> None:
    decided(5, seats=2)
    manager, deadline = known(MANAGER), _deadline(1)
    mine = queries.mine(known("c1@exemple.ma"))[0].offer
    theirs = queries.mine(known("c2@exemple.ma"))[0].offer
    assert mine is not None and theirs is not None
    with writing():
        changes.extend(manager, mine.reference, clock.local(deadline).date() + timedelta(days=3))
        changes.hold_back(manager, theirs.reference)
    _deliver_at(deadline + timedelta(minutes=1))
    assert sorted(_late()) == [(-72, "dropped"), (-72, "dropped"), (0, "waiting")], "by the new deadline"


def test_whoever_moves_up_is_recalled_before_their_own_deadline() -> None:
    decided(5, seats=2)
    deadline = _deadline(1)
    with clock.at(deadline + GRACE), writing():
        offers.expire_offers(SYSTEM)
    later = sa.select(sa.func.count()).where(Message.key == OFFER_REMINDER, Message.due > deadline)
    db.session.rollback()
    assert db.session.scalar(later) == 4
