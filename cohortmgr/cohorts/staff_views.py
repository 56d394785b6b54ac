"""The staff pages of a cohort and of one person's days in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.guards import staff, survives, viewer
from cohortmgr.accounts.rules import allows, require
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import localized
from cohortmgr.base.text import fold
from cohortmgr.base.web.ordering import in_order
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.cohorts import actions, queries
from cohortmgr.cohorts.forms import DaysForm
from cohortmgr.cohorts.rules import ENROLMENT_STATES, TAGS, EnrolmentState
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("cohorts_staff", __name__)
# Whom a figure above the list counts: those in a state, or with a company.
PLACED = "placed"


@bp.post("/staff/intakes/<reference>/cohort")
@staff
def open_cohort(reference: str) -> ResponseReturnValue:
    """Open the cohort of an intake."""
    with writing():
        cohort = actions.open_cohort(viewer(), reference)
    flash(_("La promotion est ouverte."), "done")
    return redirect(url_for(".cohort", reference=cohort.reference))


@bp.get("/staff/cohorts/<reference>")
@staff
def cohort(reference: str) -> ResponseReturnValue:
    """Show who is in the cohort, the state of each enrolment, and the company."""
    found = queries.get_for(viewer(), reference)
    intake = queries.intake_of(found)
    companies: dict[int, Mapping[str, str]] = {}
    for told in queries.companies_of_members:
        companies.update(told(found.id))
    rows, definition = queries.members(found.id), definition_of(intake)
    counts = {state: sum(row.Enrolment.state == state for row in rows) for state in EnrolmentState}
    chosen = request.args.get("state", "")
    shown = _among(rows, companies, chosen)
    diplomas = queries.diploma_names(intake)
    orders = _orders(companies, diplomas)
    held = queries.held_by_checks(found) if counts[EnrolmentState.PENDING] else []
    return render_template(
        "cohorts/staff_cohort.html",
        cohort=found,
        intake=intake,
        diplomas=diplomas,
        regions=REGIONS,
        all=rows,
        rows=in_order(shown, orders, request.args.get("sort", "")),
        chosen=chosen if chosen in (PLACED, *EnrolmentState) else "",
        placed=sum(row.Enrolment.id in companies for row in shown),
        companies=companies,
        counts=counts,
        held=held,
        owing=queries.owing(rows),
        names=ENROLMENT_STATES.names,
        meanings=ENROLMENT_STATES.meanings,
        tags=TAGS,
        may_manage=allows(viewer(), "cohorts.manage", found.path),
        places=definition.placement is not None,
        may_place=definition.placement is not None and allows(viewer(), "placements.read", found.path),
        may_pay=definition.stipend is not None and allows(viewer(), "stipends.read", found.path),
    )


def _among(rows: Sequence[Any], companies: Mapping[int, Mapping[str, str]], chosen: str) -> list[Any]:
    """The members whom a figure counts; all of them where none is asked for."""
    if chosen == PLACED:
        return [row for row in rows if row.Enrolment.id in companies]
    return [row for row in rows if chosen not in set(EnrolmentState) or row.Enrolment.state == chosen]


def _orders(
    companies: Mapping[int, Mapping[str, str]], diplomas: Mapping[str, Mapping[str, str]]
) -> dict[str, Callable[[Any], Any]]:
    """What each column of the list is ordered by: as it reads, in the page's language."""

    def told(names: Mapping[str, str] | None) -> str:
        return fold(localized(names)) if names else ""

    states = [*EnrolmentState]
    return {
        "name": lambda row: fold(row.name),
        "number": lambda row: row.number,
        "track": lambda row: told(row.track),
        "diploma": lambda row: told(diplomas.get(row.diploma)) or fold(row.diploma or ""),
        "region": lambda row: told(REGIONS.get(row.region)),
        "state": lambda row: states.index(EnrolmentState(row.Enrolment.state)),
        "company": lambda row: told(companies.get(row.Enrolment.id)),
    }


@bp.post("/staff/cohorts/<reference>/confirm")
@staff
def confirm(reference: str) -> ResponseReturnValue:
    """Confirm the enrolments that wait."""
    with writing():
        count = actions.confirm(viewer(), reference)
    if count:
        flash(ngettext("%(num)s inscription confirmée.", "%(num)s inscriptions confirmées.", count), "done")
    return redirect(url_for(".cohort", reference=reference))


@bp.route("/staff/enrolments/<reference>/days", methods=["GET", "POST"])
@staff
@survives
def days(reference: str) -> ResponseReturnValue:
    """Show and change the first and last day of somebody's part, by which months are paid."""
    enrolment, found = queries.enrolment_for(viewer(), reference)
    require(viewer(), "cohorts.manage", found.path)
    form = DaysForm(
        data={"version": enrolment.version, "starts_on": enrolment.starts_on, "ends_on": enrolment.ends_on}
    )
    if form.validate_on_submit():
        given = (form.starts_on.data, form.ends_on.data, form.reason.data or "", posted_version())
        try:
            with writing():
                actions.set_days(viewer(), reference, *given)
        except Refused as refusal:
            show_problems(form, refusal)
            enrolment, found = queries.enrolment_for(viewer(), reference)
        else:
            flash(
                _("Les jours sont enregistrés : les mois qui ne sont pas approuvés en tiennent compte."),
                "done",
            )
            return redirect(url_for(".cohort", reference=found.reference))
    page = render_template(
        "cohorts/staff_days.html",
        cohort=found,
        name=queries.name_of(enrolment),
        state=ENROLMENT_STATES.names[EnrolmentState(enrolment.state)],
        form=form,
    )
    return page, 422 if form.errors or form.form_errors else 200
