"""One application online, from the account to the receipt."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.journey.actions import sending
from cohortmgr.audit.models import Event
from cohortmgr.base import clock, crypto, storage
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.outbox.models import Message
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.actions import load_definition
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake, Offering
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import answers, begin, browser, fill, sign_up, with_file

# Two of these came when what a code proved was filled in, and a number that contradicts another was told to staff.
BUDGET = 32


def only(model: type[Any]) -> Any:
    db.session.rollback()
    return db.session.scalars(sa.select(model).execution_options(populate_existing=True)).one()


def count(model: type[Any], *where: Any) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def test_the_whole_journey_within_its_budget_of_statements(
    intake: str, client: FlaskClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    warm = browser(client.application)
    sign_up(warm, "avant@exemple.ma")
    warm.get(f"/my/applications/{begin(warm, intake)}/form")
    sign_up(client)  # the doors have budgets of their own, among the tests of accounts
    with statements() as seen:
        assert client.get(f"/intakes/{intake}/apply").status_code == 200
        reference = begin(client, intake)
        assert client.get(f"/my/applications/{reference}/form").status_code == 200
        fill(client, reference)
        assert "Vous remplissez les conditions" in client.get(f"/my/applications/{reference}/check").text
        assert client.post(f"/my/applications/{reference}/check").status_code == 302
        receipt = client.get(f"/my/applications/{reference}").text
    assert len(seen) <= BUDGET, f"{len(seen)}:\n" + "\n".join(line[:110] for line in seen)
    row = db.session.scalars(sa.select(Application).where(Application.reference == reference)).one()
    assert row.number in receipt and "<svg" in receipt and " style=" not in receipt
    assert row.number.startswith("MDIA-") and row.eligible is True and row.state == "submitted"
    assert row.offering_id is not None
    assert row.average_thousandths == 12917


def test_what_is_kept_and_what_is_sealed(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    row, person, document = only(Application), only(Person), only(Document)
    assert not {"cin", "massar", "phone", "rib"} & set(row.answers)
    assert file.sealed_answers(row)["cin"] == "AB123456"
    assert (person.family_name, person.sex, person.birth_date.isoformat()) == (
        "El Idrissi",
        "f",
        "2004-02-26",
    )
    assert {i.kind for i in db.session.scalars(sa.select(Identifier))} == {"cin", "massar"}
    assert document.state == "received" and document.storage_key is None
    assert storage.load(document.parts[0]["key"]) == steps.PDF
    steps.examine()
    document = only(Document)
    assert (document.state, document.media_type) == ("clean", "application/pdf")
    assert document.filename == "releve.pdf"


def test_the_receipt_is_sent_in_the_person_s_language(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    client.set_cookie("language", "en")
    fill(client, reference)
    client.post(f"/my/applications/{reference}/check")
    message = only(Message)
    assert (message.key, message.language) == ("application_received", "en")
    deliver()
    assert only(Message).state == "sent"
    assert count(Event, Event.action == "applications.submit") == 1


def test_a_second_start_returns_the_same_draft(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    assert begin(client, intake) == begin(client, intake)
    assert client.get(f"/intakes/{intake}/apply").status_code == 302
    assert count(Application) == 1


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        (steps.AFTER, "closes depuis le mercredi 30 juin 2027"),
        (steps.BEFORE, "ouvrent le lundi 2 novembre 2026"),
    ],
)
def test_an_intake_that_is_not_open_says_since_or_from_when(
    intake: str, client: FlaskClient, moment: Any, says: str
) -> None:
    with clock.at(moment):
        sign_up(client)
        assert says in client.get(f"/intakes/{intake}/apply").text
        refused = client.post(f"/intakes/{intake}/apply")
    assert refused.status_code == 409 and says in refused.text
    assert count(Application) == 0


def test_a_draft_left_until_the_close_is_not_sent(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    with clock.at(steps.AFTER):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        assert client.post(f"/my/applications/{reference}/check").status_code == 409
        assert client.get(f"/my/applications/{reference}/form").status_code == 302
        assert "closes depuis" in client.get(f"/my/applications/{reference}").text
    assert only(Application).state == "draft"


def test_what_was_typed_survives_an_error_and_the_rest_is_kept(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    born = {
        "birth_date": "",
        "birth_date-day": "31",
        "birth_date-month": "février",
        "birth_date-year": "2004",
    }
    page = client.post(
        f"/my/applications/{reference}/form", data=with_file(answers(s1="24", sex="m", **born))
    ).text
    for typed in ("31", "février", "2004", "24"):
        assert f'value="{typed}"' in page
    assert "31/2/2004" in page and "n’existe pas" in page and "Zoé" in page
    assert "<title>Erreur" in page and 'href="#birth_date-day"' in page and "releve.pdf" in page
    row = only(Application)
    assert row.answers["city"] == "Fès" and "birth_date" not in row.answers and row.answers["sex"] == "m"


def test_an_unfinished_draft_is_kept_and_the_check_names_what_is_missing(
    intake: str, client: FlaskClient
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    saved = client.post(f"/my/applications/{reference}/form", data={"city": "Fès", "later": "1"})
    assert saved.status_code == 302 and only(Application).answers == {"city": "Fès"}
    page = client.get(f"/my/applications/{reference}/check").text
    assert (
        "Relevés de notes" in page and "to=check#transcripts" in page and "Envoyer ma candidature" not in page
    )
    assert "Il manque" in client.post(f"/my/applications/{reference}/check").text
    assert only(Application).state == "draft"


def test_an_ineligible_file_is_told_why_and_what_would_help(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference, answers(licence="droit"))
    for page in (
        client.get(f"/my/applications/{reference}/check"),
        client.post(f"/my/applications/{reference}/check"),
    ):
        assert "titulaires d’une licence en informatique" in page.text
        assert "écrivez-nous avec votre relevé" in page.text
    assert only(Application).state == "draft" and count(Message) == 0


def test_a_number_of_another_person_is_refused_beside_its_field(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    fill(client, begin(client, intake))
    other = browser(client.application)
    sign_up(other, "autre@exemple.ma")
    reference = begin(other, intake)
    page = other.post(f"/my/applications/{reference}/form", data=with_file(answers(massar="R000000001"))).text
    assert "déjà celui d’un autre dossier" in page and 'href="#cin"' in page
    assert count(Identifier, Identifier.blind == crypto.blind_index("cin", "AB123456")) == 1


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF", b"<html></html>", b"MZ" + b"\x00" * 90, b""]
)
def test_a_file_that_is_not_what_it_says_is_refused(intake: str, client: FlaskClient, data: bytes) -> None:
    sign_up(client)
    reference = begin(client, intake)
    page = client.post(f"/my/applications/{reference}/form", data=with_file(answers(), data)).text
    assert 'href="#transcripts"' in page and count(Document) == 0
    assert only(Application).answers["city"] == "Fès"


def test_a_file_too_large_says_the_limit_and_a_second_takes_the_place_of_the_first(
    intake: str, client: FlaskClient
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    upload = f"/my/applications/{reference}/documents"
    heavy = steps.PDF[:9] + b"0" * 5_300_000 + b"%%EOF"
    # Encoded in memory: the client would leave its own file open.
    boundary, body = encode_multipart({"transcripts": FileStorage(io.BytesIO(heavy), "lourd.pdf")})
    refused = client.post(upload, data=body, content_type=f'multipart/form-data; boundary="{boundary}"')
    assert "5 Mo" in refused.text
    for name in ("un.pdf", "deux.pdf"):
        assert client.post(upload, data=with_file({}, name=name)).status_code == 302
    assert count(Document) == 2 and count(Document, Document.replaced_at.is_(None)) == 1
    assert "deux.pdf" in client.get(f"/my/applications/{reference}/form").text


def test_a_sent_file_is_closed_and_the_second_click_does_nothing(intake: str, client: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    for _ in range(2):
        assert client.post(f"/my/applications/{reference}/check").location.endswith(reference)
    assert client.post(f"/my/applications/{reference}/form", data=answers(city="Rabat")).status_code == 302
    assert only(Application).answers["city"] == "Fès"
    assert count(Message) == 1 and count(Event, Event.action == "applications.submit") == 1


def _summarised(french: str) -> Definition:
    return replace(read_known("mdia"), summary={"fr": french, "ar": "آخر", "en": "Other"})


def _amend(definition: Definition) -> int:
    """Load it and return the number of its version."""
    db.session.rollback()
    with writing():
        return load_definition(SYSTEM, definition).version.id


def test_a_file_is_sent_under_the_definition_that_it_was_held_to(
    intake: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    # A draft goes to the amended definition at once.
    moved = _amend(_summarised("Autre"))
    assert only(Application).version_id == moved
    # One that was begun while it was amended did not: the sending holds it to the newer, and says so.
    with monkeypatch.context() as unmoved:
        unmoved.setattr(programmes, "on_amended", [])
        version = _amend(_summarised("Encore autre"))
    assert only(Application).version_id == moved != version
    assert client.post(f"/my/applications/{reference}/check").status_code == 302
    assert (only(Application).state, only(Application).version_id) == ("submitted", version)
    # What is sent stays under it.
    assert _amend(_summarised("Une dernière fois")) != version
    assert only(Application).version_id == version


def _twice(app: Flask, client: FlaskClient, path: str) -> list[int]:
    """The same POST from two browsers with one session, at once."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    ready, found = Barrier(2), []

    def send() -> None:
        twin = app.test_client()
        twin.set_cookie("session", cookie.value)
        ready.wait()
        found.append(twin.post(path).status_code)

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_twice_at_once_is_one_record_and_no_error(intake: str, client: FlaskClient, app: Flask) -> None:
    sign_up(client)
    assert _twice(app, client, f"/intakes/{intake}/apply") == [302, 302]
    assert count(Application) == 1
    reference = only(Application).reference
    fill(client, reference)
    assert _twice(app, client, f"/my/applications/{reference}/check") == [302, 302]
    assert only(Application).state == "submitted"
    assert count(Message) == 1 and count(Event, Event.action == "applications.submit") == 1


def test_a_withdrawal_asks_for_the_number_and_tells_the_floors_above(
    intake: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sending, "on_withdrawal", [lambda viewer, row: told.append(row.number)])
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    client.post(f"/my/applications/{reference}/check")
    number, path = only(Application).number, f"/my/applications/{reference}/withdraw"
    assert number in client.get(path).text
    assert "tel qu’il est affiché" in client.post(path, data={"confirmation": "non"}).text and not told
    for _ in range(2):
        assert client.post(path, data={"confirmation": number}).status_code == 302
    assert told == [number] and only(Application).state == "withdrawn"


def test_a_full_intake_says_so_and_whoever_began_may_still_send(
    intake: str, client: FlaskClient, system_app: Flask
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    with system_app.app_context(), writing():
        mine = sa.select(Intake.id).where(Intake.reference == intake).scalar_subquery()
        full = sa.update(Offering).where(Offering.intake_id == mine)
        db.session.execute(full.values(taken=Offering.seats))
    assert client.post(f"/my/applications/{reference}/check").location.endswith(reference)
    late = browser(client.application)
    assert "Toutes les places de cette campagne sont prises" in late.get("/programmes/mdia").text
    home = late.get("/").text
    assert home.index("Campagnes complètes") < home.index(f"/intakes/{intake}")
    sign_up(late, "tard@exemple.ma")
    assert "Toutes les places" in late.get(f"/intakes/{intake}/apply").text
    answer = late.post(f"/intakes/{intake}/apply")
    assert answer.status_code == 409 and "Revenez si l’une se libère" in answer.text
    assert count(Application) == 1
