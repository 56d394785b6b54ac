"""One person's files in several intakes: found, united, told of one another, and taken for two people's again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.statements import beside_frame
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import changes
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import fold, new_reference
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from tests.factories.duplicates import compare_all
from tests.integration.applications.desk.seen import acts, all_of
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import PASSWORD, browser
from tests.integration.applications.lists.test_lists import many

NAME, BORN = "Salma Bennis", date(2004, 2, 26)
REASON = {"reason": "Même CIN, vue au guichet."}


@pytest.fixture
def national(intake: str, app: Flask) -> FlaskClient:
    """Somebody who manages the programmes of two institutions."""
    return manager(app, "ma.", mdia(), jobintech())


def manager(app: Flask, path: str, *intakes: Intake) -> FlaskClient:
    """Who manages the files below a path, in these intakes' institutions."""
    found, email = browser(app), f"m{path}x@exemple.ma"
    institutions = [each.institution_id for each in intakes]
    with writing():
        account = people.new_account(SYSTEM, email, people.prepare_password(PASSWORD, email), {})
        people.grant(SYSTEM, account, Role.SELECTION_MANAGER, "programme", path, path, institutions)
    assert found.post("/sign-in", data={"email": email, "password": PASSWORD}).status_code == 302
    return found


def mdia(key: str = "2027") -> Intake:
    return intake_of("mdia", key)


def jobintech() -> Intake:
    key = read_known("jobintech").intakes[0].key
    return intake_of("jobintech", key)


def put(intake: Intake, state: str = "submitted") -> str:
    """A file of somebody who was never known before, though it is Salma; its reference."""
    moment = clock.now()
    with writing() as session:
        given, family = NAME.split()
        person = Person(created_at=moment, given_name=given, family_name=family, birth_date=BORN)
        session.add(person)
        session.flush()
        row = Application(
            reference=new_reference(), institution_id=intake.institution_id, person_id=person.id,
            intake_id=intake.id, version_id=intake.definition_version_id, state=state, source="import",
            number=f"T-{person.id:06d}", name=NAME, sort_name=fold("Bennis Salma"), search_text=fold(NAME),
            sent_at=moment, created_at=moment, updated_at=moment,
        )  # fmt: skip
        session.add(row)
        return str(row.reference)


def test_a_person_s_files_of_two_intakes_are_found_united_and_parted(intake: str, desk: FlaskClient) -> None:
    now, before = put(mdia()), put(mdia("2025"))
    here, others = (f"/staff/intakes/{intake}/duplicates{end}" for end in ("", "?with=others"))
    waits = desk.get(here).text
    assert "2 dossiers" not in waits and "1 dossier de cette campagne reste" in waits
    assert "Aucune ressemblance" not in waits, "nobody knows that before all were compared"
    compare_all()
    assert "Aucune ressemblance" in desk.get(here).text and "reste à comparer" not in desk.get(here).text
    page = desk.get(others).text
    assert "1 paire" in page and f"/staff/duplicates/{now}/{before}" in page
    path = f"/staff/duplicates/{now}/{before}"
    assert "Chacun reste valable dans sa campagne" in desk.get(path).text
    assert desk.post(path, data={"reason": " "}).status_code == 200 and not all_of(Merge)
    for back in (path, f"/staff/duplicates/{before}/{now}", path):
        assert desk.post(back, data=REASON).status_code == 302
    (merge,) = all_of(Merge)
    assert {row.state for row in all_of(Application)} == {"submitted"}
    assert acts().count("applications.unite") == 2
    for one, other in ((now, before), (before, now)):
        shown = desk.get(f"/staff/applications/{one}/file").text
        assert "Autres dossiers de cette personne" in shown and f"/staff/applications/{other}" in shown
        path_of = desk.get(f"/staff/applications/{one}").text
        assert "Deux dossiers reconnus de la même personne" in path_of
    compare_all()
    assert "Aucune ressemblance" in desk.get(others).text and "Dossiers réunis" in desk.get(here).text
    with clock.at(merge.at + timedelta(days=30, seconds=1)):
        steps.enter_anew(desk)
        late = desk.post(f"/staff/merges/{merge.reference}/undo")
        assert late.status_code == 409 and "Trente jours sont passés" in late.text
        assert all_of(Merge)[0].undone_at is None
    for _ in range(2):
        assert desk.post(f"/staff/merges/{merge.reference}/undo").status_code == 302
    assert acts().count("applications.separate") == 2
    assert "Autres dossiers de cette personne" not in desk.get(f"/staff/applications/{now}/file").text
    compare_all()
    assert "1 paire" in desk.get(others).text


def test_a_file_is_united_to_one_other_and_what_was_put_aside_to_none(intake: str, desk: FlaskClient) -> None:
    now, before = put(mdia()), put(mdia("2025"))
    twin = put(mdia())
    desk.post(f"/staff/duplicates/{now}/{before}", data=REASON)
    refused = desk.post(f"/staff/duplicates/{twin}/{before}", data=REASON)
    assert refused.status_code == 200 and "déjà réuni à un autre" in refused.text
    # Of one intake the other is put aside, and then it is that one's no more.
    assert desk.post(f"/staff/duplicates/{now}/{twin}", data={**REASON, "keep": now}).status_code == 302
    third = put(mdia("2025"))
    answer = desk.post(f"/staff/duplicates/{twin}/{third}", data=REASON)
    assert answer.status_code == 200 and "mis de côté" in answer.text
    assert len(all_of(Merge)) == 2
    page = desk.get(f"/staff/applications/{before}/file").text
    assert f"/staff/applications/{now}" in page and f"/staff/applications/{twin}" in page


def test_an_institution_learns_nothing_of_another_s(
    intake: str, desk: FlaskClient, national: FlaskClient, app: Flask
) -> None:
    here, there = put(mdia()), put(jobintech())
    compare_all()
    neighbour = manager(app, jobintech().path, jobintech())
    assert mdia().institution_id != jobintech().institution_id
    others = f"/staff/intakes/{intake}/duplicates?with=others"
    theirs = f"/staff/intakes/{jobintech().reference}/duplicates?with=others"
    path = f"/staff/duplicates/{here}/{there}"
    for who, list_of_pairs in ((desk, others), (neighbour, theirs)):
        assert "Aucune ressemblance" in who.get(list_of_pairs).text
        assert who.get(path).status_code == who.post(path, data=REASON).status_code == 404
    assert "1 paire" in national.get(others).text and not all_of(Merge)
    assert national.post(path, data=REASON).status_code == 302
    (merge,) = all_of(Merge)
    assert there in national.get(f"/staff/applications/{here}/file").text
    for who, own, foreign, list_of_pairs in ((desk, here, there, others), (neighbour, there, here, theirs)):
        shown = "".join(who.get(f"/staff/applications/{own}{tab}").text for tab in ("", "/file"))
        assert foreign not in shown and "Autres dossiers" not in shown and "reconnus" not in shown
        assert "Dossiers réunis" not in who.get(list_of_pairs).text
        assert who.post(f"/staff/merges/{merge.reference}/undo").status_code == 404
    db.session.rollback()
    told = db.session.scalars(sa.select(Event).where(Event.action == "applications.unite")).all()
    assert [(event.institution_id, event.object_kind) for event in told] == [(None, "merge")]
    assert national.post(f"/staff/merges/{merge.reference}/undo").status_code == 302
    assert all_of(Merge)[0].undone_at is not None


def test_pairs_take_as_many_statements_for_many_files_as_for_few(
    intake: str, desk: FlaskClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    counts = []
    for more in (1, 30):
        for _ in range(more):
            put(mdia("2025"), "withdrawn")
        if more == 1:
            put(mdia())
            many(30)
        compare_all()
        with statements() as seen:
            assert desk.get(f"/staff/intakes/{intake}/duplicates?with=others").status_code == 200
        counts.append(len(beside_frame(seen)))
    assert len(set(counts)) == 1 and counts[0] <= 8, counts


def test_a_draft_that_was_put_aside_comes_back_a_draft(intake: str, desk: FlaskClient) -> None:
    now, twin = put(mdia()), put(mdia(), "draft")
    assert desk.post(f"/staff/duplicates/{now}/{twin}", data={**REASON, "keep": now}).status_code == 302
    assert {row.state for row in all_of(Application)} == {"submitted", "superseded"}
    assert desk.post(f"/staff/merges/{all_of(Merge)[0].reference}/undo").status_code == 302
    assert {row.reference: row.state for row in all_of(Application)} == {now: "submitted", twin: "draft"}


def test_a_file_on_which_a_decision_was_taken_is_not_put_aside(
    intake: str, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, twin = put(mdia()), put(mdia())
    monkeypatch.setattr(changes, "decided", [lambda _viewer, row: row.reference == twin])
    refused = desk.post(f"/staff/duplicates/{now}/{twin}", data={**REASON, "keep": now})
    assert "Une décision est déjà prise" in refused.text and not all_of(Merge)
