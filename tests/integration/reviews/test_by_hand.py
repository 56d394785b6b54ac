"""Files are given by hand to a named reader until a day; who is late is known; one more reading can be asked."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment import tasks
from cohortmgr.reviews.assignment.actions import by_hand, knowing, reminding, sharing
from cohortmgr.reviews.assignment.queries import days
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.gaps import queries as gaps
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import lacking_in, progress_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.factories.choices import browser, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
KEYS = ("resultats", "bases", "projet", "langues")


def _number(place: int) -> str:
    return f"MDIA-{place:06d}"


def _reference(viewer: Viewer) -> str:
    return viewer.person_reference or ""


def _held() -> list[tuple[str, int, str, date | None]]:
    """(number, reader's id, state, day) of all readings."""
    db.session.rollback()
    rows = sa.select(Application.number, Review.reviewer_id, Review.state, Review.due_on)
    rows = rows.join(Application, Application.id == Review.application_id).order_by(Review.id)
    return [(row[0], row[1], row[2], row[3]) for row in db.session.execute(rows)]


def _hand_in(viewer: Viewer, intake: Intake, points: int) -> None:
    with writing():
        for row in own.queue(viewer, intake.id):
            if row.state == "assigned":
                reading.score(viewer, row.reference, dict.fromkeys(KEYS, points))


def _apart(files: int = 4) -> tuple[Intake, Viewer, list[Viewer]]:
    """An intake of which two people have read every file, the one at the top of the scale and the other below."""
    intake = sent(files)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 4)
    with writing():
        sharing.assign(manager, intake.reference, [_reference(each) for each in people[:2]])
    _hand_in(people[0], intake, 5)
    _hand_in(people[1], intake, 1)
    return intake, manager, people


def test_named_files_go_to_a_named_reader_until_a_day() -> None:
    intake = sent(4)
    manager, (one, *_) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    day = clock.today() + timedelta(days=7)
    numbers = {_number(1), _number(3).lower()}
    with writing():
        assert by_hand.give_files(manager, intake.reference, _reference(one), numbers, day) == 2
    assert _held() == [(_number(place), one.person_id, "assigned", day) for place in (1, 3)]
    with writing():
        assert by_hand.give_files(manager, intake.reference, _reference(one), numbers, day) == 0
        assert sharing.assign(manager, intake.reference).added == 6
    assert Counter(number for number, *_ in _held()) == Counter(dict.fromkeys(map(_number, range(1, 5)), 2))
    noted = sa.select(sa.func.count()).where(Event.action == "reviews.give")
    assert db.session.scalar(noted) == 1


def test_what_cannot_be_given_by_hand_is_named_and_nothing_is_given() -> None:
    intake = sent(3, ineligible=1)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    with writing():
        by_hand.give_files(manager, intake.reference, _reference(people[0]), [_number(1)])
    with writing():
        reading.abstain(people[0], own.queue(people[0])[0].reference, "Je connais cette personne.")
    before = _held()
    asked = [_number(1), _number(2), _number(4), "MDIA-X"]
    with pytest.raises(Refused) as refused, writing():
        by_hand.give_files(manager, intake.reference, _reference(people[0]), asked)
    assert [each.values["files"] for each in refused.value.problems] == [f"{_number(4)}, MDIA-X", _number(1)]
    assert {each.where for each in refused.value.problems} == {"files"} and _held() == before
    for to, numbers, day in (
        ("", [_number(2)], None),
        (_reference(manager), [_number(2)], None),
        (_reference(people[0]), [], None),
        (_reference(people[0]), [_number(2)], clock.today() - timedelta(days=1)),
    ):
        with pytest.raises(Refused), writing():
            by_hand.give_files(manager, intake.reference, to, numbers, day)
    with pytest.raises(NotPermitted), writing():
        by_hand.give_files(people[0], intake.reference, _reference(people[0]), [_number(2)])
    assert _held() == before


def test_no_file_gets_more_readings_by_hand_than_the_rubric_allows() -> None:
    intake = sent(1)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 9)
    with writing():
        for person in people[:8]:
            assert by_hand.give_files(manager, intake.reference, _reference(person), [_number(1)]) == 1
    with pytest.raises(Refused) as refused, writing():
        by_hand.give_files(manager, intake.reference, _reference(people[8]), [_number(1)])
    assert refused.value.problems[0].values["files"] == _number(1)


def test_some_files_of_a_reader_go_to_another_and_back() -> None:
    intake = sent(4)
    manager, (one, other) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    day = clock.today() + timedelta(days=3)
    with writing():
        by_hand.give_files(manager, intake.reference, _reference(one), [_number(1), _number(2)])
    with writing():
        taken = by_hand.recall(
            manager, intake.reference, _reference(one), "Absente.", _reference(other), {_number(2)}, day
        )
    assert taken == (1, 1)
    assert (_number(2), other.person_id, "assigned", day) in _held()
    with writing():
        assert by_hand.give_files(manager, intake.reference, _reference(one), [_number(2)], day) == 1
    assert (_number(2), one.person_id, "assigned", day) in _held() and len(_held()) == 3


def test_a_limit_is_kept_when_files_are_shared_out() -> None:
    intake = sent(10)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 4)
    with writing():
        by_hand.set_limit(manager, intake.reference, _reference(people[0]), 2)
        assert sharing.assign(manager, intake.reference).added == 20
    loads = Counter(reader for _, reader, *_ in _held())
    assert loads == {people[0].person_id: 2} | {each.person_id: 6 for each in people[1:]}
    with writing():
        by_hand.set_limit(manager, intake.reference, _reference(people[0]), None)
    assert assignments.limit_of(intake, people[0].person_id or 0) is None
    with pytest.raises(Refused), writing():
        by_hand.set_limit(manager, intake.reference, _reference(people[0]), -1)


def test_who_is_late_is_told_on_the_overview_and_today(app: Flask) -> None:
    intake = sent(4)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    day = clock.today() + timedelta(days=2)
    with writing():
        sharing.assign(manager, intake.reference, due_on=day)
    _hand_in(people[0], intake, 4)
    assert [each.late for each in progress_of(intake).readers] == [0, 0]
    with clock.at(clock.instant(day + timedelta(days=1), 9)):
        assert [each.late for each in progress_of(intake).readers] == [0, 4]
        client = browser(app, manager)
        today = client.get("/staff").text
        assert "r1" in today and "4 lectures en retard" in today
        assert "En retard" in client.get(f"/staff/intakes/{intake.reference}/reviews").text
        address = f"/staff/intakes/{intake.reference}/reviews/readers/{_reference(people[1])}/readings"
        assert client.get(address).text.count("En retard</") == 4
        later = clock.today() + timedelta(days=5)
        with writing():
            assert by_hand.set_day(manager, intake.reference, later, _reference(people[1])) == 4
            assert by_hand.set_day(manager, intake.reference, later) == 0
        assert [each.late for each in progress_of(intake).readers] == [0, 0]
        assert {row[3] for row in _held()} == {day, later}, "what was handed in keeps its day"
        with pytest.raises(Refused), writing():
            by_hand.set_day(manager, intake.reference, clock.today() - timedelta(days=1))


def _letters() -> list[Message]:
    db.session.rollback()
    wanted = sa.select(Message).where(Message.key == days.READINGS_DUE).order_by(Message.id)
    return list(db.session.scalars(wanted))


def test_readers_are_reminded_once_at_each_hour_of_what_they_have_left() -> None:
    intake = sent(4)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    day = clock.today() + timedelta(days=10)
    end = clock.instant(day + timedelta(days=1))
    with writing():
        sharing.assign(manager, intake.reference, due_on=day)
    assert tasks.remind(lambda: False) == 0
    with clock.at(end - timedelta(hours=71)):
        assert tasks.remind(lambda: False) == 2 and tasks.remind(lambda: False) == 0
    _hand_in(people[0], intake, 4)
    with clock.at(end - timedelta(hours=23)):
        told = [(content_of(each) or {})["variables"] for each in _letters()]
        assert [each["number"] for each in told] == [4, 4]
        assert days.still_waiting(told) == [False, False], "the next reminder has come"
        assert tasks.remind(lambda: False) == 1
        assert days.still_waiting([(content_of(_letters()[-1]) or {})["variables"]]) == [True]
        with writing():
            by_hand.set_day(manager, intake.reference, day + timedelta(days=5))
        assert days.still_waiting([(content_of(_letters()[-1]) or {})["variables"]]) == [False]
    with pytest.raises(NotPermitted), writing():
        reminding.remind(manager, days.DueReadings(intake, day, None))  # type: ignore[arg-type]


def test_whoever_is_given_files_after_the_hour_is_not_reminded_of_it() -> None:
    intake = sent(4)
    manager, _people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    with writing():
        sharing.assign(manager, intake.reference, due_on=clock.today())
    assert tasks.remind(lambda: False) == 0


def test_who_has_come_to_have_an_interest_is_reminded_of_nothing() -> None:
    intake = sent(4)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 2)
    day = clock.today() + timedelta(days=10)
    with writing():
        sharing.assign(manager, intake.reference, due_on=day)
    end = clock.instant(day + timedelta(days=1))
    with clock.at(end - timedelta(hours=71)):
        assert tasks.remind(lambda: False) == 2
        told = [(content_of(each) or {})["variables"] for each in _letters()]
        assert days.still_waiting(told) == [True, True]
        with writing():
            file = db.session.scalars(sa.select(Application).order_by(Application.id).limit(1)).one()
            file.person_id = people[1].person_id or 0
        mine = [each["reader"] != people[1].person_reference for each in told]
        assert sorted(mine) == [False, True] and days.still_waiting(told) == mine
    with clock.at(end - timedelta(hours=23)):
        assert tasks.remind(lambda: False) == 1


def test_files_whose_readings_are_apart_get_one_more_and_not_two() -> None:
    intake, manager, people = _apart()
    assert gaps.apart_in(intake, definition_of(intake).rubric.files) == [
        _number(place) for place in range(1, 5)
    ]
    with writing():
        assert sharing.ask_more(manager, intake.reference).added == 4
    new = [row for row in _held() if row[2] == "assigned"]
    assert Counter(number for number, *_ in new) == Counter(dict.fromkeys(map(_number, range(1, 5)), 1))
    assert Counter(reader for _, reader, *_ in new) == {people[2].person_id: 2, people[3].person_id: 2}
    with writing():
        assert sharing.ask_more(manager, intake.reference).added == 0, "each waits for one"
    assert progress_of(intake).lacking == 0 and progress_of(intake).extra == 4


def test_a_reading_asked_beyond_makes_up_for_none_that_lacks() -> None:
    intake, manager, _ = _apart(2)
    with writing():
        sharing.ask_more(manager, intake.reference, _number(1))
        db.session.execute(
            sa.update(Review)
            .where(
                Review.application_id.in_(sa.select(Application.id).where(Application.number == _number(2)))
            )
            .values(state="abstained")
        )
    progress = progress_of(intake)
    assert (progress.expected, progress.assigned, progress.extra, progress.lacking) == (4, 3, 1, 2)
    assert lacking_in({intake: 2}) == {intake.id: 2}


def test_one_more_reading_of_one_file_is_refused_while_one_waits() -> None:
    intake, manager, _ = _apart(2)
    with writing():
        assert sharing.ask_more(manager, intake.reference, _number(1)).added == 1
    for number in (_number(1), "MDIA-X"):
        with pytest.raises(Refused) as refused, writing():
            sharing.ask_more(manager, intake.reference, number)
        assert refused.value.problems[0].where == "number"


def test_the_pages_give_change_and_ask(app: Flask) -> None:
    intake = sent(4)
    manager, (one, *_) = someone(intake, Role.SELECTION_MANAGER), readers(intake, 3)
    client, way = browser(app, manager), f"/staff/intakes/{intake.reference}/reviews"
    day = (clock.today() + timedelta(days=4)).isoformat()
    data = {"to": _reference(one), "files": f"{_number(1)}, {_number(2)}\n{_number(3)}", "due_on": day}
    assert client.post(f"{way}/give", data=data).status_code == 302
    assert len(_held()) == 3
    page = client.post(f"{way}/give", data={**data, "files": "RIEN"}).text
    assert "RIEN" in page and "Aucun dossier à lire" in page
    assert client.post(f"{way}/day", data={"all-due_on": ""}).status_code == 302
    assert {row[3] for row in _held()} == {None}
    terms = f"{way}/readers/{_reference(one)}/terms"
    assert client.post(terms, data={"most_files": "3", "due_on": day}).status_code == 302
    assert 'value="3"' in client.get(terms).text and day in client.get(terms).text
    assert {str(row[3]) for row in _held()} == {day}
    assert client.post(way, data={"due_on": day}).status_code == 302
    assert len(_held()) == 8
    assert client.post(f"{way}/more", data={"number": _number(1)}).status_code == 200, "it waits for readings"
    assert client.post(f"{way}/apart", data={}).status_code == 302
    assert client.get(f"{way}/more").status_code == 200
    for address in (way, f"{way}/readers/{_reference(one)}/readings", f"{way}/give?to={_reference(one)}"):
        assert client.get(address).status_code == 200


def test_anchors_are_read_by_all_who_may_and_first_and_once(app: Flask) -> None:
    intake = sent(40)
    manager, people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 4)
    with writing():
        knowing.bar(
            manager, intake.reference, _reference(people[0]), [_number(place) for place in range(1, 36)]
        )
        assert sharing.assign(manager, intake.reference, anchors=True).added == 80 + 4 * 2
    anchors = assignments.anchors_in(intake)
    assert len(anchors) == 4 and set(anchors) <= {_number(place) for place in range(36, 41)}
    read = Counter(number for number, *_ in _held())
    assert all(read[number] == (4 if number in anchors else 2) for number in read)
    with writing():
        assert sharing.assign(manager, intake.reference, anchors=True).added == 0
    for person in people:
        first = [row.number for row in own.queue(person, intake.id)][:4]
        assert sorted(first) == list(anchors)
    late = someone(intake, Role.REVIEWER, "nouveau")
    with writing():
        assert sharing.assign(manager, intake.reference, anchors=True).added == 4
    assert sorted(row.number for row in own.queue(late, intake.id)) == list(anchors)
    _hand_in(people[1], intake, 5)
    _hand_in(people[2], intake, 3)
    found = assignments.agreement_in(manager, intake)
    assert {(each.readings, each.spread) for each in found.files} == {(2, 8_000)}
    assert {each.deviation for each in found.readers} == {8_000, -8_000, None}
    page = browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews/agreement").text
    assert all(number in page for number in anchors) and "8,00" in page


def test_the_worker_gives_anchors_too() -> None:
    intake = sent(20)
    manager, _people = someone(intake, Role.SELECTION_MANAGER), readers(intake, 4)
    payload = {"intake": intake.reference, "by": manager.reference, "anchors": True}
    assert tasks.assign(payload, lambda done, total: None) == {"added": 40 + 2 * 2}
    assert tasks.assign({**payload, "seed": 7}, lambda done, total: None) == {"added": 0}
