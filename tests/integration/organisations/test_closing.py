"""An organisation stays open for the people who depend on it, also when every campaign there is archived."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.placements.models import Placement
from cohortmgr.programmes.models import DefinitionVersion, Intake
from tests.factories.promotions import browser, placed, someone
from tests.integration.organisations.test_pages import PATH, named, text

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.fixture
def keeper(app: Flask) -> FlaskClient:
    """Who manages the installation in which eight people are placed; its campaigns are all archived."""
    cohort = placed(8)
    with writing() as session:
        session.execute(sa.update(Intake).values(state="archived"))
    return browser(app, someone(Role.SYSTEM_ADMINISTRATOR, "", cohort.institution_id))


def closed(keeper: FlaskClient, key: str) -> tuple[int, str]:
    row = named(key)
    given = {"reason": "Fusion.", "version": str(row.version)}
    answer = keeper.post(f"{PATH}/{row.reference}/close", data=given)
    return answer.status_code, text(answer)


def test_a_host_whose_cohort_is_in_training_says_which_and_how_many(keeper: FlaskClient) -> None:
    status, said = closed(keeper, "inpt")
    assert status == 422 and "8 personnes en formation" in said and "Master Data & IA" in said
    assert named("inpt").closed_at is None
    with writing() as session:
        session.execute(sa.update(Enrolment).values(state="completed", ends_on=date(2026, 9, 30)))
    assert closed(keeper, "inpt")[0] == 302


def test_a_company_that_has_apprentices_stays_open_though_no_definition_names_it(keeper: FlaskClient) -> None:
    seated = sa.select(sa.func.count(Placement.id)).where(Placement.company_id == named("inwi").id)
    number = db.session.scalar(seated) or 0
    with writing() as session:
        for version in session.scalars(sa.select(DefinitionVersion)):
            version.document = {**version.document, "partners": []}
    status, said = closed(keeper, "inwi")
    assert status == 422 and number and f"{number} apprenti" in said
    with writing() as session:
        session.execute(sa.update(Placement).values(state="broken", ends_on=date(2026, 1, 31)))
    assert closed(keeper, "inwi")[0] == 302
