"""A person's page of their training: company and tutor, whom to write to, next dates, pay, papers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.joining.queries import owed_by
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.printed.calendars import ICALENDAR, CalendarDate, calendar_file
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
        company=card,
        around=around,
        periods=[each for each in calendar.periods if each.ends_on >= today][:NEXT],
        stipend=definition.stipend_of(row.Intake.key),
        lines=lines[:LAST],
        file=file,
        owed=owed_by([enrolment.application_id]).get(enrolment.application_id, ()),
    )


@bp.get("/my/training/<reference>/dates.ics")
@guards.candidate
def dates(reference: str) -> ResponseReturnValue:
    """Send what is still to come of one of the viewer's own trainings, for their calendar: all periods of its year,
    and the first day in the company."""
    row = placements.own_enrolment(guards.viewer(), reference)
    definition, enrolment, today = programmes.definition_of(row.Intake), row.Enrolment, clock.today()
    title = localized(definition.title)
    address = current_app.config["BASE_URL"] + url_for(".training", reference=reference)
    found = [
        CalendarDate(f"{reference}-{each.key}", localized(each.title), each.starts_on, each.ends_on, address)
        for each in definition.calendar_of(row.Intake.key).periods
        if each.ends_on >= today
    ]
    if enrolment.starts_on >= today:
        found.insert(0, CalendarDate(f"{reference}-starts", _("Rentrée"), enrolment.starts_on, None, address))
    placement = placements.placement_of(enrolment.id)
    card = placements.card_of(placement) if placement else None
    if placement is not None and card is not None and placement.starts_on >= today:
        said = told(_("Premier jour en entreprise"), localized(card.company))
        found.append(CalendarDate(f"{reference}-company", said, placement.starts_on, None, address))
    headers = {"Content-Disposition": f'attachment; filename="{reference}.ics"', "Cache-Control": "no-store"}
    return Response(calendar_file(title, found, clock.now()), content_type=ICALENDAR, headers=headers)


def _file_of(viewer: Viewer, enrolment: Enrolment) -> File | None:
    """The file that led to the training, if it is the viewer's own still."""
    mine = {application.id: application.reference for application, *_more in applications.mine(viewer)}
    reference = mine.get(enrolment.application_id)
    return applications.own(viewer, reference) if reference else None
