"""What is asked once a seat is accepted: only then, only these questions, and what the floors above do with it."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from bench.statements import beside_frame
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.applications.joining import actions as joining
from cohortmgr.audit.models import Event
from cohortmgr.base import crypto
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.cohorts import actions as cohorts
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.definition.rules import Payer
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.models import Offer
from cohortmgr.stipends.actions import runs
from cohortmgr.stipends.models import BankDetails, StipendLine
from tests.factories import promotions
from tests.factories.promotions import JANUARY, asking_later, rib
from tests.integration.accounts.test_slips import QUESTION, SLIP, inputs
from tests.integration.applications.journey.steps import PDF
from tests.watch import rows_of

Statements = Callable[[], AbstractContextManager[list[str]]]
LATER = ("rib", "transcripts")


def joined(people: int, *later: str, state: str = "accepted") -> Intake:
    """So many people who gave no RIB with their application, which asks for these only once a seat is accepted."""
    everyone = range(1, people + 1)
    return promotions.accepted(people, everyone, state=state, definition=asking_later(*(later or ("rib",))))


def files() -> list[Application]:
    db.session.rollback()
    rows = sa.select(Application).order_by(Application.id).execution_options(populate_existing=True)
    return list(db.session.scalars(rows))


def give(number: int, **given: str) -> None:
    """Person number so-and-so answers."""
    viewer, reference = promotions.candidate(number), files()[number - 1].reference
    with writing():
        joining.answer(viewer, reference, {name: [text] for name, text in given.items()}, [])


def browser(app: Flask, number: int) -> FlaskClient:
    """Person number so-and-so, reading French."""
    client = promotions.browser(app, promotions.candidate(number))
    client.get("/language/fr")
    return client


def page_of(file: Application) -> str:
    return f"/my/applications/{file.reference}/joining"


@pytest.fixture
def owner(app: Flask, system_context: AppContext) -> FlaskClient:
    """Who accepted a seat, and still owes a RIB and a paper."""
    joined(2, *LATER)
    return browser(app, 1)


def test_the_page_asks_what_the_application_did_not(owner: FlaskClient) -> None:
    file = files()[0]
    own = owner.get(f"/my/applications/{file.reference}").text
    assert "À fournir pour votre inscription" in own and page_of(file) in own
    home = owner.get("/my").text
    assert "il manque encore quelque chose pour votre inscription" in home and page_of(file) in home
    page = owner.get(page_of(file)).text
    assert 'name="rib"' in page and 'name="transcripts"' in page
    assert 'name="motivation"' not in page and "data-keep" not in page


def test_answers_are_sealed_noted_and_may_come_one_by_one(owner: FlaskClient) -> None:
    file = files()[0]
    answer = owner.post(page_of(file), data={"rib": rib(1)})
    assert answer.status_code == 302 and answer.location.endswith("/joining")
    kept = files()[0]
    assert sealed_answers(kept)["rib"] == rib(1) and "rib" not in kept.answers
    answer = owner.post(page_of(file), data={"rib": rib(1), "transcripts": (io.BytesIO(PDF), "releves.pdf")})
    assert answer.status_code == 302 and answer.location.endswith(f"/my/applications/{file.reference}")
    assert db.session.scalars(sa.select(Document.question)).all() == ["transcripts"]
    noted = sa.select(sa.func.count()).where(Event.action == "applications.give_for_joining")
    assert db.session.scalar(noted) == 2
    assert "Nous avons tout ce qu’il faut" in owner.get(page_of(file)).text
    assert "il manque encore" not in owner.get("/my").text


def test_what_is_wrong_keeps_everything_from_being_written(owner: FlaskClient) -> None:
    file = files()[0]
    paper = (io.BytesIO(PDF), "releves.pdf")
    answer = owner.post(page_of(file), data={"rib": "12", "transcripts": paper})
    assert answer.status_code == 200 and "error-summary" in answer.text
    paper = (io.BytesIO(b"<svg onload=alert(1)>"), "releves.pdf")
    assert owner.post(page_of(file), data={"rib": rib(1), "transcripts": paper}).status_code == 200
    assert not sealed_answers(files()[0]) and rows_of(Document) == 0


@pytest.mark.parametrize("name", ["motivation", "s1", "birth_date-day", "cin"])
def test_no_other_answer_changes_there(owner: FlaskClient, name: str) -> None:
    file = files()[0]
    before = dict(file.answers)
    answer = owner.post(page_of(file), data={"rib": rib(1), name: "Autre chose"})
    assert answer.status_code == 200
    assert files()[0].answers == before and not sealed_answers(files()[0])


@pytest.mark.parametrize("state", ["sent", "declined", "expired"])
def test_nothing_is_asked_before_the_seat_is_accepted(
    app: Flask, system_context: AppContext, state: str
) -> None:
    joined(1, *LATER, state=state)
    client, file = promotions.browser(app, promotions.candidate(1)), files()[0]
    for answer in (client.get(page_of(file)), client.get(page_of(file) + "?more=rib")):
        assert answer.status_code == 302 and answer.location.endswith(file.reference)
    with pytest.raises(Refused):
        give(1, rib=rib(1))
    paper = f"/my/applications/{file.reference}/documents/transcripts"
    assert client.get(paper).status_code == 404
    assert client.post(f"{paper}/uploads", data={"name": "a.pdf", "size": "10"}).status_code == 404


def test_it_is_over_with_the_training_and_another_person_sees_nothing(
    app: Flask, system_context: AppContext
) -> None:
    intake = joined(2)
    with writing():
        cohorts.open_cohort(SYSTEM, intake.reference)
    file = files()[0]
    other = promotions.browser(app, promotions.candidate(2))
    assert other.get(page_of(file)).status_code == 404
    assert other.post(page_of(file), data={"rib": rib(2)}).status_code == 404
    client = browser(app, 1)
    assert client.get(page_of(file)).status_code == 200
    with writing():
        db.session.execute(sa.update(Enrolment).values(state="completed"))
    assert client.get(page_of(file)).status_code == 302
    assert "il manque encore" not in client.get("/my").text


def test_a_paper_of_it_may_come_in_pieces_and_be_sent_again(owner: FlaskClient) -> None:
    paper = f"/my/applications/{files()[0].reference}/documents/transcripts"
    assert owner.get(paper).status_code == 200
    begun = owner.post(f"{paper}/uploads", data={"name": "a.pdf", "size": str(len(PDF))})
    assert begun.status_code == 201 and begun.json
    sent = owner.patch(begun.json["url"], data=PDF, headers={"Upload-Offset": "0"})
    assert sent.status_code == 200 and sent.json and sent.json["state"] == "received"
    again = owner.post(paper, data={"files": (io.BytesIO(PDF + b"%2"), "b.pdf")})
    assert again.status_code == 302
    standing = sa.select(Document.filename).where(Document.replaced_at.is_(None))
    assert db.session.scalars(standing).all() == ["b.pdf"]


def test_accepting_writes_what_is_still_needed(app: Flask, system_app: Flask) -> None:
    with system_app.app_context():
        joined(1, *LATER, state="sent")
        with writing():
            offer = db.session.scalars(sa.select(Offer)).one()
            offer.deadline = offer.deadline.replace(year=2999)
            db.session.get_one(Offering, offer.offering_id).taken = 1
        viewer, reference = promotions.candidate(1), offer.reference
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        client = promotions.browser(app, viewer)
        for _ in range(2):
            assert client.post(f"/my/offers/{reference}/answer", data={"answer": "accept"}).status_code == 302
    with system_app.app_context():
        keys = db.session.scalars(sa.select(Message.key)).all()
        assert sorted(keys) == ["after_acceptance_asked", "offer_accepted"]


def test_a_rib_given_later_is_paid_instead_of_set_aside(app: Flask, system_app: Flask) -> None:
    with system_app.app_context():
        definition = asking_later("rib")
        assert definition.stipend is not None
        definition = replace(definition, stipend=replace(definition.stipend, payer=Payer.HOST))
        intake = promotions.accepted(2, (1, 2), definition=definition)
        with writing():
            cohort = cohorts.open_cohort(SYSTEM, intake.reference)
            cohorts.confirm(SYSTEM, cohort.reference)
        reference, viewer, file = cohort.reference, promotions.candidate(1), files()[0].reference
        with writing():
            run = runs.compute(SYSTEM, runs.open_run(SYSTEM, reference, JANUARY).reference)
        assert (run.lines, rows_of(BankDetails)) == (0, 0)
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        client = promotions.browser(app, viewer)
        for _ in range(2):
            assert client.post(f"/my/applications/{file}/joining", data={"rib": rib(1)}).status_code == 302
    with system_app.app_context():
        details = db.session.scalars(sa.select(BankDetails)).one()
        assert crypto.unseal(details.sealed, "bank_details", "sealed", details.reference) == rib(1)
        with writing():
            run = runs.compute(SYSTEM, runs.open_run(SYSTEM, reference, JANUARY).reference)
        rows = {row.last4: row for row in db.session.scalars(sa.select(StipendLine))}
        assert (rows[rib(1)[-4:]].exception, rows[""].state, run.lines) == (None, "set_aside", 1)
        taken = sa.select(sa.func.count()).where(Event.action == "stipends.take_bank_details")
        assert db.session.scalar(taken) == 1, "the same RIB again is not taken again"


def test_a_rib_given_before_the_cohort_opens_is_taken_with_the_enrolment(system_context: AppContext) -> None:
    intake = joined(1)
    give(1, rib=rib(1))
    assert rows_of(BankDetails) == 0
    with writing():
        cohorts.open_cohort(SYSTEM, intake.reference)
    assert db.session.scalars(sa.select(BankDetails.last4)).all() == [rib(1)[-4:]]


def test_staff_see_who_still_owes_what_and_not_what_was_said(
    app: Flask, system_context: AppContext, statements: Statements
) -> None:
    intake = joined(12, *LATER)
    give(2, rib=rib(2))
    with writing():
        cohort = cohorts.open_cohort(SYSTEM, intake.reference)
    address, counts = f"/staff/cohorts/{cohort.reference}", []
    manager = promotions.browser(app, promotions.staff(intake, Role.CENTRE_MANAGER))
    manager.get(address)
    with statements() as seen:
        page = manager.get(address).text
    counts.append(len(beside_frame(seen)))
    assert "12 personnes n’ont pas encore tout donné" in page and page.count("RIB (24 chiffres)") == 11
    desk = promotions.browser(app, promotions.staff(intake, Role.SELECTION_MANAGER))
    one, two = (desk.get(f"/staff/applications/{file.reference}/file").text for file in files()[:2])
    assert one.count("RIB (24 chiffres)") == 2 and two.count("RIB (24 chiffres)") == 1
    assert "Attendu pour l’inscription" in one and rib(2) not in two and "Réponse protégée" in two
    with writing():
        first = sa.select(sa.func.min(Enrolment.id)).scalar_subquery()
        db.session.execute(sa.delete(Enrolment).where(Enrolment.id > first))
    with statements() as seen:
        assert "1 personne n’a pas encore tout donné" in manager.get(address).text
    counts.append(len(beside_frame(seen)))
    assert counts[0] == counts[1] <= 11, counts


def test_nobody_without_a_file_reaches_it(system_context: AppContext) -> None:
    joined(1)
    viewer = promotions.candidate(1)
    with pytest.raises(NotFound), writing():
        joining.answer(viewer, "0" * 26, {"rib": [rib(1)]}, [])


def test_what_was_asked_about_and_kept_is_asked_about_no_more(app: Flask, system_context: AppContext) -> None:
    joined(1, "rib", "email")
    client, place = browser(app, 1), page_of(files()[0])
    page = client.post(place, data={"email": SLIP})
    assert page.status_code == 200 and QUESTION in page.text
    assert client.post(place, data={**inputs(page.text), "kept-email": SLIP}).status_code == 302
    assert files()[0].answers["email"] == SLIP
    done = client.post(place, data={"email": SLIP, "rib": rib(1)})
    assert done.status_code == 302 and sealed_answers(files()[0])["rib"] == rib(1)
    assert QUESTION in client.post(place, data={"email": "zoe@hotmial.com"}).text, "another text is"
