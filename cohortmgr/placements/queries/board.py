"""Reading what the matching board shows, in a few statements whatever the size of the cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.base.errors import Problem
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort
from cohortmgr.cohorts.rules import PRESENT
from cohortmgr.placements.matching import blocking_pairs, verify
from cohortmgr.placements.models import MatchingRun
from cohortmgr.placements.queries import placements
from cohortmgr.placements.rules import MatchingState, why_unplaced

LocalizedText = Mapping[str, str]


@dataclass(frozen=True)
class Member:
    """A member of the cohort: their wishes, and the company found with that wish's rank, or why there is none."""

    name: str
    number: str
    wishes: tuple[LocalizedText, ...]
    company: LocalizedText | None = None
    rank: int | None = None
    score: int | None = None
    why: Problem | None = None


@dataclass(frozen=True)
class Company:
    """A position: its seats, how many wish it (and wish it first), how many of these it scored, how many it gets."""

    name: LocalizedText
    seats: int
    wished: int
    first: int
    scored: int
    placed: int


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
    names: dict[str, LocalizedText] = {row.Position.reference: row.company for row in positions}
    members = tuple(
        _member(row, names, wishes.get(row.Enrolment.reference, ()), scores, assignment, run is not None)
        for row in cohorts.members(cohort.id)
        if row.Enrolment.reference in wishes or row.Enrolment.state in PRESENT
    )
    companies = tuple(_company(row, wishes, scores, assignment) for row in positions)
    if run is None:
        return PlacementBoard(members, companies, None, 0, ())
    pairs = blocking_pairs(wishes, scores, run.certificate["seats"], assignment, run.seed)
    return PlacementBoard(members, companies, run, len(pairs), tuple(verify(run.certificate)))


def _member(
    row: sa.Row[*tuple[Any, ...]],
    names: Mapping[str, LocalizedText],
    wished: Sequence[str],
    scores: Mapping[str, Mapping[str, int]],
    assignment: Mapping[str, str],
    ran: bool,
) -> Member:
    reference = row.Enrolment.reference
    told = tuple(names[each] for each in wished if each in names)
    found = assignment.get(reference)
    if found is not None and found in names:
        rank, score = list(wished).index(found) + 1, scores[found][reference]
        return Member(row.name, row.number, told, names[found], rank, score)
    why = why_unplaced(wished, scores, reference) if ran else None
    return Member(row.name, row.number, told, why=why)


def _company(
    row: sa.Row[*tuple[Any, ...]],
    wishes: Mapping[str, Sequence[str]],
    scores: Mapping[str, Mapping[str, int]],
    assignment: Mapping[str, str],
) -> Company:
    reference = row.Position.reference
    wishing = [candidate for candidate, ranked in wishes.items() if reference in ranked]
    return Company(
        name=row.company,
        seats=row.Position.seats,
        wished=len(wishing),
        first=sum(wishes[candidate][0] == reference for candidate in wishing),
        scored=sum(candidate in scores.get(reference, {}) for candidate in wishing),
        placed=sum(company == reference for company in assignment.values()),
    )
