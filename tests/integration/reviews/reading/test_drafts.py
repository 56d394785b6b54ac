"""Marks are kept as they are made, leave no trace before they are handed in, and can be taken back for a moment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection.actions import decisions
from tests.factories.choices import browser, decided, known, read, readers, sent, someone
from tests.integration.selection.sealing.acts import bounded, save

MARKS = {"resultats": 4, "bases": 3, "projet": 5, "langues": 2}
AS_DATA = {"Accept": "application/json"}
pytestmark = pytest.mark.usefixtures("system_context")


def given_out(files: int = 3) -> tuple[Intake, Viewer, list[Viewer]]:
    intake = sent(files)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    with writing():
        assignment.assign(manager, intake.reference)
    return intake, manager, people


def first_of(viewer: Viewer) -> str:
    return str(own.queue(viewer)[0].reference)


def typed(marks: Mapping[str, int], version: int) -> dict[str, str]:
    return {f"score-{key}": str(value) for key, value in marks.items()} | {"version": str(version)}


def events() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Event)) or 0


def test_a_draft_keeps_what_is_given_counts_nowhere_and_leaves_no_trace() -> None:
    intake, manager, (one, *_others) = given_out()
    mine, before = first_of(one), events()
    with writing():
        kept = reading.draft(one, mine, {"resultats": 4, "bases": None}, "Solide ", version=1)
    assert (kept.state, kept.scores, kept.comment, kept.version) == (
        "drafted", {"resultats": 4}, "Solide", 2,
    )  # fmt: skip
    assert kept.total_thousandths is None and events() == before
    assert progress_of(intake).handed_in == 0
    with writing():
        assert reading.draft(one, mine, {"resultats": 4}, "Solide", version=1).version == 2  # sent twice
    with pytest.raises(Stale), writing():
        reading.draft(one, mine, {"resultats": 5}, "Solide", version=1)
    with pytest.raises(Refused), writing():
        reading.draft(one, mine, {"resultats": 9, "rien": 1}, version=2)
    with pytest.raises(NotPermitted), writing():
        reading.draft(manager, mine, MARKS, version=2)
    with writing():
        reading.score(one, mine, MARKS, "Solide", version=2)
    assert events() == before + 1
    with pytest.raises(Refused), writing():
        reading.draft(one, mine, {**MARKS, "bases": 5}, version=3)


def test_nobody_else_reads_a_draft(app: Flask) -> None:
    _intake, manager, (one, *_others) = given_out()
    mine = first_of(one)
    with writing():
        reading.draft(one, mine, MARKS, "Un commentaire à moi", to_discuss=True, version=1)
    page = browser(app, manager).get(f"/staff/reviews/{mine}").text
    assert "Un commentaire à moi" not in page and "4 / 5" not in page


def test_the_queue_says_how_many_criteria_have_a_mark(app: Flask) -> None:
    _intake, _manager, (one, *_others) = given_out()
    mine, page = first_of(one), browser(app, one)
    answer = page.post(
        f"/staff/reviews/{mine}/draft", data=typed({"resultats": 4, "langues": 0}, 1), headers=AS_DATA
    )
    assert answer.json == {"version": 2, "state": "drafted", "papers": True}
    assert "2 critères sur 4" in page.get("/staff/reviews").text
    assert 'value="4" checked' in page.get(f"/staff/reviews/{mine}").text


def test_a_script_is_told_of_both_versions_and_of_what_is_wrong(app: Flask) -> None:
    _intake, _manager, (one, two, _three) = given_out()
    mine, page = first_of(one), browser(app, one)
    address = f"/staff/reviews/{mine}"
    page.post(f"{address}/draft", data=typed({"resultats": 4}, 1), headers=AS_DATA)
    for path in (f"{address}/draft", address):
        late = page.post(path, data=typed(MARKS, 1), headers=AS_DATA)
        assert late.status_code == 409 and late.json is not None
        assert late.json["scores"] == {"resultats": 4} and late.json["open"] and late.json["version"] == 2
    wrong = page.post(f"{address}/draft", data=typed({"resultats": 9}, 2), headers=AS_DATA)
    assert wrong.status_code == 409 and wrong.json is not None
    assert [each["where"] for each in wrong.json["problems"]] == ["resultats"]
    lacking = page.post(address, data=typed({"resultats": 4}, 2), headers=AS_DATA)
    assert lacking.json is not None and len(lacking.json["problems"]) == 3
    done = page.post(address, data=typed(MARKS, 2), headers=AS_DATA)
    assert done.json == {"version": 3, "state": "submitted", "papers": True}
    assert browser(app, two).post(f"{address}/draft", data=typed(MARKS, 3)).status_code == 404


def test_a_hand_in_is_undone_for_ten_minutes_and_what_it_said_stays() -> None:
    intake, _manager, (one, two, _three) = given_out()
    mine = first_of(one)
    with writing():
        reading.score(one, mine, MARKS, "Trop vite", version=1)
    assert own.last_undoable(own.queue(one), clock.now()).reference == mine
    with pytest.raises(NotFound), writing():
        reading.undo(two, mine)
    with writing():
        undone = reading.undo(one, mine)
    with writing():
        assert reading.undo(one, mine).version == undone.version
    assert undone.state == "reopened" and progress_of(intake).handed_in == 0
    (was,) = undone.earlier
    assert (was["total"], was["comment"], was["why"]) == (15_200, "Trop vite", "undone")
    with writing():
        reading.score(one, mine, {**MARKS, "bases": 5})
    late = clock.now() + timedelta(minutes=11)
    assert own.last_undoable(own.queue(one), late) is None
    with clock.at(late), pytest.raises(Refused, match="ne s’annule plus"), writing():
        reading.undo(one, mine)


def test_once_a_decision_rests_on_it_nothing_is_undone_corrected_or_reopened() -> None:
    intake, _batch = decided(3, 1)
    one = known("r0@inpt.ma")
    mine = first_of(one)
    review = queries.get_for(one, mine)
    assert review.submitted_at is not None
    for act in (
        lambda: reading.undo(one, mine),
        lambda: reading.reopen(known("selection_manager@inpt.ma"), mine, "Erreur de saisie"),
        lambda: reading.abstain(one, mine, "Je la connais."),
    ):
        with clock.at(review.submitted_at), pytest.raises(Refused, match="La décision"), writing():
            act()
    assert intake.reference


def test_a_reading_is_reopened_with_a_reason_that_stays_on_record(app: Flask) -> None:
    _intake, manager, (one, *_others) = given_out()
    mine = first_of(one)
    with writing():
        reading.score(one, mine, MARKS, "Bien")
    page = browser(app, manager)
    assert "Rouvrir pour correction" in page.get(f"/staff/reviews/{mine}").text
    refused = page.post(f"/staff/reviews/{mine}/reopen", data={"reason": " "}).text
    assert "Dites pourquoi cette lecture est rouverte." in refused and 'href="#reason"' in refused
    assert (
        page.post(f"/staff/reviews/{mine}/reopen", data={"reason": "Barème lu de travers"}).status_code == 302
    )
    for who in (manager, one):
        assert "Barème lu de travers" in browser(app, who).get(f"/staff/reviews/{mine}").text
    with writing():
        reading.draft(one, mine, {"resultats": 1})  # marks of the correction do not replace those on record
    (was,) = queries.get_for(manager, mine).earlier
    assert was["scores"] == MARKS and was["reason"] == "Barème lu de travers"


def test_what_was_handed_in_stays_on_record_when_its_reader_abstains() -> None:
    _intake, _manager, (one, *_others) = given_out()
    mine = first_of(one)
    with writing():
        reading.score(one, mine, MARKS)
    with writing():
        gone = reading.abstain(one, mine, "Je la connais.")
    assert gone.scores == {} and gone.earlier[0]["total"] == 15_200


def test_the_queue_tells_the_pace_and_the_spread_of_one_s_own_marks(app: Flask) -> None:
    intake = sent(12)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    with writing():
        assignment.assign(manager, intake.reference)
    rows, now = own.queue(people[0]), clock.now()
    for place, row in enumerate(rows[:5]):
        with clock.at(now + timedelta(minutes=6 * place)), writing():
            reading.score(people[0], row.reference, dict.fromkeys(MARKS, place))
    page = browser(app, people[0]).get("/staff/reviews").text
    assert len(rows) == 8  # some are left, so that a pace is told
    assert re.search(r"dossiers par heure de lecture\s:\s10,0", page)
    assert "Mes lectures remises, par note sur 20" in page


def test_proposing_refuses_while_a_draft_is_all_there_is() -> None:
    intake = sent(2)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    read(intake, people)
    row = own.queue(people[0])[0]
    with writing():
        reading.undo(people[0], row.reference)
    with writing():
        reading.draft(people[0], row.reference, MARKS)
    with pytest.raises(Refused, match="Faites lire"), writing():
        decisions.propose(manager, intake.reference)


def test_a_file_that_was_given_back_is_its_reader_s_no_longer(app: Flask) -> None:
    _intake, _manager, (one, *_others) = given_out()
    mine = first_of(one)
    there = browser(app, one)
    assert "Apprendre." in there.get(f"/staff/reviews/{mine}").text
    with writing():
        reading.abstain(one, mine, "Je la connais.")
    page = there.get(f"/staff/reviews/{mine}")
    assert page.status_code == 200 and "Apprendre." not in page.text


def test_what_is_written_while_the_session_ends_waits_for_its_reader(app: Flask) -> None:
    _intake, _manager, (one, *_others) = given_out()
    mine, page = first_of(one), browser(app, one)
    assert one.account_id is not None
    with writing():
        people.revoke_sessions(SYSTEM, one.account_id)
    path, words = f"/staff/reviews/{mine}", {"comment": "Longuement pesé"}
    answer = page.post(path, data=typed(MARKS, 1) | words, headers=AS_DATA)
    assert "held" not in answer.location, "what a script sends waits on its page"
    assert "held" in page.post(path, data=typed(MARKS, 1) | words).location
    again = browser(app, one)
    assert "Longuement pesé" in again.get("/my/held").text
    answer = again.post("/my/held", data=typed(MARKS, 1) | words)
    assert (answer.status_code, answer.location) == (307, path)
    assert again.post(path, data=typed(MARKS, 1) | words).status_code == 302
    db.session.expire_all()
    assert queries.get_for(one, mine).comment == "Longuement pesé"
    for act in ("abstain", "correct", "reopen"):
        with writing():
            people.revoke_sessions(SYSTEM, one.account_id)
        assert "held" in again.post(f"{path}/{act}", data={"reason": "Je la connais"}).location, act
        again = browser(app, one)
        left = again.post("/my/held", data={"forget": "1"}).location
        assert again.get(left).status_code == 200, "a page, and no address that takes nothing but a form"


def test_before_the_seal_the_button_keeps_the_marks_and_leads_on(app: Flask) -> None:
    intake, _manager, (one, *_others) = given_out()
    mine, page = first_of(one), browser(app, one)
    assert "data-unsealed" not in page.get(f"/staff/reviews/{mine}").text
    save(intake, bounded(intake))
    shown = page.get(f"/staff/reviews/{mine}").text
    assert "data-unsealed" in shown and "Garder et continuer" in shown and "Remettre<" not in shown
    action = re.search(r'action="(/staff/reviews/[^"]+)"\s+data-draft', shown)
    assert action is not None
    answer = page.post(action[1], data=typed(MARKS, 1))
    assert answer.status_code == 302 and mine not in answer.location
    kept = queries.get_for(one, mine)
    assert (kept.state, kept.scores, kept.submitted_at) == ("drafted", MARKS, None)
    wrong = page.post(action[1], data=typed({**MARKS, "bases": 9}, 2))
    assert wrong.status_code in (200, 422) and "data-error-summary" in wrong.text
    assert page.post(action[1], data=typed({**MARKS, "bases": 1}, 1)).status_code == 409
