"""Staff's acts on files: notes, eligibility, more time, saved views, exports."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.statements import beside_frame
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.desk.actions import notes
from cohortmgr.applications.desk.models import BulkAct
from cohortmgr.applications.eligibility.models import Override
from cohortmgr.applications.file.models import Application, Extension, Note
from cohortmgr.applications.lists.models import SavedView
from cohortmgr.applications.lists.queries.pages import COLUMN_EXPRESSIONS
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.outbox.actions import send
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import declared
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.desk.seen import acts, all_of, shown
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, begin, browser, fill, sign_up
from tests.integration.applications.lists.test_lists import many


def test_a_note_is_sealed_pinned_and_taken_back_by_its_author(
    sent: str, desk: FlaskClient, app: Flask
) -> None:
    for text in ("Appelée, rappelle demain.", "Une autre."):
        assert desk.post(f"/staff/applications/{sent}/notes", data={"text": text}).status_code == 302
    first, second = all_of(Note)
    assert b"rappelle" not in first.sealed
    desk.post(f"/staff/notes/{first.reference}/pin", data={"pinned": "1"})
    page = desk.get(f"/staff/applications/{sent}/file").text
    assert page.index("rappelle demain") < page.index("Une autre.")
    assert "Note ajoutée" in desk.get(f"/staff/applications/{sent}").text
    colleague = browser(app)
    steps.staff(colleague, Role.PROGRAMME_ADMINISTRATOR)
    assert colleague.post(f"/staff/notes/{first.reference}/delete").status_code == 409
    with clock.at(DURING + timedelta(days=2)):
        journey_again = desk.post(f"/staff/notes/{first.reference}/delete")
        assert journey_again.status_code == 409
    assert desk.post(f"/staff/notes/{first.reference}/delete").status_code == 302
    assert [note.reference for note in all_of(Note)] == [second.reference]
    assert desk.post(f"/staff/applications/{sent}/notes", data={"text": " "}).status_code == 409
    assert desk.post(f"/staff/applications/{sent}/notes", data={"text": "x" * 100_000}).status_code == 409


def test_a_note_that_is_sent_twice_is_one_and_a_changed_one_is_another(sent: str, desk: FlaskClient) -> None:
    address = f"/staff/applications/{sent}"
    found = re.search(r'name="once" value="([0-9A-Z]{26})"', desk.get(f"{address}/file").text)
    assert found is not None
    form = {"text": "Appelée.", "once": found[1]}
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(lambda _n: desk.post(f"{address}/notes", data=form).status_code, range(4)))
    assert answers == [302] * 4 and len(all_of(Note)) == 1
    assert acts().count("applications.note") == 1
    # Back, another text, and sent again.
    assert desk.post(f"{address}/notes", data={**form, "text": "Appelée deux fois."}).status_code == 302
    assert desk.post(f"{address}/notes", data={**form, "pinned": "1"}).status_code == 302
    assert len(all_of(Note)) == 3
    # Without a key each is one, as programs send them.
    for _again in range(2):
        desk.post(f"{address}/notes", data={"text": "Appelée."})
    assert len(all_of(Note)) == 5


def test_a_file_s_story_holds_no_message_from_before_it_began(sent: str, desk: FlaskClient) -> None:
    (file,) = all_of(Application)
    (person,) = db.session.scalars(sa.select(Person).where(Person.id == file.person_id))
    for key, due in (("refused", file.created_at - timedelta(hours=1)), ("correction_done", clock.now())):
        with writing():
            send(key, person.reference, "z@exemple.ma", "fr", {}, file.institution_id, file.person_id, due)
    page = desk.get(f"/staff/applications/{sent}").text
    assert declared["correction_done"].title in page
    assert declared["refused"].title not in page


def test_nobody_else_touches_a_file_s_desk(sent: str, intake: str, desk: FlaskClient, app: Flask) -> None:
    desk.post(f"/staff/applications/{sent}/notes", data={"text": "Une note."})
    (note,) = all_of(Note)
    elsewhere, candidate = browser(app), browser(app)
    steps.staff(elsewhere, Role.SELECTION_MANAGER, "ma.inpt.autre.")
    sign_up(candidate, "autre@exemple.ma")
    paths = (
        f"/applications/{sent}/notes", f"/notes/{note.reference}/pin", f"/notes/{note.reference}/delete",
        f"/applications/{sent}/eligibility", f"/applications/{sent}/eligibility/lift",
        f"/applications/{sent}/extension", f"/applications/{sent}/extension/revoke",
        f"/intakes/{intake}/deadline", f"/intakes/{intake}/lots/note", f"/intakes/{intake}/views",
        f"/intakes/{intake}/applications/export", f"/duplicates/{sent}/{sent}",
    )  # fmt: skip
    for who in (elsewhere, candidate):
        for path in paths:
            given = {
                "text": "x",
                "reason": "x",
                "eligible": "no",
                "until": "2027-06-30",
                "count": "1",
                "name": "x",
            }
            assert who.post("/staff" + path, data=given).status_code == 404, path
        assert who.get(f"/staff/intakes/{intake}/duplicates").status_code == 404
    assert len(all_of(Note)) == 1 and not all_of(Override) and not all_of(SavedView) and not all_of(BulkAct)


def test_one_person_has_more_time_and_sends_after_the_close(
    intake: str, client: FlaskClient, desk: FlaskClient
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    closes = intake_of("mdia", "2027").closes_at
    path = f"/staff/applications/{reference}/extension"
    until = (clock.local(closes) + timedelta(days=3)).date().isoformat()
    assert desk.post(path, data={"until": "2026-11-23", "reason": "x"}).status_code == 200
    assert desk.post(path, data={"until": until, "reason": ""}).status_code == 200
    assert desk.post(path, data={"until": until, "reason": "Hospitalisée."}).status_code == 302
    assert desk.post(path, data={"until": until, "reason": "Hospitalisée."}).status_code == 302
    assert len(all_of(Extension)) == 1 and [m.key for m in all_of(Message)].count("deadline_extended") == 1
    with clock.at(closes + timedelta(days=1)):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        fill(client, reference)
        assert client.post(f"/my/applications/{reference}/check").status_code == 302
    assert all_of(Application)[0].state == "submitted"
    assert desk.post(path, data={"until": until, "reason": "Trop tard."}).status_code == 200


def test_time_that_was_taken_back_opens_nothing(intake: str, client: FlaskClient, desk: FlaskClient) -> None:
    sign_up(client)
    reference = begin(client, intake)
    closes = intake_of("mdia", "2027").closes_at
    until = (clock.local(closes) + timedelta(days=3)).date().isoformat()
    desk.post(f"/staff/applications/{reference}/extension", data={"until": until, "reason": "Panne."})
    for _ in range(2):
        assert desk.post(f"/staff/applications/{reference}/extension/revoke").status_code == 302
    with clock.at(closes + timedelta(days=1)):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        assert client.get(f"/my/applications/{reference}/form").location.endswith(reference)
        client.post(f"/my/applications/{reference}/form", data={"city": "Fès"})
    assert "city" not in all_of(Application)[0].answers
    desk.post(f"/staff/applications/{reference}/extension", data={"until": until, "reason": "Panne."})
    assert [each.revoked_at is None for each in all_of(Extension)] == [False, True], "given anew, it is anew"


def test_what_arrives_before_the_close_is_in_however_long_it_takes(
    intake: str, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    fill(client, reference)
    closes = intake_of("mdia", "2027").closes_at
    moments = iter([closes - timedelta(seconds=1)])
    real = clock.now
    with clock.at(closes - timedelta(hours=1)):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
    with clock.at(closes + timedelta(seconds=30)):
        monkeypatch.setattr("cohortmgr.base.clock.now", lambda: next(moments, None) or real())
        assert client.post(f"/my/applications/{reference}/check").status_code == 302
    monkeypatch.undo()
    (row,) = all_of(Application)
    assert row.state == "submitted" and row.sent_at > closes


def test_an_intake_is_prolonged_for_all_and_a_definition_loaded_anew_takes_nothing_away(
    intake: str, client: FlaskClient, desk: FlaskClient, app: Flask
) -> None:
    sign_up(client)
    begin(client, intake)
    head = browser(app)
    steps.staff(head, Role.PROGRAMME_ADMINISTRATOR)
    before = intake_of("mdia", "2027").closes_at
    until = (clock.local(before) + timedelta(days=2)).date().isoformat()
    path = f"/staff/intakes/{intake}/deadline"
    assert desk.get(path).status_code == 404
    assert head.get(path).status_code == 200
    for given in (
        {"until": "2026-01-01", "reason": "x"},
        {"until": until, "reason": ""},
        {"until": "2030-01-01", "reason": "x"},
    ):
        assert head.post(path, data=given).status_code == 200
    for _ in range(2):
        assert head.post(path, data={"until": until, "reason": "Panne nationale."}).status_code == 302
    after = intake_of("mdia", "2027")
    assert after.closes_at > before and [m.key for m in all_of(Message)].count("deadline_extended") == 1
    assert acts().count("programmes.extend") == 1
    definition = read_known("mdia")
    changed = {**definition.title, "fr": definition.title["fr"] + " (bis)"}
    with writing():
        programmes.load_definition(SYSTEM, replace(definition, title=changed))
    db.session.expire_all()
    assert intake_of("mdia", "2027").closes_at == after.closes_at


def test_an_end_of_one_s_own_stays_when_the_general_one_moves_before_it(
    intake: str, client: FlaskClient, desk: FlaskClient, app: Flask
) -> None:
    sign_up(client)
    reference = begin(client, intake)
    head = browser(app)
    steps.staff(head, Role.PROGRAMME_ADMINISTRATOR)
    before = clock.local(intake_of("mdia", "2027").closes_at)
    own, general, last = ((before + timedelta(days=days)).date().isoformat() for days in (5, 2, 7))
    desk.post(f"/staff/applications/{reference}/extension", data={"until": own, "reason": "Hospitalisée."})
    path = f"/staff/intakes/{intake}/deadline"
    assert head.post(path, data={"until": general, "reason": "Panne."}).status_code == 302
    told = [m.key for m in all_of(Message)].count("deadline_extended")
    assert told == 1, "nobody is told of an end before their own"
    with clock.at(before + timedelta(days=4)):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        fill(client, reference)
    assert head.post(path, data={"until": last, "reason": "Panne."}).status_code == 302
    assert [m.key for m in all_of(Message)].count("deadline_extended") == 2
    with clock.at(before + timedelta(days=6)):
        client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        assert client.post(f"/my/applications/{reference}/check").status_code == 302
    assert all_of(Application)[0].state == "submitted"


def test_filters_find_what_stands_beside_the_file(sent: str, intake: str, desk: FlaskClient) -> None:
    many(20)
    assert shown(desk, intake) == 21
    assert shown(desk, intake, note="yes") == 0 and shown(desk, intake, note="no") == 21
    desk.post(f"/staff/applications/{sent}/notes", data={"text": "Une note."})
    assert shown(desk, intake, note="yes") == 1
    assert shown(desk, intake, documents="yes") == 1
    assert shown(desk, intake, average_from="10,005", average_to="10.009") == 5
    assert shown(desk, intake, sent_from="22/11/2026", sent_to="2026-11-22") == 21
    assert shown(desk, intake, sent_to="2026-11-21") == 0
    assert shown(desk, intake, outcome="none") == 21 and shown(desk, intake, outcome="offer") == 0
    assert shown(desk, intake, correction="none") == 21 and shown(desk, intake, extended="yes") == 0
    assert shown(desk, intake, diploma="mathematiques") == 1


@pytest.mark.parametrize(
    "text",
    ["06 12 34 56 78", "+212612345678", "٠٦١٢٣٤٥٦٧٨", "الإدْرِيسِيّ", "idrissi zoe", "El-Idrissi", "R 123456789"],
)
def test_a_file_is_found_by_phone_with_and_without_tashkeel(
    sent: str, intake: str, desk: FlaskClient, text: str
) -> None:
    many(3)
    assert shown(desk, intake, search=text) == 1


def test_a_file_is_found_by_its_reference(sent: str, intake: str, desk: FlaskClient) -> None:
    many(3)
    assert shown(desk, intake, search=sent.lower()) == 1


def test_columns_live_in_the_address_and_in_a_view_that_colleagues_share(
    sent: str, intake: str, desk: FlaskClient, app: Flask
) -> None:
    path = f"/staff/intakes/{intake}/applications"
    page = desk.get(
        f"{path}?columns=email&columns=notes&columns=offering&columns=correction&columns=documents"
    ).text
    assert 'data-label="Adresse e-mail"' in page and 'data-label="Moyenne"' not in page
    saved = desk.post(
        f"/staff/intakes/{intake}/views?columns=email,number&eligible=yes", data={"name": "Mes appels"}
    )
    assert saved.status_code == 302 and "columns=email" in saved.location
    assert "Mes appels" in desk.get(path).text
    colleague = browser(app)
    steps.staff(colleague, Role.PROGRAMME_ADMINISTRATOR)
    assert "Mes appels" not in colleague.get(path).text
    desk.post(f"/staff/intakes/{intake}/views?columns=email", data={"name": "Mes appels", "shared": "1"})
    (view,) = all_of(SavedView)
    assert view.arguments == {"columns": "email"} and "Mes appels" in colleague.get(path).text
    assert colleague.post(f"/staff/intakes/{intake}/views/{view.reference}/forget").status_code == 404
    assert desk.post(f"/staff/intakes/{intake}/views/{view.reference}/forget").status_code == 302
    for address, name in (("?search=AB123456", "x"), ("?search=0612345678", "x"), ("", " "), ("", "x" * 81)):
        assert desk.post(f"/staff/intakes/{intake}/views{address}", data={"name": name}).status_code == 409
    assert not all_of(SavedView)


def test_the_export_is_the_list_with_its_columns_safe_and_noted_once(
    sent: str, intake: str, desk: FlaskClient
) -> None:
    many(12)
    with writing() as session:
        session.execute(sa.update(Application).where(Application.number == "MDIA-000001").values(name="=1+1"))
    path = f"/staff/intakes/{intake}/applications/export?eligible=yes&columns=number,average&source=import"
    answer = desk.post(path, data={"kind": "csv"})
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0] == '"Nom","Numéro","Moyenne"' and len(lines) == 11
    assert '"\'=1+1"' in answer.text and answer.headers["Content-Disposition"].startswith("attachment")
    table = read_table(desk.post(path, data={"kind": "xlsx"}).data)
    assert len(table.rows) == 10 and ("=1+1", "MDIA-000001", "10.001") in [row.cells for row in table.rows]
    assert acts().count("applications.export") == 2


def test_pages_send_as_many_statements_for_much_as_for_little(
    sent: str, intake: str, desk: FlaskClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    found: dict[str, list[int]] = {}
    author = viewer_of_email("selection_manager-ma-inpt-mdia-@exemple.ma")
    assert author is not None
    every = ",".join(COLUMN_EXPRESSIONS)
    paths = (
        f"/staff/applications/{sent}/file", f"/staff/intakes/{intake}/applications?size=600&columns={every}&note=no",
        f"/staff/applications/{sent}", f"/staff/applications/{sent}/messages",
        f"/staff/intakes/{intake}/lots/correct", f"/staff/intakes/{intake}/duplicates",
    )  # fmt: skip
    for count in (5, 50):
        if count > 5:
            with writing() as session:
                session.execute(sa.delete(Note))
                session.execute(sa.delete(Application).where(Application.source == "import"))
        many(count)
        with writing():
            for i in range(count):
                notes.write(author, sent, f"Note {i}")
        for path in paths:
            with statements() as seen:
                assert desk.get(path).status_code == 200
            found.setdefault(path, []).append(len(beside_frame(seen)))
    assert all(few == much for few, much in found.values()), found
    # One of them counts a thousand rows at most, and one says of which moment the rank is.
    assert found[paths[1]][0] <= 6
