"""What others can check of a batch: keeping its sheet and its candidates' lines, and publishing the sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, NotFound, Refused
from cohortmgr.jobs.actions import keeping
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.programmes.actions import draw_anew
from cohortmgr.selection import queries
from cohortmgr.selection.models import Batch
from cohortmgr.selection.proofs.parts import LinesIndex, LinesPart, PartedLines
from cohortmgr.selection.rules import BatchState
from cohortmgr.selection.standings.queries.published import LINES, SHEET, has_names, has_sheet, published_at
from cohortmgr.selection.verify import FORMAT_OF_CHOICE, RULE_OF_CHOICE

_NOT_YET = N_("La fiche se publie une fois les décisions approuvées et dites à chacun.")


CHUNK = 8
"""How many parts of the lines are written in one transaction: about two thousand lines."""


@dataclass
class PreparedSheet:
    """What is to be kept of a certificate under sealed rules; index and sheet are there once all its lines were
    hashed."""

    certificate: Mapping[str, Any]
    lines: PartedLines
    index: LinesIndex | None = None
    sheet: Mapping[str, Any] = field(default_factory=dict)


def hashed_lines(viewer: Viewer, prepared: PreparedSheet) -> Iterator[tuple[int, list[LinesPart]]]:
    """Yield the parts of the lines with the place of their first, made piece by piece so that nothing is hashed while
    rows are locked; index and sheet are there after the last."""
    # numpy and scipy are loaded only where a sheet is made.
    from cohortmgr.selection.proofs.sheet import public_sheet

    parts = iter(prepared.lines)
    start = 0
    while chunk := list(islice(parts, CHUNK)):
        yield start, chunk
        start += len(chunk)
    prepared.index = prepared.lines.index
    prepared.sheet = public_sheet(prepared.certificate, prepared.index.root)


def prepare_sheet(viewer: Viewer, certificate: Mapping[str, Any]) -> PreparedSheet | None:
    """Return what is to be kept of a certificate; None where no sealed rules chose, so that there is nothing, and where
    seats of several offerings were given by wishes: without prices no line tells a decision by itself."""
    is_choice = certificate.get("format") == FORMAT_OF_CHOICE and certificate["rule"] == RULE_OF_CHOICE
    if not is_choice or not certificate["rows"]:
        return None
    return PreparedSheet(certificate, PartedLines(certificate))


def keep_lines(viewer: Viewer, batch: Batch, start: int, parts: Sequence[LinesPart]) -> None:
    """Keep some parts of the lines of a batch; with the first of them those of an earlier start are forgotten."""
    if start == 0:
        forget(viewer, batch)
    keeping.keep_parts(viewer, _wanted(batch, LINES), (each.as_json() for each in parts), start)


def keep_sheet(viewer: Viewer, batch: Batch, prepared: PreparedSheet) -> None:
    """Keep the sheet of a batch whose lines are all kept: from now on it has one."""
    if prepared.index is None:
        raise RuntimeError(f"the lines of {batch.reference} are not all made")
    keeping.keep(viewer, _wanted(batch, LINES), prepared.index.as_json())
    keeping.keep(viewer, _wanted(batch, SHEET), prepared.sheet)
    batch.summary = {"root": prepared.index.root}


def forget(viewer: Viewer, batch: Batch) -> None:
    """Forget the lines of a batch that was cancelled: nobody was told of it."""
    keeping.forget_parts(viewer, _wanted(batch, LINES))


def _wanted(batch: Batch, kind: str) -> ResultWanted:
    return ResultWanted(kind, batch.reference, batch.institution_id)


def publish(viewer: Viewer, reference: str) -> Batch:
    """Publish the sheet of a batch: everybody may read it without signing in. If it is published, nothing happens
    twice. Refused before the decisions are told; NotFound for a batch without a sheet."""
    batch = _held(viewer, reference)
    if batch.state != BatchState.APPROVED:
        raise Refused(_NOT_YET)
    if published_at(batch) is None:
        _say(viewer, batch, "selection.publish_sheet", {"published": clock.now().isoformat()})
    return batch


def withdraw(viewer: Viewer, reference: str) -> Batch:
    """Take the sheet of a batch back: its address leads nowhere. If it is not published, nothing happens."""
    batch = _held(viewer, reference)
    if published_at(batch) is not None:
        _say(viewer, batch, "selection.withdraw_sheet", {})
    return batch


def _held(viewer: Viewer, reference: str) -> Batch:
    batch = queries.get_for(viewer, reference, lock=True)
    require(viewer, "selection.approve", queries.offered_in(batch)[0].path)
    if not has_sheet(batch):
        raise NotFound(reference)
    return batch


def _say(viewer: Viewer, batch: Batch, act: str, said: Mapping[str, str]) -> None:
    rest = {key: value for key, value in batch.summary.items() if key != "published"}
    batch.summary = {**rest, **said}
    draw_anew(viewer, queries.offered_in(batch)[0])
    record(viewer, act, about(batch), after={"root": batch.summary["root"]})


def note_references(viewer: Viewer, reference: str) -> Batch:
    """Note in the trail that somebody takes the table that says which file each row of a certificate is of. Raises
    NotPermitted for whoever may not see files: the certificate itself names nobody."""
    batch = queries.get_for(viewer, reference)
    require(viewer, "applications.read", queries.offered_in(batch)[0].path)
    if not has_names(batch):
        raise NotFound(reference)
    record(viewer, "selection.read_references", about(batch), after={"certificate": batch.digest})
    return batch
