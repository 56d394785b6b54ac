"""What others can check of a batch: keeping its sheet and its candidates' lines, and publishing the sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, NotFound, Refused
from cohortmgr.jobs.actions import keeping
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.selection import queries
from cohortmgr.selection.models import Batch
from cohortmgr.selection.proofs.parts import LinesIndex, parts_of
from cohortmgr.selection.proofs.sheet import public_sheet
from cohortmgr.selection.rules import BatchState
from cohortmgr.selection.standings.queries.published import LINES, SHEET, has_sheet, published_at
from cohortmgr.selection.verify import FORMAT_OF_CHOICE

_NOT_YET = N_("La fiche se publie une fois les décisions approuvées et dites à chacun.")


def keep(viewer: Viewer, batch: Batch, certificate: Mapping[str, Any]) -> str:
    """Keep sheet and lines of a batch whose certificate was made this moment. Returns the root under which lines stand;
    an empty text where no sealed rules chose, so that there is neither. One part of the lines is held at a time."""
    if certificate.get("format") != FORMAT_OF_CHOICE or not certificate["rows"]:
        return ""
    firsts: list[str] = []
    roots: list[bytes] = []

    def parts() -> Iterator[dict[str, Any]]:
        for each in parts_of(certificate):
            firsts.append(each.first)
            roots.append(each.root)
            yield {"rows": each.rows}

    lines = _wanted(batch, LINES)
    keeping.keep_parts(viewer, lines, parts())
    index = LinesIndex.of(certificate, firsts, roots)
    keeping.keep(viewer, lines, index.as_json())
    keeping.keep(viewer, _wanted(batch, SHEET), public_sheet(certificate, index.root))
    return index.root


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
    record(viewer, act, about(batch), after={"root": batch.summary["root"]})


def note_references(viewer: Viewer, reference: str) -> Batch:
    """Note in the trail that somebody takes the table that says which file each row of a certificate is of. NotPermitted
    for whoever may not see files: the certificate itself names nobody."""
    batch = queries.get_for(viewer, reference)
    require(viewer, "applications.read", queries.offered_in(batch)[0].path)
    if not has_sheet(batch):
        raise NotFound(reference)
    record(viewer, "selection.read_references", about(batch), after={"certificate": batch.digest})
    return batch
