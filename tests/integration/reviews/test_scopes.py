"""Readers read some languages and fields; what is not awaited from anybody is neither late nor reminded."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import offerings_of
from cohortmgr.reviews.assignment import tasks
from cohortmgr.reviews.assignment.actions import by_hand, knowing, sharing
from cohortmgr.reviews.assignment.queries import bars, days
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.progress.queries import progress_of
from cohortmgr.selection.models import Batch
from tests.factories.choices import browser, readers, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")


def _staffed(files: int, number: int) -> tuple[Intake, Viewer, list[Viewer]]:
    intake = sent(files)
    return intake, someone(intake, Role.SELECTION_MANAGER), readers(intake, number)


def _read(reader: Viewer) -> list[tuple[str, str | None]]:
    """The language and the diploma of each file that somebody holds."""
    db.session.rollback()
    rows = sa.select(Application.language, Application.diploma).join(
        Review, Review.application_id == Application.id
    )
    return [
        (row[0], row[1]) for row in db.session.execute(rows.where(Review.reviewer_id == reader.person_id))
    ]


def _scope(manager: Viewer, intake: Intake, reader: Viewer, languages: list[str], fields: list[str]) -> None:
    with writing():
        knowing.set_scope(manager, intake.reference, reader.person_reference or "", languages, fields)


def test_files_go_to_those_who_read_their_language_and_field() -> None:
    intake, manager, (arabic, civil, *others) = _staffed(12, 5)
    with writing() as session:
        odd = Application.number.in_([f"MDIA-{place:06d}" for place in range(1, 13, 2)])
        session.execute(sa.update(Application).values(diploma="informatique", diploma_rank="informatique"))
        session.execute(sa.update(Application).where(odd).values(diploma="physique", diploma_rank="physique"))
    _scope(manager, intake, arabic, ["ar"], [])
    _scope(manager, intake, civil, [], ["physique"])
    with writing():
        given = sharing.assign(manager, intake.reference)
    assert given.added == 24 and not given.lacks
    assert {language for language, _ in _read(arabic)} == {"ar"}
    assert {diploma for _, diploma in _read(civil)} == {"physique"}
    assert {language for each in others for language, _ in _read(each)} == {"fr", "ar", "en"}
    with writing():
        assert by_hand.give_files(
            manager, intake.reference, arabic.person_reference or "", ["MDIA-000003"]
        ) == (1), "by hand, whoever manages readings says who reads what"


def test_a_language_that_too_few_read_is_named(app: Flask) -> None:
    intake, manager, people = _staffed(6, 4)
    for each in people[:3]:
        _scope(manager, intake, each, ["fr", "en"], [])
    with writing():
        given = sharing.assign(manager, intake.reference)
    told = [(problem.values.get("count"), str(problem)) for problem in given.lacks]
    assert [count for count, _ in told] == [2, 2] and "cette langue : arabe" in told[1][1]
    page = (
        browser(app, manager)
        .post(f"/staff/intakes/{intake.reference}/reviews", data={}, follow_redirects=True)
        .text
    )
    page = re.sub(r"\s+", " ", page)
    assert "cette langue : arabe" in page and "français, anglais" in page


def test_what_nobody_else_reads_stays_with_nobody_when_it_is_given_back() -> None:
    intake, manager, people = _staffed(3, 3)
    for each in people[:2]:
        _scope(manager, intake, each, ["fr"], [])
    standing_files = bars.subjects_of(intake)
    assert sorted(each.language for each in standing_files.values()) == ["ar", "en", "fr"]
    with writing():
        assert sharing.assign(manager, intake.reference).added == 4


def test_an_intake_with_several_offerings_has_these_as_its_fields() -> None:
    intake, manager, (one, two) = _staffed(4, 2)
    first = offerings_of(intake)[0]
    with writing() as session:
        other = type(first)(
            reference="0" * 26,
            institution_id=first.institution_id,
            intake_id=intake.id,
            key="soir",
            title={"fr": "Le soir", "ar": "مساء", "en": "Evenings"},
            seats=5,
        )
        session.add(other)
        session.flush()
        session.execute(sa.update(Application).values(offering_id=first.id))
        session.execute(
            sa.update(Application)
            .where(Application.number.in_(["MDIA-000001", "MDIA-000002"]))
            .values(offering_id=other.id)
        )
    assert set(bars.fields_of(intake)) == {first.key, "soir"}
    _scope(manager, intake, one, [], ["soir"])
    with writing():
        assert sharing.assign(manager, intake.reference).added == 6
    assert len(_read(one)) == 2 and len(_read(two)) == 4


def test_the_page_of_terms_keeps_what_somebody_reads_and_refuses_what_there_is_not(app: Flask) -> None:
    intake, manager, (one, *_) = _staffed(2, 2)
    way = f"/staff/intakes/{intake.reference}/reviews/readers/{one.person_reference}/terms"
    client = browser(app, manager)
    assert client.post(way, data={"languages": ["ar", "en"], "studies": "physique"}).status_code == 302
    page = client.get(way).text
    assert page.count("checked") == 3
    refused = client.post(way, data={"languages": "xx", "studies": "rien"})
    assert refused.status_code == 200 and "langues proposées" in refused.text
    scope = bars.scopes_in(intake)[one.person_reference or ""]
    assert (scope.languages, scope.fields) == ({"ar", "en"}, {"physique"})
    client.post(way, data={})
    assert bars.scopes_in(intake) == {}
    with pytest.raises(Refused), writing():
        knowing.set_scope(manager, intake.reference, one.person_reference or "", [], ["rien"])


def _frozen(intake: Intake, _reader: Viewer) -> None:
    batch = {"reference": "1" * 26, "institution_id": intake.institution_id, "intake_id": intake.id}
    db.session.add(Batch(**batch, offering_id=offerings_of(intake)[0].id, state="draft", **_made()))


def _made() -> dict[str, object]:
    needed = [
        column
        for column in Batch.__table__.columns
        if not column.nullable and column.default is None and column.server_default is None
    ]
    plain = {str: "", int: 0, dict: {}, list: []}
    return {
        column.name: clock.now() if "at" in column.name.split("_") else plain.get(column.type.python_type, "")
        for column in needed
        if column.name not in ("id", "reference", "institution_id", "intake_id", "offering_id", "state")
    }


def _ended(_intake: Intake, reader: Viewer) -> None:
    theirs = sa.update(RoleGrant).where(RoleGrant.account_id == reader.account_id)
    db.session.execute(theirs.values(revoked_at=clock.now()))


def _archived(intake: Intake, _reader: Viewer) -> None:
    db.session.execute(sa.update(Intake).where(Intake.id == intake.id).values(state="archived"))


def _unagreed(_intake: Intake, _reader: Viewer) -> None:
    db.session.execute(sa.update(Application).values(consent="waiting"))


@pytest.mark.parametrize("change", [_frozen, _ended, _archived, _unagreed])
def test_what_is_awaited_from_nobody_is_neither_late_nor_reminded(
    app: Flask, change: Callable[[Intake, Viewer], None]
) -> None:
    intake, manager, (one, *_others) = _staffed(2, 2)
    day = clock.today() + timedelta(days=10)
    end = clock.instant(day + timedelta(days=1))
    with writing():
        sharing.assign(manager, intake.reference, due_on=day)
        reader = sa.update(Review).where(Review.reviewer_id != one.person_id)
        db.session.execute(reader.values(state="submitted", total_thousandths=9000))
    with clock.at(end - timedelta(hours=71)):
        assert [row.number for due in days.due_reminders() for row in days.unreminded(due)] == [2]
        assert days.next_days_of(one) == {intake.id: day}
    with clock.at(end + timedelta(days=1)):
        assert [row.number for row in days.late_by_reader(manager, "reviews.assign", 9)] == [2]
        assert sum(each.late for each in progress_of(intake).readers) == 2
    with writing():
        change(intake, one)
    db.session.expire_all()
    with clock.at(end - timedelta(hours=71)):
        assert tasks.remind(lambda: False) == 0 and db.session.scalars(sa.select(Message)).all() == []
        assert days.next_days_of(one) == {}
        asked = {"reference": intake.reference, "reader": one.person_reference, "day": day, "until": end}
        assert days.still_waiting([asked]) == [False]
    with clock.at(end + timedelta(days=1)):
        assert days.late_by_reader(manager, "reviews.assign", 9) == []
        assert sum(each.late for each in progress_of(intake).readers) == 0
        way = f"/staff/intakes/{intake.reference}/reviews/readers/{one.person_reference}/readings"
        assert "En retard</" not in browser(app, manager).get(way).text
