"""A refusal ends in doors: a question about it, how to contest it and until when, and where else to apply at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file import queries as files
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import seal_answers
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.selection import queries
from tests.factories.choices import browser, decided, known
from tests.integration.applications.journey.steps import DURING

pytestmark = pytest.mark.usefixtures("system_context")


def refused() -> tuple[Viewer, Application]:
    """Somebody who was refused in 2025, with a few answers; JobInTech and AI Master Junior take applications later."""
    decided(40, seats=2)
    with writing():
        for name in ("jobintech", "ai-master-junior"):
            programmes.load_definition(SYSTEM, read_known(name))
    worst = sa.select(Application).join(Person, Person.id == Application.person_id)
    row = next(
        each
        for each in db.session.scalars(worst.order_by(Application.id.desc()))
        if queries.mine(known(each.email or ""))[0].decision.outcome == "refused"
    )
    with writing():
        row = db.session.get_one(Application, row.id)
        row.answers = {**row.answers, "given_name": "Zoé", "family_name": "Alami", "birth_date": "2001-02-26"}
        row.sealed_answers = seal_answers({"cin": "AB123456"}, row.reference)
    return known(row.email or ""), row


def decision_page(client: FlaskClient, viewer: Viewer) -> str:
    return client.get(f"/my/offers/{queries.mine(viewer)[0].decision.reference}").text


def test_a_refusal_leads_to_a_question_and_says_how_long_it_may_be_contested(app: Flask) -> None:
    viewer, row = refused()
    client = browser(app, viewer)
    page = decision_page(client, viewer)
    assert "n’est pas retenue" in page and "recours gracieux" in page
    ask = f"/my/applications/{row.reference}/question?about=decision"
    assert ask in page
    assert '<option selected value="decision">' in client.get(ask).text
    assert queries.mine(viewer)[0].told_at is not None
    with clock.at(DURING):
        later = browser(app, viewer)
        assert "Le délai pour contester cette décision a pris fin" in decision_page(later, viewer)


def test_other_open_programmes_are_one_tap_away_with_the_answers_that_serve_there(app: Flask) -> None:
    viewer, row = refused()
    with clock.at(DURING):
        client = browser(app, viewer)
        page = decision_page(client, viewer)
        assert "JobInTech" in page and "Candidater avec ce dossier" in page
        assert "AI Master Junior" not in page, "their day of birth closes it"
        there = page.partition("/apply")[0].rpartition('"')[2] + "/apply"
        answer = client.post(there, data={"from": row.reference})
        assert answer.status_code == 302
        begun = client.get(answer.location)
        assert "reprises de votre dossier" in begun.text
        draft = files.own(viewer, answer.location.rpartition("/")[2])
        said = draft.answers
        assert (said["given_name"], said["family_name"], said["birth_date"]) == ("Zoé", "Alami", "2001-02-26")
        assert said["document"]["number"] == "AB123456" and "document" not in draft.application.answers
        assert "consent_data" not in said
        db.session.rollback()
        assert client.post(there, data={"from": row.reference}).location == answer.location, "once"
        assert "JobInTech" not in decision_page(client, viewer).partition("doors")[2], (
            "they have a file there"
        )


def test_nobody_carries_the_file_of_somebody_else(app: Flask) -> None:
    _viewer, row = refused()
    with clock.at(DURING):
        other = known("c1@exemple.ma")
        client = browser(app, other)
        page = client.get("/").text
        there = next(each for each in page.split('"') if each.startswith("/intakes/"))
        assert client.post(f"{there}/apply", data={"from": row.reference}).status_code == 404
        kept = sa.select(sa.func.count()).where(Application.person_id == other.person_id)
        assert db.session.scalar(kept) == 1, "nothing was begun either"


def test_whoever_was_not_refused_reads_no_word_of_contesting(app: Flask) -> None:
    refused()
    chosen = known("c1@exemple.ma")
    assert "recours gracieux" not in decision_page(browser(app, chosen), chosen)
