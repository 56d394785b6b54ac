"""Adults brought as a group: each begins and sends a file of their own, and who invited them sees how far they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.invitees.actions import sweep
from cohortmgr.applications.invitees.models import InvitedAdult
from cohortmgr.applications.invitees.queries import still_invited
from cohortmgr.applications.invitees.rules import FORGOTTEN_AFTER
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.desk.seen import acts, all_of
from tests.integration.applications.importing.sheets import words
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, browser, fill, sign_up

PEOPLE = "Salma Bennani ; salma@exemple.ma\nYoussef Alaoui ; 06 12 34 56 78\nImane Tazi ; imane@exemple.ma"


@pytest.fixture
def school(app: Flask, intake: str) -> FlaskClient:
    found = browser(app)
    steps.staff(found, Role.GROUP_ENROLLER)
    return found


def listed(client: FlaskClient, intake: str, query: str = "") -> str:
    return words(client.get(f"/staff/intakes/{intake}/invitees{query}").text)


def send(client: FlaskClient, intake: str, people: str = PEOPLE, **more: str) -> str:
    """Send a list, confirmed unless said otherwise; returns the page that follows."""
    data = {"group_name": "Lycée Ibn Battouta", "language": "fr", "people": people, "confirmed": "1", **more}
    return words(client.post(f"/staff/intakes/{intake}/invitees/new", data=data, follow_redirects=True).text)


def links_by_name() -> dict[str, str]:
    """The newest link of each invited person, by their name."""
    return {each["variables"]["name"]: f"/invited/{each['variables']['token']}/apply" for each in written()}


def written() -> list[dict[str, Any]]:
    """What the invitations say that can still be read, in their order."""
    db.session.rollback()
    chosen = sa.select(Message).where(Message.key == "invited_to_apply").order_by(Message.id)
    return [content for each in db.session.scalars(chosen) if (content := content_of(each))]


def links_of(name: str) -> list[str]:
    return [each["variables"]["token"] for each in written() if each["variables"]["name"] == name]


def reference_of(name: str) -> str:
    db.session.rollback()
    return str(db.session.scalars(sa.select(InvitedAdult.reference).where(InvitedAdult.name == name)).one())


def test_a_list_is_shown_before_it_leaves_and_leaves_once(school: FlaskClient, intake: str) -> None:
    page = words(
        school.post(
            f"/staff/intakes/{intake}/invitees/new",
            data={"group_name": "Lycée Ibn Battouta", "language": "ar", "people": PEOPLE},
        ).text
    )
    assert "Envoyer 3 invitations" in page and "salma@exemple.ma" in page and not all_of(InvitedAdult)
    for said in ("3 invitations partent", "3 personnes étaient déjà invitées"):
        assert said in send(school, intake, language="ar")
    rows = all_of(InvitedAdult)
    assert {row.language for row in rows} == {"ar"} and len(links_by_name()) == len(all_of(Message)) == 3
    assert "salma@exemple.ma" not in str([row.sealed for row in rows])
    assert acts().count("invitees.bring") == 1
    assert "Lycée Ibn Battouta" in school.get(f"/staff/intakes/{intake}/invitees/new").text


def test_a_wrong_line_is_told_and_what_was_typed_stays(school: FlaskClient, intake: str) -> None:
    page = send(school, intake, PEOPLE + "\nSans Adresse")
    assert "Ligne 4" in page and "Sans Adresse" in page and not all_of(InvitedAdult)


def test_who_invites_sees_each_step_and_nothing_of_the_file(
    app: Flask, school: FlaskClient, intake: str
) -> None:
    send(school, intake)
    assert "3 personnes invitées" in listed(school, intake) and "3 encore attendues" in listed(school, intake)
    salma, link = browser(app), links_by_name()["Salma Bennani"]
    page = words(salma.get(link).text)
    assert "Lycée Ibn Battouta" in page and "ni vos réponses" in page and "Commencer, et" not in page
    assert "/sign-in?next=" in salma.post(link).location and not all_of(Application)
    sign_up(salma, "salma@exemple.ma")
    assert "Commencer, et le leur laisser savoir" in words(salma.get(link).text) and not all_of(Application)
    for _twice in range(2):
        assert salma.post(link).location.endswith(f"/intakes/{intake}/apply")
    (file,) = all_of(Application)
    assert salma.get(link).location.endswith(f"/my/applications/{file.reference}")
    assert "1 a commencé" in listed(school, intake)
    fill(salma, file.reference, steps.answers(email="salma@exemple.ma"))
    assert salma.post(f"/my/applications/{file.reference}/check").status_code == 302
    page = listed(school, intake, "?standing=sent")
    assert "Salma Bennani" in page and "Dossier envoyé" in page and "Youssef" not in page
    assert "Idrissi" not in page and file.number not in page and file.reference not in page
    assert "2 encore attendues" in page and "Youssef" in listed(school, intake, "?standing=awaited")
    for path in (f"/staff/applications/{file.reference}", f"/staff/enrolled/{file.reference}"):
        assert school.get(path).status_code == 404
    assert "Dossiers attendus de vos invités (2)" in words(school.get("/staff").text)


def test_who_does_not_want_to_be_followed_is_not(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    imane, link = browser(app), links_by_name()["Imane Tazi"]
    sign_up(imane, "imane@exemple.ma")
    assert imane.post(link, data={"apart": "1"}).location.endswith(f"/intakes/{intake}/apply")
    steps.begin(imane, intake)
    page = listed(school, intake)
    assert "suivi" not in page and "commencé :" not in page and "3 encore attendues" in page
    assert page.count("Invité·e") == 3 and "Imane" in listed(school, intake, "?standing=invited")
    with clock.at(DURING + timedelta(days=2)):
        assert "Des rappels partent à 2 personnes" in words(
            school.post(f"/staff/intakes/{intake}/invitees/remind", follow_redirects=True).text
        )
        assert len([each for each in written() if each["variables"]["name"] == "Imane Tazi"]) == 1
        assert len({row.asked_at for row in all_of(InvitedAdult)}) == 1, "the date tells nothing either"
    with clock.at(DURING + timedelta(days=4)):
        for name in ("Imane Tazi", "Salma Bennani"):
            said = [
                school.post(f"/staff/invitees/{reference_of(name)}/remind", follow_redirects=True)
                for _twice in range(2)
            ]
            assert "Rappel demandé" in words(said[0].text), name
            assert said[1].status_code == 422 and "moins d'un jour" in words(said[1].text), name
        assert [len(links_of(name)) for name in ("Imane Tazi", "Salma Bennani")] == [1, 3]


def test_one_is_reminded_once_a_day_by_a_link_that_leads_on(
    app: Flask, school: FlaskClient, intake: str
) -> None:
    send(school, intake)
    first, page = links_by_name(), f"/staff/invitees/{reference_of('Salma Bennani')}"
    assert "salma@exemple.ma" in school.get(page).text
    assert school.post(f"{page}/remind").status_code == 422, "the invitation left a moment ago"
    assert "Relancer" not in listed(school, intake)
    again = school.post(f"/staff/intakes/{intake}/invitees/remind", follow_redirects=True)
    assert "Aucun rappel à envoyer" in words(again.text) and links_by_name() == first
    with clock.at(DURING + timedelta(days=1, minutes=1)):
        assert school.post(f"{page}/remind").status_code == 302
        assert school.post(f"{page}/remind").status_code == 422
        again = links_by_name()["Salma Bennani"]
        assert again != first["Salma Bennani"]
        for link in (again, first["Salma Bennani"]):
            assert "Lycée Ibn Battouta" in browser(app).get(link).text


def test_a_link_that_was_passed_on_gives_nobody_anothers_file(
    app: Flask, school: FlaskClient, intake: str
) -> None:
    send(school, intake)
    link, salma, other = links_by_name()["Salma Bennani"], browser(app), browser(app)
    sign_up(salma, "salma@exemple.ma")
    salma.post(link)
    sign_up(other, "autre@exemple.ma")
    assert "déjà servi à une autre personne" in words(other.get(link).text)
    assert other.post(link).status_code == 410 and len(all_of(Application)) == 1
    assert all_of(Application)[0].reference not in other.get(link).text
    signed_out = browser(app)
    page = words(signed_out.get(link).text)
    assert "autre personne" not in page and "Continuer" in page, (
        "it may be the right person, on a new telephone"
    )


def test_one_taken_off_the_list_keeps_what_they_began(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    link, salma = links_by_name()["Salma Bennani"], browser(app)
    sign_up(salma, "salma@exemple.ma")
    salma.post(link)
    answer = school.post(f"/staff/invitees/{reference_of('Salma Bennani')}/take-back")
    assert answer.location.endswith(f"/staff/intakes/{intake}/invitees")
    again = school.post(f"{answer.request.path}")
    assert again.status_code == 302 and again.location == answer.location, "done is done"
    assert acts().count("invitees.take_back") == 1
    assert "Salma" not in listed(school, intake) and len(all_of(Application)) == 1
    (letter,) = [each for each in written() if each["variables"]["name"] == "Salma Bennani"]
    assert still_invited([letter["variables"]]) == [False], "what has not left does not leave"
    with writing():
        assert sweep(SYSTEM) == 1
    assert len(written()) == len(all_of(InvitedAdult)) == 2, "nothing tells of her any longer"
    assert "1 invitation part" in send(school, intake, "Salma Bennani ; salma.b@exemple.ma")
    assert browser(app).get(link).status_code in (404, 410)


def test_nobody_reads_anothers_guests(app: Flask, school: FlaskClient, intake: str) -> None:
    send(school, intake)
    manager = browser(app)
    steps.staff(manager, Role.SELECTION_MANAGER)
    page = listed(manager, intake)
    assert "Salma" not in page and "Inviter un groupe" in page
    for act, status in (("", manager.get), ("/remind", manager.post), ("/take-back", manager.post)):
        assert status(f"/staff/invitees/{reference_of('Salma Bennani')}{act}").status_code == 404


def test_who_manages_takes_over_the_list_of_who_may_invite_no_longer(
    app: Flask, school: FlaskClient, intake: str
) -> None:
    """A teacher leaves: their people are still awaited, and nobody could write to them or take them off."""
    send(school, intake)
    manager, other = browser(app), browser(app)
    known = steps.staff(manager, Role.SELECTION_MANAGER)
    steps.staff(other, Role.GROUP_ENROLLER, "ma.inpt.")
    take, by = f"/staff/intakes/{intake}/invitees/take-over", all_of(InvitedAdult)[0].by
    assert "n'invitent plus ici" not in listed(manager, intake)
    assert manager.post(take, data={"by": by}).status_code == 404, "whose role holds keeps their list"
    revoked = sa.update(RoleGrant).where(
        RoleGrant.role == "group_enroller", RoleGrant.path == "ma.inpt.mdia."
    )
    with clock.at(DURING + timedelta(days=2)):
        for each, role, path in (
            (manager, Role.SELECTION_MANAGER, "ma.inpt.mdia."),
            (other, Role.GROUP_ENROLLER, "ma.inpt."),
        ):
            steps.enter_anew(each, role, path)
        assert "1 invitation part" in send(manager, intake, "Salma B. ; salma@exemple.ma")
        with writing():
            db.session.execute(revoked.values(revoked_at=clock.now()))
        page = listed(manager, intake)
        assert "n'invitent plus ici" in page and "3 personnes invitées" in page and "Imane" not in page
        assert "n'invitent plus ici" not in listed(other, intake)
        assert other.post(take, data={"by": by}).status_code == 404
        done = words(manager.post(take, data={"by": by}, follow_redirects=True).text)
        assert "Imane Tazi" in done and "3 personnes sont sur votre liste" in done
        assert "Salma B." in done and "Salma Bennani" not in done, "whom both invited stands there once"
        assert "n'invitent plus ici" not in done and acts().count("invitees.take_over") == 1
        assert {row.by for row in all_of(InvitedAdult) if row.taken_back_at is None} == {known.reference}
        assert manager.get(f"/staff/invitees/{reference_of('Imane Tazi')}").status_code == 200
        assert manager.post(take, data={"by": by}).status_code == 404


def test_nobody_is_invited_to_what_is_closed_and_everybody_is_forgotten_later(
    app: Flask, school: FlaskClient, intake: str, system_app: Flask
) -> None:
    send(school, intake)
    links = links_by_name()
    closes = intake_of("mdia", "2027").closes_at
    db.session.rollback()
    with clock.at(closes + timedelta(minutes=1)):
        steps.staff(school, Role.GROUP_ENROLLER, "ma.inpt.")
        assert "ne reçoit plus de candidatures" in send(school, intake, "Ali Idrissi ; ali@exemple.ma")
        gone = browser(app).get(links["Salma Bennani"])
        assert gone.status_code == 410 and "Les candidatures sont closes" in words(gone.text)
        assert "avant le" not in words(gone.text) and "rappel" not in words(gone.text)
        with writing():
            assert sweep(SYSTEM) == 0
    with clock.at(closes + FORGOTTEN_AFTER):
        with writing():
            assert sweep(SYSTEM) == 3
        assert not all_of(InvitedAdult)
        assert browser(app).get(links["Salma Bennani"]).status_code in (404, 410)
