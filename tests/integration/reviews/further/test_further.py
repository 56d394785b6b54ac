"""Further readings are given in one press where they may change the choice, once, to those who may read them."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from time import sleep

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused, Withheld
from cohortmgr.base.text import following, new_reference
from cohortmgr.jobs.models import Job
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from cohortmgr.reviews import queries as reviews
from cohortmgr.reviews.assignment import tasks as assigning
from cohortmgr.reviews.assignment.actions import by_hand, knowing, sharing
from cohortmgr.reviews.assignment.models import ReaderConflict
from cohortmgr.reviews.assignment.queries.giving import standing_in
from cohortmgr.reviews.further import actions, queries, tasks
from cohortmgr.reviews.further.outlook import standings_of
from cohortmgr.reviews.harmonising.models import Harmonisation, HarmonisedFile, MarkChoice
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.models import PhaseClosing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection.actions import decisions
from tests.databases import build_once
from tests.factories.choices import browser, known, phased, readers, sent, someone
from tests.factories.working import work
from tests.integration.reviews.harmonised import harmonise

pytestmark = pytest.mark.usefixtures("system_context")
KEYS = ("resultats", "bases", "projet", "langues")
FILES, SEATS, READERS = 24, 6, 5


def _alike() -> None:
    with following(
        "further readings"
    ):  # who reads what is drawn by references: the marks are always the same
        _build()


def _build() -> None:
    intake = sent(FILES, 0, SEATS)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, READERS)
    with writing():
        sharing.assign(manager, intake.reference)
    for person in people:
        with writing():
            for row in own.queue(person, intake.id):
                chance = random.Random(f"{row.number} {person.email}")
                worth = 4.5 - int(row.number[5:]) / 8
                marks = {key: min(5, max(0, round(worth + chance.gauss(0, 0.8)))) for key in KEYS}
                reading.score(person, row.reference, marks)
    harmonise(intake)


def _read() -> tuple[Intake, Viewer]:
    """Files that two of five have read each, the first the best, and their harmonised marks."""
    build_once("read for further readings", _alike, may_age=True)
    return intake_of("mdia", "2025"), known("selection_manager@inpt.ma")


def _given(intake: Intake) -> int:
    db.session.rollback()
    return queries.given_in(intake)[0]


def _pairs(state: str | None = None) -> list[tuple[str, str]]:
    """(number, reader's reference) of all readings, in the order in which they were given."""
    db.session.rollback()
    rows = sa.select(Application.number, Person.reference).join(
        Review, Review.application_id == Application.id
    )
    rows = rows.join(Person, Person.id == Review.reviewer_id).order_by(Review.id)
    rows = rows if state is None else rows.where(Review.state == state)
    return [(row[0], row[1]) for row in db.session.execute(rows)]


def _press(intake: Intake, viewer: Viewer, number: int, last: int | None = None) -> int:
    with writing():
        known_of = queries.last_given(intake) if last is None else last
        return actions.give_further(viewer, intake.reference, number, None, known_of).added


def test_readings_go_to_the_files_at_the_cut_and_are_given_once_and_noted() -> None:
    intake, manager = _read()
    before, today, last = _given(intake), clock.today(), queries.last_given(intake)
    with writing():
        done = actions.give_further(manager, intake.reference, 8, today + timedelta(days=9), last)
    fresh = _pairs("assigned")
    assert done.added == len(fresh) == 8 and len(set(_pairs())) == before + 8
    marks = {row.number: row.mark for row in _ground(intake).files}
    cut = sorted(marks.values(), reverse=True)[SEATS - 1]
    near = sorted(marks, key=lambda number: abs(marks[number] - cut))[:12]
    assert {number for number, _reader in fresh} <= set(near)
    assert set(db.session.scalars(sa.select(Review.due_on).where(Review.state == "assigned"))) == {
        today + timedelta(days=9)
    }
    loads = Counter(reader for _number, reader in _pairs())
    assert max(loads.values()) - min(loads.values()) <= 2, "they went to the freest"
    noted = db.session.scalars(sa.select(Event).where(Event.action == "reviews.assign")).all()
    assert len(noted) == 2


def _ground(intake: Intake) -> queries.FurtherGround:
    found = db.session.scalars(sa.select(Harmonisation)).one()
    return queries.ground_of(intake, found)


def test_pressed_twice_nothing_is_given_twice() -> None:
    intake, manager = _read()
    before, last = _given(intake), queries.last_given(intake)
    assert _press(intake, manager, 5, last) == 5
    with pytest.raises(Refused, match="depuis que cette page est ouverte"):
        _press(intake, manager, 5, last)
    assert _given(intake) == before + 5


def test_of_two_who_press_at_once_one_gives_and_the_other_is_told(system_app: Flask) -> None:
    intake, manager = _read()
    # The threads must not share a row of this session.
    before, last, reference = _given(intake), queries.last_given(intake), intake.reference

    def press(_turn: int) -> int:
        with system_app.app_context():
            try:
                with writing():
                    given = actions.give_further(manager, reference, 5, None, last).added
                    sleep(0.3)  # the other comes meanwhile
                    return given
            except Refused:
                return 0

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, range(2))) == [0, 5]
    assert _given(intake_of("mdia", "2025")) == before + 5 == len(set(_pairs()))


def test_what_is_awaited_counts_as_read_and_what_came_since_too() -> None:
    intake, manager = _read()
    _press(intake, manager, 6)
    first = Counter(number for number, _reader in _pairs("assigned"))
    assert _ground(intake).state.pending == first
    reader = next(each for each in _people() if own.queue(each, intake.id)[0].state == "assigned")
    with writing():
        row = own.queue(reader, intake.id)[0]
        reading.score(reader, row.reference, dict.fromkeys(KEYS, 3))
    ground = _ground(intake)
    assert ground.state.pending == first, "handed in since, no harmonised mark counts it yet"
    standings = standings_of(ground.files, ground.places, ground.state)
    assert {each.file: each.pending for one in standings.values() for each in one if each.pending} == first
    with clock.at(clock.now() + timedelta(minutes=1)):
        harmonise(intake)
    assert sum(_ground(intake).state.pending.values()) == 5, "counted, it waits no more"


def _people() -> list[Viewer]:
    return [known(f"r{number}@inpt.ma") for number in range(READERS)]


def test_a_mark_that_is_changed_later_was_counted_when_it_was_first_handed_in() -> None:
    intake, manager = _read()
    reader = _people()[0]
    with clock.at(clock.now() + timedelta(hours=1)), writing():
        row = own.queue(reader, intake.id)[0]
        reading.reopen(manager, row.reference, "Une erreur de ligne.")
    assert not _ground(intake).state.pending
    with clock.at(clock.now() + timedelta(hours=2)), writing():
        reading.score(reader, row.reference, dict.fromkeys(KEYS, 3))
    assert not _ground(intake).state.pending


def test_bars_limits_and_the_most_readings_of_a_file_hold() -> None:
    intake, manager = _read()
    people = _people()
    barred, limited = people[0], people[1]
    held = Counter(reader for _number, reader in _pairs())
    with writing() as session:
        for file in session.scalars(sa.select(Application).where(Application.intake_id == intake.id)):
            session.add(
                ReaderConflict(
                    reference=new_reference(), institution_id=intake.institution_id, intake_id=intake.id,
                    reader_id=barred.person_id or 0, at=clock.now(), application_id=file.id, by="",
                )
            )  # fmt: skip
    with writing():
        most = held[limited.person_reference or ""] + 2
        by_hand.set_limit(manager, intake.reference, limited.person_reference or "", most)
    given = _press(intake, manager, 500)
    fresh = Counter(reader for _number, reader in _pairs("assigned"))
    assert given == sum(fresh.values()) and barred.person_reference not in fresh
    assert fresh[limited.person_reference or ""] == 2
    assert set(fresh) == {each.person_reference for each in people[1:]}
    able = standing_in(intake)
    assert not [pair for pair in _pairs("assigned") if (pair[1], pair[0]) in able.barred]
    assert _press(intake, manager, 10) == 0, "nobody is left who may read more"


def test_no_file_gets_more_readings_than_the_programme_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    intake, manager = _read()
    plan = queries.ground_of

    def three(*given: object) -> queries.FurtherGround:
        found = plan(*given)  # type: ignore[arg-type]
        return queries.FurtherGround(
            **{**vars(found), "state": type(found.state)(**{**vars(found.state), "most": 3})}
        )

    monkeypatch.setattr(queries, "ground_of", three)
    assert _press(intake, manager, 500) == FILES
    assert set(Counter(number for number, _reader in _pairs()).values()) == {3}


def test_who_may_not_and_what_stands_in_the_way() -> None:
    intake, manager = _read()
    with pytest.raises(NotPermitted):
        _press(intake, _people()[0], 3)
    for number in (0, 20_001):
        with pytest.raises(Refused, match="nombre entier"):
            _press(intake, manager, number)
    last = queries.last_given(intake)
    with pytest.raises(Refused, match="Ce jour est passé"), writing():
        actions.give_further(manager, intake.reference, 3, clock.today() - timedelta(days=1), last)
    with writing():
        decisions.propose(manager, intake.reference, open_until=intake.closes_at)
    with pytest.raises(Refused, match="Des décisions"):
        _press(intake, manager, 3)


def test_without_harmonised_marks_or_in_a_closed_phase_nothing_is_given(app: Flask) -> None:
    intake = phased(6, goes_on=2)
    manager = someone(intake, Role.SELECTION_MANAGER)
    with pytest.raises(Refused, match="pas encore harmonisées"):
        _press(intake, manager, 3)
    page = browser(app, manager).get(_way(intake)).text
    assert "pas encore harmonisées" in page and "Confier ces lectures" not in page
    assert browser(app, manager).get(f"{_way(intake)}?phase=entretien").status_code == 404
    with writing() as session:
        session.add(
            PhaseClosing(
                reference=new_reference(), institution_id=intake.institution_id, intake_id=intake.id,
                phase="dossiers", closed_at=clock.now(), closed_by=manager.reference, gone_on=2, stayed=4,
            )
        )  # fmt: skip
    with pytest.raises(Refused, match="Cette phase est close"):
        _press(intake, manager, 3)
    assert "Cette phase est close" in browser(app, manager).get(_way(intake)).text


def test_who_reads_arabic_alone_is_given_no_other_file() -> None:
    intake, manager = _read()
    arabist = _people()[2].person_reference or ""
    with writing():
        knowing.set_scope(manager, intake.reference, arabist, ["ar"], [])
    _press(intake, manager, 500)
    fresh = [number for number, reader in _pairs("assigned") if reader == arabist]
    spoken = sa.select(Application.language).where(Application.number.in_(fresh))
    assert fresh and set(db.session.scalars(spoken)) == {"ar"}


def test_whom_the_intake_concerns_sees_and_gives_nothing_and_withdrawn_files_are_not_read(app: Flask) -> None:
    intake, manager = _read()
    best = min(_ground(intake).files, key=lambda file: abs(file.mark - 12_000)).number
    with writing() as session:
        file = session.scalars(sa.select(Application).where(Application.number == best)).one()
        file.state = "withdrawn"
    _press(intake, manager, 500)
    assert best not in {number for number, _reader in _pairs("assigned")}
    with writing() as session:
        mine = sa.select(Application).where(Application.number == "MDIA-000002")
        session.scalars(mine).one().person_id = manager.person_id or 0
    with pytest.raises(Withheld):
        _press(intake, manager, 3)
    answer = browser(app, manager).get(_way(intake))
    assert "Conflit d’intérêts" in answer.text and "Confier ces lectures" not in answer.text


def test_the_choice_says_by_which_marks_files_are_placed() -> None:
    intake, manager = _read()
    plain = {file.number: file.mark for file in _ground(intake).files}
    with writing() as session:
        session.execute(sa.update(HarmonisedFile).values(weighted=HarmonisedFile.harmonised + 7))
        session.add(
            MarkChoice(
                reference=new_reference(), institution_id=intake.institution_id, intake_id=intake.id,
                phase="dossiers", basis="weighted", because="Essai", chosen_at=clock.now(),
                chosen_by=manager.reference,
            )
        )  # fmt: skip
    assert {file.number: file.mark - 7 for file in _ground(intake).files} == plain


def _way(intake: Intake, part: str = "") -> str:
    return f"/staff/intakes/{intake.reference}/harmonisation/further{part}"


def test_the_page_waits_for_the_worker_then_tells_and_gives_in_one_press(app: Flask) -> None:
    intake, manager = _read()
    client = browser(app, manager)
    page = client.get(_way(intake)).text
    assert "On cherche les lectures qui comptent" in page and "/further/figures" in page
    assert client.get(_way(intake, "/figures")).json == {"percentage": 0, "text": "", "done": False}
    client.get(_way(intake))
    assert len(db.session.scalars(sa.select(Job).where(Job.kind == queries.KIND)).all()) == 1
    work()
    assert client.get(_way(intake, "/figures")).json == {"percentage": 100, "text": "", "done": True}
    page = client.get(_way(intake)).text
    assert "Où en est le choix" in page and "Noms douteux" in page
    told = re.search(r"(\d+) lectures? de plus\s: de (\d+) noms? douteux à (\d+)\.", page)
    assert told and int(told[3]) <= int(told[2])
    last = re.search(r'name="last" value="(\d+)"', page)
    assert last and int(last[1]) == queries.last_given(intake)
    sent_form = {"readings": "4", "last": last[1]}
    answer = client.post(_way(intake), data=sent_form, follow_redirects=True)
    assert "4 lectures confiées." in answer.text and "On les recompte" in answer.text
    again = client.post(_way(intake), data=sent_form, follow_redirects=True)
    assert "depuis que cette page est ouverte" in again.text and len(_pairs("assigned")) == 4
    work()
    page = client.get(_way(intake)).text
    assert "4 lectures sont attendues, ou remises depuis ce calcul." in page and "On les recompte" not in page
    lone = client.post(_way(intake), data={"readings": "4"}).text
    assert "depuis que cette page est ouverte" in lone


def test_in_a_large_intake_the_worker_gives_and_begun_again_it_gives_the_rest(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(assigning, "CHUNK", 3)
    intake, manager = _read()
    client, before, last = browser(app, manager), _given(intake), queries.last_given(intake)
    client.get(_way(intake))
    work()
    for _ in range(2):
        assert client.post(_way(intake), data={"readings": "10", "last": str(last)}).status_code == 302
    assert "Les lectures se répartissent" in client.get(_way(intake)).text
    assert client.get(_way(intake, "/progress")).json == {"percentage": 0, "text": "", "done": False}
    payload = db.session.scalars(sa.select(Job.payload).where(Job.kind == queries.GIVE)).one()

    def die(_done: int, _whole: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tasks.give(payload, die)
    assert _given(intake) == before + 3
    work()
    assert _given(intake) == before + 10 and len(set(_pairs())) == before + 10
    assert tasks.give(payload, lambda _done, _whole: None) == {"added": 0}
    assert client.get(_way(intake, "/progress")).json == {"percentage": 100, "text": "", "done": True}
    page = client.get(_way(intake)).text
    assert "10 lectures sont attendues" in page and "n’a pas eu lieu" not in page


def test_the_page_and_the_press_take_as_many_statements_however_many_files(
    app: Flask, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    intake, manager = _read()
    client = browser(app, manager)
    client.get(_way(intake))
    work()
    client.get(_way(intake))
    with statements() as page:
        client.get(_way(intake))
    with statements() as few:
        _press(intake, manager, 2)
    with statements() as many:
        _press(intake, manager, 30)
    assert len(page) <= 25, page
    assert len(many) <= len(few) <= 34, many
