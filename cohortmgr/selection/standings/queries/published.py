"""Reading what others can check of a batch under sealed rules: its public sheet, and each candidate's own line.

Sheet and lines are kept when the batch is proposed, so that no page loads a certificate, which has a row a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import NotFound
from cohortmgr.jobs.queries import kept_of, part_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.public.hooks import ToldSeal
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.proofs.choice import salted
from cohortmgr.selection.proofs.parts import LinesIndex
from cohortmgr.selection.queries import OwnDecision
from cohortmgr.selection.rules import BatchState
from cohortmgr.selection.sealing.queries import salt_of, sealed_among, versions_of

SHEET, LINES = "selection.sheet", "selection.lines"
"""The kinds of what is kept of a batch: its sheet, and the index of its lines beside their parts."""


def has_sheet(batch: Batch) -> bool:
    """Whether a batch was chosen under sealed rules, and its sheet was kept."""
    return "root" in batch.summary


def has_names(batch: Batch) -> bool:
    """Whether the certificate of a batch names its files by salted references."""
    return "rules" in batch.summary and bool(batch.digest)


def published_at(batch: Batch) -> datetime | None:
    """When the sheet of a batch was published; None if it is not, or not any more."""
    said = batch.summary.get("published")
    return datetime.fromisoformat(said) if said and batch.state == BatchState.APPROVED else None


def sheet_of(batch: Batch) -> Mapping[str, Any]:
    """Return the sheet of a batch. Raises NotFound for one without."""
    kept = kept_of(SHEET, batch.reference)
    if kept is None or not has_sheet(batch):
        raise NotFound(batch.reference)
    return kept.figures


@dataclass(frozen=True)
class PublishedBatch:
    """A batch whose sheet everybody may see, with its intake."""

    intake: Intake
    batch: Batch
    at: datetime


def published(viewer: Viewer, intake_reference: str, reference: str) -> PublishedBatch:
    """Return a batch whose sheet is published, of an intake that is public or was before it was archived. Raises
    NotFound for any other, without a word about which. Two statements."""
    intake = programmes.get_for(viewer, intake_reference)
    wanted = sa.select(Batch).where(Batch.reference == reference, Batch.intake_id == intake.id)
    with acting_in(intake.institution_id):
        batch = db.session.scalar(wanted)
    at = published_at(batch) if batch is not None else None
    if batch is None or at is None or not has_sheet(batch):
        raise NotFound(reference)
    return PublishedBatch(intake, batch, at)


def published_sheet(found: PublishedBatch) -> Mapping[str, Any]:
    """Return the sheet of a published batch, in one statement."""
    with acting_in(found.intake.institution_id):
        return sheet_of(found.batch)


def seal_told(intake_reference: str) -> ToldSeal | None:
    """Return what the public page of an intake says of its rules: that they are sealed, and the sheets of its batches
    that are published; None without a seal. Three statements at most."""
    intake = db.session.scalars(sa.select(Intake).where(Intake.reference == intake_reference)).one()
    with acting_in(intake.institution_id):
        sealed = sealed_among(versions_of(intake))
        if sealed is None or sealed.sealed_at is None:
            return None
        rows = sa.select(Batch, Offering.key).outerjoin(Offering, Offering.id == Batch.offering_id)
        rows = rows.where(Batch.intake_id == intake.id, Batch.state == BatchState.APPROVED.value)
        told = db.session.execute(rows.order_by(Batch.id))
        sheets = [
            (key or "", batch.reference) for batch, key in told if has_sheet(batch) and published_at(batch)
        ]
        return ToldSeal(sealed.sealed_at, sealed.digest, sealed.older_marks, tuple(sheets))


@dataclass(frozen=True)
class OwnLine:
    """A candidate's own line of a choice with its path, as `verify.py --line` reads it; the root to which it leads; the
    names of its groups, as JSON, in the order of the line's prices; when the sheet of its batch was published; and
    whether marks are older than the seal of the rules."""

    line: Mapping[str, Any]
    root: str
    groups: Sequence[Mapping[str, Any]]
    batch: str
    published_at: datetime | None
    older_marks: bool


def line_of(mine: OwnDecision) -> OwnLine:
    """Return the line of one's own decision. Raises NotFound where no sealed rules chose, and for a file that nobody
    ranked, which has no line. Five statements, whatever the number of files."""
    decision = mine.decision
    if decision.added is None:
        raise NotFound(decision.reference)
    with acting_in(decision.institution_id):
        batch = db.session.get_one(Batch, decision.batch_id)
        kept = kept_of(LINES, batch.reference)
        if kept is None or not has_sheet(batch):
            raise NotFound(decision.reference)
        index = LinesIndex(**kept.figures)
        reference = names_in(batch)(mine.application.number)
        part = part_of(LINES, batch.reference, index.part_of(reference))
        try:
            line = index.line(reference, part.figures if part is not None else {})
        except KeyError:
            raise NotFound(decision.reference) from None
        groups = _named(line, index, batch)
        older = bool(sheet_of(batch)["rules"].get("older_marks"))
        return OwnLine(line, batch.summary["root"], groups, batch.reference, published_at(batch), older)


def _named(line: Mapping[str, Any], index: LinesIndex, batch: Batch) -> list[Mapping[str, Any]]:
    """The names of the groups whose prices a line bears, as the batch keeps them."""
    wheres = [bound["where"] for bound in index.frame["rules"]["bounds"]]
    told = batch.summary["rules"]["bounds"]
    return [told[wheres.index(each["where"])]["group"] for each in line["prices"]["bounds"]]


def names_in(batch: Batch) -> Callable[[str], str]:
    """Return how the certificate of a batch names a file of a number: under sealed rules by its salted reference, else
    as it is. The rules change no more while a batch rests on them, and the salt never."""
    if "rules" not in batch.summary:
        return str
    sealed = sealed_among(versions_of(db.session.get_one(Intake, batch.intake_id)))
    if sealed is None:
        raise NotFound(batch.reference)
    return partial(salted, salt_of(sealed).encode())


def references_of(batch: Batch) -> Iterator[tuple[str, str]]:
    """Yield (number, salted reference) of each file in a batch's certificate, by number, for who may see both."""
    named = names_in(batch)
    wanted = sa.select(Application.number).join(Decision, Decision.application_id == Application.id)
    wanted = wanted.where(Decision.batch_id == batch.id, Decision.rank.is_not(None))
    for number in db.session.scalars(wanted.order_by(Application.number)):
        yield number, named(number)
