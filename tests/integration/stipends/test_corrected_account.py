"""A RIB that its person corrects in a page reaches pay, and stops a file of the old one (finding 3, through pages)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.stipends.actions import payment_files, runs
from cohortmgr.stipends.models import BankDetails, StipendLine
from tests.factories import promotions
from tests.factories.promotions import JANUARY

SECOND = Viewer("second", is_system=True)


@pytest.mark.parametrize("missing", [False, True])
def test_3_a_correction_given_in_the_page_is_paid_to(
    app: Flask, system_context: AppContext, missing: bool
) -> None:
    cohort = promotions.placed(2)
    if missing:
        with writing():
            db.session.execute(
                sa.delete(BankDetails).where(
                    BankDetails.person_id == promotions.enrolments_of(cohort)[0].person_id
                )
            )
    with writing():
        run = runs.compute(SYSTEM, runs.open_run(SYSTEM, cohort.reference, JANUARY).reference)
    with writing():
        runs.approve(SECOND, run.reference, str(run.lines), run.version)
    manager = promotions.staff(cohorts.intake_of(cohort), Role.SELECTION_MANAGER)
    file = db.session.scalars(sa.select(Application).order_by(Application.id)).first()
    assert file is not None
    until = clock.now() + timedelta(days=3)
    with writing():
        corrections.ask(manager, file.reference, {"rib": "incorrect"}, "Votre compte a changé.", until)
    new = promotions.rib(77)
    client = promotions.browser(app, promotions.candidate(1))
    wrong = client.post(f"/my/applications/{file.reference}/correction", data={"rib": new[:-1] + "0"})
    assert wrong.status_code != 302
    answer = client.post(f"/my/applications/{file.reference}/correction", data={"rib": new})
    assert answer.status_code == 302, answer.text
    db.session.rollback()
    db.session.expire_all()
    if missing:
        with writing():
            payment_files.bank_file(SYSTEM, run.reference)
    else:
        with pytest.raises(Refused, match="depuis l’accord"), writing():
            payment_files.bank_file(SYSTEM, run.reference)
    with writing():
        february = runs.compute(SYSTEM, runs.open_run(SYSTEM, cohort.reference, date(2026, 2, 1)).reference)
    line = db.session.scalars(
        sa.select(StipendLine).where(StipendLine.run_id == february.id).order_by(StipendLine.enrolment_id)
    ).first()
    assert line is not None and (line.last4, line.state) == (new[-4:], "payable")
    assert line.net_cents == (800_000 if missing else 400_000)
