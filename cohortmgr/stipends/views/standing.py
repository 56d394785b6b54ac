"""Where an intake stands with its payments, and which day of payment comes, for its overview."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base import clock
from cohortmgr.base.i18n import month, short_day
from cohortmgr.base.registries.waiting import Coming, StageStanding
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.stipends.models import StipendRun
from cohortmgr.stipends.months import payable_from, unprepared
from cohortmgr.stipends.queries import runs
from cohortmgr.stipends.rules import RunState


def stage(_viewer: Viewer, intake: Intake) -> StageStanding:
    """Return how many months the bank paid, of how many, and what the next one waits for."""
    scheme, cohort = definition_of(intake).stipend, cohorts.of_intake(intake.id)
    months = scheme.months if scheme else 0
    counted = ngettext("mois payé", "mois payés", 0)
    if scheme is None or cohort is None:
        return StageStanding(0, counted, of=months or None)
    scheme = runs.scheme_of(cohort) or scheme
    kept = sorted(
        (run for run in runs.runs_of(cohort.id) if run.state != RunState.CANCELLED), key=lambda run: run.month
    )
    paid = sum(run.state == RunState.PAID for run in kept)
    counted = ngettext("mois payé", "mois payés", paid)
    url = url_for("stipends_staff.runs", reference=cohort.reference)
    open_run = next((run for run in kept if run.state != RunState.PAID), None)
    if open_run is not None:
        presses = open_run.state != RunState.EXPORTED
        return StageStanding(paid, counted, _said(open_run), "now", months, url, presses)
    due = unprepared(
        scheme.starts_month, scheme.months, scheme.arrears, {run.month for run in kept}, clock.today()
    )
    if due:
        note = _("%(month)s à préparer", month=month(due[0]))
        return StageStanding(paid, counted, note, "now", months, url, presses=True)
    if paid >= months:
        return StageStanding(paid, counted, "", "done", months, url)
    first = payable_from(scheme.starts_month, scheme.arrears)
    note = _("à partir du %(day)s", day=short_day(first)) if not kept else ""
    return StageStanding(paid, counted, note, "now" if kept else "next", months, url)


def _said(run: StipendRun) -> str:
    if run.state == RunState.DRAFT:
        return _("%(month)s à calculer", month=month(run.month))
    if run.state == RunState.COMPUTED:
        return _("%(month)s à approuver", month=month(run.month))
    if run.state == RunState.APPROVED:
        return _("%(month)s à remettre à la banque", month=month(run.month))
    return _("%(month)s : la banque n’a pas encore tout dit", month=month(run.month))


def coming(viewer: Viewer, intake: Intake) -> Iterator[Coming]:
    """Yield the days on which months that are prepared will be paid, to who reads the payments."""
    if not allows(viewer, "stipends.read", intake.path):
        return
    cohort = cohorts.of_intake(intake.id)
    for run in runs.runs_of(cohort.id) if cohort else ():
        if run.state not in (RunState.CANCELLED, RunState.PAID):
            yield Coming(_("Paiement de la bourse : %(month)s", month=month(run.month)), run.pay_on)
