"""What of the decisions waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized, told
from cohortmgr.base.registries.waiting import PendingAct, PendingKind
from cohortmgr.selection import queries
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.rules import GRACE
from cohortmgr.selection.standings.queries import kept as standings
from cohortmgr.selection.standings.queries import lapsing as late


def batches(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the batches of decisions to which the viewer may agree."""
    for batch in queries.waiting_for_approval(viewer):
        what = _("Un lot de décisions attend votre accord : %(intake)s", intake=localized(batch.intake_title))
        url = url_for("selection_staff.batch", reference=batch.reference)
        yield PendingAct(what, _("Relire et approuver"), url, intake_id=batch.intake_id)


def moves_to_agree(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the moves by hand to which the viewer may agree, since somebody else asked for them."""
    for row in moves.awaiting(viewer):
        intake, said = row[0], _("Décision à la main à confirmer : %(number)s", number=row.number)
        url = url_for("moves_staff.move", reference=intake.reference, application=row.application)
        yield PendingAct(
            told(said, localized(intake.title)), _("Relire et décider"), url, intake_id=intake.id
        )


def lapsing(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the batches with offers that nobody answered in time: they lapse within a day unless somebody holds
    them."""
    for intake, batch, number, deadline in late.lapsing(viewer):
        what = ngettext(
            "%(num)s place sans réponse à temps s’éteint",
            "%(num)s places sans réponse à temps s’éteignent",
            number,
        )
        url = url_for("selection_staff.batch", reference=batch)
        ends = clock.local(deadline + GRACE).date()
        yield PendingAct(
            told(what, localized(intake.title)), _("Voir, et retenir"), url, "stop", ends, intake.id
        )


def to_propose(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the intakes that are read and have no decisions yet: late once these were promised."""
    for intake in standings.undecided(viewer):
        what = told(
            _("Toutes les lectures confiées sont rendues, les décisions restent à proposer"),
            localized(intake.title),
        )
        url = url_for("ranking_staff.ranking", reference=intake.reference)
        kind: PendingKind = "stop" if intake.decision_by < clock.today() else "wait"
        yield PendingAct(what, _("Voir le classement"), url, kind, intake.decision_by, intake.id)
