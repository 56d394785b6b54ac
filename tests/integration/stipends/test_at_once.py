"""Two people of finance at once: whoever comes second waits, and then acts on what the first left."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.cohorts.models import Cohort
from cohortmgr.stipends.actions import outcomes, payment_files, runs
from cohortmgr.stipends.models import BankDetails, StipendRun
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.stipends.test_outcomes import handed_over
from tests.integration.stipends.test_sound_figures import (
    FEBRUARY,
    SECOND,
    approved,
    computed,
    give_rib,
    lines,
)

pytestmark = pytest.mark.usefixtures("system_context")


def refused_behind(app: Flask, first: Callable[[], object], second: Callable[[], object]) -> str:
    """Begin the second act before the first is committed; return why it is refused."""

    def meanwhile() -> str:
        with app.app_context(), pytest.raises(Refused) as caught, writing():
            second()
        return str(caught.value)

    with ThreadPoolExecutor(1) as other:
        with writing():
            first()
            db.session.flush()
            waiting = other.submit(meanwhile)
            time.sleep(0.5)
        return waiting.result(20)


def approving(run: StipendRun) -> Callable[[], object]:
    db.session.refresh(run)
    typed, version = str(run.lines), run.version
    return lambda: runs.approve(SECOND, run.reference, typed, version)


def after(cohort: Cohort) -> StipendRun:
    return computed(cohort, FEBRUARY)


def test_no_file_leaves_for_the_bank_of_a_run_that_is_being_cancelled(system_app: Flask) -> None:
    """Its month is opened again and paid: the file would be paid as well."""
    run = approved(promotions.placed(1), JANUARY)
    reference, version = run.reference, run.version
    said = refused_behind(
        system_app,
        lambda: outcomes.cancel(SYSTEM, reference, "Montants faux", version),
        lambda: payment_files.bank_file(SYSTEM, reference),
    )
    assert "pas encore approuvé" in said
    db.session.refresh(run)
    assert (run.state, run.exported_at) == ("cancelled", None)


def test_a_line_that_a_later_month_is_taking_over_is_no_longer_paid(system_app: Flask) -> None:
    cohort = promotions.placed(1)
    line = lines(handed_over(cohort, JANUARY))[0]
    day = clock.today()
    with writing():
        outcomes.mark_line(SYSTEM, line.reference, day, returned=True, because="Compte clos")
    with writing():
        db.session.execute(sa.delete(BankDetails))
    give_rib(1, promotions.rib(2))
    february, reference = after(cohort), line.reference
    said = refused_behind(
        system_app,
        approving(february),
        lambda: outcomes.mark_line(SYSTEM, reference, day, returned=False),
    )
    assert "déjà repris" in said
    assert lines(february)[0].net_cents == 2 * line.net_cents


def test_a_line_that_a_later_month_is_taking_over_is_no_longer_put_right(system_app: Flask) -> None:
    cohort, rib = promotions.placed(1), promotions.rib(1)
    with writing():
        db.session.execute(sa.delete(BankDetails))
    january = approved(cohort, JANUARY)
    give_rib(1, rib)
    february, line, version = after(cohort), lines(january)[0].reference, january.version
    said = refused_behind(
        system_app, approving(february), lambda: runs.adjust(SYSTEM, line, 3, [], "Motif", version)
    )
    assert "ne changent plus" in said
    assert lines(january)[0].absences == 0
