"""What a person reads once their file is sent: that it is, the dates to come, a sheet to keep, each change."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from tests.integration.applications.journey.steps import DURING, answers, begin, browser, fill, sign_up


def row() -> Application:
    db.session.rollback()
    return db.session.scalars(sa.select(Application).execution_options(populate_existing=True)).one()


def send_again(client: FlaskClient, sent: str, **more: str) -> str:
    """Open the file to changes, change it, send it again; returns the page that follows."""
    client.post(f"/my/applications/{sent}/change")
    client.post(f"/my/applications/{sent}/form", data=answers(**more))
    answer = client.post(f"/my/applications/{sent}/check", data={"again": "1"})
    return client.get(answer.location).text


def test_that_it_is_sent_is_the_title_and_three_dated_steps_follow(sent: str, client: FlaskClient) -> None:
    page = client.get(f"/my/applications/{sent}").text
    assert "<h1>Votre candidature est envoyée</h1>" in page
    assert row().number in page and "Candidature corrigée" not in page
    steps = page.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    assert steps.count('<p class="when">') == 5  # begun and sent, then read, answered, begun
    for title in ("Lecture des dossiers", "Réponse au plus tard", "Rentrée"):
        assert title in steps


def test_a_file_sent_again_says_so_at_once_and_for_good(sent: str, client: FlaskClient) -> None:
    first = row().sent_at
    with clock.at(DURING + timedelta(minutes=23)):
        page = send_again(client, sent, city="Salé")
        assert "Vos modifications sont envoyées, 10\xa0h\xa023." in page
    assert (row().sent_at, row().resent_at) == (first, DURING + timedelta(minutes=23))
    for place in (f"/my/applications/{sent}", f"/my/applications/{sent}/receipt"):
        page = client.get(place).text
        assert "Candidature corrigée" in page and "10\xa0h\xa023" in page
        assert "Vos modifications sont envoyées" not in page


def test_sending_the_same_again_says_that_nothing_is_new(sent: str, client: FlaskClient) -> None:
    page = send_again(client, sent)
    assert "Rien de nouveau à envoyer" in page and "Candidature corrigée" not in page
    assert row().resent_at is None


def test_a_sheet_to_keep_is_there_once_the_file_is_sent_and_for_its_person_alone(
    intake: str, client: FlaskClient
) -> None:
    sign_up(client)
    draft = begin(client, intake)
    assert client.get(f"/my/applications/{draft}/receipt").location.endswith(draft)
    fill(client, draft)
    client.post(f"/my/applications/{draft}/check")
    sheet = client.get(f"/my/applications/{draft}/receipt").text
    assert row().number in sheet and "releve.pdf" in sheet and "El Idrissi" in sheet and "<svg" in sheet
    assert client.get(f"/my/applications/{draft}/receipt").status_code == 200
    stranger = browser(client.application)
    sign_up(stranger, "autre@exemple.ma")
    assert stranger.get(f"/my/applications/{draft}/receipt").status_code == 404
