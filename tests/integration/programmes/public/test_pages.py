"""The public pages: what one can do now, in three languages, in one statement."""

from __future__ import annotations

import html
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.base.db import db
from cohortmgr.organisations.letterheads.rules import Letterhead, Letterheads
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition import toml
from tests.factories.many_programmes import open_programmes
from tests.letterheads import shelf_of

AUTUMN = datetime(2026, 11, 22, 10, tzinfo=UTC)
At = Callable[[datetime], AbstractContextManager[None]]
Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def loaded(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0


def reference_of(client: FlaskClient, key: str) -> str:
    with client.application.app_context():
        reference = queries.intake_of("mdia", key).reference
        db.session.rollback()
    return reference


def test_the_home_page_says_what_is_open_and_since_when_the_rest_is_closed(
    client: FlaskClient, loaded: None, at: At
) -> None:
    with at(AUTUMN):
        page = client.get("/").text
    assert "mercredi 30 juin 2027, 18\u00a0h" in page
    assert "depuis le mardi 15 juillet 2025, 18\u00a0h" in page
    assert page.index("Rentrée 2027") < page.index("Rentrée 2025")


def test_a_programme_shows_its_open_intake_with_all_that_people_ask(
    client: FlaskClient, loaded: None, at: At
) -> None:
    with at(AUTUMN):
        page = client.get("/programmes/mdia").text
    said = ("30 places", "Titulaires d’une licence", "Deux ans", "Aucun frais", "relevés de notes", "Managem")
    for each in said:
        assert each in page.replace("\xa0", " ")
    assert f"/intakes/{reference_of(client, '2027')}/apply" in page


@pytest.mark.parametrize(
    ("moment", "says", "applies"),
    [
        (datetime(2025, 6, 1, tzinfo=UTC), "ouvrent le lundi 2 juin 2025, 9\u00a0h", False),
        (
            datetime(2025, 6, 2, 8, 0, tzinfo=UTC),
            "Candidatez avant le mardi 15 juillet 2025, 18\u00a0h",
            True,
        ),
        (
            datetime(2025, 7, 15, 17, 0, tzinfo=UTC),
            "closes depuis le mardi 15 juillet 2025, 18\u00a0h",
            False,
        ),
    ],
)
def test_an_intake_says_where_it_stands(
    client: FlaskClient, loaded: None, at: At, moment: datetime, says: str, applies: bool
) -> None:
    reference = reference_of(client, "2025")
    with at(moment):
        page = client.get(f"/intakes/{reference}").text
    assert says in page
    assert ("/apply" in page) is applies


@pytest.mark.parametrize(
    ("language", "says"), [("ar", "حاملو شهادة الإجازة"), ("en", "Holders of a licence")]
)
def test_a_programme_speaks_the_reader_s_language(
    client: FlaskClient, loaded: None, language: str, says: str
) -> None:
    client.set_cookie("language", language)
    page = client.get("/programmes/mdia").text
    assert says in page
    assert f'lang="{language}"' in page


@pytest.mark.parametrize("path", ["/programmes/absent", "/intakes/ABSENT"])
def test_what_does_not_exist_is_not_found(client: FlaskClient, loaded: None, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/programmes/mdia", "/intakes/2027"])
def test_a_public_page_takes_one_statement(
    client: FlaskClient, loaded: None, statements: Statements, path: str
) -> None:
    path = path.replace("2027", reference_of(client, "2027"))
    client.get(path)
    with statements() as seen:
        assert client.get(path).status_code == 200
    assert len(seen) == 1


def test_a_remembered_page_is_never_older_than_the_database_or_the_clock(
    client: FlaskClient, runner: FlaskCliRunner, loaded: None, at: At, tmp_path: Path
) -> None:
    path = f"/intakes/{reference_of(client, '2027')}"
    with at(AUTUMN):
        assert client.get(path).text == client.get(path).text
        assert "Chambre à l’internat" in client.get(path).text
        text = (toml.DEFINITIONS / "mdia.toml").read_text(encoding="utf-8")
        (tmp_path / "mdia.toml").write_text(text.replace("Chambre à l’internat", "Studio"), encoding="utf-8")
        assert runner.invoke(args=["programmes", "load", str(tmp_path / "mdia.toml")]).exit_code == 0
        page = client.get(path).text
        assert "Studio" in page
        assert "/apply" in page
    with at(datetime(2027, 7, 1, tzinfo=UTC)):
        assert "/apply" not in client.get(path).text


def test_a_remembered_page_serves_each_language_and_address_its_own(
    client: FlaskClient, loaded: None
) -> None:
    french = client.get("/programmes/mdia").text
    assert client.get("/programmes/mdia", headers={"Accept-Language": "en"}).text != french
    assert "from%3Dmail" in client.get("/programmes/mdia?from=mail").text
    assert client.get("/programmes/mdia").text == french


def test_who_can_apply_is_told_the_condition_and_not_the_advice_to_the_refused(
    client: FlaskClient, runner: FlaskCliRunner
) -> None:
    for key in ("mdia", "jobintech", "ai-master-junior"):
        assert runner.invoke(args=["programmes", "load", key, "--publish"]).exit_code == 0
        page = html.unescape(client.get(f"/programmes/{key}").text)
        for rule in toml.read_known(key).eligibility:
            assert rule.reason["fr"] in page and rule.advice["fr"] not in page


def test_the_home_page_is_filtered_by_its_address_and_grouped(
    client: FlaskClient, system_context: AppContext, at: At
) -> None:
    with at(AUTUMN):
        open_programmes(6)
        page = client.get("/").text
        paid = client.get("/?paid=yes&region=MA-02").text
        nothing = client.get("/?paid=no&region=MA-02").text
        client.get("/?region=%00&paid=%F0&level[]=x")
    opened = page[page.index('aria-labelledby="ouvertes"') :].partition("</section>")[0]
    assert "jusqu’au " in opened and "avant le " not in opened
    assert opened.count('class="programme-row"') == 6 and opened.count('class="programme-host"') == 4
    assert (
        "Institut national des postes et télécommunications</bdi> <span>· Formations diplômantes</span>"
        in opened
    )
    assert '<option value="MA-02" selected>' in paid
    assert "2 programmes ouverts correspondent" in paid.replace("\xa0", " ")
    assert "Aucun programme ouvert ne correspond" in nothing


def test_two_campaigns_of_one_programme_are_told_apart(
    client: FlaskClient, system_context: AppContext, at: At
) -> None:
    with at(AUTUMN):
        open_programmes(5, twice=True)
        page = client.get("/").text
    assert page.count("Rentrée 2025 · ") == page.count("Rentrée 2027 · ") == 1, (
        "one alone needs no title, and has no room for it"
    )


def test_the_home_page_is_the_installation_s(client: FlaskClient, app: Flask, loaded: None, at: At) -> None:
    said = {"fr": "Se former ici", "ar": "التكوين هنا", "en": "Train here"}
    kept = Letterhead({"name": said, "short": said, "welcome": said, "opening": said}, picture="0" * 16)
    shelf_of(app).lay(Letterheads(kept, edition="x"))
    with at(AUTUMN):
        page = client.get("/").text
    assert "<h1>Se former ici</h1>" in page and f"/marks/{'0' * 16}.webp" in page


def test_an_empty_installation_says_how_to_begin(client: FlaskClient, app: Flask) -> None:
    for language in ("fr", "ar", "en"):
        client.set_cookie("language", language)
        page = client.get("/").text
        steps = page[page.index('<ol class="first-steps">') : page.index("</ol>")]
        assert steps.count("<li>") == 4
        for link in (
            "/sign-in",
            "/staff/letterheads/installation",
            "/staff/people/invite",
            "/staff/programmes",
        ):
            assert f'href="{link}"' in steps
    name = {"fr": "X", "ar": "س", "en": "X"}
    shelf_of(app).lay(Letterheads(Letterhead({"name": name, "short": name}), edition="x"))
    named = client.get("/").text
    assert "first-steps" not in named, "whoever has named the site has begun"
    assert 'class="empty"' in named


def test_the_dates_that_are_to_come_go_into_a_calendar(client: FlaskClient, loaded: None, at: At) -> None:
    reference = reference_of(client, "2027")
    with at(AUTUMN):
        assert f"/intakes/{reference}/dates.ics" in client.get("/programmes/mdia").text
        sent = client.get(f"/intakes/{reference}/dates.ics")
        closed = client.get(f"/intakes/{reference_of(client, '2025')}/dates.ics")
    assert sent.content_type == "text/calendar; charset=utf-8"
    told = sent.text.replace("\r\n ", "")
    assert "DTSTART:20270630T170000Z" in told or "DTSTART:20270630T180000Z" in told
    assert "Dernier moment pour envoyer sa candidature" in told and "Ouverture" not in told, "what is over"
    assert "BEGIN:VEVENT" not in closed.text
    with at(datetime(2026, 10, 1, 10, tzinfo=UTC)):
        assert "Ouverture des candidatures" in client.get(f"/intakes/{reference}/dates.ics").text
