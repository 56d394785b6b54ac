"""One thing a page, answers saved as they are typed, changes to what was sent, forms that outlive their session."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.accounts.models import HeldForm, SignInSession
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application, UnsentChange
from cohortmgr.applications.form.pages import pages_of
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from tests.databases import Database
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import answers, begin, browser, fill, sign_up, with_file

GET_COST, POST_COST = 3, 7
AT_ONCE = 50


@pytest.fixture
def draft(intake: str, client: FlaskClient) -> str:
    sign_up(client)
    return begin(client, intake)


def only(model: type[Any]) -> Any:
    db.session.rollback()
    return db.session.scalars(sa.select(model).execution_options(populate_existing=True)).one()


def count(model: type[Any], *where: Any) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def seen_on(page: str) -> dict[str, str]:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found is not None
    marks: dict[str, str] = json.loads(found[1].replace("&#34;", '"').replace("&quot;", '"'))
    return marks


def at(reference: str, place: str) -> str:
    return f"/my/applications/{reference}/form/{place}"


def test_every_page_leads_to_the_next_at_a_small_cost(
    draft: str, client: FlaskClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    given = with_file(answers())
    location = f"/my/applications/{draft}/form/identite/1"
    client.get(location)
    visited = []
    while not location.endswith("/check"):
        with statements() as seen:
            page = client.get(location)
        assert page.status_code == 200 and len(seen) <= GET_COST, (location, seen)
        asked = seen_on(page.text)
        sent = {
            key: value
            for key, value in given.items()
            if key in asked or (key == "transcripts" and "releve" not in visited)
        }
        if "transcripts" in sent and 'name="transcripts"' not in page.text:
            del sent["transcripts"]
        with statements() as seen:
            answer = client.post(location, data=sent)
        assert answer.status_code == 302, (location, answer.text)
        assert len(seen) <= POST_COST + ("transcripts" in sent), (location, len(seen), seen)
        visited.append(location)
        location = answer.location
    assert (
        len(visited) == len(set(visited)) == len(pages_of(read_known("mdia").of_intake("2027").form)) - 1
    )  # the other licence is hidden
    assert client.post(location).location.endswith(draft)
    assert only(Application).state == "submitted"


def test_the_task_list_says_what_is_left_and_leads_to_it(draft: str, client: FlaskClient) -> None:
    page = client.get(f"/my/applications/{draft}").text
    assert (
        "Les étapes de votre candidature" in page
        and "/form/identite/1" in page
        and "À faire" in page
        and "C’est à vous" in page
    )
    names = {
        "family_name": "El Idrissi",
        "given_name": "Zoé",
        "family_name_ar": "الإدريسي",
        "given_name_ar": "زوي",
    }
    client.post(at(draft, "identite/1"), data=names)
    page = client.get(f"/my/applications/{draft}").text
    assert "Commencé" in page and "Il reste" in page
    assert re.search(r'class="btn wide" href="[^"]*/form/identite/2"', page)
    fill(client, draft)
    page = client.get(f"/my/applications/{draft}").text
    assert "Tout est rempli" in page and re.search(r'class="btn wide" href="[^"]*/check"', page)


def test_a_page_asks_again_or_is_passed(draft: str, client: FlaskClient) -> None:
    place = at(draft, "identite/1")
    page = client.post(place, data={"family_name": "El Idrissi", "given_name": ""}).text
    assert "<title>Erreur" in page and "data-error-summary" in page and 'value="El Idrissi"' in page
    assert only(Application).answers["family_name"] == "El Idrissi"
    assert client.post(place, data={"later": "1"}).location.endswith("/form/identite/2")
    wrong = client.post(
        at(draft, "contact/1"), data={"email": "pas une adresse", "phone": "12", "later": "1"}
    ).text
    assert 'value="pas une adresse"' in wrong and "<title>Erreur" in wrong


def test_hidden_questions_are_passed_over_and_unknown_pages_are_not_there(
    draft: str, client: FlaskClient
) -> None:
    form = read_known("mdia").form
    other = next(page for page in pages_of(form) if "licence_other" in page.keys)
    place = at(draft, f"parcours/{other.number}")
    assert client.get(place).location.endswith(f"/parcours/{other.number + 1}")
    assert client.post(place, data={"licence_other": "x"}).status_code == 302
    assert "licence_other" not in only(Application).answers
    client.post(at(draft, "parcours/1"), data={"licence": "autre"})
    assert client.get(place).status_code == 200
    for wrong in ("parcours/99", "nulle-part/1", "parcours/0"):
        assert client.get(at(draft, wrong)).status_code == 404
        assert client.post(at(draft, wrong), data={}).status_code == 404
    found = client.get(f"/my/applications/{draft}/question/licence_other?to=check").location
    assert found.endswith(f"{place}?to=check#licence_other")
    assert client.get(f"/my/applications/{draft}/question/nothing").status_code == 404


def test_a_language_is_changed_in_the_middle_without_loss(draft: str, client: FlaskClient) -> None:
    place = at(draft, "identite/1")
    answer = client.post(place, data={"family_name": "Alaoui", "language": "ar"})
    assert answer.location.endswith(place) and only(Application).answers["family_name"] == "Alaoui"
    page = client.get(place).text
    assert 'lang="ar" dir="rtl"' in page and 'value="Alaoui"' in page
    wrong = client.post(at(draft, "contact/1"), data={"email": "non", "language": "fr"})
    assert (
        'lang="fr"' in wrong.text
        and 'value="non"' in wrong.text
        and "language=fr" in wrong.headers["Set-Cookie"]
    )


def save(client: FlaskClient, reference: str, body: Any) -> Any:
    return client.post(f"/my/applications/{reference}/answers", json=body)


def test_answers_are_saved_as_they_are_typed(draft: str, client: FlaskClient) -> None:
    body = {
        "keys": ["city", "s1", "cin"],
        "fields": {"city": ["Fès"], "s1": ["quatorze"], "cin": ["ab123456"]},
        "seen": {},
    }
    first = save(client, draft, body).get_json()
    assert first["text"].startswith("Enregistré à ") and set(first["errors"]) == {"s1"} and first["changed"]
    again = save(client, draft, body).get_json()
    assert not again["changed"] and again["seen"] == first["seen"]
    row = only(Application)
    assert row.answers == {"city": "Fès"} and file.sealed_answers(row) == {"cin": "AB123456"}
    kept = save(client, draft, {"keys": ["city"], "fields": {"city": ["Rabat"]}, "kept": True}).get_json()
    assert "gardées sur ce téléphone" in kept["text"] and only(Application).answers["city"] == "Rabat"
    none = save(client, draft, {"keys": ["s2"], "fields": {"s2": ["douze et demi"]}}).get_json()
    assert none["text"] == "" and set(none["errors"]) == {"s2"}, "nothing was saved"
    save(client, draft, {"keys": ["city"], "fields": {}})  # emptied
    assert "city" not in only(Application).answers


@pytest.mark.parametrize(
    "body",
    [
        [], "x", 3, {"keys": "city", "fields": {}}, {"keys": ["city"], "fields": {"city": "Fès"}},
        {"keys": ["city"], "fields": {"city": [1]}}, {"keys": ["city"], "fields": {}, "seen": []},
        {"keys": ["city"], "fields": {"city": ["x" * 100_001]}}, {"keys": ["city"] * 401, "fields": {}},
    ],
)  # fmt: skip
def test_what_is_no_page_s_saving_is_refused(draft: str, client: FlaskClient, body: Any) -> None:
    assert save(client, draft, body).status_code == 409
    assert only(Application).answers == {}


def test_an_unknown_or_unasked_question_is_not_written(draft: str, client: FlaskClient) -> None:
    answer = save(
        client,
        draft,
        {"keys": ["nothing", "city"], "fields": {"nothing": ["x"], "sex": ["f"], "city": ["\x00"]}},
    )
    assert answer.status_code == 200 and only(Application).answers == {}


def test_of_two_windows_the_newer_answer_stays_and_both_are_shown(draft: str, client: FlaskClient) -> None:
    place = at(draft, "contact/2")
    old = client.get(place).text
    client.post(place, data={"city": "Rabat", "region": "MA-04", "seen": json.dumps(seen_on(old))})
    # The other window changes the region alone: the town that it never touched stays.
    stale = {"city": "", "region": "MA-05", "seen": json.dumps(seen_on(old))}
    page = client.post(place, data=stale).text
    assert "changée ailleurs" in page and "Rabat-Salé-Kénitra" in page
    assert (only(Application).answers["city"], only(Application).answers["region"]) == ("Rabat", "MA-04")
    again = client.post(place, data={"city": "Rabat", "region": "MA-05", "seen": json.dumps(seen_on(page))})
    assert again.status_code == 302 and only(Application).answers["region"] == "MA-05"
    kept = {
        "keys": ["city"],
        "fields": {"city": ["Salé"]},
        "seen": {"city": seen_on(old)["city"]},
        "kept": True,
    }
    told = save(client, draft, kept).get_json()
    assert (
        "Rabat" in told["errors"]["city"]
        and not told["changed"]
        and only(Application).answers["city"] == "Rabat"
    )


def test_a_form_opened_three_hours_before_is_still_taken(draft: str, client: FlaskClient) -> None:
    place = at(draft, "contact/2")
    seen = seen_on(client.get(place).text)
    with clock.at(steps.DURING + timedelta(hours=3)):
        assert (
            client.post(place, data={"city": "Fès", "region": "MA-03", "seen": json.dumps(seen)}).status_code
            == 302
        )
    assert only(Application).answers["city"] == "Fès"


@pytest.mark.parametrize("marks", ["", "{", "[]", "[1", '{"city": {}}', "null", "7"])
def test_marks_that_are_none_do_no_harm(draft: str, client: FlaskClient, marks: str) -> None:
    answer = client.post(at(draft, "contact/2"), data={"city": "Fès", "seen": marks, "later": "1"})
    assert answer.status_code in (200, 302)


def test_what_was_sent_is_changed_until_the_close_and_counts_until_it_is_sent_again(
    draft: str, client: FlaskClient
) -> None:
    fill(client, draft)
    client.post(f"/my/applications/{draft}/check")
    number, sent_at = only(Application).number, only(Application).sent_at
    assert "Modifier ma candidature" in client.get(f"/my/applications/{draft}").text
    for _ in range(2):
        assert client.post(f"/my/applications/{draft}/change").location.endswith("/change")
    assert (
        count(UnsentChange) == 1
        and "Modifier ce que vous avez envoyé" in client.get(f"/my/applications/{draft}/change").text
    )
    client.post(at(draft, "contact/2"), data={"city": "Rabat", "region": "MA-04"})
    client.post(at(draft, "contact/1"), data={"email": "zoe@exemple.ma", "phone": "0661223344"})
    row = only(Application)
    assert (
        row.answers["city"] == "Fès"
        and file.sealed_answers(row)["phone"] != "+212661223344"
        and row.region == "MA-03"
    )
    check = client.get(f"/my/applications/{draft}/check").text
    assert "Ce que vous changez" in check and "<del" in check and "Envoyer mes modifications" in check
    for _ in range(2):
        assert client.post(f"/my/applications/{draft}/check", data={"again": "1"}).location.endswith(draft)
    row = only(Application)
    assert (row.answers["city"], row.region, row.number, row.sent_at) == ("Rabat", "MA-04", number, sent_at)
    assert file.sealed_answers(row)["phone"] == "+212661223344" and row.state == "submitted"
    assert (
        count(UnsentChange) == 0
        and count(Event, Event.action == "applications.change") == 1
        and count(Message) == 2
    )
    assert db.session.scalars(sa.select(Message.key).order_by(Message.id)).all()[1] == "correction_done"


def test_changes_are_forgotten_refused_or_too_late(draft: str, client: FlaskClient) -> None:
    assert client.post(f"/my/applications/{draft}/change").status_code == 409  # not sent yet
    fill(client, draft)
    client.post(f"/my/applications/{draft}/check")
    client.post(f"/my/applications/{draft}/change")
    client.post(at(draft, "parcours/1"), data={"licence": "droit"})
    refused = client.post(f"/my/applications/{draft}/check", data={"again": "1"}).text
    assert "licence en informatique" in refused and only(Application).answers["licence"] == "mathematiques"
    client.post(f"/my/applications/{draft}/change", data={"act": "drop"})
    assert count(UnsentChange) == 0
    client.post(f"/my/applications/{draft}/change")
    db.session.rollback()
    with writing():
        db.session.execute(sa.update(Intake).values(closes_at=steps.DURING - timedelta(minutes=1)))
    assert client.post(at(draft, "contact/2"), data={"city": "Rabat"}).status_code == 409
    assert client.post(f"/my/applications/{draft}/check", data={"again": "1"}).status_code == 409
    assert client.get(f"/my/applications/{draft}/change").location.endswith(draft)
    assert "Modifier ma candidature" not in client.get(f"/my/applications/{draft}").text
    assert only(Application).answers["city"] == "Fès"


def test_whoever_helps_is_named_and_seen(draft: str, client: FlaskClient) -> None:
    place = f"/my/applications/{draft}/helper"
    assert "Dites qui est" in client.post(place, data={"name": "Rachida"}).text
    assert client.post(place, data={"name": "x" * 121, "relation": "y"}).status_code == 200
    client.post(place, data={"name": "Rachida <b>Alami</b>", "relation": "ma mère"})
    assert only(Application).helper == {"name": "Rachida <b>Alami</b>", "relation": "ma mère"}
    assert "<b>Alami" not in client.get(f"/my/applications/{draft}").text


def end_sessions() -> None:
    db.session.rollback()
    with writing():
        db.session.execute(sa.update(SignInSession).values(revoked_at=clock.now()))


def test_a_form_that_outlives_its_session_is_taken_up_again(draft: str, client: FlaskClient) -> None:
    end_sessions()
    answer = client.post(at(draft, "contact/2"), data={"city": "Salé", "region": "MA-04"})
    assert "/sign-in?next=/my/held" in answer.location.replace("%2F", "/")
    assert b"Sal" not in only(HeldForm).sealed and only(Application).answers == {}
    client.post("/sign-in?next=/my/held", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
    page = client.get("/my/held").text
    assert 'name="city" value="Salé"' in page
    again = client.post("/my/held", data={"city": "Salé", "region": "MA-04"})
    assert again.status_code == 307 and again.location.endswith("/contact/2")
    client.post(again.location, data={"city": "Salé", "region": "MA-04"})
    assert only(Application).answers["city"] == "Salé" and count(HeldForm) == 0
    assert client.get("/my/held").location.endswith("/my")


def test_a_held_form_is_for_its_account_alone_and_for_an_hour(draft: str, client: FlaskClient) -> None:
    end_sessions()
    client.post(at(draft, "contact/2"), data={"city": "Salé"})
    other = browser(client.application)
    sign_up(other, "autre@exemple.ma")
    assert other.get("/my/held").status_code == 302
    client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
    with clock.at(steps.DURING + timedelta(minutes=61)):
        assert client.get("/my/held").status_code == 302
    assert client.post("/my/held", data={"forget": "1"}).location.endswith("/contact/2")
    assert count(HeldForm) == 0


def test_nothing_is_held_of_strangers_shared_devices_or_what_is_too_heavy(
    draft: str, client: FlaskClient
) -> None:
    place = at(draft, "contact/2")
    assert "next" not in browser(client.application).post(place, data={"city": "Salé"}).location
    end_sessions()
    assert "next" not in client.post(place, data={"city": "x" * 200_001}).location
    db.session.rollback()
    with writing():
        db.session.execute(sa.update(SignInSession).values(shared=True))
    assert "next" not in client.post(place, data={"city": "Salé"}).location
    assert count(HeldForm) == 0


def at_once(client: FlaskClient, path: str, cookies: str, **sent: Any) -> list[int]:
    """The same request from as many windows at the same time."""
    line, statuses = Barrier(AT_ONCE), []

    def push() -> None:
        window = client.application.test_client(use_cookies=False)
        line.wait()
        statuses.append(window.post(path, headers={"Cookie": cookies}, **sent).status_code)

    threads = [Thread(target=push) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_the_same_request_fifty_times_at_once_is_one(
    database: Database, intake: str, client: FlaskClient
) -> None:
    sign_up(client)
    cookie = client.get_cookie("session")
    assert cookie is not None
    cookies = f"session={cookie.value}"
    db.session.rollback()
    assert set(at_once(client, f"/intakes/{intake}/apply", cookies)) == {302}
    reference = only(Application).reference
    saving = {"keys": ["city"], "fields": {"city": ["Fès"]}}
    assert set(at_once(client, f"/my/applications/{reference}/answers", cookies, json=saving)) == {200}
    assert set(
        at_once(client, at(reference, "contact/2"), cookies, data={"city": "Fès", "region": "MA-03"})
    ) == {302}
    fill(client, reference)
    db.session.rollback()
    assert set(at_once(client, f"/my/applications/{reference}/check", cookies)) == {302}
    assert (only(Application).state, only(Application).reference) == ("submitted", reference)
    assert count(Message) == 1 and count(Event, Event.action == "applications.submit") == 1
