"""A programme that reads, places or pays nobody has no room, stage, tab, figure or sheet for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import writing
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import Definition, ProgrammeStage, Rubric
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.reports.display import stages_of
from tests.factories import promotions
from tests.integration.portals.test_frame import side

READS, PLACES, PAYS = {"Lectures", "Sélection"}, {"Affectations"}, {"Bourses"}


def bare(definition: Definition) -> Definition:
    """The same programme without readings, companies, pay and follow-up."""
    gone = (ProgrammeStage.PLACEMENT, ProgrammeStage.STIPEND, ProgrammeStage.OUTCOMES)
    stages = tuple(each for each in definition.stages if each not in gone)
    return replace(definition, stages=stages, rubric=Rubric(), placement=None, stipend=None, partners=())


@pytest.mark.usefixtures("system_context")
def test_what_a_programme_does_not_use_is_shown_nowhere(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    intake = cohorts.intake_of(cohort)
    administrator = promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR)
    enrolment = promotions.enrolments_of(cohort)[0].reference
    pages = (f"/staff/intakes/{intake.reference}", f"/staff/cohorts/{cohort.reference}")
    desk = promotions.browser(app, administrator)
    home, members = (desk.get(page).text for page in pages)
    assert side(home).keys() >= READS | PLACES | PAYS
    assert "Insertion" in home and "Avec une entreprise" in members
    with writing():
        programmes.load_definition(SYSTEM, bare(read_known("mdia")))
    home, members = (desk.get(page).text for page in pages)
    assert not side(home).keys() & (READS | PLACES | PAYS)
    rail = home[home.index('<ol class="rail"') : home.index("</ol>")]
    for stage in ("Lectures", "Sélection", "En entreprise", "Bourses", "Insertion"):
        assert stage not in rail, stage
    for said in ("Avec une entreprise", "Entreprise d’accueil", "/board", "/stipends"):
        assert said not in members, said
    own = promotions.browser(app, promotions.candidate(1))
    assert "Mon entreprise" not in own.get("/my").text
    assert "Mon entreprise" not in own.get(f"/my/training/{enrolment}").text


def test_a_report_tells_the_stages_that_there_are() -> None:
    assert stages_of(read_known("mdia"))[2:] == ("read", "chosen", "accepted", "enrolled", "placed", "paid")
    assert stages_of(bare(read_known("mdia"))) == ("received", "eligible", "chosen", "accepted", "enrolled")
    assert "placed" not in stages_of(read_known("jobintech"))
