"""The log of messages knows everybody to whom one went: drafts alone, guardians, and people without an account."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.contacts import contact_of
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.deadlines.actions import late_starts
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.letters.queries import log
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import bearing_keys
from tests.blocks import blocks_read
from tests.databases import Database, PostgresDatabase
from tests.factories.choices import browser, known, sent, someone
from tests.integration.applications.guardians import children
from tests.integration.messages.helpdesk.test_desk import STRANGER, public

pytestmark = pytest.mark.usefixtures("system_context")


def names(client: FlaskClient, query: str = "") -> list[str]:
    """Whom the list names: the same, whether it walks through all messages or gathers those of few people."""
    found = []
    for walked in (0, 10**9):
        with patch.object(log, "WALKED", walked):
            page = client.get(f"/staff/messages?{query}").get_data(as_text=True)
        found.append(re.findall(r'<th scope="row">(?:<a [^>]*>)?<bdi>(.*?)</bdi>', page))
    assert found[0] == found[1]
    return found[0]


def test_who_has_a_draft_alone_is_there(app: Flask) -> None:
    intake = sent(1)
    with writing() as session:
        session.execute(sa.update(Application).values(state="draft", sent_at=None))
    manager = someone(intake, Role.SELECTION_MANAGER)
    candidate = known("c1@exemple.ma")
    assert candidate.person_reference is not None
    said = {"subject": "Portes ouvertes", "body": "Le 3 juin.", "short": "Le 3.", "unsubscribe": "x"}
    with writing():
        to = (candidate.person_reference, candidate.email, "fr")
        send_all([Letter("campaign", *to, said, intake.institution_id, candidate.person_id)])
    assert len(names(browser(app, manager), "search=c1@exemple")) == 1


def test_who_has_no_account_is_there_under_what_is_known_of_them(app: Flask) -> None:
    intake = sent(1)
    manager = someone(intake, Role.SELECTION_MANAGER)
    with clock.at(intake.closes_at - timedelta(days=1)), writing():
        until = intake.closes_at + timedelta(hours=1)
        late_starts.allow(manager, intake.reference, contact_of("retard@exemple.ma"), until, "Panne.")
    assert public(app).post("/help/mdia", data=STRANGER).status_code == 302
    client = browser(app, manager)
    found = names(client)
    assert "Sara Alaoui" in found and "retard@exemple.ma" in found
    assert names(client, "search=sara") == ["Sara Alaoui"]
    assert names(client, "search=retard@exemple.ma") == ["retard@exemple.ma"]
    reference = db.session.scalars(sa.select(Message.reference).where(Message.key == "late_start")).one()
    assert client.get(f"/staff/messages/{reference}").status_code == 200
    observer = browser(app, someone(intake, Role.OBSERVER))
    assert observer.get(f"/staff/messages/{reference}").status_code == 404


def test_a_guardian_is_there_and_of_a_hidden_child_no_word_is_read(app: Flask, client: FlaskClient) -> None:
    with clock.at(children.NOW):
        intake = children.open_junior()
        children.club(client)
        children.enrol(client, intake, children.child(1))
        children.club(client, Role.SELECTION_MANAGER, "cell")
        assert names(client) == ["Amina Alaoui"]
        (asked,) = db.session.scalars(sa.select(Message).where(Message.key == "guardian_asked")).all()
        assert asked.key in bearing_keys()
        with writing() as session:  # a letter that bears no key
            session.execute(sa.update(Message).values(key="deadline_extended"))
        address = f"/staff/messages/{asked.reference}"
        assert address not in client.get("/staff/messages").text and client.get(address).status_code == 404
        with writing() as session:
            agreed = {"consent": Consent.GIVEN.value, "state": ApplicationState.SUBMITTED.value}
            session.execute(sa.update(Application).values(**agreed))
        assert address in client.get("/staff/messages").text
        other = app.test_client()
        children.club(other, Role.OBSERVER, "watch")
        assert other.get("/staff/messages").status_code == 404


def test_the_filter_finds_the_files_that_wait_for_a_guardian_and_shows_nobody(client: FlaskClient) -> None:
    with clock.at(children.NOW):
        intake = children.open_junior()
        children.club(client)
        children.enrol(client, intake, children.child(1), children.child(2))
        children.club(client, Role.SELECTION_MANAGER, "cell")
        address = f"/staff/intakes/{intake}/applications?state=held"
        page = client.get(address).text
        rows = db.session.execute(sa.select(Application.number, Application.name)).all()
        assert len(rows) == 2
        for number, name in rows:
            assert number in page and name not in page and name.split()[0] not in page
        for row in db.session.scalars(sa.select(Application)):
            assert row.reference not in page
        searched = client.get(f"{address}&search=Adam").text.partition("<main")[2]
        assert "Adam" not in searched and all(number in searched for number, _name in rows)


@pytest.mark.postgres_only
def test_who_sees_few_messages_reads_few_blocks_behind_thousands_of_others(
    app: Flask, database: Database
) -> None:
    assert isinstance(database, PostgresDatabase)
    intake = sent(3)
    client, read = browser(app, someone(intake, Role.SELECTION_MANAGER)), []
    for number in (0, 8_000):
        database.admin.execute(
            "INSERT INTO outbox (reference, key, channel, language, subject, person_id, institution_id, sealed, due,"
            " state, tries, lost_starts, unanswered, gathered)"
            " SELECT 'R' || n, 'campaign', 'email', 'fr', 's' || n, 900000 + n, %s, '',"
            " now() + n * interval '1 second', 'sent', 0, 0, 0, false FROM generate_series(1, %s) n",
            [intake.institution_id, number],
        )
        database.admin.execute("ANALYZE")
        with blocks_read() as seen:
            assert client.get("/staff/messages").status_code == 200
        read.append(sum(seen.values()))
    assert read[1] < 600, read
