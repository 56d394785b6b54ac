"""Readers say whom they know before they read, by names that lead to no file; these files go to others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions import by_hand, knowing, sharing
from cohortmgr.reviews.assignment.queries import conflicts
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
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


def test_what_a_reader_ticks_is_never_given_to_them() -> None:
    intake, manager, (one, *_) = _staffed()
    tokens = {_token(one, intake, "Une N2"), _token(one, intake, "Une N5"), "nobody"}
    with writing():
        assert knowing.declare(one, intake.reference, tokens) == 2
    assert _barred(one, intake) == [_number(2), _number(5)]
    with writing():
        assert sharing.assign(manager, intake.reference).added == 12
    assert not _read_by(one) & {_number(2), _number(5)}
    with pytest.raises(Refused) as refused, writing():
        by_hand.give_files(manager, intake.reference, one.person_reference or "", [_number(2)])
    assert refused.value.problems[0].values == {"files": _number(2)}


def test_the_list_bears_names_in_order_and_nothing_that_leads_to_a_file(app: Flask) -> None:
    intake, _manager, (one, other, *_) = _staffed()
    _minor(3, "Une Mineure")
    page = browser(app, one).get(f"/staff/intakes/{intake.reference}/reviews/known").text
    assert re.findall(r"<bdi>(Une N\d)</bdi>", page) == ["Une N1", "Une N2", "Une N4", "Une N5", "Une N6"]
    assert "Mineure" not in page and "MDIA-" not in page
    for file in db.session.scalars(sa.select(Application)):
        assert file.reference not in page
    mine, theirs = ({each.token for each in conflicts.listed_for(who, intake)} for who in (one, other))
    assert not mine & theirs, "two readers cannot compare what they were shown"


def test_a_minor_is_found_by_their_whole_name_and_the_answer_does_not_say_so(app: Flask) -> None:
    intake, _manager, (one, *_) = _staffed()
    _minor(3, "Salma Bennis")
    client, way = browser(app, one), f"/staff/intakes/{intake.reference}/reviews/known"
    said = [
        client.post(way, data={"names": names}, follow_redirects=True).text
        for names in ("Bennis salma", "Omar Autre")
    ]
    told = "vous ne lirez aucun dossier"
    assert all(told in page for page in said) and "Bennis" not in "".join(said)
    assert _barred(one, intake) == [_number(3)], "what was typed before stays"
    noted = db.session.scalar(sa.select(sa.func.count()).where(Event.action == "reviews.declare"))
    assert noted == 2


def test_more_adults_than_a_person_reads_through_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    intake, _manager, (one, *_) = _staffed()
    token = _token(one, intake, "Une N2")
    monkeypatch.setattr(conflicts, "MOST_LISTED", 5)
    assert conflicts.listed_for(one, intake) == []
    with writing():
        assert knowing.declare(one, intake.reference, {token}, "Une N4") == 1
    assert _barred(one, intake) == [_number(4)], "what is not listed cannot be ticked"


def test_a_conflict_that_is_said_later_takes_the_file_to_another_and_unticking_opens_it() -> None:
    intake, manager, (one, *_) = _staffed()
    with writing():
        sharing.assign(manager, intake.reference, due_on=clock.today() + timedelta(days=4))
    number = sorted(_read_by(one))[0]
    token = _token(one, intake, f"Une N{int(number[5:])}")
    with writing():
        knowing.declare(one, intake.reference, {token})
    assert number not in _read_by(one) and progress_of(intake).lacking == 0
    with writing():
        assert knowing.declare(one, intake.reference, set()) == 0
    assert _barred(one, intake) == []


def test_managers_add_conflicts_and_take_back_theirs_which_the_reader_cannot(app: Flask) -> None:
    intake, manager, (one, *_) = _staffed()
    client = browser(app, manager)
    way = f"/staff/intakes/{intake.reference}/reviews/readers/{one.person_reference}/conflicts"
    assert client.post(way, data={"files": f"{_number(1)} {_number(2)}"}).status_code == 302
    assert "RIEN" in client.post(way, data={"files": "RIEN"}).text
    with writing():
        knowing.declare(one, intake.reference, set())
    assert _barred(one, intake) == [_number(1), _number(2)]
    page = client.get(way).text
    assert _number(1) in page and "un responsable" in page
    conflict = conflicts.conflicts_of(intake, one.person_id or 0)[0].ReaderConflict.reference
    for _turn in range(2):
        assert client.post(f"{way}/{conflict}/remove").status_code == 302
    assert _barred(one, intake) == [_number(2)]


def test_a_shared_family_name_is_noted_and_bars_nothing(app: Flask) -> None:
    intake, manager, (one, *_) = _staffed()
    with writing():
        db.session.execute(sa.text("UPDATE persons SET family_name = 'R0' WHERE family_name = 'N2'"))
    way = f"/staff/intakes/{intake.reference}/reviews/readers/{one.person_reference}/conflicts"
    page = browser(app, manager).get(way).text
    assert "Même nom de famille" in page and _number(2) in page and _barred(one, intake) == []


def test_who_has_not_said_it_reads_so_today_and_managers_see_their_names(app: Flask) -> None:
    intake, manager, (one, other, *_) = _staffed()
    client, question = browser(app, one), "Dire qui vous connaissez"
    assert question in client.get("/staff").text
    with writing():
        knowing.declare(one, intake.reference, set())
    assert question not in client.get("/staff").text
    page = browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews").text
    assert "3 évaluateurs n’ont pas encore dit" in page and "Une r1" in page
    with clock.at(intake.closes_at - timedelta(days=1)):
        early = browser(app, manager).get(f"/staff/intakes/{intake.reference}/reviews").text
    assert "n’ont pas encore dit" not in early and "disent qui ils connaissent après la clôture" in early
    with pytest.raises((NotFound, NotPermitted)), writing():
        knowing.declare(manager, intake.reference, set())
    with pytest.raises((NotFound, NotPermitted)), writing():
        knowing.bar(other, intake.reference, one.person_reference or "", [_number(1)])


def test_who_is_not_known_to_be_of_age_is_not_listed() -> None:
    """A programme that asks no guardian's word may have people of sixteen, and some whose age nobody asked."""
    intake, _manager, (one, *_) = _staffed()
    born = {2: date(clock.today().year - 16, 1, 1), 4: None, 5: date(clock.today().year - 19, 1, 1)}
    with writing() as session:
        for place, day in born.items():
            whose = sa.select(Application.person_id).where(Application.number == _number(place))
            session.execute(
                sa.update(Person).where(Person.id == whose.scalar_subquery()).values(birth_date=day)
            )
    assert {each.name for each in conflicts.listed_for(one, intake)} == {f"Une N{n}" for n in (1, 3, 5, 6)}
