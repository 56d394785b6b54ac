"""Payment runs: who is paid how much and why, the exceptions, the second person, and the file for the bank."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from bench.statements import beside_frame
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.audit.models import Event
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, Refused, Stale
from cohortmgr.base.text import new_reference
from cohortmgr.cohorts import actions as cohort_actions
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Period, PeriodKind
from cohortmgr.selection.models import Offer
from cohortmgr.stipends.actions import payment_files, runs
from cohortmgr.stipends.bank_file import check_bank_rows
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
from cohortmgr.stipends.queries import runs as queries
from cohortmgr.stipends.rules import Arrear, proportion
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.watch import rows_of

Statements = Callable[[], AbstractContextManager[list[str]]]
SECOND = Viewer("second", is_system=True)


def computed(cohort: Cohort, month: date = JANUARY) -> StipendRun:
    with writing():
        run = runs.open_run(SYSTEM, cohort.reference, month)
    with writing():
        return runs.compute(SYSTEM, run.reference)


def approved(cohort: Cohort, month: date = JANUARY) -> StipendRun:
    run = computed(cohort, month)
    with writing():
        return runs.approve(SECOND, run.reference, str(run.lines), run.version)


def lines(run: StipendRun) -> list[StipendLine]:
    return list(
        db.session.scalars(
            sa.select(StipendLine).where(StipendLine.run_id == run.id).order_by(StipendLine.id)
        )
    )


def noted(action: str) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Event.action == action)) or 0


def test_whoever_leaves_within_the_month_is_owed_the_days_before(system_context: AppContext) -> None:
    cohort = promotions.placed(3)
    with writing():
        offer = db.session.scalars(sa.select(Offer).order_by(Offer.id)).first()
        assert offer is not None
        with clock.at(datetime(2026, 1, 15, 9, tzinfo=UTC)):
            cohort_actions.leave(SYSTEM, offer)
    run = computed(cohort)
    first = lines(run)[0]
    assert (first.net_cents, first.state) == (proportion(400_000, 11, 22), "payable")
    assert (run.lines, run.total_cents) == (3, 1_000_000)
    assert computed(cohort, date(2026, 2, 1)).lines == 2


def test_the_first_month_is_four_thousand_each_and_adds_up(system_context: AppContext) -> None:
    run = computed(promotions.placed(5))
    assert (run.state, run.lines, run.total_cents) == ("computed", 5, 5 * 400_000)
    assert run.pay_on == date(2026, 2, 2)
    for line in lines(run):
        assert sum(item["cents"] for item in line.items) == line.net_cents == 400_000
        assert line.state == "payable" and line.exception is None
    assert sum(line.net_cents for line in lines(run)) == run.total_cents


def test_a_payment_day_is_no_holiday(system_context: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = promotions.placed(1)
    assert computed(cohort, date(2026, 4, 1)).pay_on == date(2026, 5, 4)
    intake = cohorts.intake_of(cohort)
    definition = programmes.definition_of(intake)
    feast = Period("aid", {}, date(2026, 5, 27), date(2026, 6, 1), PeriodKind.HOLIDAY)
    calendar = replace(definition.calendar, periods=(*definition.calendar.periods, feast))
    feasted = replace(definition, calendar=calendar)
    monkeypatch.setattr(programmes, "definition_of", lambda _intake: feasted)
    assert computed(cohort, date(2026, 5, 1)).pay_on == date(2026, 6, 2)


def test_a_month_has_one_run_and_lies_within_the_scheme(system_context: AppContext) -> None:
    cohort = promotions.enrolled(1)
    for day in (JANUARY, date(2026, 1, 20)):
        with writing():
            runs.open_run(SYSTEM, cohort.reference, day)
    assert rows_of(StipendRun) == 1
    for month in (date(2025, 12, 1), date(2027, 7, 1)):
        with pytest.raises(Refused), writing():
            runs.open_run(SYSTEM, cohort.reference, month)
    with clock.at(datetime(2027, 6, 1, 9, tzinfo=UTC)), writing():
        runs.open_run(SYSTEM, cohort.reference, date(2027, 6, 1))


def test_a_month_is_prepared_from_its_first_day_and_payable_once_it_has_ended(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(1)
    approved(cohort)
    february = date(2026, 2, 1)
    for day in (date(2025, 2, 1), date(2026, 1, 31)):
        with clock.at(clock.instant(day, 9)), pytest.raises(Refused, match="2026-02-01"), writing():
            runs.open_run(SYSTEM, cohort.reference, february)
    with clock.at(clock.instant(february, 9)):
        run = computed(cohort, february)
    with clock.at(clock.instant(date(2026, 2, 28), 9)), pytest.raises(Refused, match="2026-03-01"), writing():
        runs.approve(SECOND, run.reference, str(run.lines), run.version)
    db.session.rollback()
    with clock.at(clock.instant(date(2026, 3, 1), 9)), writing():
        assert runs.approve(SECOND, run.reference, str(run.lines), run.version).state == "approved"


def test_those_who_cannot_be_paid_are_set_aside_with_the_reason(system_context: AppContext) -> None:
    cohort = promotions.placed(5)
    with writing():
        details = db.session.scalars(sa.select(BankDetails).order_by(BankDetails.id)).all()
        db.session.delete(details[0])
        actions_of = promotions.enrolments_of(cohort)
        person, source = details[1], details[2]
        person.sealed = crypto.seal(promotions.rib(3), "bank_details", "sealed", person.reference)
        person.blind, person.last4, person.taken_at = source.blind, source.last4, clock.now()
        db.session.execute(sa.text("DELETE FROM placements WHERE enrolment_id = :e"), {"e": actions_of[3].id})
    run = computed(cohort)
    assert (run.lines, run.total_cents) == (2, 800_000)
    found = [(line.state, (line.exception or {}).get("what", "")) for line in lines(run)]
    assert [state for state, _what in found] == ["set_aside", "set_aside", "payable", "set_aside", "payable"]
    for (_state, what), word in zip(found, ["manque", "autre personne", "", "entreprise"], strict=False):
        assert word in what


def test_what_was_set_aside_is_paid_by_the_first_month_that_can_and_once(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    february, march, april = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)
    details = db.session.scalars(sa.select(BankDetails).order_by(BankDetails.id)).first()
    assert details is not None
    kept = {name: getattr(details, name) for name in ("institution_id", "person_id", "blind", "last4")}
    with writing():
        db.session.delete(details)
    assert approved(cohort).total_cents == approved(cohort, february).total_cents == 400_000
    with writing():
        again = BankDetails(**kept, reference=new_reference(), taken_at=clock.now())
        again.sealed = crypto.seal(promotions.rib(1), "bank_details", "sealed", again.reference)
        db.session.add(again)
    run = approved(cohort, march)
    late, usual = lines(run)
    assert (late.net_cents, usual.net_cents, run.total_cents) == (1_200_000, 400_000, 1_600_000)
    assert [(each["cents"], each["values"]) for each in late.items] == [
        (400_000, {}),
        (400_000, {"month": "01/2026"}),
        (400_000, {"month": "02/2026"}),
    ]
    assert computed(cohort, april).total_cents == 800_000


def test_a_month_waits_for_the_months_before_it_even_those_that_nobody_opened(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(1)
    february = computed(cohort, date(2026, 2, 1))
    for _opened in range(2):
        with pytest.raises(Refused) as refusal, writing():
            runs.approve(SECOND, february.reference, "1", february.version)
        assert refusal.value.problems[0].values == {"month": "01/2026"}
        january = computed(cohort)
    with writing():
        runs.approve(SECOND, january.reference, "1", january.version)
    with writing():
        runs.approve(SECOND, february.reference, "1", february.version)


def test_a_month_in_which_nobody_can_be_paid_is_approved_and_holds_up_no_other(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(1)
    with writing():
        db.session.execute(sa.delete(BankDetails))
    assert approved(cohort).lines == approved(cohort, date(2026, 2, 1)).lines == 0


def test_an_adjustment_is_explained_and_computed_anew(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    run = computed(cohort)
    line = lines(run)[0]
    with writing():
        runs.adjust(SYSTEM, line.reference, 2, [], "Certificat non remis", run.version)
    line = lines(run)[0]
    assert line.net_cents == 400_000 - 36_364
    assert [item["cents"] for item in line.items] == [400_000, -36_364]
    assert line.items[1]["values"] == {"days": 2, "of": 22}
    assert b"Certificat" not in (line.reason_sealed or b"")
    run = computed(cohort)
    assert run.total_cents == 2 * 400_000 - 36_364
    with pytest.raises(Stale), writing():
        runs.adjust(SYSTEM, line.reference, 3, [], "Encore", 1)
    with writing():
        runs.adjust(SYSTEM, line.reference, 2, [], "Second clic", 1)
    with pytest.raises(Refused), writing():
        runs.adjust(SYSTEM, line.reference, 40, [], "Trop", run.version)
    with pytest.raises(Refused), writing():
        runs.adjust(SYSTEM, line.reference, 1, [], "  ", run.version)
    assert noted("stipends.adjust") == 1
    with writing():
        assert runs.read_reason(SYSTEM, lines(run)[0]) == "Certificat non remis"
    assert noted("stipends.read_reason") == 1


def test_what_cannot_be_taken_back_is_carried_to_the_next_month(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    computed(cohort)
    february = computed(cohort, date(2026, 2, 1))
    [line] = lines(february)
    over = [Arrear(JANUARY, -22, 22)]
    with writing():
        runs.adjust(SYSTEM, line.reference, 1, over, "Janvier payé à tort", february.version)
    [line] = lines(february)
    assert (line.net_cents, line.carried_cents) == (0, 18_182)
    [march] = lines(computed(cohort, date(2026, 3, 1)))
    assert march.net_cents == 400_000 - 18_182


def test_a_second_person_approves_and_types_how_many(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(3)
    intake = cohorts.intake_of(cohort)
    finance, admin = (
        promotions.staff(intake, Role.FINANCE),
        promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    desk, head = promotions.browser(app, finance), promotions.browser(app, admin)
    answer = desk.post(f"/staff/cohorts/{cohort.reference}/stipends", data={"month": "2026-01"})
    assert answer.status_code == 302
    url = answer.location
    assert head.post(f"{url}/compute").status_code == 404
    for _ in range(2):
        assert desk.post(f"{url}/compute").status_code == 302
    run = db.session.scalars(sa.select(StipendRun)).one()
    typed = {"confirmation": "3", "version": str(run.version)}
    assert desk.post(f"{url}/approve", data=typed).status_code == 404
    assert "Approuver cet" not in desk.get(url).text and "Approuver cet" in head.get(url).text
    head.get("/language/ar")
    assert "لشهر \u2068يناير 2026\u2069 ينتظر موافقتكم" in head.get("/staff").text, "which month it is"
    head.get("/language/fr")
    wrong = head.post(f"{url}/approve", data={**typed, "confirmation": "2"})
    assert wrong.status_code == 422 and "nombre de paiements" in wrong.text
    assert head.post(f"{url}/approve", data={**typed, "version": "1"}).status_code == 409
    for _ in range(2):
        assert head.post(f"{url}/approve", data=typed).status_code == 302
    assert noted("stipends.approve") == 1
    with pytest.raises(Refused), writing():
        runs.compute(SYSTEM, run.reference)
    assert desk.post(f"/staff/cohorts/{cohort.reference}/stipends", data={"month": "juin"}).status_code == 422


def test_the_same_person_does_not_approve(system_context: AppContext) -> None:
    run = computed(promotions.placed(1))
    with pytest.raises(Refused, match="deuxième personne"), writing():
        runs.approve(SYSTEM, run.reference, "1", run.version)
    admin = promotions.staff(cohorts.intake_of(db.session.get_one(Cohort, run.cohort_id)), Role.TRAINER)
    with pytest.raises(NotFound), writing():
        runs.approve(admin, run.reference, "1", run.version)


def test_the_bank_file_holds_each_rib_and_the_control_total(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    run = computed(cohort)
    with pytest.raises(Refused), writing():
        payment_files.bank_file(SYSTEM, run.reference)
    with writing():
        runs.approve(SECOND, run.reference, "4", run.version)
    finance = promotions.staff(cohorts.intake_of(cohort), Role.FINANCE)
    client = promotions.browser(app, finance)
    answer = client.post(f"/staff/stipends/{run.reference}/bank-file.csv")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert check_bank_rows(rows) == []
    assert sorted(row[3] for row in rows[1:-1]) == [promotions.rib(number) for number in range(1, 5)]
    assert (rows[-1][0], rows[-1][1], rows[-1][5]) == ("TOTAL", "4", "16000.00")
    assert {row[5] for row in rows[1:-1]} == {"4000.00"}
    client.post(f"/staff/stipends/{run.reference}/bank-file.csv")
    page = client.get(f"/staff/stipends/{run.reference}/list")
    assert page.status_code == 200 and promotions.rib(1)[6:22] in page.text
    assert (noted("stipends.export"), noted("stipends.read_list")) == (2, 1)
    assert db.session.scalar(sa.select(StipendRun.state)) == "exported"
    auditor = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.AUDITOR))
    assert auditor.get(f"/staff/stipends/{run.reference}").status_code == 200
    assert auditor.get(f"/staff/stipends/{run.reference}/list").status_code == 404
    assert auditor.post(f"/staff/stipends/{run.reference}/bank-file.csv").status_code == 404


def test_a_rib_that_went_missing_after_the_accord_stops_the_file(system_context: AppContext) -> None:
    run = approved(promotions.placed(2))
    with writing():
        db.session.execute(sa.delete(BankDetails))
    with pytest.raises(Refused, match="depuis l’accord"), writing():
        payment_files.bank_file(SYSTEM, run.reference)


def test_people_see_their_own_stipend_once_it_is_approved(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    run = computed(cohort)
    mine, theirs = lines(run)
    viewer = promotions.candidate(1)
    client = promotions.browser(app, viewer)
    assert client.get(f"/my/stipends/{mine.reference}").status_code == 404
    assert queries.mine(viewer) == []
    with writing():
        runs.approve(SECOND, run.reference, "2", run.version)
    page = client.get(f"/my/stipends/{mine.reference}")
    assert page.status_code == 200
    assert promotions.rib(1)[-4:] in page.text and promotions.rib(1)[:20] not in page.text
    assert client.get(f"/my/stipends/{theirs.reference}").status_code == 404
    assert [line.reference for line in queries.mine(viewer)] == [mine.reference]
    for number, role in enumerate((Role.COMPANY_CONTACT, Role.TUTOR)):
        company = promotions.browser(app, promotions.contact(cohorts.intake_of(cohort), "inwi", role))
        assert company.get(f"/my/stipends/{lines(run)[number].reference}").status_code == 404


def test_a_line_is_adjusted_in_its_page(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    run = computed(cohort)
    client = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    url = f"/staff/stipend-lines/{lines(run)[0].reference}"
    assert client.get(url).status_code == 200
    data = {
        "version": str(run.version),
        "absences": "1",
        "arrears_days": "",
        "arrears_month": "",
        "reason": "Absent",
    }
    assert client.post(url, data={**data, "reason": ""}).status_code == 422
    assert client.post(url, data={**data, "arrears_days": "2"}).status_code == 422
    assert client.post(url, data=data).status_code == 302
    assert lines(run)[0].net_cents == 400_000 - 18_182
    page = client.get(url)
    assert "Absent" in page.text
    assert "1 sur 22 jours" in page.text and "363,64" not in page.text


def test_a_run_reads_and_computes_in_as_many_statements_whatever_its_size(
    app: Flask, system_context: AppContext, statements: Statements
) -> None:
    cohort = promotions.placed(10)
    run = computed(cohort)
    client = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.AUDITOR))
    url, first = f"/staff/stipends/{run.reference}", lines(run)[0].id
    with statements() as many:
        assert client.get(url).status_code == 200
    with writing():
        db.session.execute(sa.delete(StipendLine).where(StipendLine.id != first))
    with statements() as few:
        assert client.get(url).status_code == 200
    # One of them looks who may approve.
    assert len(beside_frame(many)) == len(beside_frame(few)) <= 6, many


@pytest.mark.postgres_only
def test_the_wall_shows_a_person_their_own_account_alone(app: Flask, system_app: Flask) -> None:
    with system_app.app_context():
        approved(promotions.placed(2))
        viewer = promotions.candidate(2)
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        assert set(db.session.scalars(sa.select(BankDetails.person_id))) == {viewer.person_id}
        assert set(db.session.scalars(sa.select(StipendLine.person_id))) == {viewer.person_id}
        assert db.session.scalars(sa.select(StipendRun)).all() == []
