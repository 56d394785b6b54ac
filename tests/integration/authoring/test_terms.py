"""Staff write a programme's dates and what guardians are asked in pages, in the same draft as its form."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import writing
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_definition, read_known
from cohortmgr.programmes.drafts.actions import change
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, someone
from tests.integration.authoring.drafts import (
    HOME,
    document,
    draft,
    filled,
    held,
    keys,
    version,
)

pytestmark = pytest.mark.usefixtures("system_context")

DATES, GUARDIANS = f"{HOME}/dates", f"{HOME}/guardians"
NEW = {
    "periods-6-title-fr": "Soutenances",
    "periods-6-title-ar": "مناقشة البحوث",
    "periods-6-title-en": "Thesis defences",
    "periods-6-starts_on": "2027-07-05",
    "periods-6-ends_on": "2027-07-16",
    "periods-6-kind": "exams",
    "periods-count": "7",
}


def text(answer: Any) -> str:
    """A page's text as people read it."""
    return html.unescape(answer.text).replace("\xa0", " ").replace("\u202f", " ")


def test_dates_are_those_of_casablanca_and_told_before_and_after(client: FlaskClient) -> None:
    given = filled(client, DATES)
    assert client.post(DATES, data=given).status_code == 302
    assert draft() is None, "nothing was changed"
    later = {
        **given,
        **NEW,
        "intakes-1-closes_at": "2027-06-29T12:00",
        "intakes-0-closes_at": "2025-07-15T19:00",
        "reminders-draft_hours": "3، ٤٨",
    }
    answer = client.post(DATES, data=later)
    assert (answer.status_code, answer.location) == (302, DATES)
    assert document()["intakes"][1]["closes_at"] == "2027-06-29T12:00:00+00:00", "at UTC since 2026-09-20"
    assert document()["intakes"][0]["closes_at"] == "2025-07-15T18:00:00+00:00", "an hour before until then"
    assert document()["calendar"]["periods"][-1]["key"] == "soutenances"
    assert document()["reminders"] == {"draft_hours": [48, 3]}
    told = text(client.get(f"{HOME}/publish"))
    assert "Clôture : mardi 29 juin 2027, 12 h" in told
    assert "Soutenances" in told
    older = client.post(DATES, data={**later, "intakes-1-title-fr": "Autre"})
    assert older.status_code == 409
    assert 'value="Autre"' in older.text
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 302
    assert queries.intake_of("mdia", "2027").closes_at == datetime(2027, 6, 29, 12, tzinfo=UTC)


def test_dates_typed_while_a_campaign_is_taken_away_land_in_no_other(client: FlaskClient) -> None:
    typed = {
        **filled(client, DATES),
        "intakes-0-title-fr": "Autre",
        "intakes-1-closes_at": "2027-06-29T12:00",
    }
    with writing():
        change(SYSTEM, "mdia", lambda table: table.update(intakes=table["intakes"][1:]))
    title = document()["intakes"][0]["title"]
    answer = client.post(DATES, data=typed)
    assert answer.status_code == 422 and "La campagne « 2025 » n’est plus dans ce brouillon" in text(answer)
    answer = client.post(DATES, data=held(answer))
    assert answer.status_code == 409
    assert client.post(DATES, data=held(answer)).status_code == 302
    (only,) = document()["intakes"]
    assert (only["key"], only["closes_at"]) == ("2027", "2027-06-29T12:00:00+00:00")
    assert only["title"] == title


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("intakes-0-opens_at", "demain"),
        ("intakes-0-opens_at", ""),
        ("intakes-1-starts_on", "30/06/2027"),
        ("calendar-starts_on", ""),
        ("calendar-company_from", "jamais"),
        ("periods-2-ends_on", "9999-99-99"),
        ("reminders-draft_hours", "bientôt"),
        ("reminders-draft_hours", "1,2,3,4,5,6,7,8,9,10,11"),
        ("offers-days_to_answer", "-3"),
        ("offers-days_to_answer", "9999"),
        ("offers-reminders_hours", "24.5"),
        ("periods-0-title-fr", "x" * 100_000),
    ],
)
def test_what_is_no_date_is_told_beside_its_field_and_stays_as_typed(
    client: FlaskClient, field: str, said: str
) -> None:
    answer = client.post(DATES, data={**filled(client, DATES), field: said})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text
    if 0 < len(said) < 100:
        assert f'value="{said}"' in answer.text
    assert draft() is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"intakes-0-closes_at": "2025-01-01T00:00"}, "intakes-0-closes_at"),
        ({"intakes-1-decision_by": "2020-01-01"}, "intakes-1-decision_by"),
        ({"periods-0-ends_on": "2020-01-01"}, "periods-0-ends_on"),
        ({"offers-reminders_hours": "9000"}, "offers-reminders_hours"),
        ({"periods-1-title-ar": ""}, "periods-1-title-ar"),
    ],
)
def test_dates_that_contradict_one_another_are_kept_and_not_published(
    client: FlaskClient, given: dict[str, str], field: str
) -> None:
    assert client.post(DATES, data={**filled(client, DATES), **given}).status_code == 302
    assert f'id="{field}-error"' in client.get(DATES).text
    assert f'{DATES}#{field}"' in client.get(f"{HOME}/form").text
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 422


def test_rows_of_the_calendar_come_and_go_without_saving(client: FlaskClient) -> None:
    given = filled(client, DATES)
    more = client.post(DATES, data={**given, "periods-add": "1", "calendar-starts_on": "demain"})
    assert (more.status_code, 'id="periods-6-title-fr"' in more.text) == (200, True)
    assert 'value="demain"' in more.text, "what was typed stays"
    less = client.post(DATES, data={**given, "periods-remove": "0"})
    assert 'value="Tronc commun, première partie"' not in html.unescape(less.text)
    higher = client.post(DATES, data={**given, "periods-up": "1"})
    assert 'id="periods-0-title-fr" name="periods-0-title-fr" value="Première période' in html.unescape(
        higher.text
    )
    empty = {**given, "periods-count": "7", "periods-6-title-fr": "", "periods-6-starts_on": ""}
    assert client.post(DATES, data=empty).status_code == 302
    assert draft() is None, "a row in which nothing is written is none"


def test_guardians_are_asked_by_a_programme_that_takes_minors(client: FlaskClient) -> None:
    assert "ne demande rien aux tuteurs" in text(client.get(GUARDIANS))
    given = filled(client, GUARDIANS)
    assert given["purposes-count"] == "3"
    assert client.post(GUARDIANS, data=given).status_code == 302
    page = text(client.get(GUARDIANS))
    assert "Téléphone du tuteur légal (Téléphone)" in page
    assert "guardian.phone" not in text(client.get(f"{HOME}/publish")), "in words, and not as files write it"
    answer = client.post(f"{GUARDIANS}/ask", data={"version": version()})
    assert answer.location.startswith(f"{HOME}/form#s-")
    assert keys()[-2:] == ["telephone_du_tuteur_legal", "e_mail_du_tuteur_legal"]
    assert client.post(f"{GUARDIANS}/ask", data={"version": version()}).status_code == 302
    assert keys().count("telephone_du_tuteur_legal") == 1
    phone = f"{HOME}/form/questions/telephone_du_tuteur_legal"
    client.post(phone, data={**filled(client, phone), "help-fr": "Le sien."})
    held = document()["form"]["sections"][-1]["questions"][-2]
    assert held["target"] == "guardian.phone", "saving the question keeps where its answer goes"
    told = text(client.get(f"{HOME}/publish"))
    assert "Photos de votre enfant" in told
    assert "Les accords des tuteurs légaux" in told
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 302
    terms = queries.definition_of(queries.intake_of("mdia")).guardians
    assert terms is not None
    assert (terms.under, terms.language, terms.required) == (18, "ar", frozenset({"training"}))
    assert client.post(f"{GUARDIANS}/forget", data={"version": "0"}).location == GUARDIANS
    assert "guardians" not in document()
    assert not read_definition(client.get(f"{HOME}/definition.toml?of=draft").text, "mdia.toml").guardians


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("under", "dix-huit"),
        ("under", "0"),
        ("under", "26"),
        ("under", "0018000"),
        ("under", ""),
        ("purposes-0-text-fr", "x" * 100_000),
    ],
)
def test_wrong_terms_are_told_beside_their_field(client: FlaskClient, field: str, said: str) -> None:
    answer = client.post(GUARDIANS, data={**filled(client, GUARDIANS), field: said})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert draft() is None


def test_a_text_that_misses_a_language_and_terms_without_an_indispensable_one_are_faults(
    client: FlaskClient,
) -> None:
    given = {**filled(client, GUARDIANS), "purposes-1-text-en": ""}
    given.pop("purposes-0-required")
    assert client.post(GUARDIANS, data=given).status_code == 302
    page = client.get(GUARDIANS).text
    for field in ("purposes-1-text-en", "purposes"):
        assert f'id="{field}-error"' in page
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 422


def test_two_people_lose_no_terms(app: Flask, client: FlaskClient, intake: Intake) -> None:
    other = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR, "autre"))
    seen = filled(other, GUARDIANS)
    assert client.post(GUARDIANS, data={**filled(client, GUARDIANS), "under": "16"}).status_code == 302
    older = other.post(GUARDIANS, data={**seen, "under": "17"})
    assert older.status_code == 409
    assert 'value="17"' in older.text
    assert document()["guardians"]["under"] == 16
    again = other.post(GUARDIANS, data={**seen, "under": "17", "version": version()})
    assert again.status_code == 302
    assert document()["guardians"]["under"] == 17


def test_what_pages_do_not_show_of_dates_stays(client: FlaskClient) -> None:
    assert client.post(DATES, data={**filled(client, DATES), **NEW}).status_code == 302
    before = read_known("mdia")
    after = read_definition(client.get(f"{HOME}/definition.toml?of=draft").text, "mdia.toml")
    assert after.offers == before.offers
    assert [each.offerings for each in after.intakes] == [each.offerings for each in before.intakes]
    assert after.calendar.periods[:-1] == before.calendar.periods
