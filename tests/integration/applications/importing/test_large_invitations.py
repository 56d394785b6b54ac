"""The people of a large intake are invited by the worker, some hundred at a time, and nobody twice for one asking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.models import RoleGrant, SingleUseLink
from cohortmgr.accounts.rules import CLAIMS
from cohortmgr.applications.importing import tasks
from cohortmgr.applications.importing.queries import invited
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import FRESH
from cohortmgr.outbox.models import Message
from tests.factories.working import killed_at, work
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, load, one, words
from tests.integration.applications.journey import steps

PEOPLE = 7


@pytest.fixture(autouse=True)
def _large(system_context: AppContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seven people are many, and are invited three at a time."""
    monkeypatch.setattr(invited, "MOST_AT_ONCE", PEOPLE - 1)
    monkeypatch.setattr(tasks, "CHUNK", 3)
    with clock.at(sheets.NOW):
        steps.load_mdia()
        load(as_csv(*(row(number) for number in range(1, PEOPLE + 1))))
        yield


def row(number: int) -> dict[str, str]:
    told = {"cin": f"AB1{number:05}", "massar": f"R1{number:08}", "mail": f"p{number}@exemple.ma"}
    return {**one(**told, phone=f"0612{number:06}", name=f"TAZI {'abcdefgh'[number]}"), "Prénom": "Aya"}


def address() -> str:
    return f"/staff/intakes/{sheets.intake().reference}/invitations"


def page(client: FlaskClient) -> str:
    answer = client.get(address())
    assert answer.status_code == 200
    return words(answer.text)


def invitations() -> list[int]:
    """How many links each person has, fewest first."""
    db.session.rollback()
    links = sa.select(SingleUseLink.subject).where(SingleUseLink.purpose.in_(CLAIMS))
    return sorted(Counter(db.session.scalars(links)).values())


def letters() -> int:
    claims = sa.select(sa.func.count()).select_from(Message).where(Message.key == "claim_file")
    return db.session.scalar(claims) or 0


def jobs(kind: str) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.kind == kind)) or 0


def test_the_page_shows_what_the_worker_counted(client: FlaskClient) -> None:
    steps.staff(client)
    assert "Les personnes à inviter se comptent" in page(client) and "Envoyer" not in page(client)
    assert jobs(invited.COUNTING) == 1 and work() == 1
    shown = page(client)
    assert f"Envoyer {PEOPLE} liens" in shown and "Chiffres du" in shown
    fresh, everybody = invited.invitable_counts(sheets.intake())
    assert (fresh, everybody) == (PEOPLE, PEOPLE) and jobs(invited.COUNTING) == 1


def test_two_clicks_invite_everybody_once(client: FlaskClient) -> None:
    steps.staff(client)
    page(client)
    work()
    for _ in range(2):
        assert client.post(address()).status_code == 302
    waits = page(client)
    assert "Les liens partent" in waits and "Envoyer" not in waits and not invitations()
    assert jobs(invited.INVITING) == 1
    work()
    assert invitations() == [1] * PEOPLE and letters() == PEOPLE
    assert "Personne à inviter" in page(client) and "Envoyer" not in page(client)
    with clock.at(sheets.NOW + invited.JUST_LEFT):
        page(client)
        work()
        assert f"{PEOPLE} personnes ont un lien" in page(client)


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("again", ["", "1"])
def test_a_worker_that_dies_invites_nobody_twice(client: FlaskClient, step: int, again: str) -> None:
    steps.staff(client)
    before = 0
    if again:
        client.post(address())
        work()
        before = 1
    with clock.at(sheets.NOW + timedelta(hours=1)):
        client.post(address(), data={"again": again})
        assert killed_at(step)
        work()
    assert invitations() == [before + 1] * PEOPLE and letters() == (before + 1) * PEOPLE


def test_who_may_invite_no_longer_sends_nothing_and_the_page_says_so(client: FlaskClient) -> None:
    steps.staff(client)
    client.post(address())
    with writing() as session:
        grants = session.scalars(sa.select(RoleGrant)).all()
        ended = [(grant, grant.revoked_at) for grant in grants]
        for grant in grants:
            grant.revoked_at = clock.now()
    work()
    assert not invitations()
    with writing():
        for grant, was in ended:
            db.session.merge(grant).revoked_at = was
    assert "Aucun lien de plus n'est parti" in page(client)


def test_counts_are_not_asked_for_at_each_opening(client: FlaskClient) -> None:
    steps.staff(client)
    for _ in range(3):
        page(client)
    work()
    page(client)
    assert jobs(invited.COUNTING) == 1
    with clock.at(sheets.NOW + FRESH):
        assert "On les recompte" in page(client) and jobs(invited.COUNTING) == 2


def test_a_small_intake_is_counted_and_invited_at_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invited, "MOST_AT_ONCE", PEOPLE)
    steps.staff(client)
    assert f"Envoyer {PEOPLE} liens" in page(client)
    client.post(address())
    assert invitations() == [1] * PEOPLE and jobs(invited.INVITING) == jobs(invited.COUNTING) == 0
