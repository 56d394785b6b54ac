"""A RIB that its person corrects in a page reaches pay, and stops a file of the old one (finding 3, through pages)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.programmes.models import Offering
from cohortmgr.stipends.actions import payment_files, runs
from cohortmgr.stipends.models import BankDetails, StipendLine, StipendRun
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


def ask_account(cohort: Cohort, number: int) -> str:
    """Ask person `number` for another account. Returns their file's reference."""
    file = db.session.scalars(sa.select(Application).order_by(Application.id)).all()[number - 1]
    manager = promotions.staff(cohorts.intake_of(cohort), Role.SELECTION_MANAGER)
    with writing():
        corrections.ask(manager, file.reference, {"rib": "incorrect"}, "", clock.now() + timedelta(days=3))
    return file.reference


def bears(number: int, account: int) -> None:
    """Let person `number` have given the account of another, before anybody looked."""
    mine = db.session.scalars(sa.select(BankDetails).order_by(BankDetails.id)).all()[number - 1]
    with writing():
        mine.sealed = crypto.seal(promotions.rib(account), "bank_details", "sealed", mine.reference)
        mine.blind, mine.last4 = (
            crypto.blind_index("rib", promotions.rib(account)),
            promotions.rib(account)[-4:],
        )
        mine.taken_at = clock.now()


def lines_of(run: StipendRun) -> list[StipendLine]:
    mine = sa.select(StipendLine).where(StipendLine.run_id == run.id).order_by(StipendLine.enrolment_id)
    return list(db.session.scalars(mine))


def computed(cohort: Cohort, month: date) -> StipendRun:
    with writing():
        return runs.compute(SYSTEM, runs.open_run(SYSTEM, cohort.reference, month).reference)


def test_whoever_left_corrects_the_account_alone_and_is_paid_and_holds_up_nobody(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(2)
    bears(1, 2)
    client = promotions.browser(app, promotions.candidate(1))
    file = db.session.scalars(sa.select(Application).order_by(Application.id)).first()
    assert file is not None
    reference, number = file.reference, file.number
    with writing():
        db.session.execute(sa.update(Offering).values(taken=2))
    with clock.at(datetime(2026, 1, 15, 9, tzinfo=UTC)):
        gone = client.post(f"/my/applications/{reference}/withdraw", data={"confirmation": number})
    assert gone.status_code == 302
    db.session.expire_all()
    run = computed(cohort, JANUARY)
    assert [line.state for line in lines_of(run)] == ["set_aside", "payable"]
    manager = promotions.staff(cohorts.intake_of(cohort), Role.SELECTION_MANAGER)
    desk = promotions.browser(app, manager)
    assert "Demander une correction" in desk.get(f"/staff/applications/{reference}/file").text
    page = desk.get(f"/staff/applications/{reference}/correction").text
    assert "fix-rib" in page and "fix-email" not in page
    until = (clock.today() + timedelta(days=3)).isoformat()
    other = desk.post(
        f"/staff/applications/{reference}/correction", data={"fix-email": "incorrect", "until": until}
    )
    assert other.status_code == 200 and "seul son compte" in other.text
    asked = desk.post(
        f"/staff/applications/{reference}/correction", data={"fix-rib": "incorrect", "until": until}
    )
    assert asked.status_code == 302, asked.text
    assert f"/my/applications/{reference}/correction" in client.get("/my").text
    again = client.post(f"/my/applications/{reference}/correction", data={"rib": promotions.rib(2)})
    assert again.status_code == 200
    mended = client.post(f"/my/applications/{reference}/correction", data={"rib": promotions.rib(77)})
    assert mended.status_code == 302, mended.text
    db.session.rollback()
    db.session.expire_all()
    with writing():
        runs.compute(SYSTEM, run.reference)
    assert [(line.state, line.last4) for line in lines_of(run)] == [
        ("payable", promotions.rib(77)[-4:]),
        ("payable", promotions.rib(2)[-4:]),
    ]


def test_who_never_took_part_corrects_nothing_after_leaving(app: Flask, system_context: AppContext) -> None:
    intake = promotions.accepted(1)
    client = promotions.browser(app, promotions.candidate(1))
    file = db.session.scalars(sa.select(Application)).one()
    manager = promotions.staff(intake, Role.SELECTION_MANAGER)
    reference = file.reference
    with writing():
        db.session.execute(sa.update(Offering).values(taken=1))
    client.post(f"/my/applications/{reference}/withdraw", data={"confirmation": file.number})
    db.session.expire_all()
    assert db.session.scalars(sa.select(Application.state)).one() == "withdrawn"
    with pytest.raises(Refused, match="candidature envoyée"), writing():
        corrections.ask(manager, reference, {"rib": "incorrect"}, "", clock.now() + timedelta(days=3))


def test_the_account_of_somebody_else_is_told_when_it_is_given(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(2)
    reference = ask_account(cohort, 1)
    client = promotions.browser(app, promotions.candidate(1))
    client.get("/language/fr")
    home = client.get("/my").text
    assert "corrigez ce qui est demandé avant" in home and f"/my/applications/{reference}/correction" in home
    theirs = client.post(f"/my/applications/{reference}/correction", data={"rib": promotions.rib(2)})
    assert theirs.status_code == 200 and "déjà celui d’une autre personne" in theirs.text
    assert promotions.rib(2) in theirs.text, "nothing typed is lost"
    db.session.rollback()
    db.session.expire_all()
    kept = db.session.scalars(sa.select(BankDetails.last4).order_by(BankDetails.id)).all()
    assert kept == [promotions.rib(1)[-4:], promotions.rib(2)[-4:]]
    own = client.post(f"/my/applications/{reference}/correction", data={"rib": promotions.rib(78)})
    assert own.status_code == 302


def test_what_the_bank_has_stays_readable_and_says_to_stop_the_bank_first(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(2)
    run = computed(cohort, JANUARY)
    with writing():
        runs.approve(SECOND, run.reference, str(run.lines), run.version)
    desk = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    address = f"/staff/stipends/{run.reference}"
    handed = desk.post(f"{address}/bank-file.csv")
    assert handed.status_code == 200
    assert "de ne pas payer ces lignes" not in desk.get(address).text
    reference = ask_account(cohort, 1)
    client = promotions.browser(app, promotions.candidate(1))
    new = promotions.rib(77)
    assert client.post(f"/my/applications/{reference}/correction", data={"rib": new}).status_code == 302
    page = desk.get(address).text
    assert "de ne pas payer ces lignes" in page and "Qui approuve annule cet état" not in page
    listed = desk.get(f"{address}/list")
    assert listed.status_code == 200
    assert promotions.rib(1)[6:22] in listed.text and new[6:22] not in listed.text
    again = desk.post(f"{address}/bank-file.csv")
    assert again.status_code == 422 and "Demandez-lui d’abord d’arrêter ces virements" in again.text
    desk.post(f"{address}/paid", data={"day": f"{clock.today()}"})
    assert "de ne pas payer ces lignes" not in desk.get(address).text, "it is too late to stop the bank"


def test_a_page_says_how_many_were_paid_and_how_many_came_back_with_their_sums(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.placed(3)
    run = computed(cohort, JANUARY)
    with writing():
        runs.approve(SECOND, run.reference, str(run.lines), run.version)
    desk = promotions.browser(app, promotions.staff(cohorts.intake_of(cohort), Role.FINANCE))
    desk.get("/language/fr")
    address, listed = f"/staff/stipends/{run.reference}", f"/staff/cohorts/{cohort.reference}/stipends"
    desk.post(f"{address}/bank-file.csv")
    today = f"{clock.today()}"
    told = {"day": today, "returned": "y", "because": "Compte clôturé"}
    assert "revenue" not in desk.get(listed).text
    desk.post(f"/staff/stipend-lines/{lines_of(run)[0].reference}/bank", data=told)
    desk.post(f"{address}/paid", data={"day": today})
    text = " ".join(desk.get(address).text.replace("\u202f", " ").replace("\xa0", " ").split())
    assert "2 bourses versées : 8 000,00 MAD" in text and "1 revenue de la banque : 4 000,00 MAD" in text
    assert "les bourses sont payées" not in text
    assert "1 revenue" in desk.get(listed).text.replace("\xa0", " ")
