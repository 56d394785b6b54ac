"""What others check of a choice: the public sheet, each candidate's own line, and the table for auditors."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.jobs.models import KeptResult
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import queries, tasks
from cohortmgr.selection.actions import decisions, publishing
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.proofs.choice import salted
from cohortmgr.selection.sealing import actions as sealing_acts
from cohortmgr.selection.sealing import queries as sealing
from cohortmgr.selection.sealing.rules import digest_of, sealed_statement
from cohortmgr.selection.verify import findings, line_findings
from tests.factories.choices import (
    ADMINISTRATOR,
    MANAGER,
    SEASON,
    browser,
    chosen,
    decided,
    known,
    read,
    readers,
    seal,
    sent,
    someone,
)

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")


def decision_of(number: int) -> Decision:
    wanted = sa.select(Decision).join(Application, Application.id == Decision.application_id)
    return db.session.scalars(wanted.where(Application.number == f"MDIA-{number:06d}")).one()


def line_for(app: Flask, number: int) -> dict[str, Any]:
    client = browser(app, known(f"c{number}@exemple.ma"))
    found = client.get(f"/my/offers/{decision_of(number).reference}/line.json")
    assert found.status_code == 200 and found.mimetype == "application/json"
    return dict(json.loads(found.data))


def public(intake: Intake, batch: Batch) -> str:
    return f"/intakes/{intake.reference}/sheets/{batch.reference}"


def press(app: Flask, batch: Batch, act: str, email: str = ADMINISTRATOR) -> Any:
    return browser(app, known(email)).post(f"/staff/batches/{batch.reference}/sheet/{act}")


def checked(line: dict[str, Any], root: str, folder: Path, program: Path) -> int:
    path = folder / "line.json"
    path.write_text(json.dumps(line))
    command = [sys.executable, "-I", str(program), "--line", str(path), "--expect", root]
    return subprocess.run(command, capture_output=True, cwd=folder, check=False).returncode


def test_the_line_that_a_candidate_downloads_is_accepted_by_the_program_that_they_download(
    app: Flask, tmp_path: Path
) -> None:
    _, batch = chosen()
    program = tmp_path / "verify.py"
    program.write_bytes(app.test_client().get("/verify.py").data)
    root = batch.summary["root"]
    for number in (1, 14):
        line = line_for(app, number)
        assert checked(line, root, tmp_path, program) == 0
    assert checked({**line, "mark": line["mark"] + 1}, root, tmp_path, program) == 1
    assert checked(line, root[::-1], tmp_path, program) == 1


def mutants(value: Any) -> list[Any]:
    """The value with each of its parts changed, one at a time."""
    if isinstance(value, dict):
        found: list[Any] = [{**value, key: each} for key, kept in value.items() for each in mutants(kept)]
        return found + [{k: v for k, v in value.items() if k != key} for key in value]
    if isinstance(value, list):
        changed = [
            [*value[:place], each, *value[place + 1 :]]
            for place, kept in enumerate(value)
            for each in mutants(kept)
        ]
        return [*changed, [*value, *value[:1]], value[1:]] if value else changed
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, -value - 1]
    return [value[::-1] if value[::-1] != value else value + "0"] if isinstance(value, str) else [0]


def test_each_field_of_a_line_that_is_changed_is_found(app: Flask) -> None:
    _, batch = chosen()
    for number in (1, 4, 12):
        line = line_for(app, number)
        assert line_findings(line, batch.summary["root"]) == []
        changed = mutants(line)
        assert len(changed) > 40
        assert [each for each in changed if not line_findings(each, batch.summary["root"])] == []


def test_the_certificate_of_a_sealed_intake_proves_what_was_sealed() -> None:
    intake, batch = chosen()
    rules, sealed = batch.certificate["rules"], sealing.rules_in_force(intake)
    assert sealed is not None and findings(batch.certificate) == []
    assert rules["sealed"] == sealed_statement(sealed.content, intake.reference, sealed.salt)
    assert rules["digest"] == sealed.digest == digest_of(rules["sealed"])
    assert sealed.salt not in json.dumps(batch.certificate)
    other = {**rules, "sealed": {**rules["sealed"], "salt_sha256": "0" * 64}}
    assert "seal" in {each.code for each in findings({**batch.certificate, "rules": other})}


def test_lines_are_those_of_the_certificate_and_each_sees_their_own_alone(app: Flask) -> None:
    intake, batch = chosen(ineligible=1)
    rules = sealing.rules_in_force(intake)
    assert rules is not None
    rows = {row["reference"]: row for row in batch.certificate["rows"]}
    for number in range(1, 15):
        line = line_for(app, number)
        row = rows[salted(rules.salt.encode(), f"MDIA-{number:06d}")]
        assert {key: line[key] for key in ("mark", "outcome", "attributes")} == {
            key: row[key] for key in ("mark", "outcome", "attributes")
        }
        assert "MDIA" not in json.dumps(line)
    other = browser(app, known("c2@exemple.ma"))
    for page in ("check", "line.json"):
        assert other.get(f"/my/offers/{decision_of(1).reference}/{page}").status_code == 404
        # Nobody ranked it: it has a reason, and no line.
        unread = browser(app, known("c15@exemple.ma"))
        assert unread.get(f"/my/offers/{decision_of(15).reference}/{page}").status_code == 404


def test_a_candidate_reads_the_sum_that_decides(app: Flask) -> None:
    chosen()
    for number, said in ((1, "somme dépasse le seuil"), (13, "ne dépasse pas le seuil")):
        client = browser(app, known(f"c{number}@exemple.ma"))
        reference = decision_of(number).reference
        assert f"/my/offers/{reference}/check" in client.get(f"/my/offers/{reference}").text
        page = client.get(f"/my/offers/{reference}/check").text
        assert said in page and "Seuil à dépasser" in page and "line.json" in page
    # The floor of their region puts 11 in before better files of others.
    helped = browser(app, known("c11@exemple.ma")).get(f"/my/offers/{decision_of(11).reference}/check").text
    assert "dépasse le seuil" in helped and "Drâa-Tafilalet" in helped and ">+" in helped
    right = decision_of(13)
    assert right.added is not None


def test_the_batch_says_the_rule_that_chose_under_sealed_rules(app: Flask) -> None:
    _, batch = chosen()
    page = browser(app, known(MANAGER)).get(f"/staff/batches/{batch.reference}").text
    assert "les bornes fermes tiennent" in page and "aucun autre choix ne fait mieux" in page
    assert "moyenne des lectures, puis" not in page and "se recalcule à l’identique" not in page


def test_who_waits_under_bounds_reads_that_their_place_is_not_all(app: Flask) -> None:
    chosen()
    number = next(each for each in range(1, 15) if decision_of(each).outcome == "waiting")
    waiting = decision_of(number)
    page = browser(app, known(f"c{number}@exemple.ma")).get(f"/my/offers/{waiting.reference}").text
    assert "Votre rang aujourd’hui" in page and "dont le rang suit le vôtre" in page


def test_who_enters_by_right_is_told_so(app: Flask) -> None:
    chosen(right=True)
    page = browser(app, known("c14@exemple.ma")).get(f"/my/offers/{decision_of(14).reference}/check").text
    assert "Une place de droit" in page and "Seuil à dépasser" not in page


def test_a_choice_without_sealed_rules_has_no_line_and_no_sheet(app: Flask) -> None:
    intake, batch = decided(5, seats=2)
    reference = decision_of(1).reference
    client = browser(app, known("c1@exemple.ma"))
    assert "/check" not in client.get(f"/my/offers/{reference}").text
    assert client.get(f"/my/offers/{reference}/check").status_code == 404
    staff = browser(app, known(ADMINISTRATOR))
    assert "Fiche du choix" not in staff.get(f"/staff/batches/{batch.reference}").text
    assert staff.get(f"/staff/batches/{batch.reference}/sheet").status_code == 404
    assert press(app, batch, "publish").status_code == 404
    assert app.test_client().get(public(intake, batch)).status_code == 404


def test_the_sheet_is_public_once_it_is_published_and_not_after_it_is_taken_back(app: Flask) -> None:
    intake, batch = chosen()
    anybody = app.test_client()
    assert anybody.get(public(intake, batch)).status_code == 404
    assert "Pas publiée" in browser(app, known(MANAGER)).get(f"/staff/batches/{batch.reference}/sheet").text
    for _ in range(2):
        assert press(app, batch, "publish").status_code == 302
    page = anybody.get(public(intake, batch))
    root = batch.summary["root"]
    assert page.status_code == 200 and root in page.text and batch.digest in page.text
    assert len(page.data) < 50_000
    sheet = json.loads(anybody.get(f"{public(intake, batch)}.json").data)
    assert "sealed" not in sheet["rules"], "it names those who enter by right, one by one"
    assert sheet["root"] == root and sheet["rules"]["digest"] in page.text
    for text in (page.text, json.dumps(sheet)):
        assert "selection_manager" not in text and "MDIA-" not in text
    for number in (1, 14):
        client = browser(app, known(f"c{number}@exemple.ma"))
        assert public(intake, batch) in client.get(f"/my/offers/{decision_of(number).reference}/check").text
    for _ in range(2):
        assert press(app, batch, "withdraw").status_code == 302
    for address in (public(intake, batch), f"{public(intake, batch)}.json"):
        assert anybody.get(address).status_code == 404
    acts = [each for each in db.session.scalars(sa.select(Event.action)) if "sheet" in each]
    assert acts == ["selection.publish_sheet", "selection.withdraw_sheet"]


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_sheet_is_kept_as_it_was_drawn_in_each_language(
    app: Flask, language: str, statements: Statements
) -> None:
    intake, batch = chosen()
    press(app, batch, "publish")
    client = app.test_client()
    client.set_cookie("language", language)
    first = client.get(public(intake, batch))
    assert f'lang="{language}' in first.text
    with statements() as made:
        assert client.get(public(intake, batch)).data == first.data
    assert len([each for each in made if each.lstrip().upper().startswith("SELECT")]) <= 4, made


def test_the_sheet_says_of_changed_rules_that_marks_came_before_them_and_no_word_of_why(app: Flask) -> None:
    intake, why = sent(3, seats=1), "La candidate Une N3 le demande"
    manager, administrator = (
        someone(intake, role) for role in (Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR)
    )
    seal(intake, Bound({"region": "MA-08"}, 1, hard=False))
    read(intake, readers(intake))
    rules = sealing.rules_in_force(intake)
    assert rules is not None and not rules.older_marks
    with writing():
        row = sealing_acts.save(manager, intake.reference, replace(rules.content, bounds=()), 0)
    with writing():
        row = sealing_acts.propose(manager, intake.reference, why, row.version)
    with writing():
        sealing_acts.seal(administrator, intake.reference, row.version)
    with writing():
        batch = decisions.propose(manager, intake.reference, open_until=intake.closes_at)
    with clock.at(min(clock.now(), SEASON)), writing():
        decisions.approve(administrator, batch.reference, "1", open_until=intake.closes_at)
    press(app, batch, "publish")
    page = app.test_client().get(public(intake, batch)).text
    assert "Des notes avaient été remises avant le sceau" in page and "Aucune note" not in page
    assert "Changées après le sceau" in page and why not in page
    assert batch.certificate["rules"]["older_marks"] and findings(batch.certificate) == []


def test_no_count_under_five_is_on_the_sheet(app: Flask) -> None:
    intake, batch = chosen()
    press(app, batch, "publish")
    sheet = json.loads(app.test_client().get(f"{public(intake, batch)}.json").data)
    assert sheet["groups"] == [{"files": None, "chosen": None}]
    assert sheet["files"] == 14 and sheet["filled"] == 5 and "rows" not in sheet


def test_another_intake_does_not_lead_to_a_sheet(app: Flask) -> None:
    intake, batch = chosen()
    press(app, batch, "publish")
    other = db.session.scalars(sa.select(Intake).where(Intake.id != intake.id)).first()
    assert other is not None and app.test_client().get(public(other, batch)).status_code == 404


def test_only_who_approves_publishes_and_only_what_is_told(app: Flask) -> None:
    _, batch = chosen(approve=False)
    with pytest.raises(Refused, match="une fois les décisions approuvées"), writing():
        publishing.publish(known(ADMINISTRATOR), batch.reference)
    assert press(app, batch, "publish").status_code == 302
    for act in (publishing.publish, publishing.withdraw):
        with pytest.raises(NotPermitted), writing():
            act(known(MANAGER), batch.reference)
    page = browser(app, known(ADMINISTRATOR)).get(f"/staff/batches/{batch.reference}").text
    assert "Elle se publie une fois" in page and "Publier la fiche" not in page


def test_auditors_get_certificate_sheet_and_the_table_that_is_noted(app: Flask) -> None:
    intake, batch = chosen(ineligible=1)
    auditor = browser(app, someone(intake, Role.AUDITOR))
    home = f"/staff/batches/{batch.reference}"
    certificate = json.loads(auditor.get(f"{home}/certificate.json").data)
    assert json.loads(auditor.get(f"{home}/sheet.json").data)["certificate"] == certificate["sha256"]
    assert "references.csv" in auditor.get(home).text
    sent = auditor.post(f"{home}/references.csv")
    table = list(csv.DictReader(io.StringIO(sent.data.decode("utf-8-sig"))))
    assert {each["reference"] for each in table} == {row["reference"] for row in certificate["rows"]}
    assert [each["application"] for each in table] == [f"MDIA-{number:06d}" for number in range(1, 15)]
    acts = [
        each for each in db.session.scalars(sa.select(Event.action)) if each == "selection.read_references"
    ]
    assert len(acts) == 1
    assert auditor.post(f"{home}/sheet/publish").status_code in (403, 404)


def test_the_worker_keeps_the_same_lines_and_a_cancelled_batch_none(
    app: Flask, request: pytest.FixtureRequest
) -> None:
    _, batch = chosen(approve=False)
    request.getfixturevalue("large")
    before = batch.summary["root"]
    kept = (
        sa.select(sa.func.count())
        .select_from(KeptResult)
        .where(KeptResult.kind.startswith("selection.lines."))
    )
    assert db.session.scalar(kept) == 1
    with writing():
        decisions.cancel(known(MANAGER), batch.reference)
    assert db.session.scalar(kept) == 0
    again = Batch(**{
        key: getattr(batch, key)
        for key in ("institution_id", "intake_id", "offering_id", "seats", "waiting", "seed", "proposed_by",
                    "proposed_at", "open_until")
    }, reference="L" * 26, state="draft", certificate={}, summary={})  # fmt: skip
    with writing():
        db.session.add(again)
    tasks.freeze({"batch": again.reference}, lambda done, of: None)
    found = queries.by_reference(again.reference)
    assert found is not None and found.state == "proposed" and found.summary["root"] == before
    assert db.session.scalar(kept) == 1


@pytest.mark.parametrize("swapped", [False, True])
def test_decisions_are_held_against_the_salted_names_of_the_certificate(swapped: bool) -> None:
    intake, batch = chosen(approve=False)
    if swapped:
        with writing():
            decision_of(1).outcome, decision_of(13).outcome = "waiting", "offer"
    seen = intake.closes_at
    if swapped:
        with pytest.raises(Refused, match="ne se vérifie pas"), writing():
            decisions.approve(known(ADMINISTRATOR), batch.reference, "5", open_until=seen)
    else:
        with writing():
            assert (
                decisions.approve(known(ADMINISTRATOR), batch.reference, "5", open_until=seen).state
                == "approved"
            )


def test_the_worker_approves_a_batch_under_rules_with_its_sheet(
    app: Flask, request: pytest.FixtureRequest
) -> None:
    intake, batch = chosen(approve=False)
    request.getfixturevalue("large")  # from now on, whatever was made before
    root = batch.summary["root"]
    with writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "5", open_until=intake.closes_at)
    tasks.tell({"batch": batch.reference}, lambda done, of: None)
    found = queries.by_reference(batch.reference)
    assert found is not None and found.state == "approved" and found.summary["root"] == root
    assert line_findings(line_for(app, 12), root) == []


def test_pages_of_lines_take_as_many_statements_for_more_files(app: Flask, statements: Statements) -> None:
    chosen()
    client: FlaskClient = browser(app, known("c1@exemple.ma"))
    address = f"/my/offers/{decision_of(1).reference}/line.json"
    client.get(address)
    with statements() as made:
        client.get(address)
    selects = [each for each in made if each.lstrip().upper().startswith("SELECT")]
    assert len(selects) <= 12, selects
    assert not any("certificate" in each for each in selects)
