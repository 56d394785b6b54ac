"""Who has an interest in an intake is given no role that chooses there, and reads none of its files, by any way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.roles.actions import grants, invitations
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM, Role, Viewer
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.text import new_reference
from cohortmgr.organisations.queries import by_key
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import by_hand
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as queue
from tests.factories.choices import browser, decided, known, readers, sent, someone
from tests.integration.accounts.roles.colleagues import grant_of, place
from tests.integration.accounts.roles.test_invitations import token

pytestmark = pytest.mark.usefixtures("system_context")
Statements = Callable[[], AbstractContextManager[list[str]]]
MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
PHONE = "+212612345678"
SOON = timedelta(9)
WAYS = ("person", "address", "phone", "account", "file", "united", "guardian", "company")


def first_file() -> Application:
    return db.session.scalars(sa.select(Application).where(Application.number == "MDIA-000001")).one()


def own(person: Viewer) -> Person:
    return db.session.get_one(Person, person.person_id)


def concern(intake: Intake, person: Viewer, way: str) -> None:
    """Let file 1, or the intake, concern a person by one of the ways in which it may."""
    with writing() as session:
        file = first_file()
        candidate = session.get_one(Person, file.person_id)
        if way == "person":
            file.person_id = person.person_id or 0
        elif way == "address":
            people.set_person(candidate, {"email": person.email})
        elif way == "phone":
            for each in (candidate, own(person)):
                people.set_person(each, {"phone": PHONE})
        elif way == "account":  # the candidate's account is entered by what the colleague's file once said
            people.set_person(own(person), {"email": "c1@exemple.ma"})
        elif way == "united":
            other = session.scalars(sa.select(Application).where(Application.number == "MDIA-000002")).one()
            other.person_id, other.state = person.person_id or 0, "superseded"
            session.add(
                Merge(
                    reference=new_reference(), institution_id=intake.institution_id, intake_id=intake.id,
                    kept_id=file.id, aside_id=other.id, state_before="submitted", reason="CIN", by="x", at=clock.now(),
                )
            )  # fmt: skip
        elif way == "guardian":
            mother = people.new_person({"given_name": "Rachida", "phone": PHONE})
            people.set_person(own(person), {"phone": PHONE})
            session.add(
                Guardianship(
                    reference=new_reference(), institution_id=intake.institution_id, child_id=candidate.id,
                    guardian_id=mother.id, capacity="parent", until=date(2132, 1, 1), created_at=clock.now(),
                )
            )  # fmt: skip
        elif way == "company":
            hat(intake, person)
        else:
            file.email = person.email


def hat(intake: Intake, person: Viewer, key: str = "inwi") -> None:
    company = by_key(key)
    assert company is not None
    account = db.session.get_one(Account, person.account_id)
    where = ("organisation", company.reference, company.path, [intake.institution_id])
    people.grant(SYSTEM, account, Role.COMPANY_CONTACT, *where)


def staffed(files: int = 4) -> tuple[Intake, Viewer, Viewer, Viewer, Viewer]:
    """(intake, its administrator, a manager, a reviewer, a trainer)."""
    intake = sent(files)
    admin, manager = (
        someone(intake, Role.PROGRAMME_ADMINISTRATOR, "admin"),
        someone(intake, Role.SELECTION_MANAGER),
    )
    return (
        intake,
        admin,
        manager,
        someone(intake, Role.REVIEWER, "lina"),
        someone(intake, Role.TRAINER, "omar"),
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_role_that_chooses_is_neither_offered_nor_given_to_whom_the_intake_concerns(
    app: Flask, way: str
) -> None:
    intake, admin, _manager, lina, omar = staffed()
    held, desk = grant_of(lina, Role.REVIEWER), browser(app, admin)
    page = f"/staff/people/roles/{held}/deputy"
    assert f'value="{omar.reference}"' in desk.get(page).text
    concern(intake, omar, way)
    assert f'value="{omar.reference}"' not in desk.get(page).text
    last = clock.today() + SOON
    with pytest.raises(Refused, match="Conflit d’intérêts"), writing():
        grants.deputise(admin, held, omar.reference, None, last)
    db.session.rollback()
    for role in (Role.REVIEWER, Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR):
        fields = {"role": role.value, "scope": place(admin, ".mdia.").reference}
        answer = desk.post(f"/staff/people/{omar.reference}/give", data=fields)
        assert "Conflit d’intérêts" in answer.text, role
    assert known("omar@inpt.ma").roles - {Role.COMPANY_CONTACT} == {Role.TRAINER}
    fields["role"] = Role.FINANCE.value  # which chooses nobody
    assert desk.post(f"/staff/people/{omar.reference}/give", data=fields).status_code == 302


def test_an_invitation_is_refused_as_it_is_accepted(app: Flask, system_app: Flask) -> None:
    _intake, admin, _manager, _lina, _omar = staffed()
    wish = grants.wish_of(admin, Role.REVIEWER, place(admin, ".mdia.").reference, None, None)
    with writing():
        invitations.invite(admin, Invitee(Contact("email", "c1@exemple.ma"), "Une", "N1", "fr"), wish)
    guest = app.test_client()
    link = token(system_app)
    page = guest.post(f"/invitations/{link}", data={"given_name": "Une", "family_name": "N1"})
    assert "Conflit d’intérêts" in page.text and not known("c1@exemple.ma").roles
    with pytest.raises(Refused, match="Conflit"), writing():
        invitations.accept(ANONYMOUS, link, "Une", "N1", "fr")


def test_whose_file_is_decided_may_read_in_what_comes_next() -> None:
    intake, _batch = decided(3, 1)
    admin, candidate = known("programme_administrator@inpt.ma"), known("c1@exemple.ma")
    wish = grants.wish_of(admin, Role.REVIEWER, place(admin, ".mdia.").reference, None, None)
    with writing():
        grants.hold(admin, db.session.get_one(Account, candidate.account_id), wish)
    assert queries.readers_of(intake) and candidate.person_reference not in {
        row.reference for row in queries.readers_of(intake)
    }, "but nothing of the intake that they were in"


def test_a_withdrawn_file_and_a_draft_that_can_be_sent_no_more_concern_nobody() -> None:
    intake, admin, _manager, lina, omar = staffed()
    concern(intake, omar, "person")
    for state in ("withdrawn", "draft"):
        with writing():
            first_file().state = state
            db.session.get_one(Intake, intake.id).closes_at = clock.now() - timedelta(hours=1)
        found = held_roles.conflicts_of(Role.REVIEWER, place(admin, ".mdia."), [omar.person_id or 0])
        assert not found, state
    with writing():
        db.session.get_one(Intake, intake.id).closes_at = clock.now() + timedelta(1)
    assert held_roles.conflicts_of(Role.REVIEWER, place(admin, ".mdia."), [omar.person_id or 0])


@pytest.mark.parametrize("way", WAYS)
def test_a_reader_whom_the_intake_concerns_gets_no_file_and_what_she_had_goes_to_others(
    app: Flask, way: str
) -> None:
    intake = sent(6)
    manager, (first, second, third, fourth) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 4)
    with writing():
        assignment.assign(manager, intake.reference)
    marked, *left = queue.queue(first)
    assert left
    with writing():
        reading.score(first, marked.reference, MARKS)
    concern(intake, first, way)
    if way == "united":  # the second of the two files is read by nobody any more
        left = [row for row in left if row.number != "MDIA-000002"]
    assert first.person_reference not in {row.reference for row in queries.readers_of(intake)}
    assert progress_of(intake).stranded == len(left)
    desk = browser(app, known(first.email))
    for row in left:
        with pytest.raises(Refused), writing():
            reading.score(known(first.email), row.reference, MARKS)
        db.session.rollback()
    assert queue.open_count(known(first.email)) == 0 and not queue.queue(known(first.email))
    assert "Conflit d’intérêts" in desk.get("/staff/reviews").text
    answer = desk.get(f"/staff/reviews/{left[0].reference}")
    assert answer.status_code == 403 and "Conflit d’intérêts" in answer.text
    page = browser(app, manager).get(
        f"/staff/intakes/{intake.reference}/reviews/readers/{second.person_reference}"
    )
    assert first.person_reference not in page.text and (third.person_reference or "") in page.text
    with pytest.raises(Refused, match="Conflit"), writing():
        by_hand.recall(
            manager, intake.reference, second.person_reference or "", "Absente", first.person_reference
        )
    db.session.rollback()
    with writing():
        assert assignment.assign(manager, intake.reference).added >= len(left)
    held = sa.select(Review.state).where(Review.reviewer_id == first.person_id)
    assert set(db.session.scalars(held)) == {"recalled"}, "the marks that she gave before, too"
    assert progress_of(intake).stranded == 0 and fourth.person_id
    with writing():
        assert assignment.assign(manager, intake.reference).added == 0


def test_a_deputy_whom_the_intake_concerns_gets_nothing_either() -> None:
    intake, admin, manager, lina, omar = staffed()
    with writing():
        grants.deputise(admin, grant_of(lina, Role.REVIEWER), omar.reference, None, clock.today() + SOON)
    readers(intake, 2)
    concern(intake, omar, "phone")
    with writing():
        assignment.assign(manager, intake.reference)
    given = set(db.session.scalars(sa.select(Review.reviewer_id)))
    assert omar.person_id not in given and len(given) == 3


def test_the_page_of_a_deputy_makes_as_many_statements_for_many_colleagues(
    app: Flask, statements: Statements
) -> None:
    intake, admin, _manager, lina, omar = staffed()
    concern(intake, omar, "phone")
    desk, counts = browser(app, admin), []
    for number in range(2):
        for each in range(4):
            other = someone(intake, Role.TRAINER, f"autre{number}{each}")
            if each % 2:
                concern(intake, other, "company")
        page = f"/staff/people/roles/{grant_of(lina, Role.REVIEWER)}/deputy"
        desk.get(page)
        with statements() as seen:
            assert desk.get(page).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
