"""A list leaves as a file however long it is; a long workbook is kept for whoever asked, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.lists import rules, tasks
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.models import ListExport
from cohortmgr.applications.lists.queries import exports
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.audit import hooks as audit
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.tasks import Stopped, do_next
from cohortmgr.programmes.queries import intake_of
from tests.databases import Database
from tests.integration.applications.desk.seen import acts, all_of
from tests.integration.applications.journey import steps
from tests.integration.applications.lists.test_lists import many


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve rows are a long list, read in chunks that do not fill it evenly."""
    monkeypatch.setattr(lists, "MOST_AT_ONCE", 9)
    monkeypatch.setattr(lists, "READ_AT_ONCE", 5)
    monkeypatch.setattr(tasks, "CHUNK", 5)


def asked(desk: FlaskClient, intake: str, arguments: str = "") -> str:
    answer = desk.post(f"/staff/intakes/{intake}/applications/export{arguments}", data={"kind": "xlsx"})
    assert answer.status_code == 302, answer.text
    return answer.location


def work() -> None:
    while do_next(lambda: False):
        continue


def numbers(data: bytes) -> list[str]:
    return [row.cells[1] for row in read_table(data).rows]


def test_a_csv_of_any_length_is_streamed_in_the_order_of_the_list(intake: str, desk: FlaskClient) -> None:
    many(12)
    path = f"/staff/intakes/{intake}/applications/export?sort=-number"
    answer = desk.post(path, data={"kind": "csv"})
    assert answer.is_streamed and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert numbers(answer.data) == [f"MDIA-{number:06}" for number in reversed(range(12))]
    assert acts().count("applications.export") == 1


@pytest.mark.parametrize("sort", ["name", "-average", "region", "sent"])
def test_chunks_are_the_whole_list_cut(intake: str, desk: FlaskClient, sort: str) -> None:
    many(12)
    filters, row = ApplicationFilters(state="all", sort=sort), intake_of("mdia", "2027")
    whole = [tuple(each) for each in lists.every(row.id, filters)]
    for size in (1, 4, 12, 13):
        chunks = list(lists.in_chunks(row.id, filters, size))
        assert [each for chunk in chunks for each in chunk] == whole
        assert all(len(chunk) <= size for chunk in chunks)


def test_a_short_workbook_comes_at_once(intake: str, desk: FlaskClient) -> None:
    many(9)
    answer = desk.post(f"/staff/intakes/{intake}/applications/export", data={"kind": "xlsx"})
    assert answer.status_code == 200 and len(numbers(answer.data)) == 9
    assert not all_of(ListExport)


def test_a_long_workbook_is_asked_for_once_and_fetched_by_who_asked(
    intake: str, desk: FlaskClient, app: Flask
) -> None:
    many(12)
    place = asked(desk, intake, "?sort=number&eligible=yes")
    assert asked(desk, intake, "?sort=number&eligible=yes") == place
    assert asked(desk, intake, "?sort=number") != place
    page = desk.get(place).text
    assert "data-progress-url" in page and desk.get(f"{place}/progress").json["done"] is False
    assert desk.get(f"{place}/xlsx").status_code == 404
    colleague = steps.browser(app)
    steps.staff(colleague, Role.PROGRAMME_ADMINISTRATOR)
    work()
    assert desk.get(f"{place}/progress").json == {"percentage": 100, "text": "", "done": True}
    assert "Télécharger le classeur" in desk.get(place).text
    answer = desk.get(f"{place}/xlsx")
    assert answer.headers["Cache-Control"] == "no-store"
    assert numbers(answer.data) == [f"MDIA-{number:06}" for number in range(12) if number % 10]
    for path in ("", "/progress", "/xlsx"):
        assert colleague.get(place + path).status_code == 404
    assert acts().count("applications.export") == 2 and acts().count("applications.fetch_export") == 1
    assert asked(desk, intake, "?sort=number&eligible=yes") != place  # the list may have changed since


def test_a_second_run_of_the_job_adds_nothing_and_a_lost_one_is_asked_for_again(
    intake: str, desk: FlaskClient
) -> None:
    many(12)
    place = asked(desk, intake)
    steps_told: list[tuple[int, int]] = []
    payload = {"export": place.rpartition("/")[2]}

    def die(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        tasks.export(payload, die)
    db.session.rollback()
    assert "data-progress-url" in desk.get(place).text
    tasks.export(payload, lambda done, total: steps_told.append((done, total)))
    assert steps_told == [(5, 13), (10, 13), (12, 13)]
    key = all_of(ListExport)[0].storage_key
    tasks.export(payload, lambda done, total: None)
    (row,) = all_of(ListExport)
    assert row.storage_key == key and row.rows == 12 and exports.stored_keys() == {key}
    again = asked(desk, intake)
    with writing() as session:
        session.execute(sa.update(Job).where(Job.state == "waiting").values(state="failed"))
    assert "L’écriture a échoué" in desk.get(again).text
    assert asked(desk, intake) != again


def test_who_may_read_the_files_no_longer_gets_none(intake: str, desk: FlaskClient) -> None:
    many(12)
    place = asked(desk, intake)
    with writing() as session:
        session.execute(sa.update(RoleGrant).values(revoked_at=clock.now()))
    work()
    (row,) = all_of(ListExport)
    assert (row.state, row.storage_key) == ("closed", None)
    assert desk.get(place).status_code == 404


def test_a_number_that_was_searched_for_is_kept_only_sealed(
    intake: str, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "is_long", lambda *_: True)
    asked(desk, intake, "?search=AB123456")
    rows = all_of(ListExport)
    assert len(rows) == 1 and b"AB123456" not in rows[0].sealed and "AB123456" not in rows[0].blind
    assert [job.payload for job in all_of(Job)] == [{"export": rows[0].reference}]
    work()
    assert not any("AB123456" in str(vars(row)) for row in all_of(Event))


def test_a_kept_list_is_erased_after_some_days_and_with_a_person_in_it(
    intake: str, desk: FlaskClient, database: Database
) -> None:
    many(12)
    folder = database.settings.data / "files"
    before = {*folder.glob("??/*")}
    for erase in ("days", "person"):
        place = asked(desk, intake)
        work()
        assert len({*folder.glob("??/*")} - before) == 1 and desk.get(f"{place}/xlsx").status_code == 200
        if erase == "days":
            with clock.at(clock.now() + rules.KEPT + timedelta(minutes=1)):
                assert desk.get(place).status_code in (302, 404)
                tasks.forget(lambda: False)
        else:
            with writing():
                person = db.session.scalars(sa.select(Application.person_id)).first()
                subject = db.session.execute(
                    sa.text("SELECT reference FROM persons WHERE id = :id"), {"id": person}
                ).scalar_one()
                for forget in audit.on_destroyed:
                    forget(subject)
        assert not all_of(ListExport) and {*folder.glob("??/*")} <= before


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [("?columns=number,phone", 404), ("?columns=number,rank", 404), ("?columns=number&sort=-number", 200)],
)
def test_a_kept_workbook_is_given_by_what_one_holds_at_that_moment(
    intake: str, desk: FlaskClient, arguments: str, kept: int
) -> None:
    many(12)
    path = f"/staff/intakes/{intake}/applications/export{arguments}"
    place = desk.post(path, data={"kind": "xlsx", "reason": "Appeler"}).location
    work()
    pages = (place, f"{place}/progress", f"{place}/xlsx")
    assert [desk.get(each).status_code for each in pages] == [200] * 3
    with writing() as session:
        session.execute(sa.update(RoleGrant).values(role=Role.CENTRE_MANAGER.value))
    assert [desk.get(each).status_code for each in pages] == [kept] * 3
