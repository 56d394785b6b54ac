"""What readers said of themselves counts for later files and names, and tells nobody whose a file is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from time import sleep

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.duplicates.actions import merging
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment import tasks
from cohortmgr.reviews.assignment.actions import by_hand, knowing, sharing
from cohortmgr.reviews.assignment.models import ReaderDeclaration, ReaderWord
from cohortmgr.reviews.assignment.queries import bars, conflicts
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.databases import Database
from tests.factories.choices import browser, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
SCORES = {"resultats": 4, "bases": 4, "projet": 4, "langues": 4}
# The intake has closed, and is not decided.
NOW = datetime(2025, 7, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    with clock.at(NOW):
        yield


def _staffed(files: int = 6, number: int = 4) -> tuple[Intake, Viewer, list[Viewer]]:
    intake = sent(files)
    with writing() as session:
        session.execute(
            sa.update(Person).where(Person.birth_date.is_(None)).values(birth_date=date(2001, 5, 4))
        )
    return intake, someone(intake, Role.SELECTION_MANAGER), readers(intake, number)


def _number(place: int) -> str:
    return f"MDIA-{place:06d}"


def _barred(reader: Viewer, intake: Intake) -> list[str]:
    db.session.rollback()
    return [row.number for row in conflicts.conflicts_of(intake, reader.person_id or 0)]


def _token(reader: Viewer, intake: Intake, name: str) -> str:
    return next(each.token for each in conflicts.listed_for(reader, intake) if each.name == name)


def _read_by(reader: Viewer) -> set[str]:
    db.session.rollback()
    rows = sa.select(Application.number).join(Review, Review.application_id == Application.id)
    open_ = (Review.reviewer_id == reader.person_id, Review.state == "assigned")
    return set(db.session.scalars(rows.where(*open_)))


def _minor(place: int, name: str) -> None:
    with writing():
        minor = sa.update(Application).where(Application.number == _number(place))
        db.session.execute(minor.values(consent="given", name=name))


def _way(intake: Intake) -> str:
    return f"/staff/intakes/{intake.reference}/reviews/known"


@pytest.mark.parametrize("moment", ["before the close", "after the decision"])
def test_outside_of_its_days_the_page_is_not_there_and_what_was_said_stays_readable(
    app: Flask, moment: str
) -> None:
    intake, _manager, (one, other, *_) = _staffed()
    with writing():
        knowing.declare(
            one, intake.reference, {_token(one, intake, "Une N2")}, "Salma Bennis", places="ENSIAS"
        )
    later = {
        "before the close": intake.closes_at - timedelta(hours=1),
        "after the decision": clock.instant(intake.decision_by + timedelta(days=1)),
    }
    with clock.at(later[moment]):
        mine, theirs = browser(app, one), browser(app, other)
        page = mine.get(_way(intake))
        assert (
            page.status_code == 200 and "<form" not in page.text.partition("<main")[2].partition("</main")[0]
        )
        assert "Une N2" in page.text and "ENSIAS" in page.text and "Bennis" not in page.text
        assert "1 nom" in page.text and "Une N4" not in page.text
        assert mine.post(_way(intake), data={"names": "Omar Alaoui"}).status_code == 404
        assert theirs.get(_way(intake)).status_code == 404
        with pytest.raises(NotFound), writing():
            knowing.declare(other, intake.reference, set())


def test_a_file_that_is_sent_after_the_declaration_is_barred_too() -> None:
    intake, manager, (one, *_) = _staffed()
    with writing():
        knowing.declare(one, intake.reference, set(), "EL-AMRANI youssef")
    assert _barred(one, intake) == []
    kept = db.session.scalars(sa.select(ReaderWord.said)).all()
    assert len(kept) == 1 and "amrani" not in kept[0].lower() and "youssef" not in kept[0].lower()
    _minor(4, "Youssef Elamrani")
    with writing():
        assert sharing.assign(manager, intake.reference).added == 12
    assert _number(4) not in _read_by(one)
    with pytest.raises(Refused), writing():
        by_hand.give_files(manager, intake.reference, one.person_reference or "", [_number(4)])


def test_a_name_that_becomes_known_of_a_file_in_hand_closes_it_without_saying_whose_it_is(app: Flask) -> None:
    intake, manager, (one, *_) = _staffed()
    with writing():
        sharing.assign(manager, intake.reference)
        knowing.declare(one, intake.reference, set(), "Youssef Elamrani")
    row = next(row for row in own.queue(one, intake.id))
    assert "Apprendre." in browser(app, one).get(f"/staff/reviews/{row.reference}").text
    _minor(int(row.number[5:]), "Youssef El Amrani")
    page = browser(app, one).get(f"/staff/reviews/{row.reference}").text
    assert "Une autre personne le lit." in page and "Apprendre." not in page and "Amrani" not in page
    for act in (
        lambda: reading.score(one, row.reference, SCORES),
        lambda: reading.draft(one, row.reference, {"resultats": 3}),
    ):
        with pytest.raises(Refused, match="une autre personne le lit"), writing():
            act()
    assert tasks.pass_on(lambda: False) == 1 and tasks.pass_on(lambda: False) == 0
    assert row.number not in _read_by(one) and progress_of(intake).lacking == 0


def test_what_was_handed_in_is_neither_undone_nor_corrected_once_the_person_is_known() -> None:
    intake, manager, (one, *_) = _staffed()
    with writing():
        sharing.assign(manager, intake.reference)
    row = own.queue(one, intake.id)[0]
    with writing():
        reading.score(one, row.reference, SCORES)
        knowing.declare(one, intake.reference, {_token(one, intake, f"Une N{int(row.number[5:])}")})
    with pytest.raises(Refused, match="une autre personne le lit"), writing():
        reading.undo(one, row.reference)
    with writing():
        assert reading.abstain(one, row.reference, "Mon voisin.").state == "abstained"


def test_a_conflict_about_a_file_in_hand_leaves_no_trace_in_the_reader_s_queue(app: Flask) -> None:
    intake, manager, (one, *_) = _staffed()
    with writing():
        sharing.assign(manager, intake.reference)
    row = own.queue(one, intake.id)[0]
    with writing():
        reading.draft(one, row.reference, {"resultats": 3}, "Bien parti")
        knowing.declare(one, intake.reference, {_token(one, intake, f"Une N{int(row.number[5:])}")})
    page = browser(app, one).get("/staff/reviews").text
    assert row.number not in page and "Récusé" not in page
    closed = browser(app, one).get(f"/staff/reviews/{row.reference}").text
    assert "Une autre personne le lit." in closed and knowing.BECAUSE not in closed
    review = db.session.scalars(sa.select(Review).where(Review.reference == row.reference)).one()
    assert (review.state, review.scores, review.comment) == ("recalled", {}, "")
    assert [(was["scores"], was["comment"], was["why"]) for was in review.earlier] == [
        ({"resultats": 3}, "Bien parti", "released")
    ]


def test_names_once_typed_stay_and_a_manager_may_open_a_file_that_one_closed() -> None:
    intake, manager, (one, *_) = _staffed()
    _minor(3, "Salma Bennis")
    reader = one.person_reference or ""
    with writing():
        assert knowing.declare(one, intake.reference, set(), "Salma Bennis") == 1
    with writing():
        assert knowing.declare(one, intake.reference, set()) == 1, "a minor is not in the list to untick"
    conflict = conflicts.conflicts_of(intake, one.person_id or 0)[0].ReaderConflict.reference
    with writing():
        knowing.unbar(manager, intake.reference, reader, conflict)
    assert _barred(one, intake) == [] and bars.barred_pairs(intake) == set()
    with writing():
        assert by_hand.give_files(manager, intake.reference, reader, [_number(3)]) == 1
    with writing():
        assert knowing.declare(one, intake.reference, set(), "Bennis Salma") == 1, "said once more"
    assert bars.barred_pairs(intake) == {(reader, _number(3))}


def test_schools_and_the_own_institution_bar_files_that_name_them(app: Flask) -> None:
    intake, manager, (one, other, *_) = _staffed()
    answers = {
        2: {"university": "Institut National des Postes et Télécommunications"},
        5: {"university": "ENSIAS"},
    }
    with writing():
        for place, said in answers.items():
            named = sa.update(Application).where(Application.number == _number(place))
            db.session.execute(named.values(answers=said))
    client = browser(app, one)
    client.post(_way(intake), data={"institution": "INPT", "places": "ENSIAS"})
    assert 'value="INPT"' in client.get(_way(intake)).text
    reader = one.person_reference or ""
    assert bars.barred_pairs(intake) == {(reader, _number(2)), (reader, _number(5))}
    with writing():
        sharing.assign(manager, intake.reference)
    assert not _read_by(one) & {_number(2), _number(5)} and len(_read_by(other)) >= 1
    client.post(_way(intake), data={"institution": "", "places": "ENSIAS"})
    assert bars.barred_pairs(intake) == {(reader, _number(5))}
    page = browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews/readers/{reader}/conflicts")
    assert "ENSIAS" in page.text


def test_what_is_no_whole_name_is_refused_by_name_and_nothing_of_the_page_is_lost(app: Flask) -> None:
    intake, _manager, (one, *_) = _staffed()
    token = _token(one, intake, "Une N2")
    typed = {"known": token, "names": "Salma\nOmar Alaoui", "institution": "Université", "places": "ENSIAS"}
    answer = browser(app, one).post(_way(intake), data=typed)
    page = re.sub(r"\s+", " ", answer.text)
    assert answer.status_code == 200
    assert "« Salma » : écrivez" in page and "« Université » est trop général" in page
    assert "Omar Alaoui</textarea>" in page and "ENSIAS</textarea>" in page and page.count(" checked") == 1
    assert _barred(one, intake) == [] and conflicts.declaration_of(intake, one.person_id or 0) is None


def test_a_conflict_about_a_file_that_is_put_aside_is_one_about_the_file_that_is_kept() -> None:
    intake, manager, (one, *_) = _staffed()
    administrator = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    with writing():
        knowing.bar(manager, intake.reference, one.person_reference or "", [_number(2)])
        files = {file.number: file.reference for file in db.session.scalars(sa.select(Application))}
        merged = merging.merge(administrator, files[_number(5)], files[_number(2)], "Même CIN.")
    expected = {(one.person_reference, _number(2)), (one.person_reference, _number(5))}
    assert bars.barred_pairs(intake) == expected
    with writing():
        sharing.assign(manager, intake.reference)
    assert _number(5) not in _read_by(one)
    with writing():
        merging.undo(administrator, merged.reference)
    assert bars.barred_pairs(intake) == {(one.person_reference, _number(2))}


def test_two_pages_of_one_reader_are_one_declaration() -> None:
    intake, _manager, (one, *_) = _staffed()
    for name in ("Une N2", "Une N5"):
        with writing():
            knowing.declare(one, intake.reference, {_token(one, intake, name)}, "Salma Bennis")
    assert len(db.session.scalars(sa.select(ReaderDeclaration)).all()) == 1
    assert len(db.session.scalars(sa.select(ReaderWord)).all()) == 1
    assert _barred(one, intake) == [_number(5)], "who is ticked no longer is not known"


def test_of_two_pages_sent_at_once_the_last_one_counts(database: Database) -> None:
    intake, _manager, (one, *_) = _staffed()
    tokens = [_token(one, intake, name) for name in ("Une N2", "Une N5")]
    reference = intake.reference
    db.session.rollback()

    def say(token: str) -> None:
        with database.app.app_context():
            see(one.institutions, one.person_id)
            with writing():
                knowing.declare(one, reference, {token})
                sleep(0.3)

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(say, token) for token in tokens]:
            each.result(30)
    db.session.expire_all()
    assert _barred(one, intake) in ([_number(2)], [_number(5)])
