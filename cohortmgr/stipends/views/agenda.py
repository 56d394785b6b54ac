"""What of the payments waits for whom: the months to approve, to prepare, and those of which the bank owes its word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized, month
from cohortmgr.base.registries.waiting import PendingAct, PendingKind
from cohortmgr.cohorts.models import Cohort
from cohortmgr.stipends.models import StipendRun
from cohortmgr.stipends.queries import today
from cohortmgr.stipends.rules import RunState


def payments(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the runs to approve; then, for who prepares them, what the bank returned, where each run stands, and the
    months without one."""
    approving = today.to_approve(viewer) if viewer.paths("stipends.approve") else ()
    for run, cohort in approving:
        what = _("Un état de paiement attend votre accord (%(month)s) : %(cohort)s", **_of(run.month, cohort))
        yield _of_run(what, _("Relire et approuver"), run, cohort)
    if not viewer.paths("stipends.prepare"):
        return
    mine = {run.id for run, _cohort in approving}
    for awaited in today.to_follow(viewer):
        if awaited.run.id not in mine:
            yield from _followed(awaited)
    for each in today.to_prepare(viewer):
        what = _("Mois à préparer : %(month)s, %(cohort)s", **_of(each.month, each.cohort))
        url = url_for("stipends_staff.runs", reference=each.cohort.reference)
        yield PendingAct(what, _("Préparer"), url, intake_id=each.cohort.intake_id)


def _followed(awaited: today.RunAwaited) -> Iterator[PendingAct]:
    run, cohort, names = awaited.run, awaited.cohort, _of(awaited.run.month, awaited.cohort)
    if awaited.returned:
        what = ngettext(
            "%(num)s versement revenu de la banque : %(month)s, %(cohort)s",
            "%(num)s versements revenus de la banque : %(month)s, %(cohort)s",
            awaited.returned,
            **names,
        )
        yield _of_run(what, _("Corriger les comptes"), run, cohort, "stop")
    if awaited.silent:
        what = ngettext(
            "%(num)s versement sans réponse de la banque : %(month)s, %(cohort)s",
            "%(num)s versements sans réponse de la banque : %(month)s, %(cohort)s",
            awaited.silent,
            **names,
        )
        yield _of_run(what, _("Noter la réponse"), run, cohort, "info")
    elif run.state == RunState.COMPUTED:
        what = _("État de paiement en attente d’une deuxième personne : %(month)s, %(cohort)s", **names)
        yield _of_run(what, _("Voir l’état"), run, cohort, "info")
    elif run.state == RunState.DRAFT:
        what = _("État de paiement à calculer : %(month)s, %(cohort)s", **names)
        yield _of_run(what, _("Calculer"), run, cohort)
    elif run.state == RunState.APPROVED:
        what = _("État de paiement à remettre à la banque : %(month)s, %(cohort)s", **names)
        yield _of_run(what, _("Remettre à la banque"), run, cohort)


def _of(paid: date, cohort: Cohort) -> dict[str, str]:
    return {"month": month(paid), "cohort": localized(cohort.name)}


def _of_run(what: str, act: str, run: StipendRun, cohort: Cohort, kind: PendingKind = "wait") -> PendingAct:
    url = url_for("stipends_staff.run", reference=run.reference)
    # Until the bank has the file, the day of payment is what the act must not miss.
    until = run.pay_on if run.state in (RunState.DRAFT, RunState.COMPUTED, RunState.APPROVED) else None
    return PendingAct(what, act, url, kind, until, cohort.intake_id)
