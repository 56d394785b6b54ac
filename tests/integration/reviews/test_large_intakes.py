"""The worker assigns the files of a large intake, in chunks: asked for twice it is done once, and it goes on where it
ended."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.tasks import Stopped, do_next
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment import tasks
from cohortmgr.reviews.assignment.queries.giving import ASSIGN
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress import queries as summing
from cohortmgr.reviews.progress.queries import progress_of
from tests.factories.choices import browser, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
CHUNK = 5


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six files are many, and are given in chunks that they do not fill evenly."""
    monkeypatch.setattr(summing, "MOST_AT_ONCE", 5)
    monkeypatch.setattr(tasks, "CHUNK", CHUNK)


def work() -> None:
    while do_next(lambda: False):
        continue


def given() -> list[tuple[int, int]]:
    db.session.rollback()
    rows = db.session.execute(sa.select(Review.application_id, Review.reviewer_id).order_by(Review.id))
    return [(row[0], row[1]) for row in rows]


def events() -> int:
    noted = sa.select(sa.func.count()).select_from(Event).where(Event.action == "reviews.assign")
    return db.session.scalar(noted) or 0


def is_even(pairs: list[tuple[int, int]], files: int) -> bool:
    loads = Counter(reader for _, reader in pairs)
    twice = Counter(file for file, _ in pairs) == Counter(dict.fromkeys({file for file, _ in pairs}, 2))
    return twice and len(set(pairs)) == 2 * files and max(loads.values()) - min(loads.values()) <= 1


def asked(app: Flask, intake: Intake, clicks: int = 1, who: str = "") -> str:
    """Ask for it, and return the page then."""
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, who))
    path = f"/staff/intakes/{intake.reference}/reviews"
    for _ in range(clicks):
        assert client.post(path, data={}).status_code == 302
    return str(client.get(path).text)


def test_two_clicks_make_one_and_the_page_says_how_far_it_is(app: Flask) -> None:
    intake = sent(8)
    readers(intake, 4)
    page = asked(app, intake, clicks=2)
    assert "Les lectures se répartissent" in page and 'name="seed"' not in page and not given()
    assert len(db.session.scalars(sa.select(Job).where(Job.kind == ASSIGN)).all()) == 1
    client = browser(app, someone(intake, Role.SELECTION_MANAGER, "autre"))
    path = f"/staff/intakes/{intake.reference}/reviews"
    assert client.get(f"{path}/progress").json == {"percentage": 0, "text": "", "done": False}
    work()
    assert is_even(given(), 8) and events() == 4  # sixteen readings by five
    assert client.get(f"{path}/progress").json == {"percentage": 100, "text": "", "done": True}
    assert "Chaque dossier a ses lecteurs" in client.get(path).text
    asked(app, intake, who="encore")
    work()
    assert len(given()) == 16 and events() == 4


def test_killed_in_the_middle_it_goes_on(app: Flask) -> None:
    intake = sent(9)
    readers(intake, 4)
    asked(app, intake)
    payload = db.session.scalars(sa.select(Job.payload).where(Job.kind == ASSIGN)).one()

    def die(done: int, total: int) -> None:
        assert (done, total) == (CHUNK, 19)
        raise Stopped

    with pytest.raises(Stopped):
        tasks.assign(payload, die)
    assert len(given()) == CHUNK
    assert tasks.assign(payload, lambda done, total: None) == {"added": 18 - CHUNK}
    assert is_even(given(), 9)
    assert tasks.assign(payload, lambda done, total: None) == {"added": 0}


def test_what_changes_while_it_runs_is_seen(app: Flask) -> None:
    intake = sent(9)
    gone, *others = readers(intake, 4)
    asked(app, intake)
    payload = db.session.scalars(sa.select(Job.payload).where(Job.kind == ASSIGN)).one()
    withdrawn: list[int] = []

    def change(done: int, total: int) -> None:
        if withdrawn:
            return
        held = {file for file, _ in given()}
        untouched = sa.select(Application.id).where(Application.id.not_in(held)).order_by(Application.id)
        with writing() as session:
            withdrawn.append(session.scalars(untouched).first() or 0)
            session.execute(
                sa.update(Application).where(Application.id == withdrawn[0]).values(state="withdrawn")
            )
            theirs = sa.update(RoleGrant).where(RoleGrant.account_id == gone.account_id)
            session.execute(theirs.values(revoked_at=clock.now()))

    tasks.assign(payload, change)
    later = given()[CHUNK:]
    assert withdrawn and withdrawn[0] not in {file for file, _ in later}
    assert gone.person_id not in {reader for _, reader in later}
    tasks.assign(payload, lambda done, total: None)  # the next assignment gives what was left
    progress = progress_of(intake)
    assert (progress.stranded, progress.assigned) == (0, 16) and len(others) == 3


def test_a_refusal_is_told_on_the_page_and_nothing_is_given(app: Flask) -> None:
    intake = sent(6)
    readers(intake, 1)
    asked(app, intake)
    work()
    assert not given()
    page = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR)).get(
        f"/staff/intakes/{intake.reference}/reviews"
    )
    assert "La répartition n’a pas eu lieu" in page.text and "trop peu d’évaluateurs possibles" in page.text


def test_what_nobody_else_may_read_is_named_and_the_rest_is_given(app: Flask) -> None:
    intake = sent(6)
    one, other, *_ = readers(intake, 3)
    file = db.session.scalars(sa.select(Application).order_by(Application.number)).first()
    assert file is not None
    number = file.number
    with writing():
        given_back = Review(application_id=file.id, intake_id=intake.id, institution_id=intake.institution_id)
        given_back.state, given_back.assigned_at = "abstained", clock.now()
        given_back.reviewer_id = one.person_id or 0
        db.session.add(given_back)
        again = Review(application_id=file.id, intake_id=intake.id, institution_id=intake.institution_id)
        again.state, again.assigned_at, again.reviewer_id = "abstained", clock.now(), other.person_id or 0
        db.session.add(again)
    asked(app, intake)
    work()
    assert Counter(file for file, _ in given()[2:])[file.id] == 1 and len(given()) == 2 + 5 * 2 + 1
    manager = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    page = browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews").text
    assert "Des dossiers manquent de lecteurs" in page and number in page and "n’a pas eu lieu" not in page


def test_whose_role_ended_meanwhile_assigns_nothing(app: Flask) -> None:
    intake = sent(6)
    readers(intake, 4)
    asked(app, intake)
    with writing() as session:
        manager = RoleGrant.role == Role.SELECTION_MANAGER.value
        session.execute(sa.update(RoleGrant).where(manager).values(revoked_at=clock.now()))
    work()
    result = db.session.scalars(sa.select(Job.result).where(Job.kind == ASSIGN)).one()
    assert not given() and result and "droit" in result["problems"][0]["what"]
