"""A batch of decisions: proposed by one person, approved by another, everyone told in their language."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.base.settings import ROOT
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all
from cohortmgr.programmes.models import Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.certificate import verify
from cohortmgr.selection.models import Batch, Decision, Offer, Release
from tests.factories.choices import browser, decided, known, read, readers, sent, someone

Statements = Callable[[], AbstractContextManager[list[str]]]
MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
pytestmark = pytest.mark.usefixtures("system_context")


def test_nothing_is_proposed_while_a_file_is_unread() -> None:
    intake = sent(3)
    manager = someone(intake, Role.SELECTION_MANAGER)
    with pytest.raises(Refused) as refusal, writing():
        decisions.propose(manager, intake.reference)
    assert refusal.value.problems[0].values["files"].number == 3
    (reader,) = readers(intake, 1)
    with pytest.raises(NotPermitted), writing():
        decisions.propose(reader, intake.reference)


def test_a_proposal_holds_every_file_and_a_certificate_and_tells_nobody() -> None:
    intake, batch = decided(9, seats=3, ineligible=2, approve=False)
    rows = db.session.scalars(sa.select(Decision)).all()
    assert Counter(row.outcome for row in rows) == {"offer": 3, "waiting": 6, "refused": 2}
    assert not db.session.scalars(sa.select(Release)).all() and verify(batch.certificate) == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 0
    manager = known(MANAGER)
    with writing():
        assert decisions.propose(manager, intake.reference).id == batch.id
    another = someone(intake, Role.SELECTION_MANAGER, "another")
    with pytest.raises(Refused), writing():
        decisions.propose(another, intake.reference)


def test_the_seed_is_the_intakes_reference_and_no_address_or_field_changes_it(app: Flask) -> None:
    intake = sent(6)
    client = browser(app, someone(intake, Role.SELECTION_MANAGER))
    read(intake, readers(intake))
    address = f"/staff/intakes/{intake.reference}/ranking"
    page = client.get(address, query_string={"seed": "grinding"}).text
    assert f">{intake.reference}</code>" in page and 'name="seed"' not in page
    assert client.post(address, data={"seed": "grinding", "note": ""}).status_code == 302
    batch = db.session.scalars(sa.select(Batch)).one()
    assert batch.seed == batch.certificate["seed"] == intake.reference


def test_the_proposer_cannot_approve_not_even_with_the_right() -> None:
    intake, batch = decided(4, seats=2, approve=False)
    with pytest.raises(NotPermitted), writing():
        decisions.approve(known(MANAGER), batch.reference, "2")
    both = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "both")
    with writing():
        db.session.execute(sa.update(Batch).values(proposed_by=both.reference))
    with pytest.raises(Refused, match="deuxième personne"), writing():
        decisions.approve(both, batch.reference, "2")


def test_approval_asks_for_the_number_and_the_version_and_happens_once() -> None:
    moment = datetime(2025, 7, 20, 10, tzinfo=UTC)
    _, batch = decided(40, seats=3, ineligible=1, approve=False)
    administrator = known(ADMINISTRATOR)
    for typed in ("", "trois", "4"):
        with pytest.raises(Refused), writing():
            decisions.approve(administrator, batch.reference, typed)
    with pytest.raises(Stale), writing():
        decisions.approve(administrator, batch.reference, "3", version=9)
    for _ in range(2):
        with clock.at(moment), writing():
            assert decisions.approve(administrator, batch.reference, " ٣ ", version=1).state == "approved"
    offers = db.session.scalars(sa.select(Offer)).all()
    assert {offer.deadline for offer in offers} == {clock.instant(date(2025, 7, 27), 18)}
    count = db.session.get_one(Offering, batch.offering_id, populate_existing=True)
    assert (len(offers), count.taken, count.seats) == (3, 3, 3)
    keys = Counter(db.session.scalars(sa.select(Message.key)))
    assert keys == {"offer_made": 3, "offer_reminder": 6, "offer_late": 3, "waiting_listed": 30, "refused": 8}


def test_each_message_is_in_the_language_of_its_file_and_says_why() -> None:
    decided(40, seats=3, ineligible=1)  # of the seven refused for their rank each language has some
    texts: dict[tuple[str, str], str] = {}
    for message in db.session.scalars(sa.select(Message)):
        content = content_of(message)
        assert content is not None
        [words] = render_all([message], [content])
        assert isinstance(words, Rendered)
        subject, body = words.subject, words.text
        place = message.key, message.language
        texts[place] = texts.get(place, "") + subject + "\n" + body
    assert {language for _, language in texts} == {"fr", "ar", "en"}
    assert "Master Data & IA" in texts["offer_made", "fr"] and "/my/offers/" in texts["offer_made", "fr"]
    assert "ماستر" in texts["offer_made", "ar"] and "Master" in texts["offer_made", "en"]
    for language, words in (
        ("fr", "projets solides"),
        ("ar", "دروس ومشاريع متينة"),
        ("en", "solid projects"),
    ):
        assert words in texts["refused", language]


def test_a_proposal_is_cancelled_and_another_may_follow() -> None:
    intake, batch = decided(4, seats=2, approve=False)
    manager = known(MANAGER)
    with writing():
        decisions.cancel(manager, batch.reference)
    with writing():
        assert decisions.cancel(manager, batch.reference).state == "cancelled"
    with pytest.raises(Refused), writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "2")
    with writing():
        assert decisions.propose(manager, intake.reference).state == "proposed"


def test_decisions_that_are_not_those_of_the_certificate_stop_the_approval() -> None:
    _, batch = decided(4, seats=2, approve=False)
    exchanged = sa.case({1: "waiting", 3: "offer"}, value=Decision.rank, else_=Decision.outcome)
    with writing():
        db.session.execute(sa.update(Decision).values(outcome=exchanged))
    with pytest.raises(Refused, match="certificat"), writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "2")


def test_somebody_chosen_who_withdrew_stops_the_approval() -> None:
    _, batch = decided(4, seats=2, approve=False)
    with writing():
        db.session.execute(
            sa.text("UPDATE applications SET state = 'withdrawn' WHERE number = 'MDIA-000001'")
        )
    with pytest.raises(Refused), writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "2")


def test_the_pages_of_the_staff(app: Flask) -> None:
    intake, batch = decided(6, seats=2, ineligible=1, approve=False)
    manager, administrator = browser(app, known(MANAGER)), browser(app, known(ADMINISTRATOR))
    assert "MDIA-000001" in manager.get(f"/staff/intakes/{intake.reference}/ranking").text
    page = f"/staff/batches/{batch.reference}"
    assert "Une deuxième personne doit approuver" in manager.get(page).text
    assert "Pour confirmer" in administrator.get(page).text
    assert manager.post(f"{page}/approve", data={"confirmation": "2"}).status_code == 404
    wrong = administrator.post(f"{page}/approve", data={"confirmation": "3", "version": "1"})
    assert wrong.status_code == 200 and "Écrivez le nombre" in wrong.text
    assert (
        administrator.post(f"{page}/approve", data={"confirmation": "2", "version": "1"}).status_code == 302
    )
    assert (
        administrator.post(f"{page}/approve", data={"confirmation": "2", "version": "1"}).status_code == 302
    )
    assert verify(administrator.get(f"{page}/certificate.json").get_json()) == []
    reader = browser(app, known("r0@inpt.ma"))
    assert (
        reader.get(page).status_code
        == reader.get(f"/staff/intakes/{intake.reference}/ranking").status_code
        == 404
    )
    with pytest.raises(NotFound):
        queries.get_for(known("c1@exemple.ma"), batch.reference)


def test_statements_do_not_grow_with_the_files(app: Flask, statements: Statements) -> None:
    intake = sent(45, seats=3)
    manager, administrator = (
        someone(intake, Role.SELECTION_MANAGER),
        someone(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    with writing():
        db.session.execute(sa.text("UPDATE applications SET eligible = (number <= 'MDIA-000006')"))
    people = readers(intake)
    client = browser(app, manager)
    counts = []
    for few in (True, False):
        if not few:
            with writing():
                db.session.execute(sa.text("UPDATE applications SET eligible = true"))
        read(intake, people)
        with statements() as proposing, writing():
            batch = decisions.propose(manager, intake.reference)
        seen = [len(proposing)]
        for page in (f"/staff/intakes/{intake.reference}/ranking?all=1", f"/staff/batches/{batch.reference}"):
            with statements() as reading:
                assert client.get(page).status_code == 200
            seen.append(len(reading))
        if few:
            with writing():
                decisions.cancel(manager, batch.reference)
        counts.append(seen)
    with statements() as approving, writing():
        decisions.approve(administrator, batch.reference, "3")
    assert abs(counts[0][0] - counts[1][0]) <= 1 and counts[0][1:] == counts[1][1:]
    assert max(counts[1]) < 20 and len(approving) < 25


def test_a_batch_of_before_the_kept_numbers_is_summed_up_by_the_migration() -> None:
    _, batch = decided(9, seats=3, ineligible=2, approve=False)
    expected = batch.summary, batch.digest
    assert expected[0]["all"] == 11 and expected[1]
    path = ROOT / "migrations" / "0038_kept_rankings.py"
    spec = importlib.util.spec_from_file_location("kept_rankings", path)
    assert spec is not None and spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    with writing() as session:
        session.execute(sa.update(Batch).values(summary={}, digest=""))
        with Operations.context(MigrationContext.configure(session.connection())):
            migration._summed_up()
    db.session.refresh(batch)
    assert (batch.summary, batch.digest) == expected
