"""A person's page of their training: company and tutor, whom to write to, next dates, pay, papers."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.joining.queries import owed_by
from cohortmgr.base import clock
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.placements.queries import placements
from cohortmgr.placements.queries.around import people_around
from cohortmgr.programmes import queries as programmes
from cohortmgr.stipends.queries import runs as stipends

bp = Blueprint("training", __name__)
# Periods of the calendar and months of pay that the page shows; the others are one step away, or over.
NEXT, LAST = 3, 3


@bp.get("/my/training/<reference>")
@guards.candidate
def training(reference: str) -> ResponseReturnValue:
    """Show one of the viewer's own trainings, by the reference of the enrolment."""
    viewer = guards.viewer()
    row = placements.own_enrolment(viewer, reference)
    definition, enrolment = programmes.definition_of(row.Intake), row.Enrolment
    calendar, today = definition.calendar_of(row.Intake.key), clock.today()
    file = _file_of(viewer, enrolment)
    placement = placements.placement_of(enrolment.id)
    card = placements.card_of(placement) if placement else None
    around = people_around(enrolment, row.Cohort, card.company_path if card else None)
    lines = [line for line in stipends.mine(viewer) if line.enrolment_id == enrolment.id]
    return render_template(
        "portals/candidate_training.html",
        enrolment=enrolment,
        cohort=row.Cohort,
        definition=definition,
        starts_on=enrolment.starts_on,
        placement=placement,
        company=card.company if card else None,
        around=around,
        periods=[each for each in calendar.periods if each.ends_on >= today][:NEXT],
        stipend=definition.stipend_of(row.Intake.key),
        lines=lines[:LAST],
        file=file,
        owed=owed_by([enrolment.application_id]).get(enrolment.application_id, ()),
    )


def _file_of(viewer: Viewer, enrolment: Enrolment) -> File | None:
    """The file that led to the training, if it is the viewer's own still."""
    mine = {application.id: application.reference for application, *_more in applications.mine(viewer)}
    reference = mine.get(enrolment.application_id)
    return applications.own(viewer, reference) if reference else None
