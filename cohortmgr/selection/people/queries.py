"""Reading what was decided about one person's file: for their page, its head and its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.desk.history import HistoryEntry
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED, File
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import barred_to, require_unconcerned
from cohortmgr.selection import queries
from cohortmgr.selection.models import RELEASED, Batch, Decision, Offer, Release
from cohortmgr.selection.moves.queries import ToldMove, told_of
from cohortmgr.selection.reasons.refusing import marks
from cohortmgr.selection.rules import BatchState, OfferState, Outcome, WaitingState

PERMISSION = "selection.read"
SEAT = sa.func.coalesce(Offer.offering_id, Application.offering_id)
"""The offering in which a file has a seat, beside its offer: by wishes it may be another than the dearest; of a file
without an offer the one that it is of."""
_OUTCOMES: Mapping[str, str] = {
    Outcome.OFFER: N_("Décision : place proposée"),
    Outcome.WAITING: N_("Décision : liste d’attente"),
    Outcome.REFUSED: N_("Décision : non retenue"),
}
_ANSWERS: Mapping[str, str] = {
    OfferState.ACCEPTED: N_("Place acceptée"),
    OfferState.DECLINED: N_("Renoncement"),
}
_RANKED = N_("%(rank)s sur %(of)s, moyenne %(mean)s")
_RANKED_HARMONISED = N_("%(rank)s sur %(of)s, note harmonisée %(mean)s")


@dataclass(frozen=True)
class DecidedLine:
    """A decision about a file, with its batch, the offer it led to, when its person was told, of how many files it is
    a rank, and the present place on the waiting list, None once nobody is called from it."""

    decision: Decision
    batch: Batch
    offer: Offer | None
    told_at: datetime | None
    of: int
    place: int | None

    @property
    def is_harmonised(self) -> bool:
        """Whether harmonised marks count in that of the decision."""
        return is_harmonised(self.batch.summary)


def decided_of(viewer: Viewer, file: File) -> Sequence[DecidedLine]:
    """Return the decisions about a file of an intake whose selection the viewer reads, the newest first, those that
    wait for a second person among them; one statement, and one for a place on a waiting list."""
    if not allows(viewer, PERMISSION, file.intake.path):
        return []
    rows = db.session.execute(
        sa.select(Decision, Batch, Offer, Release.published_at)
        .join(Batch, Batch.id == Decision.batch_id)
        .outerjoin(Release, RELEASED)
        .outerjoin(Offer, Offer.decision_id == Decision.id)
        .where(Decision.application_id == file.application.id, Batch.state != BatchState.CANCELLED.value)
        .order_by(Decision.id.desc())
    ).all()
    return [
        DecidedLine(decision, batch, offer, told_at, ranked_in(batch.summary), _place(decision, file.intake))
        for decision, batch, offer, told_at in rows
    ]


def moves_of(viewer: Viewer, file: File) -> Sequence[ToldMove]:
    """Return the moves by hand of a file of an intake whose selection the viewer reads, the newest first."""
    return told_of(file.application.id) if allows(viewer, PERMISSION, file.intake.path) else []


@dataclass(frozen=True)
class StaffOffer:
    """An offer as staff see it, with the file, its intake and the batch that led to it."""

    offer: Offer
    application: Application
    intake: Intake
    batch: Batch


def offer_for(viewer: Viewer, reference: str, *, lock: bool = False) -> StaffOffer:
    """Return the offer with this reference if the viewer may read that selection. Raises NotFound otherwise,
    and Withheld from whoever has an interest in its intake."""
    wanted = (
        sa.select(Offer, Application, Intake, Batch)
        .join(Application, Application.id == Offer.application_id)
        .join(Intake, Intake.id == Offer.intake_id)
        .join(Decision, Decision.id == Offer.decision_id)
        .join(Batch, Batch.id == Decision.batch_id)
        .where(Offer.reference == reference, AGREED, within(viewer, "selection.read", Intake.path))
    )
    if lock:
        wanted = wanted.with_for_update(of=Offer).execution_options(populate_existing=True)
    row = db.session.execute(wanted).first()
    if row is None:
        raise NotFound(reference)
    require_unconcerned(viewer, row.Intake, "selection.read")
    return StaffOffer(*row)


def _place(decision: Decision, intake: Intake) -> int | None:
    if decision.waiting_state != WaitingState.WAITING or queries.offers_are_over(intake):
        return None
    return queries.place_of(decision)


def ranked_in(summary: Mapping[str, Any]) -> int:
    """Return how many files of a batch have a rank: all but those that do not meet the conditions."""
    return int(summary.get("all", 0)) - int(summary.get("ineligible", 0))


def is_harmonised(summary: Mapping[str, Any]) -> bool:
    """Return whether any phase of a batch was ranked by harmonised marks."""
    return any(each["basis"] != MarkBasis.RAW for each in summary.get("marks", ()))


def read_or_decided(_viewer: Viewer, file: File) -> sa.ColumnElement[bool]:
    """Whether a file was given to a reader, or decided about, for the head of its person's page."""
    number = file.application.id
    given = sa.select(Review.id).where(Review.application_id == number).exists()
    return sa.or_(given, sa.select(Decision.id).where(Decision.application_id == number).exists())


def offer_state(_viewer: Viewer, file: File) -> sa.ColumnElement[str | None]:
    """The state of the offer of a seat to a file's person, for the head of their page; NULL without one."""
    return sa.select(Offer.state).where(Offer.application_id == file.application.id).scalar_subquery()


def traces(file: File) -> sa.Select[str, str]:
    """Select the offer of a file, as the trail names it."""
    kind = sa.literal(Offer.__trail__, sa.String).label("kind")
    return sa.select(kind, Offer.reference).where(Offer.application_id == file.application.id)


def story_of(viewer: Viewer, application: Application) -> list[HistoryEntry]:
    """Return what was decided about a file and how its person answered, once they were told; with rank and mean for
    whoever reads the selection and has no interest in it. One statement, and that of interests; the path of the
    person's page shows it."""
    barred = application.intake_id in barred_to(viewer)
    columns = (Decision.outcome, Decision.rank, Decision.mean_thousandths, Release.published_at)
    rows = db.session.execute(
        sa.select(*columns, Offer.state, Offer.answered_at, Batch.summary, Intake.path)
        .join(Release, RELEASED)
        .join(Batch, Batch.id == Decision.batch_id)
        .join(Intake, Intake.id == Decision.intake_id)
        .outerjoin(Offer, Offer.decision_id == Decision.id)
        .where(Decision.application_id == application.id)
    ).all()
    told = [
        HistoryEntry(row.published_at, _OUTCOMES[row.outcome], more="" if barred else _ranked(viewer, row))
        for row in rows
    ]
    answers = [row for row in rows if row.answered_at is not None and row.state in _ANSWERS]
    return [*told, *(HistoryEntry(row.answered_at, _ANSWERS[row.state]) for row in answers)]


def _ranked(viewer: Viewer, row: sa.Row[*tuple[Any, ...]]) -> Problem | str:
    if not row.rank or not allows(viewer, PERMISSION, row.path):
        return ""
    values = {"rank": row.rank, "of": ranked_in(row.summary), "mean": marks(row.mean_thousandths or 0)}
    return Problem(_RANKED_HARMONISED if is_harmonised(row.summary) else _RANKED, values)
