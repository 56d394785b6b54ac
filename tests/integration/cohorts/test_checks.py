"""No enrolment is final while a declared figure was not read on its paper, which mdia asks for."""

from __future__ import annotations

import sqlalchemy as sa
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.documents.models import FigureCheck
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import actions, queries
from cohortmgr.cohorts.models import Cohort
from tests.factories import promotions


def check(application: Application, read: str) -> None:
    """A clean paper, and what somebody read on it."""
    same = {
        "institution_id": application.institution_id,
        "person_id": application.person_id,
        "application_id": application.id,
    }
    with writing() as session:
        application.answers = {"s1": "12.5"}
        session.add(
            Document(
                **same, question="transcripts", state="clean", storage_key=f"K{application.id}", sha256="a" * 64,
                uploaded_at=clock.now(),
            )
        )  # fmt: skip
        session.add(
            FigureCheck(
                **same, question="s1", declared="12.5", read=read, sha256="a" * 64, by="x", at=clock.now()
            )
        )


def opened(people: int) -> tuple[Cohort, list[Application]]:
    intake = promotions.accepted(people)
    with writing():
        cohort = actions.open_cohort(SYSTEM, intake.reference)
    with writing():
        files = list(db.session.scalars(sa.select(Application).order_by(Application.id)))
        for each in files:
            each.answers = {"s1": "12.5"}
    return cohort, files


def test_only_files_whose_figures_were_read_are_confirmed(system_context: AppContext) -> None:
    cohort, files = opened(3)
    check(files[0], "12.5")
    check(files[1], "11")
    assert [row.id for row in queries.held_by_checks(cohort)] == [files[1].id, files[2].id]
    db.session.rollback()
    with writing():
        assert actions.confirm(SYSTEM, cohort.reference) == 1
    assert [row.state for row in promotions.enrolments_of(cohort)] == ["active", "pending", "pending"]
    manager = promotions.staff(queries.intake_of(cohort), Role.CENTRE_MANAGER)
    page = promotions.browser(system_context.app, manager).get(f"/staff/cohorts/{cohort.reference}").text
    assert "2 dossiers attendent" in page and files[2].reference in page and "/confirm" not in page


def test_a_figure_that_was_not_declared_asks_for_no_check(system_context: AppContext) -> None:
    cohort, files = opened(1)
    with writing():
        files[0].answers = {}
    assert queries.held_by_checks(cohort) == []
    db.session.rollback()
    with writing():
        assert actions.confirm(SYSTEM, cohort.reference) == 1
