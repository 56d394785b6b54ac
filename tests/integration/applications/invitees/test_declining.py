"""What an invited person may end: the messages, and that whoever invited them sees how far their file is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.invitees.actions import sweep
from cohortmgr.applications.invitees.models import InvitedAdult
from cohortmgr.applications.invitees.queries import still_invited
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from tests.integration.applications.desk.seen import acts, all_of
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.invitees.test_invitees import (
    PEOPLE,
    links_by_name,
    links_of,
    listed,
    reference_of,
    send,
    written,
)
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, browser, fill, sign_up

SALMA = "Salma Bennani ; salma@exemple.ma"


@pytest.fixture
def school(app: Flask, intake: str) -> FlaskClient:
    found = browser(app)
    steps.staff(found, Role.GROUP_ENROLLER)
    return found


def test_who_wants_no_message_gets_none_from_anybody(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    link, reader = links_by_name()["Salma Bennani"], browser(app)
    assert "Ne plus m'écrire" in words(reader.get(link).text)
    for _twice in range(2):
        assert reader.post(link.replace("/apply", "/stop")).location.endswith(link)
    assert "vous ne recevez plus de message" in words(reader.get(link).text)
    assert acts().count("invitees.decline") == 1 and "3 encore attendues" in listed(school, intake)
    (letter,) = [each for each in written() if each["variables"]["name"] == "Salma Bennani"]
    assert still_invited([letter["variables"]]) == [False], "what has not left does not leave"
    other = browser(app)
    with clock.at(DURING + timedelta(days=2)):
        school.post(f"/staff/intakes/{intake}/invitees/remind")
        page = f"/staff/invitees/{reference_of('Salma Bennani')}"
        assert "moins d'un jour" in words(school.post(f"{page}/remind").text), "as of any other"
        steps.staff(other, Role.GROUP_ENROLLER, "ma.inpt.")
        assert "1 personne était déjà invitée" in send(other, intake, SALMA)
        assert "Salma" not in listed(other, intake)
        school.post(f"{page}/take-back")
        with writing():
            assert sweep(SYSTEM) == 0, "the index stays, for it says that nobody writes"
        row = next(row for row in all_of(InvitedAdult) if row.declined_at)
        assert (row.name, row.group_name, row.sealed) == ("", "", b"")
    with clock.at(DURING + timedelta(days=4)):
        for each in (school, other):
            assert "1 personne était déjà invitée" in send(each, intake, SALMA)
    assert len(links_of("Salma Bennani")) == 1


def test_who_pressed_a_button_too_many_takes_it_back(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    link, reader = links_by_name()["Salma Bennani"], browser(app)
    stop = link.replace("/apply", "/stop")
    reader.post(stop)
    assert "Recevoir de nouveau les messages" in words(reader.get(link).text)
    for _twice in range(2):
        assert reader.post(stop, data={"undo": "1"}).location.endswith(link)
    assert "Ne plus m'écrire" in words(reader.get(link).text)
    assert acts().count("invitees.accept_again") == 1
    letter = next(each for each in written() if each["variables"]["name"] == "Salma Bennani")
    assert still_invited([letter["variables"]]) == [True]


def test_a_list_that_is_looked_over_is_corrected_without_typing_it_again(
    school: FlaskClient, intake: str
) -> None:
    data = {"group_name": "Lycée Ibn Battouta", "language": "ar", "people": SALMA}
    path = f"/staff/intakes/{intake}/invitees/new"
    assert "Corriger la liste" in words(school.post(path, data=data).text)
    again = school.post(path, data={**data, "confirmed": "1", "again": "1"})
    assert again.status_code == 200 and SALMA in again.text and not all_of(InvitedAdult)
    assert re.search(r'value="ar"[^>]* checked|checked[^>]* value="ar"', again.text)


def test_following_is_ended_on_the_page_of_the_file(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    link, salma, other = links_by_name()["Salma Bennani"], browser(app), browser(app)
    sign_up(salma, "salma@exemple.ma")
    salma.post(link)
    (file,) = all_of(Application)
    page = f"/my/applications/{file.reference}"
    line = "« Lycée Ibn Battouta » voit où en est ce dossier"
    assert line in words(salma.get(page).text), "of a draft"
    fill(salma, file.reference, steps.answers(email="salma@exemple.ma"))
    salma.post(f"{page}/check")
    assert line in words(salma.get(page).text) and "1 a envoyé" in listed(school, intake)
    invitee = {"invitee": reference_of("Salma Bennani")}
    sign_up(other, "autre@exemple.ma")
    assert other.post(f"{page}/unfollow", data=invitee).status_code == 404
    assert "1 a envoyé" in listed(school, intake)
    for _twice in range(2):
        assert salma.post(f"{page}/unfollow", data=invitee).location.endswith(page)
    assert "voit où en est" not in words(salma.get(page).text) and acts().count("invitees.answer") == 2
    seen = listed(school, intake)
    assert "a envoyé" not in seen and "3 encore attendues" in seen and seen.count("Invité·e") == 3


def test_who_withdraws_is_invited_as_the_others_are(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    link, salma = links_by_name()["Salma Bennani"], browser(app)
    sign_up(salma, "salma@exemple.ma")
    salma.post(link)
    with writing():
        db.session.execute(sa.update(Application).values(state="withdrawn"))
    seen = listed(school, intake)
    assert seen.count("Invité·e") == 3 and "3 encore attendues" in seen
    with clock.at(DURING + timedelta(days=2)):
        school.post(f"/staff/invitees/{reference_of('Salma Bennani')}/remind")
    assert len(links_of("Salma Bennani")) == 1


def test_nobody_is_reminded_where_messages_come_back(school: FlaskClient, intake: str) -> None:
    send(school, intake, PEOPLE)
    came_back = (
        sa.update(Message).where(Message.subject == reference_of("Imane Tazi")).values(state="returned")
    )
    with writing():
        db.session.execute(came_back)
    with clock.at(DURING + timedelta(days=2)):
        page = f"/staff/invitees/{reference_of('Imane Tazi')}"
        assert "Envoyer un rappel" not in words(school.get(page).text)
        assert "message est revenu" in words(school.post(f"{page}/remind").text)
        assert "Relancer 2 personnes" in listed(school, intake)
        school.post(f"/staff/intakes/{intake}/invitees/remind")
    assert len(links_of("Imane Tazi")) == 1


def test_what_others_wrote_today_is_not_told(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    other = browser(app)
    steps.staff(other, Role.GROUP_ENROLLER, "ma.inpt.")
    page = send(other, intake, SALMA)
    assert "1 personne était déjà invitée" in page and "moins d'un jour" not in page


def test_no_link_leaves_in_the_name_of_a_group(school: FlaskClient, intake: str) -> None:
    for name in ("Gagnez sur http://exemple.ma", "WWW.exemple.ma"):
        assert "sans adresse de site" in send(school, intake, group_name=name)
    assert not all_of(InvitedAdult)


def test_a_list_of_one_leaves_bundled_as_well(school: FlaskClient, intake: str) -> None:
    send(school, intake, "Youssef Alaoui 06.12.34.56.78")
    (letter,) = all_of(Message)
    assert letter.bundle is not None
