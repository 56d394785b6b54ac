"""Reading what the matching board shows, in a few statements whatever the size of the cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.cohorts.rules import PRESENT
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.matching import blocking_pairs, verify
from cohortmgr.placements.models import MatchingRun, Placement, Position
from cohortmgr.placements.queries import placements, standing
from cohortmgr.placements.rules import PRESENT as PLACED
from cohortmgr.placements.rules import MatchingState, PlacementState, why_unplaced

LocalizedText = Mapping[str, str]
# Among so many offers of seats does a search look for a company's name, which no index folds.
MOST_COMPANIES = 500


@dataclass(frozen=True)
class Member:
    """A member of the cohort: their wishes, and the company found with that wish's rank, or why there is none.

    `placement` is the one that stands, or was the last. Without a company, `placeable` by hand. `file` is the reference
    of the file that they came by."""

    reference: str
    file: str
    name: str
    number: str
    wishes: tuple[LocalizedText, ...]
    company: LocalizedText | None = None
    rank: int | None = None
    score: int | None = None
    why: Problem | None = None
    placement: Placement | None = None

    @property
    def proposed(self) -> bool:
        """Whether a placement by hand waits for a second person."""
        return self.placement is not None and self.placement.state == PlacementState.PROPOSED

    @property
    def by_hand(self) -> bool:
        """Whether two people placed them, and not the matching."""
        return self.placement is not None and self.placement.run_id is None


@dataclass(frozen=True)
class Company:
    """A position: its seats, how many wish it (and wish it first), how many of these it scored, how many it gets.

    `free` counts the seats that nobody has, or is proposed for; `organisation` is the company's own reference."""

    reference: str
    organisation: str
    name: LocalizedText
    seats: int
    wished: int
    first: int
    scored: int
    placed: int
    free: int = 0


@dataclass(frozen=True)
class PlacementBoard:
    """The whole board. `blocking` and `faults` are checked on the certificate by other code than the matching's."""

    members: tuple[Member, ...]
    companies: tuple[Company, ...]
    run: MatchingRun | None
    blocking: int
    faults: tuple[Problem, ...]

    @property
    def stated(self) -> int:
        """How many members have stated their wishes."""
        return sum(bool(member.wishes) for member in self.members)

    @property
    def missing_scores(self) -> int:
        """The number of wishes that no score answers yet."""
        return sum(company.wished - company.scored for company in self.companies)

    @property
    def unplaced(self) -> tuple[Member, ...]:
        """The members without a company."""
        return tuple(member for member in self.members if member.company is None)

    @property
    def placeable(self) -> tuple[Member, ...]:
        """The members who can be placed by hand: the matching is approved, and they have no company."""
        return tuple(each for each in self.unplaced if not each.proposed) if self.approved else ()

    @property
    def free(self) -> tuple[Company, ...]:
        """The companies with a free seat."""
        return tuple(company for company in self.companies if company.free > 0)

    @property
    def approved(self) -> bool:
        """Whether the matching is approved, so that its placements exist."""
        return self.run is not None and self.run.state == MatchingState.APPROVED

    def got(self, rank: int) -> int:
        """Return how many members got their wish of that rank."""
        return sum(member.rank == rank for member in self.members)


def of(cohort: Cohort) -> PlacementBoard:
    """Return the board of a cohort: as it stands now, or as its last matching found it."""
    positions = placements.positions_of(cohort.id)
    run = placements.latest_run(cohort.id)
    if run is None:
        wishes, scores = placements.all_wishes(cohort.id), placements.all_scores(cohort.id)
        assignment: Mapping[str, str] = {}
    else:
        content: dict[str, Any] = run.certificate
        wishes, scores, assignment = content["wishes"], content["priorities"], content["assignment"]
    approved = run is not None and run.state == MatchingState.APPROVED
    last = {each.enrolment_id: each for each in standing.placements_in(cohort.id)} if approved else {}
    names: dict[str, LocalizedText] = {row.Position.reference: row.company for row in positions}
    keys = {row.Position.id: row.Position.reference for row in positions}
    rows = [
        row
        for row in cohorts.members(cohort.id)
        if row.Enrolment.reference in wishes or row.Enrolment.state in PRESENT
    ]
    if approved:  # what stands now, and no longer what was computed then
        assignment = {
            row.Enrolment.reference: keys[placement.position_id]
            for row in rows
            if (placement := last.get(row.Enrolment.id)) is not None and placement.state in PLACED
        }
    members = tuple(
        _member(
            row,
            names,
            wishes.get(row.Enrolment.reference, ()),
            scores,
            assignment,
            run is not None,
            last.get(row.Enrolment.id),
        )
        for row in rows
    )
    taken = standing.seats_taken(cohort.id) if approved else {}
    companies = tuple(
        _company(row, wishes, scores, assignment, row.Position.seats - taken.get(row.Position.id, 0))
        for row in positions
    )
    if run is None:
        return PlacementBoard(members, companies, None, 0, ())
    certified: Mapping[str, str] = run.certificate["assignment"]
    pairs = blocking_pairs(wishes, scores, run.certificate["seats"], certified, run.seed)
    return PlacementBoard(members, companies, run, len(pairs), tuple(verify(run.certificate)))


def _member(
    row: sa.Row[*tuple[Any, ...]],
    names: Mapping[str, LocalizedText],
    wished: Sequence[str],
    scores: Mapping[str, Mapping[str, int]],
    assignment: Mapping[str, str],
    ran: bool,
    placement: Placement | None,
) -> Member:
    reference = row.Enrolment.reference
    who = (reference, row.application_reference, row.name, row.number)
    told = tuple(names[each] for each in wished if each in names)
    found = assignment.get(reference)
    if found is not None and found in names:
        rank = list(wished).index(found) + 1 if found in wished else None
        score = scores.get(found, {}).get(reference)
        return Member(*who, told, names[found], rank, score, placement=placement)
    why = _why(wished, scores, reference, placement) if ran else None
    return Member(*who, told, why=why, placement=placement)


def _why(
    wished: Sequence[str],
    scores: Mapping[str, Mapping[str, int]],
    reference: str,
    placement: Placement | None,
) -> Problem:
    if placement is not None and placement.state == PlacementState.BROKEN:
        return Problem(
            N_("La période en entreprise a été interrompue le %(day)s."), {"day": placement.ends_on}
        )
    return why_unplaced(wished, scores, reference)


def _company(
    row: sa.Row[*tuple[Any, ...]],
    wishes: Mapping[str, Sequence[str]],
    scores: Mapping[str, Mapping[str, int]],
    assignment: Mapping[str, str],
    free: int,
) -> Company:
    reference = row.Position.reference
    wishing = [candidate for candidate, ranked in wishes.items() if reference in ranked]
    return Company(
        reference=reference,
        organisation=row.reference,
        free=free,
        name=row.company,
        seats=row.Position.seats,
        wished=len(wishing),
        first=sum(wishes[candidate][0] == reference for candidate in wishing),
        scored=sum(candidate in scores.get(reference, {}) for candidate in wishing),
        placed=sum(company == reference for company in assignment.values()),
    )


def companies_read(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (company, cohort's name and reference) of the companies that offer seats where the viewer reads
    placements, those of the newest cohorts first, so many at most as a search looks through."""
    return db.session.execute(
        sa.select(Organisation.name.label("company"), Cohort.name, Cohort.reference)
        .join(Position, Position.company_id == Organisation.id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .where(cohorts.within(viewer, "placements.read"))
        .order_by(Cohort.starts_on.desc(), Cohort.id.desc(), Position.id)
        .limit(MOST_COMPANIES)
    ).all()
