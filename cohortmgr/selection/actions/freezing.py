"""How a batch is frozen: its decisions are written in chunks, then its certificate with the change of its state.

The worker commits each chunk, the request of a small intake all of them at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, Problem, Refused, as_json
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions import queue
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.harmonising.queries import as_kept, choices_in
from cohortmgr.selection import queries
from cohortmgr.selection.actions import publishing
from cohortmgr.selection.board import SelectionBoard, mean_on, require_read
from cohortmgr.selection.certificate import verify
from cohortmgr.selection.certifying import certificate_of
from cohortmgr.selection.deciding import DecidedFile, decisions
from cohortmgr.selection.models import Batch, Decision
from cohortmgr.selection.moves.queries import references_in_force
from cohortmgr.selection.proofs.choice import StatedSeal
from cohortmgr.selection.rules import BATCH_STATES, BatchState, Outcome, WaitingState
from cohortmgr.selection.sealing.queries import rules_in_force
from cohortmgr.selection.sealing.rules import sealed_statement
from cohortmgr.selection.standings.queries import kept as standings

_OTHERWISE = N_(
    "Les places de cette campagne ne se donnent plus par vœux : annulez ce lot, et regardez le classement de nouveau."
)
FREEZE, CHECK = "selection.freeze", "selection.check"
CHUNK = 1_000
"""How many decisions are written in one transaction."""
_DECISIONS = table_of(Decision)


@dataclass(frozen=True)
class OnBehalf:
    """Who began an act that the worker finishes: the trail names them."""

    reference: str


@dataclass(frozen=True)
class Frozen:
    """What a batch is to hold, as it was read: `rests_on` says of which state of the readings and files, `marks` by
    which marks phases are ranked, where that was chosen, `moves` the references of those made by hand."""

    rests_on: str
    board: SelectionBoard
    decisions: Sequence[DecidedFile]
    certificate: dict[str, Any]
    problems: Sequence[Problem]
    marks: Sequence[Mapping[str, str]] = ()
    moves: Sequence[str] = ()


def ask(viewer: Viewer, batch: Batch) -> None:
    """Ask the worker to freeze a batch."""
    batch.job_reference = queue.request(viewer, FREEZE, {"batch": batch.reference}, batch.institution_id)


def ask_check(viewer: Viewer, batch: Batch) -> None:
    """Ask the worker to recompute the certificate of a batch."""
    batch.job_reference = queue.request(viewer, CHECK, {"batch": batch.reference}, batch.institution_id)


def read(viewer: Viewer, intake: Intake, offering: Offering | None) -> Frozen:
    """Rank the files of an offering, or of all at once, and decide on each. Refused while one is unread or
    undecided."""
    rests_on = standings.state_of(intake, offering)
    board = queries.ranking_of(intake, offering)
    if offering is None and board.allotted is None:
        raise Refused(_OTHERWISE)
    require_read(board)
    found = certificate_of(board, _seal_of(intake, offering) if board.ruled is not None else None)
    problems = verify(found)
    decided = decisions(board, programmes.definition_of(intake).eligibility)
    marks = as_kept(choices_in(intake.id).values())
    moved = references_in_force(intake, offering) if board.ruled is not None else ()
    return Frozen(rests_on, board, decided, found, problems, marks, moved)


def _seal_of(intake: Intake, offering: Offering | None) -> StatedSeal | None:
    """What a certificate says of the rules in force: what was sealed, its digest, who sealed and when, each change."""
    rules = rules_in_force(intake)
    if rules is None:
        return None
    changes = tuple((_day(each.on), _both(each.by), each.reason) for each in rules.changes)
    stated = sealed_statement(rules.content, intake.reference, rules.salt, rules.digest)
    by, on = _both(rules.sealed_by), _day(rules.sealed_at)
    key = offering.key if offering is not None else ""
    return StatedSeal(rules.digest, by, on, rules.older_marks, changes, stated, key)


def _both(names: tuple[str, str]) -> str:
    return " · ".join(name for name in names if name)


def _day(moment: datetime) -> str:
    return clock.local(moment).isoformat(timespec="minutes")


def held(viewer: Viewer, reference: str, *states: BatchState) -> Batch | None:
    """Return a batch, locked until the commit, if it is in one of the states: whoever stops it does so before or
    after."""
    wanted = sa.select(Batch).where(Batch.reference == reference, Batch.state.in_(states))
    return db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))


def begin(viewer: Viewer, batch: Batch) -> None:
    """Forget the decisions that an earlier start wrote: they may rest on other readings."""
    db.session.execute(sa.delete(_DECISIONS).where(_DECISIONS.c.batch_id == batch.id))


def write(viewer: Viewer, batch: Batch, found: Frozen, start: int) -> None:
    """Write one chunk of the decisions, in the order in which they are listed."""
    offerings = _offerings(batch)
    rows = [
        {
            "reference": new_reference(),
            "institution_id": batch.institution_id,
            "batch_id": batch.id,
            "application_id": each.file.application_id,
            "person_id": each.file.person_id,
            "intake_id": batch.intake_id,
            "outcome": each.outcome.value,
            "rank": each.rank,
            "mean_thousandths": each.mean,
            "position": each.position,
            "waiting_state": WaitingState.WAITING.value if each.outcome is Outcome.WAITING else None,
            "reasons": [as_json(reason) for reason in each.reasons],
            "offering_id": offerings[each.offering] if each.outcome is Outcome.OFFER else None,
            **_of_the_ranking(found.board, each),
        }
        for each in found.decisions[start : start + CHUNK]
    ]
    db.session.execute(sa.insert(_DECISIONS), rows)


def _offerings(batch: Batch) -> Mapping[str | None, int]:
    """The ids of the offerings of a batch by key; of one offering, by no key."""
    if batch.offering_id is not None:
        return {None: batch.offering_id}
    rows = sa.select(Offering.key, Offering.id).where(Offering.intake_id == batch.intake_id)
    return {row.key: row.id for row in db.session.execute(rows)}


def _of_the_ranking(board: SelectionBoard, decided: DecidedFile) -> dict[str, Any]:
    """What the row of a file in the ranking says, for the page of the ranking to show what was decided."""
    if decided.rank is None:
        return {
            "totals": [],
            "decided": "",
            "knocked_out": "",
            "knocked_out_mean": None,
            "added": None,
            "groups": [],
            "wishes": [],
        }
    row = board.ranking.rows[decided.rank - 1]
    return {
        "totals": list(row.totals),
        "decided": row.decided,
        "knocked_out": row.knocked_out,
        "knocked_out_mean": mean_on(decided.file, board.rubric, row.knocked_out) if row.knocked_out else None,
        "added": board.added(row.reference),
        "groups": list(board.ruled.rules.groups(row.reference)) if board.ruled is not None else [],
        "wishes": list(board.wishes(row.reference)),
    }


def holds(viewer: Viewer, batch: Batch, found: Frozen) -> bool:
    """Whether what the decisions rest on is as it was when it was read."""
    return standings.state_of(*queries.offered_in(batch)) == found.rests_on


def fill(viewer: Viewer, batch: Batch, found: Frozen) -> None:
    """Let a batch say what was read, and wait for a second person."""
    BATCH_STATES.move(batch.state, BatchState.PROPOSED)
    batch.seats, batch.waiting, batch.seed = found.board.seats, found.board.waiting, found.board.ranking.seed
    batch.certificate, batch.digest = found.certificate, found.certificate["sha256"]
    ruled, root = found.board.ruled, (batch.summary or {}).get("root")
    batch.summary = {
        **_summary(found.decisions),
        **({"marks": found.marks} if found.marks else {}),
        **({"rules": ruled.told, "offered": found.board.offered} if ruled is not None else {}),
        **({"root": root} if root else {}),
        **({"moves": list(found.moves)} if found.moves else {}),
    }
    batch.state, batch.stopped, batch.proposed_at = BatchState.PROPOSED.value, [], clock.now()
    keep_check(viewer, batch, found.problems)


def _summary(decided: Sequence[DecidedFile]) -> dict[str, Any]:
    return {
        "all": len(decided),
        **Counter(each.outcome.value for each in decided),
        "ineligible": sum(each.rank is None for each in decided),
        "languages": dict(Counter(each.file.language for each in decided).most_common()),
    }


def note(viewer: Viewer, batch: Batch) -> None:
    """Say in the trail who proposed a batch."""
    after = {"seed": batch.seed, "seats": batch.seats, "certificate": batch.digest}
    if "root" in batch.summary:
        after["root"] = batch.summary["root"]
    record(OnBehalf(batch.proposed_by), "selection.propose", about(batch), after=after)


def settle(viewer: Viewer, batch: Batch, found: Frozen) -> bool:
    """Propose a batch whose decisions are all written. Returns False, with nothing changed, if what they rest on has
    changed since it was read."""
    if not holds(viewer, batch, found):
        return False
    fill(viewer, batch, found)
    note(viewer, batch)
    return True


def keep_check(viewer: Viewer, batch: Batch, problems: Sequence[Problem]) -> None:
    """Keep what a check of the certificate found, for the pages, which do not load it."""
    batch.problems, batch.checked_at = [as_json(problem) for problem in problems], clock.now()


def give_up(viewer: Viewer, batch: Batch, problems: Sequence[Problem]) -> None:
    """Cancel a batch that cannot be frozen, with the reasons that its page tells."""
    BATCH_STATES.move(batch.state, BatchState.CANCELLED)
    before = {"state": batch.state}
    batch.state, batch.stopped = BatchState.CANCELLED.value, [as_json(problem) for problem in problems]
    publishing.forget(viewer, batch)
    after = {"state": batch.state, "because": batch.stopped}
    record(viewer, "selection.cancel", about(batch), before=before, after=after)
