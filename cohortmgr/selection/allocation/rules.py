"""The values of an allocation, and which bounds of an offering it takes: nested groups, or overlapping soft floors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.programmes.definition.bounds.checking import first_overlaps, told
from cohortmgr.selection.choosing.rules import Bound

_NO_OFFERING = N_(
    "Cette borne ne nomme aucune offre. Une borne sur l’ensemble des offres ne permet plus de servir chacun selon ses "
    "vœux et sa note : écrivez une borne par offre, avec `offering`."
)
_UNKNOWN_OFFERING = N_("L’offre « %(offering)s » n’a pas de places dans ces règles.")
_HARD_FLOOR = N_(
    "Un minimum impératif n’est pas possible quand il y a plusieurs offres : personne n’est placé où il n’a pas "
    "demandé à aller. Écrivez `hard = false` : le minimum passe alors avant les notes."
)
_OVERLAP = N_(
    "Dans l’offre « %(offering)s », les groupes « %(group)s » et « %(other)s » se recoupent sans que l’un contienne "
    "l’autre : seuls des minimums `hard = false` y sont alors possibles, et pas de maximum. Retirez le maximum, ou "
    "nommez dans un groupe tous les attributs de l’autre."
)


class Counting(StrEnum):
    """How an offering counts a person: in each bound that counts them (its groups nest), or in one (they overlap)."""

    EACH = "each"
    ONE = "one"


@dataclass(frozen=True)
class Applicant:
    """Somebody who wishes for offerings, the dearest first. Marks and ties are thousandths, higher first; `lot` is a
    number, lower first; `attributes` are those that bounds name."""

    reference: str
    mark: int
    ties: tuple[int, ...]
    lot: int
    wishes: tuple[str, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def priority(self) -> tuple[int, tuple[int, ...], int, str]:
        """What sorts people at every offering, the better first."""
        return -self.mark, tuple(-tie for tie in self.ties), self.lot, self.reference


@dataclass(frozen=True)
class SeatHolder:
    """Somebody who has a seat of an offering whatever the mark, by right or by hand, and counts in its bounds."""

    reference: str
    offering: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AllocationProblem:
    """Who wishes for which offerings, how many seats each has and under which bounds. Those of `taken` fill seats and
    count in bounds, and are not among the applicants."""

    applicants: tuple[Applicant, ...]
    seats: Mapping[str, int]
    bounds: tuple[Bound, ...] = ()
    taken: tuple[SeatHolder, ...] = ()


@dataclass(frozen=True)
class Allocation:
    """The offering of each applicant who has one, by reference, in the order of priority; those of `taken` apart.

    By offering: how many seats are filled, those of `taken` too; how many people soft bounds miss; and how a person
    counts. A floor that nobody fills misses as many people as it asks for, where a person counts in one: as many as
    no person was counted for."""

    offering_of: Mapping[str, str]
    filled: Mapping[str, int]
    shortfall: Mapping[str, int]
    counting: Mapping[str, Counting]


def bounds_by_offering(problem: AllocationProblem) -> dict[str, tuple[Bound, ...]]:
    """The bounds of each offering that has any, in order. Raises Refused with a problem for each bound that names no
    offering or one without seats; `where` is `bound` and its place from 1, as `bound[2]`."""
    if problems := list(misplaced(problem.bounds, problem.seats)):
        raise Refused(*problems)
    found: dict[str, list[Bound]] = {}
    for bound in problem.bounds:
        found.setdefault(bound.offering, []).append(bound)
    return {offering: tuple(bounds) for offering, bounds in found.items()}


def misplaced(bounds: Iterable[Bound], seats: Mapping[str, int]) -> Iterator[Problem]:
    """A problem for each bound that cannot be one of these offerings, by itself or beside the others of its own."""
    numbered = list(enumerate(bounds, start=1))
    pairs = first_overlaps(bound for _place, bound in numbered)
    for place, bound in numbered:
        where, values = f"bound[{place}]", {"offering": bound.offering}
        if not bound.offering:
            yield Problem(_NO_OFFERING, {}, where)
        elif bound.offering not in seats:
            yield Problem(_UNKNOWN_OFFERING, values, where)
        if bound.at_least is not None and bound.hard:
            yield Problem(_HARD_FLOOR, {}, where)
        if bound.at_most is not None and bound.offering in pairs and bound.offering in seats:
            one, other = pairs[bound.offering]
            yield Problem(_OVERLAP, {**values, "group": told(one), "other": told(other)}, where)


def counting_of(bounds: Iterable[Bound]) -> dict[str, Counting]:
    """How each offering that has bounds counts a person: in one of them where two of its groups overlap."""
    named = list(bounds)
    pairs = first_overlaps(named)
    return {each.offering: Counting.ONE if each.offering in pairs else Counting.EACH for each in named}
