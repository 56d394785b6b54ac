"""A form of every kind, filled in without scripts: groups, ranks, conditions; and a form amended under way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.ctx import AppContext
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.answers import amended
from cohortmgr.applications.answers.composed import read_given
from cohortmgr.applications.answers.display import shown, typed
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.display import sections_of
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.filling.actions import amending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Form, Question, QuestionKind
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, sign_up, with_file

JOBINTECH = read_known("jobintech")
ANSWERS = {
    "family_name": "Ouazzani", "given_name": "Imane", "birth_date-day": "3", "birth_date-month": "mars",
    "birth_date-year": "2001", "document-type": "passport", "document-number": "xy 123456",
    "email": "imane@exemple.ma", "phone": "+33 6 12 34 56 78", "home-province": "MA-FES", "home-commune": "Saïss",
    "situation": "salarie", "employer": "L’Atelier d’Imane", "search_months": "",
    "diplomas-0-level": "bac3", "diplomas-0-title": "Licence d’anglais", "diplomas-0-school": "FLSH Fès",
    "diplomas-0-year": "2022", "diplomas-0-s1": "12,5", "languages-fr": "C1", "languages-en": "B2",
    "known": ["web", "code"], "wishes-1": "ia-rabat", "wishes-2": "", "wishes-3": "donnees-fes", "moving": "oui",
    "consent_data": "y",
}  # fmt: skip


def paper(given: dict[str, Any]) -> dict[str, Any]:
    """The same with the degree."""
    return {**given, "degree": with_file({})["transcripts"]}


@pytest.fixture
def intake(system_context: AppContext) -> Iterator[str]:
    with clock.at(steps.DURING):
        with writing():
            programmes.load_definition(SYSTEM, JOBINTECH)
        yield intake_of("jobintech").reference


def only() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


def post(client: FlaskClient, reference: str, given: dict[str, Any]) -> Any:
    return client.post(f"/my/applications/{reference}/form", data=given)


def test_a_programme_of_ranks_groups_and_conditions_from_start_to_receipt(
    intake: str, client: FlaskClient
) -> None:
    sign_up(client, "imane@exemple.ma")
    reference = begin(client, intake)
    page = client.get(f"/my/applications/{reference}/form").text
    assert "À remplir si" in page and "data-when=" in page
    assert '<optgroup label="Fès-Meknès">' in page and 'name="wishes-3"' in page
    answer = post(client, reference, paper(ANSWERS))
    assert answer.status_code == 302 and answer.location.endswith("/check"), answer.text
    check = client.get(f"/my/applications/{reference}/check").text
    assert "1. Intelligence artificielle, Rabat" in check and "2. Analyse de données, Fès" in check
    assert "L’Atelier d’Imane" in check and "Pouvez-vous changer de ville" not in check
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    row = only()
    assert row.state == "submitted" and row.region == "MA-03"
    assert db.session.get_one(Offering, row.offering_id).key == "ia-rabat"
    assert row.answers["wishes"] == ["ia-rabat", "donnees-fes"] and row.answers["known"] == ["web", "code"]
    assert row.answers["diplomas"][0]["s1"] == "12.5"
    # What was typed for others than this person is not sent.
    assert "moving" not in row.answers
    assert file_queries.sealed_answers(row)["document"] == {"type": "passport", "number": "XY123456"}


def test_rows_come_and_go_without_scripts_and_keep_what_is_typed(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    empty = post(client, reference, {"add-diplomas": "1"})
    assert 'name="diplomas-1-title"' in client.get(empty.location).text
    added = post(client, reference, {**ANSWERS, "add-diplomas": "1"})
    assert added.status_code == 302 and added.location.endswith("more=diplomas#diplomas-1")
    page = client.get(added.location).text
    assert 'value="Licence d’anglais"' in page and 'name="diplomas-1-title"' in page
    second = {"diplomas-1-level": "bac2", "diplomas-1-title": "BTS", "diplomas-1-year": "MMXX"}
    wrong = post(client, reference, {**ANSWERS, **second, "add-diplomas": "1"})
    assert (
        wrong.status_code == 200 and 'value="MMXX"' in wrong.text and 'name="diplomas-2-title"' in wrong.text
    )
    assert 'href="#diplomas-1-year"' in wrong.text
    fewer = post(client, reference, {**ANSWERS, **second, "remove-diplomas-0": "1"})
    assert 'value="MMXX"' in fewer.text and 'name="diplomas-1-title"' not in fewer.text
    assert 'href="#diplomas-0-year"' in fewer.text and "Licence d’anglais" not in fewer.text
    gone = post(client, reference, {**ANSWERS, "remove-diplomas-0": "1"})
    assert gone.status_code == 302 and gone.location.endswith("form#diplomas")
    assert "diplomas" not in only().answers
    assert only().answers["employer"] == "L’Atelier d’Imane"


def test_ranks_go_up_and_down_without_scripts_and_nothing_else_is_sent(
    intake: str, client: FlaskClient
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    page = client.get(f"/my/applications/{reference}/form").text
    assert re.search(r'name="up-wishes-1"[^>]* disabled', page) and 'name="down-wishes-1"' in page
    assert re.search(r'name="down-wishes-3"[^>]* disabled', page) and "Monter Choix n° 2" in page
    full = {**ANSWERS, "wishes-2": "donnees-fes", "wishes-3": "sap-casablanca"}
    moved = post(client, reference, {**full, "up-wishes-2": "1"})
    assert moved.status_code == 302 and moved.location.endswith("form#wishes-1"), moved.text
    assert only().answers["wishes"] == ["donnees-fes", "ia-rabat", "sap-casablanca"]
    assert only().state == "draft" and only().answers["employer"] == "L’Atelier d’Imane"
    wrong = post(client, reference, {**full, "wishes-1": "donnees-fes", "down-wishes-2": "1"})
    assert wrong.status_code == 200 and 'href="#wishes-3"' in wrong.text, "what was typed comes back as moved"
    for name in ("up-wishes-1", "down-wishes-3", "up-wishes-x", "up-nothing-2", "down-wishes-9999"):
        post(client, reference, {**full, name: "1"})
        assert only().answers["wishes"] == ["ia-rabat", "donnees-fes", "sap-casablanca"]


def test_a_group_never_has_more_rows_than_it_may(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    rows = {f"diplomas-{n}-title": f"Diplôme {n}" for n in range(6)}
    page = post(client, reference, {**ANSWERS, **rows, "add-diplomas": "1"}).text
    assert "4 lignes au plus" in page and 'name="diplomas-4-title"' not in page
    assert "add-diplomas" not in page
    assert len(only().answers["diplomas"]) == 4


def test_a_hidden_answer_is_kept_and_not_asked_for(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    post(client, reference, paper(ANSWERS))
    post(client, reference, {**ANSWERS, "situation": "emploi", "search_months": "", "employer": "Gardé"})
    assert only().answers["employer"] == "Gardé"
    page = client.get(f"/my/applications/{reference}/check").text
    assert (
        "Votre employeur" not in page and "Pouvez-vous changer de ville" in page and "Il manque" not in page
    )
    # Nothing is said of what is wrong with a hidden answer.
    hidden = post(client, reference, {**ANSWERS, "situation": "salarie", "search_months": "beaucoup"})
    assert hidden.status_code == 302
    told = post(client, reference, {**ANSWERS, "situation": "emploi", "search_months": "beaucoup"})
    assert told.status_code == 200 and 'href="#search_months"' in told.text
    post(client, reference, {**ANSWERS, "employer": ""})
    # Asked for again, in the summary of what is missing and beside the answer, on the page that asks it.
    check = client.get(f"/my/applications/{reference}/check").text
    assert check.count('/form/parcours/3?to=check#employer"') == 2 and "Il manque 1 réponse" in check


def test_a_rank_given_twice_is_refused_beside_it(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    page = post(client, reference, {**ANSWERS, "wishes-2": "ia-rabat"}).text
    assert 'href="#wishes-2"' in page and "déjà votre n° 1" in page
    assert re.search(r'<option[^>]*value="donnees-fes"[^>]*selected|selected[^>]*value="donnees-fes"', page)
    assert "wishes" not in only().answers


def amend(change: Callable[[Form], Form]) -> None:
    db.session.rollback()
    with writing():
        programmes.load_definition(SYSTEM, replace(JOBINTECH, form=change(JOBINTECH.form)))


def without(form: Form, *keys: str, more: tuple[Question, ...] = ()) -> Form:
    """The form without these questions, others added to its first section."""
    sections = [
        replace(s, questions=tuple(q for q in s.questions if q.key not in keys)) for s in form.sections
    ]
    sections[0] = replace(sections[0], questions=(*sections[0].questions, *more))
    return Form(tuple(section for section in sections if section.questions))


LABEL = {"fr": "Votre permis de conduire", "ar": "رخصة السياقة", "en": "Your driving licence"}


def test_a_draft_moves_to_the_amended_form_with_every_answer(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    post(client, reference, paper({**ANSWERS, "search_months": "7"}))
    before = only()
    number, version, sealed = before.version_id, before.version, file_queries.sealed_answers(before)
    licence = Question("licence", QuestionKind.TEXT, LABEL)
    amend(lambda form: without(form, "employer", "document", more=(licence,)))
    row = only()
    assert row.version_id != number and row.version == version + 1
    assert row.answers["wishes"] == ["ia-rabat", "donnees-fes"] and "employer" not in row.answers
    assert "XY123456" not in str(row.answers) and "XY123456" in str(file_queries.sealed_answers(row))
    for page in (f"/my/applications/{reference}", f"/my/applications/{reference}/form"):
        text = client.get(page).text
        assert "Le formulaire a changé" in text and "Votre permis de conduire" in text
    given = {**ANSWERS, "licence": "B"}
    assert post(client, reference, given).status_code == 302
    assert "Le formulaire a changé" not in client.get(f"/my/applications/{reference}/form").text
    amend(lambda form: form)
    again = only()
    assert again.answers["employer"] == "L’Atelier d’Imane" and file_queries.sealed_answers(again) == sealed
    assert list(amended.retired_answers(again.answers)) == [(LABEL, "B")]


def test_staff_see_what_is_no_longer_asked_and_a_sent_file_keeps_its_form(
    intake: str, client: FlaskClient, app: Flask
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    post(client, reference, paper(ANSWERS))
    amend(lambda form: without(form, "known"))
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    sent = only()
    version = sent.version_id
    amend(lambda form: without(form, "known", "moving"))
    assert only().version_id == version and only().version == sent.version
    viewer = viewer_of_email("zoe@exemple.ma")
    assert viewer is not None
    file = file_queries.own(viewer, reference)
    with app.test_request_context():
        sections = sections_of(file, file.application.answers)
    assert sections[-1]["title"] == amended.TITLE
    [row] = sections[-1]["rows"]
    assert row["value"] == "Le web (HTML, CSS) · La programmation"
    assert row["question"].label["fr"] == "Ce que vous savez déjà"


def copies(source: Application, count: int) -> None:
    """As many drafts again of people of their own."""
    same = {c.name: getattr(source, c.name) for c in Application.__table__.columns if c.computed is None}
    with writing():
        for _ in range(count):
            person = Person(reference=new_reference(), created_at=clock.now())
            db.session.add(person)
            db.session.flush()
            new = {
                "id": None,
                "reference": new_reference(),
                "number": new_reference(20),
                "person_id": person.id,
            }
            db.session.add(Application(**{**same, **new, "sealed_answers": None}))


def test_drafts_move_in_a_number_of_statements_that_does_not_grow(
    intake: str,
    client: FlaskClient,
    statements: Callable[[], AbstractContextManager[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_up(client)
    post(client, begin(client, intake), ANSWERS)
    counts = []
    forms = [lambda form: without(form, "known"), lambda form: without(form, "moving")]
    monkeypatch.setattr(programmes, "on_amended", [])
    for change, more in zip(forms, (4, 40), strict=True):
        copies(db.session.scalars(sa.select(Application).limit(1)).one(), more)
        amend(change)
        running = db.session.scalars(sa.select(Intake)).one()
        with statements() as seen, writing():
            moved = amending.move_drafts(SYSTEM, running)
        counts.append((moved, len(seen)))
    assert counts[0][0] == 5 and counts[1][0] == 45
    assert counts[1][1] <= counts[0][1] + 1, counts
    left = sa.select(sa.func.count()).where(Application.version_id != running.definition_version_id)
    assert db.session.scalar(left) == 0


DEFINITION = JOBINTECH.of_intake("2027-1")


def kept(question: Question) -> st.SearchStrategy[Answer]:
    """Answers as they are kept, of a question of any kind."""
    keys = [option.key for option in question.options]
    if question.kind is QuestionKind.GROUP:
        inside = {each.key: kept(each) for each in question.fields}
        rows = st.fixed_dictionaries({}, optional=inside).filter(bool)
        return st.lists(rows, min_size=1, max_size=question.most)
    chosen: dict[QuestionKind, Callable[[], st.SearchStrategy[Any]]] = {
        QuestionKind.CHOICE: lambda: st.sampled_from(keys),
        QuestionKind.RANKING: lambda: st.lists(
            st.sampled_from(keys), min_size=1, max_size=question.most, unique=True
        ),
        QuestionKind.CHOICES: lambda: st.sampled_from([keys[:1], keys[1 : 1 + question.most]]),
        QuestionKind.LANGUAGE_LEVELS: lambda: st.dictionaries(
            st.sampled_from(keys), st.sampled_from(["A1", "C2"]), min_size=1
        ),
    }
    return chosen[question.kind]() if question.kind in chosen else OTHERS.get(question.kind, NAMES)


NAMES = st.sampled_from(["Zoé", "L'Hermite", "سلمى"])
DECIMALS = st.decimals(0, 20, places=2).map(lambda n: format(n.normalize(), "f") if n else "0")
OTHERS: dict[QuestionKind, st.SearchStrategy[Any]] = {
    QuestionKind.DATE: st.dates(date(1990, 1, 1), date(2005, 1, 1)).map(str),
    QuestionKind.GRADE: DECIMALS,
    QuestionKind.NUMBER: DECIMALS,
    QuestionKind.YEAR: st.integers(1995, 2030).map(str),
    QuestionKind.ADDRESS: st.sampled_from(
        [{"province": "MA-RAB", "commune": "Agdal"}, {"province": "ABROAD"}]
    ),
    QuestionKind.IDENTITY: st.just({"type": "residence_permit", "number": "N123456"}),
    QuestionKind.CONSENT: st.just(True),
    QuestionKind.PHONE: st.just("+33612345678"),
    QuestionKind.EMAIL: st.just("zoe@exemple.ma"),
}


def fields(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What a browser sends of a filled form."""
    if isinstance(value, dict):
        for part, inside in value.items():
            yield from fields(f"{name}-{part}", inside)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inside in enumerate(value):
            yield from fields(f"{name}-{place}", inside)
    else:
        yield name, "y" if value is True else value


@pytest.mark.sqlite_only
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_answer_shown_in_the_form_reads_as_itself(app: Flask, language: str, data: st.DataObject) -> None:
    with app.test_request_context():
        g.language = language
        for question in DEFINITION.form.questions:
            if question.kind is QuestionKind.FILE:
                continue
            answer = data.draw(kept(question))
            filled = typed(DEFINITION, {question.key: answer})[question.key]
            sent = dict(fields(question.key, filled))
            assert read_given(question, sent, clock.today()) == (answer, [])
            assert shown(question, answer)


@pytest.mark.sqlite_only
def test_marks_in_a_column_have_as_many_decimals(app: Flask) -> None:
    """9,8 beside 9,53 reads as less than it; in a field what was typed stands as it was."""
    mdia = read_known("mdia")
    question = next(each for each in mdia.form.questions if each.kind is QuestionKind.GRADE)
    number = replace(question, kind=QuestionKind.NUMBER)
    for language, sign in (("fr", ","), ("ar", ","), ("en", ".")):
        with app.test_request_context():
            g.language = language
            for answer, said in (("9.8", "9.80"), ("12", "12.00"), ("9.53", "9.53"), ("9.125", "9.125")):
                assert shown(question, answer) == said.replace(".", sign)
                assert typed(mdia, {question.key: answer})[question.key] == answer.replace(".", sign)
                assert shown(number, answer) == answer.replace(".", sign), "a number has the decimals it has"
            assert shown(question, "douze") == "douze"
