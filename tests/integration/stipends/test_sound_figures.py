"""Nothing is approved or paid on figures that no longer hold, and no dirham is lost (findings 2, 3, 4 and 5)."""

from __future__ import annotations

import csv
import io
from contextlib import nullcontext
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.hooks import answers_changed
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import seal_answers
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused, Stale
from cohortmgr.cohorts import actions as cohort_actions
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.selection.models import Offer
from cohortmgr.stipends.actions import outcomes, payment_files, runs
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
from cohortmgr.stipends.rules import Arrear, proportion
from tests.factories import promotions
from tests.factories.promotions import JANUARY

SECOND = Viewer("second", is_system=True)
FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)
FULL = 400_000


def computed(cohort: Cohort, month: date) -> StipendRun:
    with writing():
        return runs.compute(SYSTEM, runs.open_run(SYSTEM, cohort.reference, month).reference)


def approve(run: StipendRun) -> StipendRun:
    db.session.refresh(run)
    with writing():
        return runs.approve(SECOND, run.reference, str(run.lines), run.version)


def approved(cohort: Cohort, month: date) -> StipendRun:
    return approve(computed(cohort, month))


def lines(run: StipendRun) -> list[StipendLine]:
    mine = sa.select(StipendLine).where(StipendLine.run_id == run.id).order_by(StipendLine.enrolment_id)
    return list(db.session.scalars(mine.execution_options(populate_existing=True)))


def adjust(run: StipendRun, line: StipendLine, absences: int, arrears: list[Arrear]) -> None:
    db.session.refresh(run)
    with writing():
        runs.adjust(SYSTEM, line.reference, absences, arrears, "Motif", run.version)


def give_rib(number: int, rib: str) -> None:
    """Let a file say another RIB, as any way of changing an answer does."""
    application = db.session.scalars(
        sa.select(Application).where(Application.number == f"MDIA-{number:06d}")
    ).one()
    with writing():
        application.sealed_answers = seal_answers({"rib": rib}, application.reference)
        for follow in answers_changed:
            follow(SYSTEM, application)


def leave(number: int, day: datetime) -> None:
    offer = db.session.scalars(sa.select(Offer).order_by(Offer.id)).all()[number - 1]
    with clock.at(day), writing():
        cohort_actions.leave(SYSTEM, offer)


def test_2a_a_debt_that_was_corrected_is_not_taken_from_a_later_month(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    approved(cohort, JANUARY)
    february = computed(cohort, FEBRUARY)
    adjust(february, lines(february)[0], 4, [Arrear(JANUARY, -22, 22)])
    assert lines(february)[0].carried_cents == 72_727
    march = computed(cohort, MARCH)
    assert lines(march)[0].net_cents == FULL - 72_727
    adjust(february, lines(february)[0], 0, [])
    approve(february)
    with pytest.raises(Refused, match="a changé depuis le calcul"):
        approve(march)
    db.session.rollback()
    assert lines(march)[0].released_at is None
    assert lines(approved(cohort, MARCH))[0].net_cents == FULL


def test_2b_what_january_set_aside_is_paid_though_february_was_computed_before(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(1)
    kept = promotions.rib(1)
    with writing():
        db.session.execute(sa.delete(BankDetails))
    january = computed(cohort, JANUARY)
    assert lines(january)[0].state == "set_aside"
    give_rib(1, kept)
    february = computed(cohort, FEBRUARY)
    with pytest.raises(Refused, match="a changé depuis le calcul"):
        approve(january)  # the RIB is there now: January itself pays, once it is computed again
    db.session.rollback()
    with writing():
        db.session.execute(sa.delete(BankDetails))
    approve(january)
    give_rib(1, kept)
    with pytest.raises(Refused, match="a changé depuis le calcul"):
        approve(february)
    db.session.rollback()
    assert lines(approved(cohort, FEBRUARY))[0].net_cents == 2 * FULL
    assert lines(approved(cohort, MARCH))[0].net_cents == FULL


def test_2_two_months_never_take_over_one_debt(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    january = approved(cohort, JANUARY)
    february = computed(cohort, FEBRUARY)
    adjust(february, lines(february)[0], 1, [Arrear(JANUARY, -22, 22)])
    debt = lines(february)[0].carried_cents
    march, april = computed(cohort, MARCH), computed(cohort, APRIL)
    approve(february)
    assert lines(approve(march))[0].net_cents == FULL - debt
    with (
        pytest.raises(Refused, match="a changé depuis le calcul")
        if lines(april)[0].net_cents != FULL
        else nullcontext()
    ):
        approve(april)
    db.session.rollback()
    db.session.refresh(april)
    if april.state == "computed":
        assert lines(computed(cohort, APRIL))[0].net_cents == FULL
    assert lines(february)[0].taken_by_id == lines(march)[0].id
    assert lines(january)[0].taken_by_id is None


def test_2c_who_left_after_the_computing_stops_the_approval(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    january = computed(cohort, JANUARY)
    leave(1, datetime(2026, 1, 6, 9, tzinfo=UTC))
    with pytest.raises(Refused, match="a changé depuis le calcul") as refusal:
        approve(january)
    db.session.rollback()
    assert "Nom 01" in str(refusal.value.problems[0].values["name"])
    run = approved(cohort, JANUARY)
    assert [line.net_cents for line in lines(run)] == [proportion(FULL, 4, 22), FULL]


@pytest.mark.parametrize("change", ["rib", "first day", "last day", "absences", "new member"])
def test_2_whatever_a_figure_rests_on_stops_the_approval_when_it_changes(
    system_context: AppContext, change: str
) -> None:
    cohort = promotions.placed(2)
    january = computed(cohort, JANUARY)
    enrolment = promotions.enrolments_of(cohort)[0]
    if change == "rib":
        give_rib(1, promotions.rib(77))
    elif change == "absences":
        with writing():
            db.session.execute(sa.update(StipendLine).values(absences=2))
    elif change == "new member":
        with writing():
            db.session.execute(sa.update(StipendLine).values(enrolment_id=enrolment.id).where(False))
            db.session.delete(lines(january)[0])
    else:
        first = date(2026, 1, 12) if change == "first day" else enrolment.starts_on
        last = date(2026, 1, 20) if change == "last day" else None
        with writing():
            cohort_actions.set_days(SYSTEM, enrolment.reference, first, last, "Motif", None)
    with pytest.raises(Refused, match="a changé depuis le calcul"):
        approve(january)
    db.session.rollback()
    approved(cohort, JANUARY)


def test_3_a_corrected_rib_reaches_pay_and_stops_a_file_of_the_old_one(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    new = promotions.rib(77)
    january = approved(cohort, JANUARY)
    with writing():
        payment_files.bank_file(SYSTEM, january.reference)
    give_rib(1, new)
    with pytest.raises(Refused, match="depuis l’accord") as refusal, writing():  # a second download too
        payment_files.bank_file(SYSTEM, january.reference)
    assert [problem.values.get("name") for problem in refusal.value.problems][1:] == ["Prénom Nom 01"]
    with writing():
        listed = payment_files.payment_sheet(SYSTEM, january.reference)
    assert listed.count == 2, "what the bank has stays readable"
    assert lines(january)[0].last4 == promotions.rib(1)[-4:], "the account stands with the approved line"
    february = approved(cohort, FEBRUARY)
    assert lines(february)[0].last4 == new[-4:]
    with writing():
        made = payment_files.bank_file(SYSTEM, february.reference)
    rows = list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"))))
    assert new in {row[3] for row in rows[1:-1]}


def test_3_a_rib_that_was_missing_comes_by_a_correction(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    with writing():
        db.session.execute(sa.delete(BankDetails))
    run = computed(cohort, JANUARY)
    assert lines(run)[0].state == "set_aside"
    give_rib(1, promotions.rib(5))
    assert lines(computed(cohort, JANUARY))[0].state == "payable"


def test_3_once_the_bank_has_paid_the_list_of_then_is_readable(system_context: AppContext) -> None:
    cohort = promotions.placed(1)
    run = approved(cohort, JANUARY)
    with writing():
        payment_files.bank_file(SYSTEM, run.reference)
    with writing():
        outcomes.mark_paid(SYSTEM, run.reference, clock.today())
    give_rib(1, promotions.rib(8))
    with writing():
        sheet = payment_files.payment_sheet(SYSTEM, run.reference)
    assert [each.rib for group in sheet.groups for each in group.payments] == [promotions.rib(1)]


def test_4_who_is_confirmed_after_a_month_was_settled_is_paid_that_month_once(
    system_context: AppContext,
) -> None:
    cohort = promotions.placed(2)
    late = promotions.enrolments_of(cohort)[1]
    with writing():
        late.state, late.confirmed_at, late.starts_on = "pending", None, date(2026, 1, 20)
    january = approved(cohort, JANUARY)
    assert len(lines(january)) == 1
    with writing():
        cohort_actions.confirm(SYSTEM, cohort.reference)
    february = approved(cohort, FEBRUARY)
    owed = proportion(FULL, 9, 22)
    assert [line.net_cents for line in lines(february)] == [FULL, FULL + owed]
    assert lines(february)[1].items[1]["values"] == {"month": "01/2026", "days": 9, "of": 22}
    assert [line.net_cents for line in lines(approved(cohort, MARCH))] == [FULL, FULL]


def test_5_one_impossible_line_is_set_aside_by_name_and_the_others_go_on(system_context: AppContext) -> None:
    cohort = promotions.placed(3)
    january = computed(cohort, JANUARY)
    adjust(january, lines(january)[0], 10, [])
    leave(1, datetime(2026, 1, 8, 9, tzinfo=UTC))
    january = computed(cohort, JANUARY)
    wrong, *others = lines(january)
    assert (wrong.state, wrong.net_cents, [line.net_cents for line in others]) == (
        "set_aside",
        0,
        [FULL, FULL],
    )
    assert wrong.exception is not None
    assert wrong.exception["values"] == {"absences": 10, "enrolled": 6, "name": "Prénom Nom 01"}
    adjust(january, others[0], 1, [])  # another line may be adjusted
    with pytest.raises(Refused):
        adjust(january, lines(january)[1], 40, [])  # the line that one changes is still refused
    db.session.rollback()
    approve(january)
    assert lines(january)[0].released_at is None
    february = computed(cohort, FEBRUARY)
    assert len(lines(february)) == 2, "nothing is known yet of what is left to her"
    adjust(january, lines(january)[0], 2, [])
    left = lines(january)[0].net_cents
    assert left == proportion(FULL, 6, 22) - proportion(FULL, 2, 22)
    february = approved(cohort, FEBRUARY)
    assert [line.net_cents for line in lines(february)] == [left, FULL, FULL]
    assert len(lines(approved(cohort, MARCH))) == 2
    with pytest.raises(Refused):
        adjust(january, lines(january)[0], 0, [])


def test_5_an_arrear_that_became_impossible_is_set_aside_too(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    february = computed(cohort, FEBRUARY)
    with writing():
        first = lines(february)[0]
        first.arrears = [{"month": "2026-03-01", "days": 2, "of": 22}]
    february = computed(cohort, FEBRUARY)
    assert [line.state for line in lines(february)] == ["set_aside", "payable"]
    assert "rappel" in (lines(february)[0].exception or {})["what"]


def test_what_is_left_to_who_has_gone_and_after_the_last_month_is_paid(system_context: AppContext) -> None:
    cohort = promotions.placed(2)
    with writing():
        details = db.session.scalars(sa.select(BankDetails).order_by(BankDetails.id)).first()
        db.session.delete(details)
    january = approved(cohort, JANUARY)
    leave(1, datetime(2026, 1, 31, 9, tzinfo=UTC))
    give_rib(1, promotions.rib(1))
    february = approved(cohort, FEBRUARY)
    gone, usual = lines(february)
    assert (gone.net_cents, usual.net_cents) == (FULL, FULL)
    after = date(2027, 7, 1)
    with pytest.raises(Refused), writing():
        runs.open_run(SYSTEM, cohort.reference, after)
    for run in (january, february):
        with writing():
            payment_files.bank_file(SYSTEM, run.reference)
    with writing():
        outcomes.mark_line(SYSTEM, usual.reference, clock.today(), True, "Compte clôturé")
    with clock.at(datetime(2027, 7, 1, 9, tzinfo=UTC)):
        late = computed(cohort, after)
    assert [line.net_cents for line in lines(late)] == [FULL]


def test_a_stale_page_approves_nothing(system_context: AppContext) -> None:
    run = computed(promotions.placed(1), JANUARY)
    with pytest.raises(Stale), writing():
        runs.approve(SECOND, run.reference, "1", run.version + 1)
    assert db.session.scalars(sa.select(Enrolment)).first() is not None
