"""The day's budget counts every SMS where it leaves: mailings stop at half of it, notices later, codes at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import codes, counting
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.limits import Caller
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit.models import Event
from cohortmgr.audit.queries import values_of
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.text import new_reference
from cohortmgr.organisations.actions import ensure_host
from cohortmgr.outbox import actions
from cohortmgr.outbox.actions import Letter
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.outbox.models import Message

Statements = Callable[[], AbstractContextManager[list[str]]]
NUMBER = "+2126123456"
pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture(autouse=True)
def _by_day(system_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(system_app.extensions["cohortmgr-settings"], "sms_codes_a_day", 8)
    with clock.at(clock.instant(clock.today(), 11)):
        yield


def write(key: str, number: int, bundle: str | None = None) -> None:
    """Short messages that wait to leave: of one sending to many, or notices to one person each."""
    told = {"name": "N", "at": clock.now(), "contact": "x"}
    with writing():
        actions.send_all(
            Letter(key, new_reference(), f"{NUMBER}{place:02d}", "fr", told, channel="sms", bundle=bundle)
            for place in range(number)
        )


def mailing(number: int) -> None:
    with writing():
        bundle = actions.open_bundle(ensure_host(SYSTEM, "inpt").id)
    write("password_changed", number, bundle)


def ask(place: int) -> None:
    with writing():
        codes.ask("enter", Contact("sms", f"{NUMBER}{place:02d}"), "fr", Caller("", f"p{place}", owns=True))


def sent() -> dict[str, int]:
    """How many of each key have left."""
    while deliver():
        continue
    db.session.rollback()
    left = sa.select(Message.key, sa.func.count()).where(Message.state == "sent").group_by(Message.key)
    return {row[0]: row[1] for row in db.session.execute(left)}


def alarms() -> list[int]:
    db.session.rollback()
    chosen = sa.select(Event).where(Event.action == "accounts.alarm").order_by(Event.id)
    found = [values_of(event) for event in db.session.scalars(chosen)]
    return [each["after"]["number"] for each in found if each is not None]


def test_mailings_stop_at_half_notices_at_three_quarters_and_codes_go_on() -> None:
    mailing(10)
    assert sent() == {"password_changed": 4}
    write("access_changed", 5)
    assert sent() == {"password_changed": 4, "access_changed": 2}
    for place in range(2):
        ask(place)
    assert sent()["sign_in_code"] == 2
    with pytest.raises(Refused, match="Tous les SMS"):
        ask(2)
    assert alarms() == [4, 6, 8]


def test_codes_that_were_asked_count_against_mailings() -> None:
    for place in range(3):
        ask(place)
    mailing(4)
    assert sent() == {"sign_in_code": 3, "password_changed": 1}


def test_what_found_no_room_leaves_when_there_is_some() -> None:
    mailing(6)
    assert sent() == {"password_changed": 4}
    waiting = db.session.scalars(sa.select(Message.due).where(Message.state == "waiting")).all()
    assert len(waiting) == 2 and all(due == clock.now() + counting.SMS_AGAIN for due in waiting)
    with clock.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert sent() == {"password_changed": 6}


def test_mail_is_not_counted_and_statements_do_not_grow(
    statements: Statements, system_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing():
        actions.send_all(
            Letter(
                "password_changed", new_reference(), f"a{place}@b.ma", "fr", {"name": "N", "at": clock.now()}
            )
            for place in range(12)
        )
    assert sent() == {"password_changed": 12}
    monkeypatch.setattr(system_app.extensions["cohortmgr-settings"], "sms_codes_a_day", 1000)
    seen = []
    for number in (1, 30):
        rows = [Message(key="access_changed", bundle=None) for _ in range(number)]
        with statements() as counted, writing():
            counting.spend_sms(rows)
        seen.append(len(counted))
    assert seen[0] == seen[1] <= 3
