"""A phase is closed by one press: the best go on, and it is taken back while nothing of the next has begun."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, intake_of
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.assignment.actions.giving import give
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries
from cohortmgr.reviews.phases.actions import closing, noting
from cohortmgr.reviews.phases.models import PhaseAdvance, PhaseClosing
from cohortmgr.reviews.phases.result_rows import ResultRow
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.databases import Database
from tests.factories.choices import browser, phased, readers, someone

pytestmark = pytest.mark.usefixtures("system_context")


def marked(marks: list[int], goes_on: int | None = 3, people: int = 1) -> tuple[Intake, Viewer, list[Viewer]]:
    """A programme of four phases whose files were read: file 1 has the first mark on every criterion."""
    intake = phased(len(marks), goes_on=goes_on)
    manager, found = someone(intake, Role.SELECTION_MANAGER), readers(intake, people)
    with writing():
        assignment.assign(manager, intake.reference)
    for reader in found:
        with writing():
            for row in own.queue(reader):
                mark = marks[int(row.number[5:]) - 1]
                reading.score(reader, row.reference, dict.fromkeys(MARKS, mark))
    return intake, manager, found


MARKS = ("resultats", "bases", "projet", "langues")


def close(manager: Viewer, intake: Intake) -> PhaseClosing:
    plan = closing.plan_closing(manager, intake.reference)
    with writing():
        return closing.close(manager, plan, plan.stamp)


def numbers_in(intake: Intake, key: str) -> list[int]:
    return [int(number[5:]) for number in queries.files_in(intake, key)]


def test_the_best_go_on_and_whoever_equals_the_last_of_them() -> None:
    intake, manager, _ = marked([5, 1, 4, 3, 3, 2])
    plan = closing.plan_closing(manager, intake.reference)
    (each,) = plan.offerings
    assert not plan.problems and plan.phase.key == "dossiers" and plan.following.key == "epreuve"
    assert [int(number[5:]) for number in each.going.chosen] == [1, 3, 4, 5] and each.going.tied == 1
    assert numbers_in(intake, "epreuve") == []
    closed = close(manager, intake)
    assert (closed.gone_on, closed.stayed) == (4, 2)
    assert numbers_in(intake, "epreuve") == [1, 3, 4, 5] == numbers_in(intake, "entretien")
    assert numbers_in(intake, "dossiers") == [1, 2, 3, 4, 5, 6], "the files that were read stay read"
    rows = db.session.execute(
        sa.select(PhaseAdvance.place, PhaseAdvance.mark_thousandths).order_by(PhaseAdvance.place)
    ).all()
    # Points and files weigh the same; all files have the best points.
    assert [tuple(row) for row in rows] == [(1, 20_000), (2, 18_000), (3, 16_000), (4, 16_000)]
    assert progress_of(intake).files == 6
    again = close_again(manager, intake)
    assert again.reference == closed.reference


def close_again(manager: Viewer, intake: Intake) -> PhaseClosing:
    """Press once more the button of a page that was open before."""
    plan = closing.ClosingPlan(
        intake, definition_of(intake).rubric.files, definition_of(intake).rubric.phases[2], [], {}, [], "old"
    )
    with writing():
        return closing.close(manager, plan, "old")


def test_what_a_phase_gave_changes_no_more_once_it_is_closed() -> None:
    intake, manager, (reader,) = marked([5, 4, 3, 2], goes_on=2)
    close(manager, intake)
    mine = own.queue(reader)[0].reference
    for act in (
        lambda: reading.undo(reader, mine),
        lambda: reading.reopen(manager, mine, "Erreur"),
        lambda: reading.abstain(reader, mine, "Je le connais"),
    ):
        with pytest.raises(Refused, match="close"), writing():
            act()
    with writing():
        closing.take_back(manager, intake.reference, "dossiers", "Une note à corriger")
    with writing():
        reading.reopen(manager, mine, "Erreur")


def test_it_is_taken_back_with_a_reason_and_stays_on_record() -> None:
    intake, manager, _ = marked([5, 4, 3, 2], goes_on=2)
    first = close(manager, intake)
    with pytest.raises(Refused) as refusal, writing():
        closing.take_back(manager, intake.reference, "dossiers", "  ")
    assert refusal.value.problems[0].where == "reason"
    with writing():
        closing.take_back(manager, intake.reference, "dossiers", "Un dossier oublié")
        closing.take_back(manager, intake.reference, "dossiers", "Encore")  # a second press
    assert numbers_in(intake, "epreuve") == [] and queries.closings_of(intake) == {}
    second = close(manager, intake)
    assert first.reference != second.reference and numbers_in(intake, "epreuve") == [1, 2]
    told = [row[0].taken_back_because for row in queries.story_of(intake)]
    assert told == ["", "Un dossier oublié"]
    actions = sa.select(Event.action).where(Event.action.like("reviews.%_phase")).order_by(Event.id)
    assert db.session.scalars(actions).all() == [
        "reviews.close_phase", "reviews.open_phase", "reviews.close_phase",
    ]  # fmt: skip


def test_it_is_not_taken_back_once_the_next_phase_has_begun(app: Flask) -> None:
    intake, manager, (reader,) = marked([5, 4, 3, 2], goes_on=2)
    close(manager, intake)
    file = queries.files_in(intake, "entretien")["MDIA-000001"]
    with writing():
        give(manager, intake, [(file.id, reader.person_id or 0)], None, phase="entretien")
    with writing():
        closing.take_back(manager, intake.reference, "dossiers", "Rien n’est noté encore")
    left = db.session.scalar(sa.select(sa.func.count()).where(Review.phase == "entretien"))
    assert left == 0, "who is no longer in a phase is with nobody in it"
    close(manager, intake)
    desk, page = browser(app, manager), f"/staff/intakes/{intake.reference}/phases"
    assert "Rouvrir cette phase" in desk.get(page).text
    with writing():
        noting.keep_results(
            manager, intake.reference, "epreuve", [ResultRow(2, "MDIA-000001", {"ecrit": 12})]
        )
    shown = desk.get(page).text
    assert "Rouvrir cette phase" not in shown and "La phase suivante a commencé" in shown
    ranked = desk.get(f"/staff/intakes/{intake.reference}/ranking").text
    assert "Il manque des notes à 2 dossiers éligibles" in ranked and "toutes leurs lectures" not in ranked
    with pytest.raises(Refused, match="a commencé"), writing():
        closing.take_back(manager, intake.reference, "dossiers", "Trop tard")
    assert numbers_in(intake, "epreuve") == [1, 2]


def test_nobody_stays_on_fewer_readings_than_the_phase_asks_for() -> None:
    intake = phased(4, goes_on=2)
    manager = someone(intake, Role.SELECTION_MANAGER)
    readers(intake, 1)
    plan = closing.plan_closing(manager, intake.reference)
    assert "MDIA-000001" in str(plan.problems[0]) and "4 dossiers" in str(plan.problems[0])
    with pytest.raises(Refused, match="Il manque des notes"), writing():
        closing.close(manager, plan, plan.stamp)
    assert queries.closings_of(intake) == {}


def test_a_phase_is_closed_once_nothing_more_comes_and_conditions_are_known() -> None:
    intake, manager, _ = marked([5, 4, 3], goes_on=1)
    with clock.at(intake.closes_at - timedelta(days=1)):
        plan = closing.plan_closing(manager, intake.reference)
        assert any("prend encore" in str(each) for each in plan.problems)
    with writing() as session:
        session.execute(
            sa.update(Application).where(Application.number == "MDIA-000003").values(eligible=None)
        )
    plan = closing.plan_closing(manager, intake.reference)
    assert any("conditions" in str(each) and "MDIA-000003" in str(each) for each in plan.problems)


def test_marks_that_changed_since_the_page_was_opened_are_looked_at_again() -> None:
    intake, manager, (reader,) = marked([5, 4, 3], goes_on=1)
    plan = closing.plan_closing(manager, intake.reference)
    with writing():
        reading.undo(reader, own.queue(reader)[0].reference)
    with pytest.raises(Refused, match="ont changé"), writing():
        closing.close(manager, plan, plan.stamp)
    with pytest.raises(Refused, match="ont changé"), writing():
        closing.close(manager, plan, "the stamp of another page")
    assert queries.closings_of(intake) == {}


@pytest.mark.parametrize("falls", [0, 1, 7])
def test_no_change_is_made_up_for_by_another(falls: int) -> None:
    intake, _, _ = marked([5, 4, 3], goes_on=1)
    before = queries.stamp_of(intake)
    with writing() as session:
        one = session.scalars(sa.select(Review).order_by(Review.id)).first()
        assert one is not None and one.total_thousandths
        changed = {"version": one.version + falls, "total_thousandths": one.total_thousandths - falls}
        session.execute(sa.update(Review).where(Review.id == one.id).values(**changed))
    assert (queries.stamp_of(intake) != before) == bool(falls)


def test_two_who_close_at_once_close_it_once(database: Database) -> None:
    intake, manager, _ = marked([5, 4, 3, 2], goes_on=2)
    other = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    reference, institution = intake.reference, intake.institution_id
    db.session.commit()

    def press(viewer: Viewer) -> str:
        with database.app.app_context():
            see([institution], viewer.person_id)
            plan = closing.plan_closing(viewer, reference)
            with writing():
                return closing.close(viewer, plan, plan.stamp).reference

    with ThreadPoolExecutor(2) as pool:
        found = set(pool.map(press, [manager, other]))
    assert len(found) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PhaseClosing)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PhaseAdvance)) == 2


def test_only_who_manages_readings_closes_and_nothing_is_closed_where_all_go_on() -> None:
    intake, manager, (reader,) = marked([5, 4, 3], goes_on=1)
    plan = closing.plan_closing(manager, intake.reference)
    with pytest.raises(NotPermitted), writing():
        closing.close(reader, plan, plan.stamp)
    auditor = someone(intake, Role.AUDITOR)
    assert closing.plan_closing(auditor, intake.reference).chosen == 1
    with pytest.raises(NotPermitted), writing():
        closing.close(auditor, plan, plan.stamp)


def test_where_all_go_on_nobody_closes_anything() -> None:
    intake = phased(3, goes_on=None)
    with pytest.raises(Refused, match="Aucune phase"):
        closing.plan_closing(SYSTEM, intake.reference)
    assert numbers_in(intake, "entretien") == [1, 2, 3]


def test_an_interview_of_a_file_is_a_reading_of_its_own() -> None:
    intake, manager, (reader,) = marked([5, 4, 3], goes_on=2)
    close(manager, intake)
    file = queries.files_in(intake, "entretien")["MDIA-000002"]
    with writing():
        give(manager, intake, [(file.id, reader.person_id or 0)], None, phase="entretien")
        assignment.assign(manager, intake.reference)  # shares out files alone
    readings = db.session.execute(sa.select(Review.phase, sa.func.count()).group_by(Review.phase)).all()
    assert {row[0]: row[1] for row in readings} == {"dossiers": 3, "entretien": 1}
    (mine,) = [row for row in own.queue(reader) if row.phase == "entretien"]
    with pytest.raises(Refused), writing():
        reading.score(reader, mine.reference, dict.fromkeys(MARKS, 3))
    with writing():
        reading.score(reader, mine.reference, {"oral": 14})
    found = db.session.scalars(sa.select(Review).where(Review.reference == mine.reference)).one()
    assert found.total_thousandths == 14_000
    assert progress_of(intake).handed_in == 3 and len(assignments.held_in(intake)) == 3


def test_the_page_shows_who_would_go_on_and_who_went(app: Flask) -> None:
    intake, manager, (reader,) = marked([5, 4, 3, 2], goes_on=2)
    page, address = browser(app, manager), f"/staff/intakes/{intake.reference}/phases"
    text = page.get(address).text
    assert "2 dossiers continuent" in text and "MDIA-000002" in text and "MDIA-000003" in text
    stamp = text.split('name="stamp" value="')[1].split('"')[0]
    answer = page.post(f"{address}/dossiers/close", data={"stamp": stamp})
    assert answer.status_code == 302 and queries.closings_of(intake).keys() == {"dossiers"}
    listed = page.get(f"{address}/dossiers").text
    assert "MDIA-000001" in listed and "MDIA-000003" not in listed
    without = page.post(f"{address}/dossiers/open", data={"reason": ""}).text
    assert "motif" in without and queries.closings_of(intake)
    page.post(f"{address}/dossiers/open", data={"reason": "À revoir"})
    assert "À revoir" in page.get(address).text and not queries.closings_of(intake)
    assert page.get(f"{address}/dossiers").status_code == 404
    assert browser(app, reader).get(address).status_code == 404


def test_readers_see_what_answers_give_and_do_not_mark_it(app: Flask) -> None:
    intake = phased(2)
    manager, (reader,) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 1)
    with writing():
        assignment.assign(manager, intake.reference)
    text = browser(app, reader).get(f"/staff/reviews/{own.queue(reader)[0].reference}").text
    assert "Points calculés" in text and "3 / 3" in text and 'name="score-moyenne"' not in text


def test_a_programme_that_reads_nothing_counts_no_readings(app: Flask) -> None:
    with writing():
        programmes.load_definition(SYSTEM, read_known("ai-master-junior"))
    intake = intake_of("ai-master-junior", "2027")
    page = browser(app, someone(intake, Role.SELECTION_MANAGER))
    home = f"/staff/intakes/{intake.reference}"
    for address in ("/staff", home, f"{home}/reviews", f"{home}/phases", f"{home}/ranking"):
        assert "0 lecture" not in page.get(address).text, address
    assert "Personne ne lit" in app.test_client().get("/programmes/ai-master-junior").text


def test_in_a_closed_phase_no_discussion_waits_and_nothing_is_offered_that_would_be_refused(
    app: Flask,
) -> None:
    intake, manager, (one, two) = marked([5, 4, 3], goes_on=2, people=2)
    number = min(row.number for row in own.queue(one))
    file = db.session.scalars(sa.select(Application).where(Application.number == number)).one()
    with writing():
        give(manager, intake, [(file.id, two.person_id or 0)], None, phase="dossiers")
        second = next(row.reference for row in own.queue(two) if row.number == number)
        reading.score(two, second, dict.fromkeys(MARKS, 0))
    for who in (one, two):
        assert [row.number for row in discussions.open_of(who)] == [1]
        assert "1 discussion ouverte" in browser(app, who).get("/staff").text
        assert "Corriger mes notes" in browser(app, who).get(f"/staff/reviews/{_of(who, number)}").text
    desk, home = browser(app, manager), f"/staff/intakes/{intake.reference}"
    assert "1 dossier est encore en discussion" in desk.get(f"{home}/phases").text
    assert "Rouvrir la lecture" in desk.get(f"/staff/reviews/{second}").text
    close(manager, intake)
    for who in (one, two):
        assert not discussions.open_of(who)
        page = browser(app, who)
        assert "discussion ouverte" not in page.get("/staff").text
        assert "En discussion" not in page.get("/staff/reviews").text
        said = page.get(f"/staff/reviews/{_of(who, number)}").text
        assert "Les notes ne changent plus." in said and "à discuter" not in said
        for act in (
            "Corriger mes notes",
            "Garder mes notes",
            "Me récuser après coup",
            "Annuler la remise de",
        ):
            assert act not in said or (act.startswith("Annuler") and 'data-once action="" hidden' in said), (
                act
            )
    assert not discussions.open_in(intake)
    assert "Rouvrir la lecture" not in desk.get(f"/staff/reviews/{second}").text
    assert "En discussion" not in desk.get(f"{home}/reviews/gaps").text
    with writing():
        closing.take_back(manager, intake.reference, "dossiers", "Trop tôt.")
    assert [row.number for row in discussions.open_of(one)] == [1]


def _of(reader: Viewer, number: str) -> str:
    db.session.expire_all()
    return str(next(row.reference for row in own.queue(reader) if row.number == number))
