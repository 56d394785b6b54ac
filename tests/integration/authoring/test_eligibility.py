"""Staff write a programme's conditions in pages, in the same draft as its form, and try them on answers."""

from __future__ import annotations

import html
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_definition
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, someone
from tests.integration.authoring.drafts import (
    HOME,
    begun,
    document,
    draft,
    mark,
    version,
)

pytestmark = pytest.mark.usefixtures("system_context")

RULES = f"{HOME}/eligibility"
SAID = {
    "reason-fr": "Il faut avoir 18 ans.",
    "reason-ar": "يجب أن يبلغ عمركم 18 سنة.",
    "reason-en": "You must be 18.",
    "advice-fr": "Revenez l’an prochain.",
    "advice-ar": "عودوا السنة المقبلة.",
    "advice-en": "Come back next year.",
}


def begin(client: FlaskClient, sort: str) -> str:
    """A new condition of a sort; its page."""
    answer = client.post(f"{RULES}/add", data={"sort": sort, "reason-fr": "Il faut avoir 18 ans."})
    assert answer.status_code == 302, answer.text
    return begun(client, answer)


def keep(client: FlaskClient, path: str, **given: Any) -> Any:
    """Save a condition as its page does."""
    return client.post(path, data=MultiDict({"mark": mark(client, path), **SAID, **given}))


def kept(key: str) -> dict[str, Any]:
    """A condition of the draft."""
    found: dict[str, Any] = next(each for each in document()["eligibility"] if each["key"] == key)
    return found


def test_an_age_is_asked_published_and_told_in_the_reader_s_language(client: FlaskClient) -> None:
    path = begin(client, "age")
    assert path == f"{RULES}/rules/age"
    assert kept("age")["question"] == "birth_date", "the form has one date"
    answer = keep(
        client,
        path,
        question="birth_date",
        operator="age_at_least",
        **{"values-0": "١٨", "values-1": "2027-09-20"},
    )
    assert (answer.status_code, answer.location) == (302, f"{RULES}#r-age")
    assert kept("age")["values"] == ["18", "2027-09-20"]
    page = html.unescape(client.get(RULES).text)
    assert "Âge compté le lundi 20 septembre 2027 : 18 ou plus" in page.replace("\xa0", " ")
    assert "Il faut avoir 18 ans." in html.unescape(client.get(f"{HOME}/publish").text)
    check = f"/intakes/{queries.intake_of('mdia').reference}/eligibility"
    assert 'name="birth_date-day"' not in client.get(check).text, "candidates do not see the draft"
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 302
    born = {"birth_date-day": "21", "birth_date-month": "9", "birth_date-year": "2009", "licence": "physique"}
    told = html.unescape(client.post(check, data=born).text)
    assert "Il faut avoir 18 ans." in told
    assert "Revenez l’an prochain." in told
    client.set_cookie("language", "ar")
    assert "يجب أن يبلغ عمركم 18 سنة." in client.post(check, data=born).text


@pytest.mark.parametrize(
    ("sort", "given", "field"),
    [
        ("age", {"values-0": "18,5", "values-1": "2027-09-20"}, "values-0"),
        ("age", {"values-0": "999", "values-1": "2027-09-20"}, "values-0"),
        ("age", {"values-0": "18", "values-1": "demain"}, "values-1"),
        ("age", {"question": "absente", "values-0": "18", "values-1": "2027-09-20"}, "question"),
        ("diplome", {"question": "licence"}, "values"),
        ("diplome", {"question": "licence", "values": "cuisine"}, "values"),
        ("moyenne", {"question": "s1", "values-0": "douze"}, "values-0"),
        ("nombre", {"question": "s1", "operator": "year_between", "values-0": "2020"}, "values-1"),
        ("region", {"question": "", "values": "MA-04"}, "question"),
    ],
)
def test_what_is_wrong_is_kept_and_told_beside_its_field(
    client: FlaskClient, sort: str, given: dict[str, str], field: str
) -> None:
    path = begin(client, sort)
    answer = keep(client, path, **({"question": "birth_date"} if sort == "age" else {}) | given)
    assert answer.location == path
    page = client.get(path).text
    assert f'href="#{field}"' in page
    assert f'id="{field}-error"' in page
    for name, said in given.items():
        if name.startswith("values-"):
            assert f'value="{said.replace(",", ".")}"' in page
    assert f'{path}#{field}"' in client.get(f"{HOME}/form").text
    assert client.get(f"{RULES}/try").status_code == 200
    assert client.post(f"{HOME}/publish", data={"version": version(), "over": "1"}).status_code == 422


def test_what_a_condition_may_not_hold_is_refused_and_stays_on_the_page(client: FlaskClient) -> None:
    path = begin(client, "inscrit")
    before = document()
    for name, said in (("reason-fr", "x" * 100_000), ("advice-en", "y" * 100_000)):
        answer = keep(client, path, **{name: said})
        assert answer.status_code == 422
        assert f'href="#{name}"' in answer.text
        assert document() == before
    for given in ({"sort": "autre", "reason-fr": "Non."}, {"sort": "age", "reason-fr": " "}, {}):
        assert client.post(f"{RULES}/add", data=given).status_code == 422
    assert client.get(f"{RULES}/rules/absente").status_code == 404
    for act in ("move", "remove"):
        assert client.post(f"{RULES}/rules/absente/{act}", data={"version": version()}).status_code == 404


def test_an_average_of_several_questions_and_of_a_group(client: FlaskClient) -> None:
    grades = [q for s in queries.definition_of(queries.intake_of("mdia")).form.sections for q in s.questions]
    several = [each.key for each in grades if each.kind == "grade"]
    group = next(each for each in grades if each.kind == "group")
    part = next(each.key for each in group.fields if each.kind in ("grade", "number"))
    path = begin(client, "moyenne")
    given = MultiDict({"mark": mark(client, path), **SAID, "question": several[0], "values-0": "12,5"})
    given.setlist("also", several[1:3])
    assert client.post(path, data=given).status_code == 302
    assert (kept("moyenne")["also"], kept("moyenne")["values"]) == (several[1:3], ["12.5"])
    shown = client.post(path, data={"mark": mark(client, path), **SAID, "question": group.key, "again": "1"})
    assert f'<option value="{part}"' in shown.text
    answer = keep(client, path, question=group.key, field=part, **{"values-0": "12"})
    assert answer.location == f"{RULES}#r-moyenne"
    assert "also" not in kept("moyenne")


def test_conditions_move_and_leave_and_two_people_lose_nothing(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    path = begin(client, "inscrit")
    keys = lambda: [each["key"] for each in document()["eligibility"]]  # noqa: E731
    assert keys() == ["licence", "inscrit"]
    moved = client.post(f"{path}/move", data={"version": version(), "by": "-1"})
    assert (moved.location, keys()) == (f"{RULES}#r-inscrit", ["inscrit", "licence"])
    other = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR, "autre"))
    seen = mark(other, path)
    assert keep(client, path, **{"reason-en": "Leave the other one first."}).status_code == 302
    stale = other.post(path, data={**SAID, "reason-en": "Typed meanwhile.", "mark": seen})
    assert stale.status_code == 409
    assert "Typed meanwhile." in stale.text
    assert "Leave the other one first." not in document()["eligibility"][1]["reason"]["en"]
    client.post(f"{path}/remove", data={"version": "1"})
    assert keys() == ["inscrit", "licence"], "an older page removes nothing"
    client.post(f"{path}/remove", data={"version": version()})
    client.post(f"{RULES}/rules/licence/remove", data={"version": version()})
    assert "eligibility" not in document()
    assert "Tout le monde peut candidater." in client.get(RULES).text
    assert read_definition(client.get(f"{HOME}/definition.toml?of=draft").text, "mdia.toml").eligibility == ()


def _rows() -> list[int | None]:
    """What answering or writing anything would make more of, and the state of the draft."""
    db.session.rollback()
    counted = [db.session.scalar(sa.select(sa.func.count(table.id))) for table in (Application, Event)]
    return [*counted, int(version())]


def test_conditions_are_tried_on_answers_and_nothing_is_kept(client: FlaskClient) -> None:
    keep(client, begin(client, "inscrit"))
    begin(client, "region")
    paper = next(
        q.key for q in queries.definition_of(queries.intake_of("mdia")).form.questions if q.kind == "file"
    )
    path = begin(client, "employeur")
    keep(client, path, question=paper, **{"reason-fr": "La lettre manque.", "reason-ar": "الرسالة ناقصة."})
    page = client.get(f"{RULES}/try").text
    assert "1 condition est encore à corriger" in html.unescape(page).replace("\xa0", " ")
    assert f'value="{paper}"' in page
    before = _rows()
    asked = html.unescape(client.post(f"{RULES}/try", data={}).text)
    assert "Répondez pour savoir si vous pouvez candidater." in asked
    refused = html.unescape(client.post(f"{RULES}/try", data={"licence": "droit", "enrolled": "1"}).text)
    for said in (
        "Ce master s’adresse aux titulaires",
        "Il faut avoir 18 ans.",
        "La lettre manque.",
        "الرسالة ناقصة.",
    ):
        assert said in refused
    assert "Cette personne ne peut pas candidater" in refused
    given = {"licence": "physique", "papers": paper}
    assert "Cette personne peut candidater" in client.post(f"{RULES}/try", data=given).text
    assert _rows() == before
    assert draft() is not None
