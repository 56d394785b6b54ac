"""The pages of importing: preview, mapping, tray, repairs by staff and by the person, invitations."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.applications.importing.actions.invitations import invite
from cohortmgr.applications.importing.models import ImportRun, TrayRow
from cohortmgr.applications.importing.queries.invited import JUST_LEFT
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all
from tests.databases import Database
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, one, words
from tests.integration.applications.journey import steps
from tests.watch import rows_of

Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """mdia, with `client` signed in as who manages its selection; the reference of the intake of 2025."""
    with clock.at(sheets.NOW):
        steps.load_mdia()
        steps.staff(client)
        yield sheets.intake().reference


def upload(
    client: FlaskClient, intake: str, data: bytes, name: str = "dossiers.csv", **more: Any
) -> TestResponse:
    """Send a file to the upload page."""
    return client.post(f"/staff/intakes/{intake}/imports", data={"file": (io.BytesIO(data), name), **more})


def preview(client: FlaskClient, intake: str, data: bytes) -> str:
    """Send a file; the address of its preview."""
    answer = upload(client, intake, data)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def load(client: FlaskClient, intake: str, data: bytes) -> str:
    """Send a file and confirm it; the address of its result."""
    page = preview(client, intake, data)
    assert client.post(page).status_code == 302
    return page


def stored(app: Flask) -> list[Path]:
    """The files that lie in the store."""
    return [path for path in (Path(app.config["DATA"]) / "files").rglob("*") if path.is_file()]


def test_a_file_that_brings_nothing_has_no_button_to_load_it(client: FlaskClient, intake: str) -> None:
    row = as_csv(one())
    load(client, intake, row)
    text = words(client.get(preview(client, intake, row)).text)
    assert "il n'y a rien à charger" in text and "Abandonner ce fichier" in text
    assert not re.search(r"<button[^>]*>(<svg.*?</svg>)?Charger", text)


def test_a_preview_shows_what_would_change_and_confirming_does_it_once(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    before = len(stored(app))
    page = preview(client, intake, sheets.FILE.read_bytes())
    text = words(client.get(page).text)
    for said in (
        ">600<",
        ">17<",
        ">14<",
        "Charger 600 dossiers",
        "145 n'est pas entre 0 et 20",
        "Horodateur",
    ):
        assert said in text, said
    assert "SH941744" not in text
    assert rows_of(Application) == rows_of(TrayRow) == 0
    assert len(stored(app)) == before + 1
    for _twice in range(2):
        assert client.post(page).location.endswith(page)
    assert "Fichier chargé" in words(client.get(page).text)
    assert (rows_of(Application), rows_of(TrayRow), rows_of(ImportRun)) == (600, 14, 1)
    assert len(stored(app)) == before
    assert "dossiers.csv" in words(client.get(f"/staff/intakes/{intake}/imports").text)


def test_who_may_not_read_the_list_is_not_led_to_it(client: FlaskClient, intake: str) -> None:
    page, listed = load(client, intake, as_csv(one())), f"/staff/intakes/{intake}/applications"
    assert listed in client.get(page).text
    steps.staff(client, Role.GROUP_ENROLLER)
    assert client.get(page).status_code == 404
    text = client.get(load(client, intake, as_csv(one(cin="ZZ123456", massar="Z987654321")))).text
    assert f"/staff/intakes/{intake}/tray" in text
    assert listed not in text
    assert "Accords des tuteurs" not in text, "mdia asks no guardian: its people are no children"


def test_a_file_is_given_up_without_a_trace(app: Flask, client: FlaskClient, intake: str) -> None:
    before = len(stored(app))
    page = preview(client, intake, as_csv(one()))
    assert client.post(f"{page}/drop").status_code == 302
    assert len(stored(app)) == before
    assert "Fichier abandonné" in words(client.get(page).text)
    client.post(page)
    assert rows_of(Application) == 0


def test_columns_and_values_are_mapped_on_the_page(client: FlaskClient, intake: str) -> None:
    row = {("Family" if key == "Nom" else key): value for key, value in one(licence="Info").items()}
    page = preview(client, intake, as_csv(row))
    text = words(client.get(page).text)
    assert "La colonne « Nom » manque" in text and "Charger 1 dossier" not in text
    chosen = dict(
        re.findall(r'<select class="input" id="(c\d+)".*?<option value="([^"]*)" selected', text, re.S)
    )
    chosen |= {"c1": "family_name", "v:licence:Info": "informatique"}
    spoilt = dict.fromkeys(("v:x", "v:", "v", ":"), "x")
    assert client.post(f"{page}/mapping", data={**spoilt, **chosen}).status_code == 302
    assert "Charger 1 dossier" in words(client.get(page).text)
    client.post(page)
    assert db.session.query(Application.diploma).scalar() == "informatique"
    twice = preview(client, intake, as_csv(row))
    client.post(f"{twice}/mapping", data={**chosen, "c2": "family_name"})
    assert "Deux colonnes répondent" in words(client.get(twice).text)


@pytest.mark.parametrize("name", ["v:licence:a\0b", "v:licence:x"])
def test_a_sign_that_no_database_keeps_is_left_out_of_a_mapping(
    client: FlaskClient, intake: str, name: str
) -> None:
    row = one(licence="Info")
    page = preview(client, intake, as_csv(row))
    chosen = {f"c{place}": "licence" if key == "Licence" else "" for place, key in enumerate(row)}
    answer = client.post(
        f"{page}/mapping", data={**chosen, "c8": "licence", name: "a" if "\0" in name else "a\0b"}
    )
    assert answer.status_code == (409 if "\0" in name else 302)
    assert client.get(page).status_code == 200


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "vide"), (b"%PDF-1.4\n", "CSV"), (b"Nom,CIN\n\x81\x8d,\x00\x01\n" * 3, "fichier")],
)
def test_what_is_no_table_is_said_beside_the_field(
    client: FlaskClient, intake: str, data: bytes, says: str
) -> None:
    answer = upload(client, intake, data)
    assert answer.status_code == 200
    assert 'class="error-summary"' in words(answer.text) and says in words(answer.text)
    assert rows_of(ImportRun) == 0


def test_a_file_may_weigh_more_than_a_candidate_s_and_not_two_hundred_megabytes(
    app: Flask, client: FlaskClient, intake: str
) -> None:
    for megabytes, refused in ((19, False), (30, True), (200, True)):
        assert megabytes * 1024 * 1024 > app.config["MAX_CONTENT_LENGTH"]
        claim = {"CONTENT_LENGTH": str(megabytes * 1024 * 1024)}
        answer = client.post(f"/staff/intakes/{intake}/imports", data={"a": "b"}, environ_overrides=claim)
        assert (answer.status_code == 413) is refused
        assert ("trop lourd" in words(answer.text)) is refused
    assert upload(client, intake, as_csv(one()), mapping=(io.BytesIO(b"x = "), "m.toml")).status_code == 200


@pytest.fixture
def row(client: FlaskClient, intake: str) -> TrayRow:
    """A waiting row: its RIB and its first average are wrong."""
    load(client, intake, as_csv(one(rib="1" * 24, s1="99", mail="elle@exemple.ma")))
    return db.session.scalars(sa.select(TrayRow)).one()


def fields(text: str) -> dict[str, str]:
    """What the inputs of a page hold, by name."""
    found = dict(re.findall(r'<input class="input[^"]*"[^>]*name="(c\d+)"[^>]*value="([^"]*)"', text))
    return found | dict(re.findall(r'name="(version)"[^>]*value="(\d+)"', text))


def again(row: TrayRow) -> TrayRow:
    """The row as it stands now."""
    return db.session.scalars(
        sa.select(TrayRow).where(TrayRow.id == row.id).execution_options(populate_existing=True)
    ).one()


def column(header: str) -> str:
    """The name of the field of a column."""
    return f"c{list(one()).index(header)}"


def test_a_row_is_mended_faults_first_and_loaded_at_once(
    client: FlaskClient, intake: str, row: TrayRow
) -> None:
    assert "Oumaima JABRANE" in words(client.get(f"/staff/intakes/{intake}/tray").text)
    page = f"/staff/tray/{row.reference}"
    text = words(client.get(page).text)
    assert text.index(f'id="{column("S1")}"') < text.index(f'id="{column("Nom")}"')
    assert "99 n'est pas entre 0 et 20" in text and "La clé du RIB" in text
    mended = {**fields(text), column("S1"): "12,5", column("Ville"): "Tanger"}
    still = client.post(page, data=mended)
    assert (
        still.status_code == 200
        and 'value="12,5"' in words(still.text)
        and "La clé du RIB" in words(still.text)
    )
    assert rows_of(Application) == 0
    mended[column("RIB (24 chiffres)")] = steps.rib()
    for _twice in range(2):
        assert client.post(page, data=mended).status_code in (302, 200)
    found = db.session.scalars(sa.select(Application)).one()
    assert (found.answers["s1"], found.answers["city"]) == ("12.5", "Tanger")
    assert sealed_answers(found)["rib"] == steps.rib()
    assert (again(row).state, again(row).application_id) == ("loaded", found.id)
    assert db.session.query(Event).filter_by(action="imports.read_row").count() >= 1
    load(client, intake, as_csv(one(rib="1" * 24, s1="99", mail="elle@exemple.ma")))
    assert (again(row).state, rows_of(TrayRow), rows_of(Application)) == ("loaded", 1, 1)


@pytest.mark.parametrize("by_link", [False, True])
@pytest.mark.parametrize("latin", ["JABRANE", ""])
def test_names_in_each_other_s_place_are_exchanged_by_a_button_here_too(
    client: FlaskClient, intake: str, by_link: bool, latin: str
) -> None:
    names = {"Nom": "جبران", "الاسم العائلي": latin}
    load(client, intake, as_csv(one(mail="elle@exemple.ma") | names))
    swapped = db.session.scalars(sa.select(TrayRow)).one()
    page = asked(client, swapped) if by_link else f"/staff/tray/{swapped.reference}"
    text = client.get(page).text
    assert text.count('name="exchange-names"') == 1 and f'name="{column("الاسم العائلي")}"' in text
    answer = client.post(page, data={**fields(text), "exchange-names": "1"})
    if not latin:
        assert answer.status_code == 200 and 'value="جبران"' in answer.text, "what was moved is not lost"
        data = {**fields(answer.text), column("Nom"): "JABRANE"}
        answer = client.post(page, data=data)
    assert answer.status_code == 302
    found = db.session.scalars(sa.select(Application)).one().answers
    assert (found["family_name"], found["family_name_ar"]) == ("JABRANE", "جبران")


def test_two_people_do_not_mend_the_same_row_unseen(client: FlaskClient, intake: str, row: TrayRow) -> None:
    page = f"/staff/tray/{row.reference}"
    mended = fields(words(client.get(page).text))
    client.post(f"{page}/ask", data={"version": mended["version"]})
    assert client.post(page, data=mended).status_code == 409


def test_a_row_is_set_aside_with_a_reason(client: FlaskClient, intake: str, row: TrayRow) -> None:
    page = f"/staff/tray/{row.reference}/discard"
    assert "Dites pourquoi" in client.post(page, data={"reason": " "}).text
    assert again(row).state == "waiting"
    assert client.post(page, data={"reason": "Doublon"}).status_code == 302
    assert (again(row).state, again(row).note) == ("discarded", "Doublon")
    assert "Rien à réparer" in words(client.get(f"/staff/intakes/{intake}/tray").text)
    assert "Doublon" in words(client.get(f"/staff/intakes/{intake}/tray?settled=1").text)


def asked(client: FlaskClient, row: TrayRow) -> str:
    """Ask the person, twice by mistake; the address of their link."""
    version = {"version": row.version}
    for _twice in range(2):
        assert client.post(f"/staff/tray/{row.reference}/ask", data=version).status_code == 302
    with writing():
        message = db.session.scalars(sa.select(Message).where(Message.key == "repair_row")).one()
        content = content_of(message)
    assert content is not None and content["address"] == "elle@exemple.ma"
    [words] = render_all([message], [content])
    assert isinstance(words, Rendered)
    subject, body = words.subject, words.text
    assert "à compléter" in subject and "ترشيحكم" in body
    return f"/repair/{content['variables']['token']}"


def test_the_person_mends_their_own_row_by_a_link_that_serves_once(
    app: Flask, client: FlaskClient, intake: str, row: TrayRow
) -> None:
    link = asked(client, row)
    assert again(row).state == "asked"
    person = steps.browser(app)
    text = person.get(link).text
    assert f'name="{column("S1")}"' in text and f'name="{column("Nom")}"' not in text
    assert "SH941744" not in text and rows_of(Application) == 0
    mended = {**fields(text), column("S1"): "12"}
    still = person.post(link, data=mended)
    assert "La clé du RIB" in words(still.text) and 'value="12"' in words(still.text)
    mended |= {column("RIB (24 chiffres)"): steps.rib(), column("CIN"): "AB999999"}
    for _twice in range(2):
        assert person.post(link, data=mended).location.endswith("/repair/done")
    assert "Votre dossier est complet" in person.get("/repair/done").text
    found = db.session.scalars(sa.select(Application)).one()
    assert (found.answers["s1"], sealed_answers(found)["cin"]) == ("12", "SH941744")
    assert again(row).state == "loaded"
    assert person.get(link).status_code == 410
    assert person.get("/repair/absent").status_code == 404


def test_a_link_to_a_settled_row_says_so(app: Flask, client: FlaskClient, intake: str, row: TrayRow) -> None:
    link = asked(client, row)
    client.post(f"/staff/tray/{row.reference}/discard", data={"reason": "Doublon"})
    for answer in (steps.browser(app).get(link), steps.browser(app).post(link, data={})):
        assert answer.status_code == 410 and "déjà été traitée" in words(answer.text)
    assert rows_of(Application) == 0


def test_a_row_without_a_usable_address_cannot_be_asked(client: FlaskClient, intake: str) -> None:
    load(client, intake, as_csv(one(mail="pas une adresse", phone="05 22 12 34 56")))
    row = db.session.scalars(sa.select(TrayRow)).one()
    assert "ni adresse e-mail ni portable utilisable" in words(
        client.get(f"/staff/tray/{row.reference}").text
    )
    assert client.post(f"/staff/tray/{row.reference}/ask", data={"version": 1}).status_code == 409
    assert rows_of(Message) == 0


def test_every_row_of_the_tray_of_2025_opens(
    client: FlaskClient, intake: str, statements: Statements
) -> None:
    load(client, intake, sheets.FILE.read_bytes())
    with statements() as seen:
        page = client.get(f"/staff/intakes/{intake}/tray")
    assert len(seen) <= 8 and page.text.count("/staff/tray/") == 14
    for row in db.session.scalars(sa.select(TrayRow)):
        assert client.get(f"/staff/tray/{row.reference}").status_code == 200


def test_inviting_from_the_page_says_how_many_before(client: FlaskClient, intake: str) -> None:
    load(client, intake, as_csv(one(), one(cin="AB100001", massar="R100000001", mail="b@exemple.ma")))
    page = f"/staff/intakes/{intake}/invitations"
    assert "Envoyer 2 liens" in words(client.get(page).text)
    for _twice in range(2):
        assert client.post(page).status_code == 302
    assert rows_of(Message) == 2
    text = words(client.get(page).text)
    assert "Personne à inviter" in text
    assert "ont un lien et pas encore de compte" not in text
    client.post(page, data={"again": "1"})
    assert rows_of(Message) == 2, "they have just left"
    with clock.at(clock.now() + JUST_LEFT + timedelta(seconds=1)):
        assert "2 personnes ont un lien et pas encore de compte" in words(client.get(page).text)
        for _twice in range(2):
            client.post(page, data={"again": "1"})
    assert rows_of(Message) == 4


def test_two_clicks_at_once_invite_each_person_once(
    client: FlaskClient, intake: str, database: Database
) -> None:
    load(client, intake, as_csv(one(), one(cin="AB100001", massar="R100000001", mail="b@exemple.ma")))
    db.session.rollback()

    def click(_number: int) -> int:
        with database.system_app.app_context(), writing():
            sent = invite(SYSTEM, intake)
            sleep(0.3)
            return sent

    with ThreadPoolExecutor(2) as clicks:
        assert sorted(clicks.map(click, range(2))) == [0, 2]
    assert rows_of(Message) == 2


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.OBSERVER])
def test_others_find_no_such_pages(client: FlaskClient, intake: str, row: TrayRow, role: Role) -> None:
    run = db.session.query(ImportRun.reference).scalar()
    steps.staff(client, role)
    for path in (f"intakes/{intake}/imports", f"intakes/{intake}/tray", f"intakes/{intake}/invitations"):
        assert client.get(f"/staff/{path}").status_code == 404
    for path in (f"imports/{run}", f"tray/{row.reference}"):
        assert client.get(f"/staff/{path}").status_code == 404
        assert client.post(f"/staff/{path}", data={"version": "1"}).status_code == 404
    for path in (f"imports/{run}/mapping", f"imports/{run}/drop", f"tray/{row.reference}/ask"):
        assert client.post(f"/staff/{path}").status_code == 404
    assert client.post(f"/staff/tray/{row.reference}/discard", data={"reason": "x"}).status_code == 404
    assert upload(client, intake, as_csv(one())).status_code == 404
    assert rows_of(Application) == 0
