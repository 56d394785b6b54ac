"""Many files at once, with a preview and a way back; and two files that are one person's."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.desk.actions import bulk, notes
from cohortmgr.applications.desk.models import BulkAct
from cohortmgr.applications.duplicates.actions import merging as merges
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file.models import Application, Correction, Extension, Note
from cohortmgr.applications.lists import columns
from cohortmgr.applications.lists.models import SavedView
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import recipients
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.programmes.queries import intake_of
from cohortmgr.selection.queries import ranking_of
from tests.factories.duplicates import compare_all
from tests.integration.applications.desk.seen import acts, all_of, shown
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import DURING, begin, browser, sign_up
from tests.integration.applications.lists.test_lists import many


def test_a_correction_for_many_says_to_how_many_first_and_is_undone(
    sent: str, intake: str, desk: FlaskClient, client: FlaskClient
) -> None:
    many(5)
    with writing() as session:
        session.execute(
            sa.update(Application).where(Application.number == "MDIA-000002").values(state="draft")
        )
    path = f"/staff/intakes/{intake}/lots/correct?state=all"
    page = desk.get(path).text
    assert "Cela s’applique à 5 dossiers" in page and "Pas envoyé" in page
    given = {"fix-s1": "incorrect", "message": "Vérifiez.", "until": "2026-12-10"}
    moved = desk.post(path, data={**given, "count": "4"})
    assert moved.status_code == 200 and "La liste a changé" in moved.text and not all_of(Correction)
    done = desk.post(path, data={**given, "count": "5"})
    assert done.status_code == 302, done.text
    assert len(all_of(Correction)) == 5 and [m.key for m in all_of(Message)].count("correction_asked") == 5
    assert desk.post(path, data={**given, "count": "5"}).status_code == 200
    client.post(f"/my/applications/{sent}/correction", data={"s1": "14"})
    for _ in range(2):
        assert desk.post(f"{done.location}/undo").status_code == 302
    assert sorted(each.state for each in all_of(Correction)) == ["called_off"] * 4 + ["done"]
    (lot,), (bundle,) = all_of(BulkAct), all_of(Bundle)
    assert lot.undone_at and bundle.state == "called_off" and "Annulé" in desk.get(done.location).text


@pytest.mark.parametrize("act", ["note", "correct"])
def test_a_form_that_is_sent_twice_is_one_lot(intake: str, desk: FlaskClient, act: str) -> None:
    many(5)
    path = f"/staff/intakes/{intake}/lots/{act}"
    once = re.search(r'name="once" value="(\w{26})"', desk.get(path).text)
    assert once is not None
    given = {"text": "Vu.", "fix-s1": "incorrect", "message": "Vérifiez.", "until": "2026-12-10"}
    sent = {**given, "count": "5", "once": once[1]}
    with ThreadPoolExecutor(3) as pool:
        answers = [each.result() for each in [pool.submit(desk.post, path, data=sent) for _ in range(3)]]
    answers.append(desk.post(path, data=sent))
    assert len({answer.location for answer in answers}) == 1
    assert len(all_of(BulkAct)) == 1 and len(all_of(Note)) + len(all_of(Correction)) == 5
    other = desk.post(path, data={**sent, "text": "Autre."})
    assert len(all_of(BulkAct)) == (2 if act == "note" else 1), other.text


def test_above_a_hundred_the_number_is_typed(intake: str, desk: FlaskClient) -> None:
    many(101)
    path = f"/staff/intakes/{intake}/lots/note"
    assert "Pour confirmer, écrivez" in desk.get(path).text
    for typed in ("", "100", "cent"):
        answer = desk.post(path, data={"text": "Vu.", "count": "101", "confirmation": typed})
        assert answer.status_code == 200 and not all_of(Note)
    done = desk.post(path, data={"text": "Vu.", "count": "101", "confirmation": "١٠١"})
    assert done.status_code == 302 and len(all_of(Note)) == 101
    with clock.at(DURING + timedelta(days=2)):
        assert desk.post(f"{done.location}/undo").status_code == 409
    desk.post(f"{done.location}/undo")
    assert not all_of(Note)


def test_a_list_too_long_for_one_act_says_so_and_nothing_is_read_of_it(
    intake: str, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 4)
    many(5)
    path = f"/staff/intakes/{intake}/lots/note"
    page = desk.get(path).text
    assert (
        "plus de 4 dossiers" in page
        and "Resserrez ses filtres" in page
        and "<form" not in page.split("<main")[1].split("</main>")[0]
    )
    answer = desk.post(path, data={"text": "Vu.", "count": "5", "confirmation": "5"})
    assert answer.status_code == 200 and "plus de 4 dossiers" in answer.text and not all_of(Note)
    narrow = desk.get(f"{path}?average_to=10.003").text
    assert "Cela s’applique à 4 dossiers" in narrow


def test_more_time_for_many_drafts(intake: str, client: FlaskClient, desk: FlaskClient) -> None:
    many(3)
    sign_up(client)
    begin(client, intake)
    until = (clock.local(intake_of("mdia", "2027").closes_at) + timedelta(days=1)).date().isoformat()
    path = f"/staff/intakes/{intake}/lots/extend?state=all"
    assert "Cela s’applique à 1 dossier" in desk.get(path).text
    for given in ({"until": "", "reason": "x"}, {"until": until, "reason": ""}):
        assert desk.post(path, data={**given, "count": "1"}).status_code == 200
    done = desk.post(path, data={"until": until, "reason": "Panne.", "count": "1"})
    assert done.status_code == 302 and len(all_of(Extension)) == 1
    desk.post(f"{done.location}/undo")
    assert all_of(Extension)[0].revoked_at is not None
    assert desk.get(f"/staff/intakes/{intake}/lots/destroy").status_code == 404


def test_undoing_more_time_for_many_spares_a_file_that_was_given_its_own_since(
    intake: str, client: FlaskClient, desk: FlaskClient, app: Flask
) -> None:
    people = [client, browser(app)]
    references = []
    for number, each in enumerate(people):
        sign_up(each, f"p{number}@exemple.ma")
        references.append(begin(each, intake))
    closes = clock.local(intake_of("mdia", "2027").closes_at)
    many_until, own = ((closes + timedelta(days=days)).date().isoformat() for days in (1, 4))
    path = f"/staff/intakes/{intake}/lots/extend?state=draft"
    done = desk.post(path, data={"until": many_until, "reason": "Panne.", "count": "2"})
    assert done.status_code == 302, done.text
    spared = f"/staff/applications/{references[0]}/extension"
    assert desk.post(spared, data={"until": own, "reason": "Hospitalisée."}).status_code == 302
    assert desk.post(f"{done.location}/undo").status_code == 302
    live = [row for row in all_of(Extension) if row.revoked_at is None]
    files = {row.reference: row.id for row in all_of(Application)}
    assert [row.application_id for row in live] == [files[references[0]]] and live[0].lot is None


def twins(intake: str) -> tuple[str, str]:
    """Two sent files that look alike; their references."""
    many(4)
    with writing() as session:
        rows = session.scalars(sa.select(Application).order_by(Application.id)).all()
        for row in rows[:2]:
            person = session.get_one(Person, row.person_id)
            person.given_name, person.family_name, row.name = "Salma", "Bennis", "Salma Bennis"
            person.birth_date = clock.today() - timedelta(days=8000)
        found = rows[0].reference, rows[1].reference
    compare_all()
    return found


def test_two_files_of_one_person_become_one_and_come_back(intake: str, desk: FlaskClient) -> None:
    one, other = twins(intake)
    page = desk.get(f"/staff/intakes/{intake}/duplicates").text
    assert "1 paire" in page and "Même nom" in page
    path = f"/staff/duplicates/{one}/{other}"
    assert desk.get(path).status_code == 200
    assert desk.post(path, data={"keep": other, "reason": ""}).status_code == 200 and not all_of(Merge)
    for _ in range(2):
        assert desk.post(path, data={"keep": other, "reason": "Même CIN au téléphone."}).status_code == 302
    (merge,) = all_of(Merge)
    assert {row.reference: row.state for row in all_of(Application)}[one] == "superseded"
    assert shown(desk, intake) == 3 and shown(desk, intake, state="superseded") == 1
    board = ranking_of(intake_of("mdia", "2027"))
    assert len(board.files) == 3
    assert desk.post(path, data={"keep": one, "reason": "x"}).status_code == 200
    with clock.at(merge.at + timedelta(days=30, seconds=1)):
        steps.enter_anew(desk)
        late = desk.post(f"/staff/merges/{merge.reference}/undo")
        assert late.status_code == 409 and "Trente jours sont passés" in late.text
        assert all_of(Merge)[0].undone_at is None
    with clock.at(merge.at + timedelta(days=30)):
        steps.enter_anew(desk)
        assert desk.post(f"/staff/merges/{merge.reference}/undo").status_code == 302, "the last moment"
    steps.enter_anew(desk)
    for _ in range(2):
        assert desk.post(f"/staff/merges/{merge.reference}/undo").status_code == 302
    assert {row.state for row in all_of(Application)} == {"submitted"}
    assert {"applications.put_aside", "applications.keep", "applications.bring_back"} <= set(acts())


def test_a_sent_file_gives_way_to_no_draft_and_none_to_another_intake(intake: str, desk: FlaskClient) -> None:
    one, other = twins(intake)
    with writing() as session:
        session.execute(sa.update(Application).where(Application.reference == one).values(state="draft"))
    path = f"/staff/duplicates/{one}/{other}"
    answer = desk.post(path, data={"keep": one, "reason": "x"})
    assert answer.status_code == 200 and not all_of(Merge)
    assert desk.get(f"/staff/duplicates/{one}/{one}").status_code == 404
    assert desk.get(f"/staff/duplicates/{one}/{'0' * 26}").status_code == 404


def test_two_who_undo_a_merge_at_once_bring_back_one_file(intake: str, desk: FlaskClient, app: Flask) -> None:
    one, other = twins(intake)
    desk.post(f"/staff/duplicates/{one}/{other}", data={"keep": one, "reason": "La même."})
    second = browser(app)
    viewer = steps.staff(second, Role.PROGRAMME_ADMINISTRATOR)
    (merge,) = all_of(Merge)
    second.post(f"/staff/merges/{merge.reference}/undo")
    with writing():
        assert merges.undo(viewer, merge.reference).undone_at is not None
        notes.write(viewer, one, "Revenu.")
    assert acts().count("applications.bring_back") == 1


def ticked(*references: str) -> MultiDict[str, str]:
    return MultiDict([("ticked", "1"), *(("files", each) for each in references)])


def test_an_act_on_ticked_files_leaves_the_others_of_the_list_alone(intake: str, desk: FlaskClient) -> None:
    many(5)
    first, second, *_others = [row.reference for row in all_of(Application)]
    page = desk.get(f"/staff/intakes/{intake}/applications").text
    assert page.count('name="files"') == 5 and f'value="{first}" aria-label=' in page
    path = f"/staff/intakes/{intake}/lots/note"
    shown_first = desk.post(path, data=ticked(first, second, "x", "Z" * 26))
    assert "Cela s’applique à 2 dossiers cochés" in shown_first.text and not all_of(Note)
    assert f"{first},{second}" in shown_first.text
    given = {"ticked": "1", "files": f"{first},{second}", "text": "Vu.", "count": "2"}
    assert "La liste a changé" in desk.post(path, data={**given, "count": "5"}).text and not all_of(Note)
    done = desk.post(path, data=given)
    assert done.status_code == 302 and len(all_of(Note)) == 2
    assert {note.application_id for note in all_of(Note)} == {row.id for row in all_of(Application)[:2]}
    desk.post(f"{done.location}/undo")
    assert not all_of(Note)


def test_nothing_ticked_is_nothing_done(intake: str, desk: FlaskClient) -> None:
    """Neither the whole list, nor another intake's file whose reference was put in by hand."""
    many(3)
    refused = {"lots/note": 409, "lots/correct": 409, "applications/export": 422, "campaigns/ticked": 409}
    for path, status in refused.items():
        for given in ({"ticked": "1"}, {"ticked": "1", "files": "../x,,"}):
            answer = desk.post(f"/staff/intakes/{intake}/{path}", data={**given, "count": "3", "text": "x"})
            assert answer.status_code == status and "Cochez d’abord" in answer.text, path
    unknown = desk.post(f"/staff/intakes/{intake}/lots/note", data=ticked("A" * 26))
    assert unknown.status_code == 200 and "Rien à faire ici" in unknown.text and not all_of(Note)


def test_ticked_files_leave_as_a_sheet_and_are_written_to(intake: str, desk: FlaskClient) -> None:
    many(4)
    first, second, *_others = all_of(Application)
    given = ticked(first.reference, second.reference)
    given["kind"] = "csv"
    sheet = desk.post(f"/staff/intakes/{intake}/applications/export", data=given)
    assert first.number in sheet.text and second.number in sheet.text and sheet.text.count("MDIA-") == 2
    form = desk.post(f"/staff/intakes/{intake}/campaigns/ticked", data=given).text
    assert "Seulement 2 dossiers cochés" in form
    others = urlencode({"files": f"{first.reference},{second.reference}"})
    typed = {"title": "À deux", "audience": "list", "state": "submitted", "others": others, "form_key": "K"}
    words = {f"{part}_{code}": "Bonjour" for part in ("subject", "body") for code in ("fr", "ar", "en")}
    made = desk.post(f"/staff/intakes/{intake}/campaigns/new", data={**typed, **words})
    assert made.status_code == 302, made.text
    assert "Seulement 2 dossiers cochés" in desk.get(made.location).text
    (campaign,) = all_of(Campaign)
    assert len(db.session.execute(recipients.listed(campaign)).all()) == 2


def test_a_page_of_six_hundred_is_ticked_whole(intake: str, desk: FlaskClient) -> None:
    many(600)
    every = [row.reference for row in all_of(Application)]
    for form in (ticked(*every), ticked(",".join(every))):
        page = desk.post(f"/staff/intakes/{intake}/lots/note", data=form).text
        assert "600 dossiers cochés" in page and f'value="{",".join(every)}"' in page
    campaign = desk.post(f"/staff/intakes/{intake}/campaigns/ticked", data=ticked(*every)).text
    assert "Seulement 600 dossiers cochés" in campaign


def test_no_act_is_on_a_list_with_a_condition_that_is_not_open(
    intake: str, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(3)
    for key in ("rank", "score"):
        closed = replace(columns.LENT[key], permission="stipends.prepare")
        monkeypatch.setitem(columns.LENT, key, closed)
    path = f"/staff/intakes/{intake}"
    for act in ("note", "correct", "extend"):
        assert desk.get(f"{path}/lots/{act}?state=all&among=ranked").status_code == 409
    given = {"text": "Vu.", "count": "3"}
    refused = desk.post(f"{path}/lots/note?state=all&among=ranked", data=given)
    assert refused.status_code == 409 and not all_of(Note)
    assert desk.post(f"{path}/lots/note?state=all", data=given).status_code == 302
    # A view keeps what its author may read.
    view = {"name": "Classés", "shared": "1"}
    assert desk.post(f"{path}/views?among=ranked&columns=number,rank", data=view).status_code == 302
    assert [each.arguments for each in all_of(SavedView)] == [{"columns": "number"}]
