"""Harmonised marks that were chosen count: in rankings, batches, certificates, reasons, and where a phase is closed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused, from_json
from cohortmgr.programmes.models import Intake
from cohortmgr.reports.queries import line_of
from cohortmgr.reviews.harmonising.models import Harmonisation
from cohortmgr.reviews.harmonising.queries import formulas_in
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.jury.actions import choosing
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.actions import closing
from cohortmgr.reviews.phases.models import PhaseAdvance
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.certificate import verify
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.standings import actions as keeping
from cohortmgr.selection.standings.models import StandingRow
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import browser, known
from tests.factories.working import work
from tests.integration.reviews.jury.uneven import CRITERIA, generous, harmonise, phased, read_unevenly

pytestmark = pytest.mark.usefixtures("system_context")
Statements = Callable[[], AbstractContextManager[list[str]]]
MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
WHY = "Une évaluatrice donne bien plus que les autres"


def choose(intake: Intake, basis: MarkBasis = MarkBasis.HARMONISED) -> None:
    with writing():
        choosing.choose(known(MANAGER), intake.reference, "dossiers", basis, WHY)


def chosen(intake: Intake) -> list[int]:
    """The numbers of the files that would be chosen, the best first."""
    return [int(row.reference[5:]) for row in queries.ranking_of(intake).cut.chosen]


def change_a_mark(scores: int = 1) -> None:
    """Let the generous reader say something else, beyond what was first handed in of it: it is taken out and back."""
    changed = own.queue(generous())[0]
    with writing():
        reading.reopen(known(MANAGER), changed.reference, "À revoir")
    with writing():
        reading.score(generous(), changed.reference, dict.fromkeys(CRITERIA, scores))


def test_the_best_are_chosen_once_the_severity_is_taken_out() -> None:
    intake = read_unevenly()
    assert len({1, 4, 7, 10}.intersection(chosen(intake))) < 4, "raw, whoever the generous one read is ahead"
    harmonise(intake)
    choose(intake)
    board = queries.ranking_of(intake)
    assert set(chosen(intake)) == {1, 4, 7, 10} and not board.stale
    formula = formulas_in(intake.id)["dossiers"].formula
    for row in board.ranking.rows:
        given = [
            (each.reader, each.total)
            for each in phases.marks_in(intake).of(_id(row.reference)).readings["dossiers"]
        ]
        assert row.mean == formula.mark(given) and row.totals == tuple(total for _reader, total in given)
    with writing():
        choosing.take_back(known(MANAGER), intake.reference, "dossiers", "Pour voir")
    assert queries.ranking_of(intake).formulas == {}


def _id(number: str) -> int:
    return db.session.scalars(sa.select(Application.id).where(Application.number == number)).one()


def test_a_batch_says_who_chose_when_and_why_and_its_certificate_holds(app: Flask) -> None:
    intake = read_unevenly()
    harmonise(intake)
    choose(intake, MarkBasis.WEIGHTED)
    with writing():
        batch = decisions.propose(known(MANAGER), intake.reference)
    certificate = batch.certificate
    assert certificate["format"] == 5 and verify(certificate) == [] and batch.problems == []
    (kept,) = batch.summary["marks"]
    assert (kept["phase"], kept["basis"], kept["because"]) == ("dossiers", "weighted", WHY)
    text = json.dumps(certificate)
    people = db.session.execute(sa.select(Person.reference, Person.family_name)).all()
    assert not [row for row in people if row[0] in text or f'"{row[1]}"' in text]
    means = dict(db.session.execute(sa.select(Decision.rank, Decision.mean_thousandths)).all())
    assert [means[row["rank"]] for row in certificate["rows"]] == [row["mean"] for row in certificate["rows"]]
    manager, administrator = browser(app, known(MANAGER)), browser(app, known(ADMINISTRATOR))
    page = manager.get(f"/staff/batches/{batch.reference}").text
    assert "Notes harmonisées et pondérées" in page and WHY in page and "notes harmonisées, puis" in page
    told = manager.get(f"/staff/batches/{batch.reference}/certificate.json").get_json()
    assert verify(told) == []
    page = f"/staff/batches/{batch.reference}"
    answer = administrator.post(f"{page}/approve", data={"confirmation": "4", "version": "1"})
    assert answer.status_code == 302
    db.session.expire_all()
    assert db.session.scalars(sa.select(Batch)).one().state == "approved"
    file = db.session.scalar(sa.select(Application.reference).where(Application.number == "MDIA-000001"))
    person = manager.get(f"/staff/applications/{file}/readings").text
    assert "Note harmonisée</dt>" in person and "Moyenne</dt>" not in person
    assert ", note harmonisée" in manager.get(f"/staff/applications/{file}").text
    assert line_of(intake.id) is None, "a report shows the marks given, beside which this is no line"


def test_raw_marks_that_were_chosen_make_the_certificate_of_raw_marks() -> None:
    intake = read_unevenly()
    harmonise(intake)
    before = queries.ranking_of(intake)
    choose(intake, MarkBasis.RAW)
    after = queries.ranking_of(intake)
    assert after.ranking == before.ranking and after.scores == before.scores
    with writing():
        batch = decisions.propose(known(MANAGER), intake.reference)
    assert batch.certificate["format"] == 2 and verify(batch.certificate) == []
    assert batch.summary["marks"][0]["basis"] == "raw"


def test_nothing_is_proposed_on_harmonised_marks_of_before(app: Flask) -> None:
    intake = read_unevenly()
    harmonise(intake)
    choose(intake)
    client, page = browser(app, known(MANAGER)), f"/staff/intakes/{intake.reference}/ranking"
    assert "datent d’avant" not in client.get(page).text
    file = own.queue(generous())[0]
    with writing() as session:
        session.execute(
            sa.update(Application).where(Application.number == file.number).values(state="withdrawn")
        )
    assert "datent d’avant" in client.get(page).text
    assert client.post(page, data={"note": ""}).status_code == 200
    with pytest.raises(Refused, match="datent d’avant"), writing():
        decisions.propose(known(MANAGER), intake.reference)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Batch)) == 0
    harmonise(intake)
    assert "datent d’avant" not in client.get(page).text
    with writing():
        assert verify(decisions.propose(known(MANAGER), intake.reference).certificate) == []


def test_a_choice_beside_which_nothing_is_kept_does_not_pass_for_raw_marks() -> None:
    intake = read_unevenly()
    before = {row.reference: row.mean for row in queries.ranking_of(intake).ranking.rows}
    harmonise(intake)
    choose(intake)
    with writing() as session:
        session.execute(sa.delete(Harmonisation))
    board = queries.ranking_of(intake)
    assert {row.reference: row.mean for row in board.ranking.rows} == before and board.stale == ("dossiers",)
    with pytest.raises(Refused, match="datent d’avant"), writing():
        decisions.propose(known(MANAGER), intake.reference)


def test_a_mark_that_changes_after_a_discussion_counts_with_the_same_severities() -> None:
    intake = read_unevenly()
    harmonise(intake)
    choose(intake)
    number, formula = own.queue(generous())[0].number, formulas_in(intake.id)["dossiers"].formula
    before = {row.reference: row.mean for row in queries.ranking_of(intake).ranking.rows}
    change_a_mark()
    board = queries.ranking_of(intake)
    after = {row.reference: row.mean for row in board.ranking.rows}
    assert not board.stale and formulas_in(intake.id)["dossiers"].formula == formula
    assert {each for each in before if before[each] != after[each]} == {number}


def test_a_kept_ranking_follows_the_choice_and_says_when_it_is_of_before(
    monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setattr(standings, "AT_ONCE", 0)
    intake = read_unevenly()
    offering = queries.offering_of(intake)

    def keep() -> list[str]:
        with writing():
            keeping.ask(known(MANAGER), intake, offering)
        work()
        db.session.expire_all()
        standing = standings.newest(intake, offering)
        assert standing is not None and standing.rests_on == standings.rests_on(intake, offering)
        rows = sa.select(StandingRow.mean).where(StandingRow.standing_id == standing.id)
        board = queries.ranking_of(intake)
        kept = list(db.session.scalars(rows.order_by(StandingRow.place)))
        assert kept == [row.mean for row in board.ranking.rows]
        return [str(from_json(each)) for each in standing.refusal]

    assert keep() == []
    before = standings.rests_on(intake, offering)
    harmonise(intake)
    choose(intake)
    assert standings.rests_on(intake, offering) != before, "what was kept no longer holds"
    assert keep() == []
    with writing():
        drafted = decisions.propose(known(MANAGER), intake.reference).reference
    work()
    db.session.expire_all()
    batch = queries.by_reference(drafted)
    assert batch is not None and batch.state == "proposed" and batch.certificate["format"] == 5
    assert verify(batch.certificate) == [] and batch.summary["marks"][0]["because"] == WHY
    with writing():
        decisions.cancel(known(MANAGER), drafted)
        db.session.execute(sa.update(Harmonisation).values(digest="0" * 64))
    (refusal,) = keep()
    assert "datent d’avant" in refusal
    with pytest.raises(Refused, match="datent d’avant"), writing():
        decisions.propose(known(MANAGER), intake.reference)
    page = browser(app, known(MANAGER)).get(f"/staff/intakes/{intake.reference}/ranking").text
    assert "datent d’avant" in page and WHY in page


def test_a_phase_is_closed_by_the_chosen_marks_and_a_new_choice_is_looked_at_again() -> None:
    intake, manager = read_unevenly(definition=phased()), known(MANAGER)
    raw = closing.plan_closing(manager, intake.reference)
    harmonise(intake)
    choose(intake)
    plan = closing.plan_closing(manager, intake.reference)
    (before,), (after,) = raw.offerings, plan.offerings
    assert plan.stamp != raw.stamp
    assert {int(number[5:]) for number in after.going.chosen} == {1, 4, 7, 10}
    assert set(after.going.chosen) != set(before.going.chosen)
    with pytest.raises(Refused, match="ont changé"), writing():
        closing.close(manager, raw, raw.stamp)
    with writing() as session:
        row = session.scalars(sa.select(Harmonisation)).one()
        numbers = {**row.formulas["harmonised"], "mean": row.formulas["harmonised"]["mean"] + 1}
        row.formulas = {**row.formulas, "harmonised": numbers}
    with pytest.raises(Refused, match="ont changé"), writing():
        closing.close(manager, plan, plan.stamp)
    plan = closing.plan_closing(manager, intake.reference)
    with writing():
        closed = closing.close(manager, plan, plan.stamp)
    assert closed.gone_on == 4
    rows = db.session.execute(sa.select(PhaseAdvance.application_id, PhaseAdvance.mark_thousandths)).all()
    formula, marks = formulas_in(intake.id)["dossiers"].formula, phases.marks_in(intake)
    for file, mark in rows:
        found = marks.of(file)
        points = found.readings["points"][0].total
        read = formula.mark((each.reader, each.total) for each in found.readings["dossiers"])
        assert abs(2 * mark - points - read) <= 1
    with writing() as session:
        session.execute(sa.update(Harmonisation).values(digest="0" * 64))
    assert queries.ranking_of(intake).stale == (), (
        "people went on by it: it stands though a file is withdrawn"
    )


def test_no_phase_is_closed_on_harmonised_marks_of_before() -> None:
    intake, manager = read_unevenly(definition=phased()), known(MANAGER)
    harmonise(intake)
    choose(intake)
    with writing() as session:
        session.execute(sa.update(Harmonisation).values(digest="0" * 64))
    plan = closing.plan_closing(manager, intake.reference)
    assert any("datent d’avant" in str(each) for each in plan.problems)
    with pytest.raises(Refused, match="datent d’avant"), writing():
        closing.close(manager, plan, plan.stamp)
    harmonise(intake)
    assert closing.plan_closing(manager, intake.reference).problems == []


def test_a_refused_person_reads_what_their_harmonised_mark_is(app: Flask) -> None:
    intake = read_unevenly(files=36, seats=3)
    harmonise(intake, seats=3)
    choose(intake)
    with writing():
        batch = decisions.propose(known(MANAGER), intake.reference, open_until=intake.closes_at)
    with writing():
        decisions.approve(known(ADMINISTRATOR), batch.reference, "3", open_until=intake.closes_at)
    refused = sa.select(Decision).join(Application, Application.id == Decision.application_id)
    refused = refused.where(Decision.outcome == "refused", Application.number == "MDIA-000036")
    decision = db.session.scalars(refused).one()
    page = browser(app, known("c36@exemple.ma")).get(f"/my/offers/{decision.reference}").text
    assert (
        "Votre note harmonisée est de" in page
        and "(péréquation)" in page
        and "votre moyenne" not in page.lower()
    )
    assert "sur peu de lectures est rapprochée de la moyenne" in page, (
        "or a mark below all of one’s own is a riddle"
    )
    assert "r0" not in page and WHY not in page, "who read, and what was said of them, is not told"


def test_the_page_of_a_person_shows_the_mark_by_which_they_are_ranked(app: Flask) -> None:
    intake = read_unevenly()
    client = browser(app, known(MANAGER))
    reference = db.session.scalar(sa.select(Application.reference).where(Application.number == "MDIA-000002"))
    tab = f"/staff/applications/{reference}/readings"
    assert "note harmonisée" not in client.get(tab).text
    harmonise(intake)
    choose(intake)
    assert "note harmonisée" in client.get(tab).text


def test_statements_do_not_grow_with_the_files(app: Flask, statements: Statements) -> None:
    intake = read_unevenly()
    client, counts = browser(app, known(MANAGER)), []
    page = f"/staff/intakes/{intake.reference}/ranking?all=1"
    for few in (True, False):
        with writing():
            eligible = Application.number <= "MDIA-000006" if few else sa.true()
            db.session.execute(sa.update(Application).values(eligible=eligible))
        harmonise(intake)
        if few:
            choose(intake)
        with statements() as seen:
            assert client.get(page).status_code == 200
        with statements() as closed:
            phases.stamp_of(intake)
        counts.append((len(seen), len(closed)))
    assert counts[0] == counts[1] and counts[0][0] < 20


def test_the_clock_of_a_choice_is_that_of_the_batch() -> None:
    intake = read_unevenly()
    harmonise(intake)
    with clock.at(clock.now()):
        choose(intake)
        with writing():
            batch = decisions.propose(known(MANAGER), intake.reference)
        assert batch.summary["marks"][0]["when"] == clock.now().isoformat()
