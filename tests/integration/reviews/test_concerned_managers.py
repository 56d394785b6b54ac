"""Who has an interest in an intake sees and does nothing of its choice, whatever they manage; a role that lapses is no
abstention, and an abstention may be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people as persons
from cohortmgr.accounts.models import Person, RoleGrant
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused, Withheld
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import by_hand
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.interviews.actions import days
from cohortmgr.reviews.interviews.rules import DayPlan
from cohortmgr.reviews.interviews.timetable import DaySpan
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.actions import closing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.rules import ReviewState
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.models import Batch
from tests.factories.choices import browser, decided, known, phased, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
WAYS = ("own", "child", "address")
WITHHELD = "Conflit d’intérêts"


def _first() -> Application:
    return db.session.scalars(sa.select(Application).where(Application.number == "MDIA-000001")).one()


@contextmanager
def _concerned(person: Viewer, way: str) -> Iterator[None]:
    """Let file 1 be the person's own, their child's, or that of another row of a person with their address."""
    with writing() as session:
        file = _first()
        candidate = file.person_id
        if way == "own":
            file.person_id = person.person_id or 0
        elif way == "address":
            persons.set_person(session.get_one(Person, candidate), {"email": person.email})
        else:
            session.add(
                Guardianship(
                    reference=new_reference(), institution_id=file.institution_id, child_id=candidate,
                    guardian_id=person.person_id or 0, capacity="parent", until=date(2132, 1, 1),
                    created_at=clock.now(),
                )
            )  # fmt: skip
    yield
    with writing() as session:
        _first().person_id = candidate
        persons.set_person(session.get_one(Person, candidate), {"email": "c1@exemple.ma"})
        session.execute(sa.delete(Guardianship))


def _pages(intake: Intake, batch: Batch) -> list[str]:
    reading_of = db.session.scalar(sa.select(Review.reference).where(Review.application_id == _first().id))
    here, offer = f"/staff/intakes/{intake.reference}", _offer()
    return [
        f"/staff/reviews/{reading_of}",
        f"/staff/applications/{_first().reference}/readings",
        *(
            f"{here}/{page}"
            for page in ("reviews", "reviews/gaps", "phases", "harmonisation", "interviews", "ranking")
        ),
        f"{here}/ranking/progress",
        f"/staff/batches/{batch.reference}",
        f"/staff/batches/{batch.reference}/certificate.json",
        *([f"/staff/offers/{offer}"] if offer else []),
    ]


def _is_ranked(page: str) -> bool:
    """Whether the list has the columns of ranks or of readings' marks."""
    return 'data-label="Rang"' in page or 'data-label="Note de lecture"' in page


def _offer() -> str | None:
    return db.session.scalar(sa.text("select reference from offers order by id limit 1"))


@pytest.mark.parametrize("role", [Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR, Role.AUDITOR])
def test_whoever_a_file_concerns_sees_no_reading_ranking_or_decision_of_its_intake(
    app: Flask, role: Role
) -> None:
    intake, batch = decided(3, 1)
    other = someone(intake, role, "autre")
    pages, page, home = _pages(intake, batch), browser(app, other), f"/staff/intakes/{intake.reference}"
    before = {path: page.get(path) for path in pages}
    opened = {path for path, answer in before.items() if answer.status_code == 200}
    assert len(opened) >= 8 and not any(WITHHELD in answer.text for answer in before.values())
    assert "lectures rendues" in page.get(home).text
    lent = f"{home}/applications?columns=number&columns=rank&columns=score"
    assert _is_ranked(page.get(lent).text)
    for way in WAYS:
        with _concerned(other, way):
            for path in opened:
                answer = page.get(path)
                assert (answer.status_code, WITHHELD in answer.text) == (403, True), (way, path)
                # Who does it instead is named.
                assert "adressez-vous à\xa0: Une" in answer.text.replace("à :", "à\xa0:"), (way, path)
            shown = page.get(home).text
            assert "lectures rendues" not in shown and "places attribuées" not in shown, way
            assert "réservée" in shown, way
            listed = page.get(lent)
            assert listed.status_code == 200 and not _is_ranked(listed.text), way
    assert all(page.get(path).status_code == 200 for path in opened), "and sees all again once none is theirs"


def test_an_observer_has_no_page_of_it_with_an_interest_or_without(app: Flask) -> None:
    intake, batch = decided(3, 1)
    other = someone(intake, Role.OBSERVER, "autre")
    page = browser(app, other)
    assert {page.get(path).status_code for path in _pages(intake, batch)} <= {403, 404}
    with _concerned(other, "own"):
        assert not any(WITHHELD in page.get(path).text for path in _pages(intake, batch))


@pytest.mark.parametrize("way", WAYS)
def test_whoever_a_file_concerns_gives_out_nothing_reopens_nothing_and_decides_nothing(way: str) -> None:
    intake, batch = decided(3, 1, approve=False)
    manager, admin = known("selection_manager@inpt.ma"), known("programme_administrator@inpt.ma")
    one = db.session.scalars(sa.select(Review)).first()
    assert one is not None
    reference, reader = one.reference, known("r0@inpt.ma").person_reference or ""
    plan = DayPlan(clock.today() + timedelta(days=5), DaySpan(540, 600), 30, address="Rabat")
    where = intake.reference
    acts = (
        lambda: reading.reopen(manager, reference, "Pour moi"),
        lambda: assignment.assign(manager, where),
        lambda: assignment.plan_assignment(manager, where),
        lambda: assignment.ask_more(manager, where),
        lambda: by_hand.recall(manager, where, reader, "Pour moi"),
        lambda: closing.plan_closing(manager, where),
        lambda: closing.take_back(manager, where, "lecture", "Pour moi"),
        lambda: days.add_day(manager, where, "entretien", plan, [reader]),
        lambda: decisions.propose(manager, where),
        lambda: decisions.cancel(manager, batch.reference),
    )
    with _concerned(manager, way):
        for act in acts:
            with pytest.raises(Withheld, match=WITHHELD), writing():
                act()
            db.session.rollback()
        assert db.session.scalars(queries.visible(manager)).all() == []
    with _concerned(admin, way):
        for act in (
            lambda: decisions.approve(admin, batch.reference, "1"),
            lambda: decisions.cancel(admin, batch.reference),
            lambda: decisions.check(admin, batch.reference),
        ):
            with pytest.raises(Withheld, match=WITHHELD), writing():
                act()
            db.session.rollback()
    states = set(db.session.scalars(sa.select(Review.state)))
    assert states == {"submitted"} and batch.state == "proposed"


def test_the_other_intakes_of_a_programme_stay_open_to_whom_one_concerns(app: Flask) -> None:
    intake, _batch = decided(3, 1)
    manager = known("selection_manager@inpt.ma")
    elsewhere = sa.select(Intake.reference).where(Intake.path == intake.path, Intake.id != intake.id)
    reference = db.session.scalars(elsewhere).first()
    with _concerned(manager, "own"):
        page = browser(app, manager)
        assert page.get("/staff").status_code == 200
        if reference is not None:
            assert page.get(f"/staff/intakes/{reference}/reviews").status_code == 200
        assert db.session.scalars(queries.visible(SYSTEM)).first() is not None


def test_a_manager_of_interviews_sees_no_day_of_an_intake_that_concerns_them(app: Flask) -> None:
    intake = phased(3, goes_on=None)
    manager, (reader, *_) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 1)
    plan = DayPlan(clock.today() + timedelta(days=5), DaySpan(540, 600), 30, address="Rabat")
    with writing():
        day = days.add_day(manager, intake.reference, "entretien", plan, [reader.person_reference or ""])
    page, here = browser(app, manager), f"/staff/interviews/{day.reference}"
    pages = (
        here,
        f"{here}/change",
        f"{here}/cancel",
        f"/staff/intakes/{intake.reference}/interviews/waiting",
    )
    assert {page.get(path).status_code for path in pages} == {200}
    with _concerned(manager, "child"):
        assert [page.get(path).status_code for path in pages] == [403] * 4
        with pytest.raises(Withheld), writing():
            days.cancel_day(manager, day.reference, "Pour moi")


def _given_out() -> tuple[Intake, Viewer, list[Viewer], Review]:
    intake = sent(3)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    with writing():
        assignment.assign(manager, intake.reference)
    held = sa.select(Review).where(Review.reviewer_id == people[0].person_id).order_by(Review.id)
    found = db.session.scalars(held).first()
    assert found is not None
    return intake, manager, people, found


def _number(review: Review) -> str:
    return db.session.get_one(Application, review.application_id).number


def test_a_role_that_lapsed_is_no_abstention_and_its_files_may_be_given_back_once_it_returns() -> None:
    intake, manager, people, review = _given_out()
    with writing():
        reading.draft(people[0], review.reference, {"resultats": 4})
    grants = sa.update(RoleGrant).where(RoleGrant.account_id == people[0].account_id)
    with writing() as session:
        session.execute(grants.values(revoked_at=clock.now()))
    with writing():
        assignment.assign(manager, intake.reference)
    db.session.expire_all()
    assert review.state == ReviewState.RECALLED and review.earlier[-1]["scores"] == {"resultats": 4}
    with writing() as session:
        session.execute(grants.values(revoked_at=None))
    with writing():
        given = by_hand.give_files(
            manager, intake.reference, people[0].person_reference or "", [_number(review)]
        )
    db.session.expire_all()
    assert given == 1 and (review.state, review.scores) == (ReviewState.DRAFTED, {"resultats": 4})


def test_an_abstention_is_taken_back_with_a_reason_that_stays_and_the_file_can_be_given_again(
    app: Flask,
) -> None:
    intake, manager, people, review = _given_out()
    reader, number = people[0].person_reference or "", _number(review)
    with writing():
        reading.abstain(people[0], review.reference, "Je connais cette personne")
    with pytest.raises(Refused, match="récusée"), writing():
        by_hand.give_files(manager, intake.reference, reader, [number])
    db.session.rollback()
    page, path = browser(app, manager), f"/staff/reviews/{review.reference}"
    assert "Reprendre la récusation" in page.get(path).text
    empty = page.post(f"{path}/reopen", data={"reason": " "})
    assert empty.status_code == 200 and "Dites pourquoi" in empty.text
    for _twice in range(2):
        assert page.post(f"{path}/reopen", data={"reason": "Ce n’était pas elle"}).status_code == 302
    db.session.expire_all()
    assert review.state == ReviewState.RECALLED
    assert [(each["why"], each["reason"]) for each in review.earlier] == [
        ("abstained", "Je connais cette personne"),
        ("readmitted", "Ce n’était pas elle"),
    ]
    assert "Ce n’était pas elle" in page.get(path).text
    with writing():
        assert by_hand.give_files(manager, intake.reference, reader, [number]) == 1
    with writing():
        reading.score(people[0], review.reference, {"resultats": 4, "bases": 3, "projet": 5, "langues": 2})
    db.session.expire_all()
    assert review.state == ReviewState.SUBMITTED and len(review.earlier) == 2


def test_whose_reading_it_is_does_not_take_their_own_abstention_back(app: Flask) -> None:
    _intake, _manager, people, review = _given_out()
    with writing():
        reading.abstain(people[0], review.reference, "Je connais cette personne")
    page = browser(app, people[0])
    assert page.post(f"/staff/reviews/{review.reference}/reopen", data={"reason": "Si"}).status_code == 404
    db.session.expire_all()
    assert review.state == ReviewState.ABSTAINED
