"""A programme like another, and one from nothing: in preparation until somebody else publishes it."""

from __future__ import annotations

import html

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import db, writing
from cohortmgr.organisations.models import Organisation
from cohortmgr.programmes.actions import load_definition
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake, Programme
from tests.factories.choices import browser, known
from tests.integration.authoring.drafts import filled, version
from tests.integration.authoring.test_settings import acts, text

pytestmark = pytest.mark.usefixtures("system_context")

COPY = {
    "key": "2028",
    "starts_on": "2028-09-18",
    "title_fr": "Rentrée 2028",
    "title_ar": "دخول 2028",
    "title_en": "2028 intake",
    "source": "mdia",
    "programme_key": "cyber",
    "name_fr": "Master Cyber",
    "name_ar": "ماستر الأمن السيبراني",
    "name_en": "Cyber master’s",
}
BEGUN = {
    **{name: COPY[name] for name in COPY if name != "source"},
    "host": "inpt",
    "summary_fr": "Une année à Rabat.",
    "summary_ar": "سنة بالرباط.",
    "summary_en": "A year in Rabat.",
    "place_fr": "Rabat",
    "place_ar": "الرباط",
    "place_en": "Rabat",
    "opens_on": "2028-03-01",
    "closes_on": "2028-04-30",
    "decision_by": "2028-06-15",
    "seats": "24",
}


def at_host(app: Flask, intake: Intake, name: str) -> FlaskClient:
    """Somebody who manages the programmes of the whole host."""
    host = db.session.get_one(Organisation, intake.institution_id)
    with writing():
        account = accounts.new_account(
            SYSTEM, f"{name}@inpt.ma", "no hash", {"given_name": "Une", "family_name": name}
        )
        role = Role.PROGRAMME_ADMINISTRATOR
        accounts.grant(SYSTEM, account, role, "organisation", host.reference, host.path, [host.id])
    return browser(app, known(f"{name}@inpt.ma"))


def test_a_programme_like_another_is_in_preparation_until_somebody_else_publishes_it(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    assert client.get("/staff/programmes/new").status_code == 404, "who manages one programme makes no other"
    assert "/staff/programmes/new" not in client.get("/staff/programmes").text
    first, second = at_host(app, intake, "h1"), at_host(app, intake, "h2")
    assert "/staff/programmes/new" in first.get("/staff/programmes").text
    taken = first.post("/staff/programmes/new", data={**COPY, "programme_key": "mdia"})
    assert (
        taken.status_code == 422 and 'href="#programme_key"' in taken.text or "déjà utilisée" in text(taken)
    )
    lacking = first.post("/staff/programmes/new", data={**COPY, "name_ar": "", "starts_on": ""})
    assert (
        lacking.status_code == 422
        and 'href="#name_ar"' in lacking.text
        and 'href="#starts_on"' in lacking.text
    )
    for given, field in (
        ({"starts_on": "1900-01-01"}, "starts_on"),
        ({"starts_on": "2199-12-31"}, "starts_on"),
        ({"programme_key": "new"}, "programme_key"),
    ):
        refused = first.post("/staff/programmes/new", data={**COPY, **given})
        assert refused.status_code == 422 and f'href="#{field}"' in refused.text, given
    answer = first.post("/staff/programmes/new", data=COPY)
    assert answer.location == "/staff/programmes/cyber/steps", answer.text
    assert app.test_client().get("/programmes/cyber").status_code == 404
    assert client.get("/staff/programmes/cyber/form").status_code == 404
    for path in ("form", "eligibility", "intakes", "dates", "partners", "stipend", "guardians", "texts"):
        assert first.get(f"/staff/programmes/cyber/{path}").status_code == 200
    # It stands among what waits: for the second person to publish, for who prepared it to see.
    assert "en attente d’une deuxième personne : Master Cyber" in text(first.get("/staff"))
    assert "attend votre accord pour être publié : Master Cyber" in text(second.get("/staff"))
    assert "Master Cyber" not in text(client.get("/staff"))
    assert first.post("/staff/programmes/cyber/publish", data={"over": "1"}).status_code == 422
    assert second.post("/staff/programmes/cyber/publish", data={"over": "1"}).status_code == 302
    assert app.test_client().get("/programmes/cyber").status_code == 200
    waits = text(second.get("/staff")) + text(first.get("/staff"))
    assert ": Master Cyber" not in waits, "nothing waits any more"
    assert "programmes.copy" in acts()
    assert db.session.scalar(sa.select(sa.func.count(Programme.id))) == 2


def test_a_programme_from_nothing_is_prepared_in_steps_and_published_by_somebody_else(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    path = "/staff/programmes/begin"
    assert client.get(path).status_code == 404, "who manages one programme begins no other"
    first, second = at_host(app, intake, "h1"), at_host(app, intake, "h2")
    assert first.get(path).status_code == 200
    for given, field in (
        ({"seats": "0"}, "seats"),
        ({"closes_on": "2028-01-01"}, "closes_on"),
        ({"programme_key": "mdia"}, "programme_key"),
        ({"summary_en": ""}, "summary_en"),
        ({"host": "ma"}, "host"),
    ):
        wrong = first.post(path, data={**BEGUN, **given})
        assert wrong.status_code == 422 and f'href="#{field}"' in wrong.text, field
    assert first.post(path, data=BEGUN).location == "/staff/programmes/cyber/steps"
    steps = text(first.get("/staff/programmes/cyber/steps"))
    assert "10 textes restent à écrire" in steps and "24 places." in steps
    for language, said in (("fr", "Une année à Rabat."), ("ar", "سنة بالرباط."), ("en", "A year in Rabat.")):
        page = first.get(f"/staff/programmes/cyber/preview?language={language}")
        assert page.status_code == 200 and said in html.unescape(page.text)
        assert "sandbox" in page.headers["Content-Security-Policy"]
    texts = "/staff/programmes/cyber/texts"
    given = {
        **filled(first, texts),
        "description-fr": "Douze mois.",
        "description-ar": "سنة.",
        "description-en": "Twelve.",
    }
    assert first.post(texts, data=given).status_code == 302
    assert "9 textes restent à écrire" in text(first.get("/staff/programmes/cyber/steps"))
    assert "Douze mois." in first.get("/staff/programmes/cyber/preview?language=fr").text
    assert app.test_client().get("/programmes/cyber").status_code == 404
    publish = "/staff/programmes/cyber/publish"
    assert first.post(publish, data={"version": version(), "over": "1"}).status_code == 302
    assert "9 textes disent encore" in text(second.get(publish))
    assert first.post(publish, data={"over": "2"}).status_code == 422
    assert second.post(publish, data={"over": "2"}).status_code == 302
    assert app.test_client().get("/programmes/cyber").status_code == 200
    assert "programmes.begin" in acts()


def test_a_campaign_like_another_is_told_of_the_day_on_which_its_ages_are_counted(
    app: Flask, intake: Intake
) -> None:
    with writing():
        load_definition(SYSTEM, read_known("ai-master-junior"))
    junior = "/staff/programmes/ai-master-junior"
    path = db.session.scalars(sa.select(Programme.path).where(Programme.key == "ai-master-junior")).one()
    with writing():
        account = accounts.new_account(SYSTEM, "j@um6p.ma", "no hash", {"given_name": "Jihane"})
        owner = db.session.scalars(sa.select(Programme).where(Programme.path == path)).one().institution_id
        accounts.grant(SYSTEM, account, Role.PROGRAMME_ADMINISTRATOR, "scope", "j", path, [owner])
    desk = browser(app, known("j@um6p.ma"))
    said = "Une condition compte l’âge au 1er mars 2027"
    assert said not in text(desk.get(f"{junior}/dates"))
    cloned = {name: COPY[name] for name in ("key", "title_fr", "title_ar", "title_en")}
    given = {**cloned, "starts_on": "2028-03-06", "source": "2027", "version": "0"}
    answer = desk.post(f"{junior}/intakes/new", data=given, follow_redirects=True)
    assert answer.request.path == f"{junior}/dates", text(answer)
    for page in (answer, desk.get(f"{junior}/publish")):
        assert said in text(page) and f"{junior}/eligibility/rules/age_min" in page.text
