"""Reports: asked for once, computed by the worker's handler, read by those who may, masked for observers."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM, Role
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted
from cohortmgr.jobs.models import Job
from cohortmgr.reports import actions, queries
from cohortmgr.reports.figures import STAGES
from cohortmgr.reports.models import Report
from cohortmgr.reports.rules import from_json
from cohortmgr.reports.staff_views import XLSX
from cohortmgr.reports.tasks import compute
from tests.factories.lives import lived_intake, signed_in
from tests.watch import rows_of

RECOUNT = {
    "received": "SELECT count(*) FROM applications WHERE intake_id = :i AND sent_at IS NOT NULL",
    "eligible": "SELECT count(*) FROM applications WHERE intake_id = :i AND sent_at IS NOT NULL AND eligible",
    "read": "SELECT count(*) FROM (SELECT application_id FROM reviews WHERE intake_id = :i AND state = 'submitted'"
    " GROUP BY application_id HAVING count(*) >= 2) AS r",
    "chosen": "SELECT count(*) FROM offers WHERE intake_id = :i",
    "accepted": "SELECT count(*) FROM offers WHERE intake_id = :i AND state = 'accepted'",
    "enrolled": "SELECT count(*) FROM enrolments JOIN cohorts ON cohorts.id = cohort_id WHERE intake_id = :i",
    "placed": "SELECT count(*) FROM placements JOIN matching_runs m ON m.id = run_id"
    " JOIN cohorts c ON c.id = m.cohort_id WHERE c.intake_id = :i",
    "paid": "SELECT count(DISTINCT l.person_id) FROM stipend_lines l JOIN stipend_runs r ON r.id = l.run_id"
    " JOIN cohorts c ON c.id = r.cohort_id WHERE c.intake_id = :i AND l.state = 'payable'",
}


def ask(reference: str, language: str = "fr") -> str:
    with writing():
        return actions.ask_report(SYSTEM, reference, language).reference


def computed(reference: str, language: str = "fr") -> tuple[str, list[tuple[int, int]]]:
    """A report, asked for and computed as the worker does, and the steps that it told."""
    report, steps = ask(reference, language), []

    def progress(done: int, total: int) -> None:
        with writing():  # as the worker: each step ends the handler's transaction
            steps.append((done, total))

    compute({"report": report}, progress)
    db.session.rollback()
    db.session.expire_all()
    return report, steps


def kept(reference: str) -> Report:
    return db.session.scalars(sa.select(Report).where(Report.reference == reference)).one()


def test_the_figures_are_those_of_a_plain_recount(system_context: AppContext) -> None:
    intake = lived_intake()
    reference, steps = computed(intake.reference)
    report = kept(reference)
    assert report.state == "ready"
    assert report.cohort_id is not None
    found = from_json(report.figures or {})
    for stage, query in RECOUNT.items():
        plain = db.session.scalar(sa.text(query).bindparams(i=intake.id))
        assert found.figures.funnel.counts[stage] == plain, stage
    by_region = "SELECT coalesce(region, ''), count(*) FROM applications WHERE sent_at IS NOT NULL GROUP BY 1"
    plain_regions = dict(db.session.execute(sa.text(by_region)).all())
    assert {group.key: group.counts["received"] for group in found.figures.regions} == plain_regions
    by_company = "SELECT key, count(*) FROM placements JOIN organisations o ON o.id = company_id GROUP BY key"
    assert found.figures.companies == dict(db.session.execute(sa.text(by_company)).all())
    marks = db.session.execute(
        sa.text("SELECT sum(total_thousandths) FROM reviews GROUP BY application_id HAVING count(*) = 2")
    ).scalars()
    points = Counter(str(round(int(total) / 2) // 1000) for total in marks)
    assert {key: count for key, count in found.marks.items() if count} == dict(points)
    paid = "SELECT sum(net_cents) FROM stipend_lines WHERE state = 'payable'"
    assert [(m.month, m.people, m.cents) for m in found.stipends] == [
        ("2026-01", 13, int(db.session.scalar(sa.text(paid)) or 0))
    ]
    assert found.offers == {"accepted": 17, "sent": 0, "declined": 2, "expired": 1, "withdrawn": 0}
    assert steps == [(1, 3), (2, 3)]
    assert found.company_seats == {"inwi": 9, "nareva": 9}
    assert found.line == 8_166  # of the last of the twenty who were offered a seat


def test_asking_twice_is_one_report_until_it_is_made(system_context: AppContext) -> None:
    intake = lived_intake(3 + 17)
    first = ask(intake.reference)
    assert ask(intake.reference) == first
    assert ask(intake.reference, "ar") != first
    assert rows_of(Job) == 2
    computed(intake.reference)
    assert ask(intake.reference) != first


def test_a_failed_computing_makes_way_for_another(system_context: AppContext) -> None:
    intake = lived_intake(20)
    first = ask(intake.reference)
    with writing():
        db.session.execute(sa.update(Job).values(state="failed", error="x"))
    assert queries.progress_of(kept(first)).failed
    second = ask(intake.reference)
    db.session.expire_all()
    assert (second != first, kept(first).state, kept(second).state) == (True, "failed", "computing")


def test_computing_twice_does_its_work_once(system_context: AppContext) -> None:
    intake = lived_intake(20)
    reference, _steps = computed(intake.reference)
    before = kept(reference).storage_key
    assert compute({"report": reference}, lambda done, total: None) == {"report": reference}
    with writing():
        contents = from_json(kept(reference).figures or {})
        assert not actions.keep(SYSTEM, reference, contents, ("A" * 26, "B" * 26))
    db.session.expire_all()
    assert kept(reference).storage_key == before


def test_only_those_who_may_see_figures_ask(system_context: AppContext) -> None:
    intake = lived_intake(20)
    with pytest.raises(NotPermitted), writing():
        actions.ask_report(ANONYMOUS, intake.reference)
    with pytest.raises(NotFound):
        queries.get_for(ANONYMOUS, ask(intake.reference))


def sheets(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_workbook_holds_the_same_figures(
    system_context: AppContext, client: FlaskClient, language: str
) -> None:
    intake = lived_intake()
    reference, _steps = computed(intake.reference, language)
    signed_in(client, Role.PROGRAMME_ADMINISTRATOR, intake)
    answer = client.get(f"/staff/reports/{reference}/xlsx")
    assert (answer.status_code, answer.mimetype) == (200, XLSX)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=mdia-2025-")
    found = list(sheets(answer.data).values())
    contents = from_json(kept(reference).figures or {})
    counts = contents.figures.funnel.counts
    assert [row[1] for row in found[1][1:]] == [counts[stage] for stage in STAGES]
    regions = [[group.counts[stage] for stage in STAGES] for group in contents.figures.regions]
    assert [row[1:9] for row in found[2][1:]] == regions
    assert found[8][1][1:] == [13, (400_000 * 13 - 18_181) / 100]
    assert len(found) == 9


def test_an_observer_sees_no_small_count_on_the_page_or_in_the_workbook(
    system_context: AppContext, client: FlaskClient
) -> None:
    intake = lived_intake()
    reference, _steps = computed(intake.reference)
    signed_in(client, Role.OBSERVER, intake)
    page = client.get(f"/staff/reports/{reference}").get_data(as_text=True)
    assert "•" in page
    found = sheets(client.get(f"/staff/reports/{reference}/xlsx").data)
    names = list(found)
    counted = [cell for name in names[2:8] for row in found[name][1:] for cell in row[1:9]]
    assert "•" in counted
    assert not [cell for cell in counted if isinstance(cell, float) and 0 < cell < 5]
    companies = found[names[7]][1:]
    assert [row[1] for row in companies] == ["•", "•"]  # 12 and 3: the sum would give the 3 away


def test_the_page_tells_rates_beside_counts(system_context: AppContext, client: FlaskClient) -> None:
    intake = lived_intake()
    reference, _steps = computed(intake.reference)
    signed_in(client, Role.CENTRE_MANAGER, intake)
    page = client.get(f"/staff/reports/{reference}").get_data(as_text=True)
    told = " ".join(page.replace("\u00a0", " ").split())
    assert '<bdi dir="ltr">33,3 %</bdi>' in told  # twenty places for sixty files
    assert '<bdi dir="ltr">30 / 60</bdi>' in told  # women among the files
    assert '<bdi dir="ltr">10 / 20</bdi>' in told  # and among the places
    assert '<bdi dir="ltr">12 / 9</bdi>' in told  # of the seats that the company offered
    assert "Moyenne du dernier retenu : 8,17" in told
    client.set_cookie("language", "ar")
    mirrored = client.get(f"/staff/reports/{reference}").get_data(as_text=True)
    assert '<text x="100.0%" y="0.8em" text-anchor="end">0</text>' in mirrored, (
        "the scale begins at the right"
    )


def test_an_observer_is_not_told_one_person_s_mark(system_context: AppContext, client: FlaskClient) -> None:
    intake = lived_intake()
    reference, _steps = computed(intake.reference)
    signed_in(client, Role.OBSERVER, intake)
    page = client.get(f"/staff/reports/{reference}").get_data(as_text=True)
    assert "Moyenne du dernier retenu" not in page


def test_the_pages_from_asking_to_reading(
    system_context: AppContext, client: FlaskClient, statements: Any
) -> None:
    intake = lived_intake()
    signed_in(client, Role.CENTRE_MANAGER, intake)
    index = f"/staff/intakes/{intake.reference}/reports"
    assert client.get(index).status_code == 200
    asked = client.post(index)
    assert asked.status_code == 302
    place = asked.headers["Location"]
    assert client.post(index).headers["Location"] == place
    assert f'data-progress-url="{place}/progress"' in client.get(place).get_data(as_text=True)
    assert client.get(f"{place}/progress").json == {"percentage": 0, "text": "", "done": False}
    assert client.get(f"{place}/xlsx").status_code == 404
    compute({"report": place.rpartition("/")[2]}, lambda done, total: None)
    assert client.get(f"{place}/progress").json["done"] is True
    assert client.get(f"{place}/progress").json["percentage"] == 100
    with statements() as seen:
        page = client.get(place)
    assert page.status_code == 200
    assert len(seen) <= 4
    for language in ("ar", "en"):
        client.set_cookie("language", language)
        assert client.get(place).status_code == client.get(index).status_code == 200


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.COMPANY_CONTACT, Role.CANDIDATE])
def test_others_find_nothing(system_context: AppContext, client: FlaskClient, role: Role) -> None:
    intake = lived_intake(20)
    reference, _steps = computed(intake.reference)
    signed_in(client, role, intake)
    for path in (f"/staff/intakes/{intake.reference}/reports", f"/staff/reports/{reference}"):
        assert client.get(path).status_code == 404
    assert client.get(f"/staff/reports/{reference}/xlsx").status_code == 404
    assert client.get(f"/staff/reports/{reference}/progress").status_code == 404
    assert client.post(f"/staff/intakes/{intake.reference}/reports").status_code == 404


def test_another_programme_s_administrator_finds_nothing(
    system_context: AppContext, client: FlaskClient
) -> None:
    intake = lived_intake(20)
    reference, _steps = computed(intake.reference)
    signed_in(client, Role.PROGRAMME_ADMINISTRATOR, intake, "ma.inpt.other.")
    assert client.get(f"/staff/reports/{reference}").status_code == 404
