"""Ranking candidates and cutting the ranking: exact, and open to recomputation by anyone.

Candidates are ordered by the mean of their readings as an exact fraction, then by the stated tie-breaks in
order (each in thousandths, higher first), then by a lot: the SHA-256 of the published seed and the reference,
lower first. Of several phases the mean of each counts by its weight; whoever stopped before the last comes after
those who did not. Those whom a criterion knocks out come after all others. Neither is chosen though seats be free.

Where rules are sealed, marks are compared in whole thousandths, as bounds reckon with them, and the lots are drawn
under references that nobody could foresee.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from types import MappingProxyType

from cohortmgr.base.errors import N_, Problem, Refused

BY_MEAN = "mean"
BY_LOT = "lot"
BY_KNOCK_OUT = "out"
BY_PHASE = "phase"
BY_RIGHT = "right"
BY_HAND = "hand"
BELOW_LINE = "below_line"
LOST_TIE = "lost_tie"
KNOCKED_OUT = "knocked_out"
STAYED = "stayed"
KEPT_OUT = "kept_out"


@dataclass(frozen=True)
class RankingEntry:
    """One candidate: the totals of the readings and the tie-break values, all in thousandths out of twenty.

    `knocked_out` is the key of the criterion on which the readings' mean is too low to be chosen; empty without one.
    Where there are several phases, `parts` are the weight and the totals of each that has any, and `short` is how many
    phases before the last the candidate stopped."""

    reference: str
    totals: tuple[int, ...]
    tie: tuple[int, ...] = ()
    knocked_out: str = ""
    parts: tuple[tuple[int, tuple[int, ...]], ...] = ()
    short: int = 0

    @property
    def mean(self) -> Fraction:
        """The exact mark: the mean of the totals, or that of the parts by their weights; 0 of nothing."""
        if not self.parts:
            return Fraction(sum(self.totals), len(self.totals)) if self.totals else Fraction(0)
        marks = [(weight, Fraction(sum(totals), len(totals))) for weight, totals in self.parts if totals]
        whole = sum(weight for weight, _ in marks)
        return sum((weight * mark for weight, mark in marks), Fraction(0)) / whole if whole else Fraction(0)


@dataclass(frozen=True)
class RankedCandidate:
    """A ranked candidate. `exact` decides the order; `mean` is `exact` rounded half to even, for display.

    `decided` is the furthest rule needed to tell this row from the one above and the one below: "mean",
    "tie1", "tie2"…, or "lot"; "out" of whom a criterion knocks out, "phase" of who stopped before the last phase,
    "right" and "hand" of who has a seat, or is `kept_out`, whatever the mark.
    """

    rank: int
    reference: str
    mean: int
    exact: Fraction
    decided: str
    totals: tuple[int, ...]
    tie: tuple[int, ...]
    knocked_out: str = ""
    short: int = 0
    kept_out: bool = False

    @property
    def is_in(self) -> bool:
        """Whether it may be chosen: it came to the last phase, and no criterion knocks it out; or it has a seat by
        right or by hand."""
        if self.decided in (BY_RIGHT, BY_HAND):
            return not self.kept_out
        return not self.knocked_out and not self.short


@dataclass(frozen=True)
class Ranking:
    """The rows, best first, and the seed that drew the lots."""

    rows: tuple[RankedCandidate, ...]
    seed: str


@dataclass(frozen=True)
class RankingRefusal:
    """A row that was not chosen: why, and how far its mean is below that of the last one chosen (thousandths)."""

    row: RankedCandidate
    reason: str
    distance: int


@dataclass(frozen=True)
class Cut:
    """Who is chosen, who waits (in order), who is refused. `line` is the lowest mean chosen, None without seats."""

    chosen: tuple[RankedCandidate, ...]
    waiting: tuple[RankedCandidate, ...]
    refused: tuple[RankingRefusal, ...]
    line: int | None


def lot(seed: str, reference: str) -> str:
    """Return the lot of a reference, 64 hexadecimal digits; the lower one is drawn first."""
    return hashlib.sha256(f"{seed}{reference}".encode()).hexdigest()


def rank(
    candidates: Sequence[RankingEntry],
    seed: str,
    names: Mapping[str, str] | None = None,
    outright: Mapping[str, str] = MappingProxyType({}),
    kept_out: Collection[str] = (),
) -> Ranking:
    """Rank candidates. Refused if a file has no reading or comes twice, or if tie-breaks differ in number.

    `names` are the references under which lots are drawn, by reference, where rules are sealed. `outright` are those
    whose mark decides nothing, by reference: "right" or "hand"; they have a seat unless they are `kept_out`."""
    _require_rankable(candidates)
    means = [entry.mean if names is None else Fraction(round(entry.mean)) for entry in candidates]
    # Compared as whole numbers over what all have in common: a sort compares fractions ten times as slowly.
    whole = lcm(*(mean.denominator for mean in means))
    keyed = sorted(
        (_key(entry, mean.numerator * (whole // mean.denominator), seed, names), place)
        for place, (entry, mean) in enumerate(zip(candidates, means, strict=True))
    )
    rows = []
    for index, (key, place) in enumerate(keyed):
        entry, exact = candidates[place], means[place]
        neighbours = [keyed[n][0] for n in (index - 1, index + 1) if 0 <= n < len(keyed)]
        level = max((_level(key, other) for other in neighbours), default=0)
        rows.append(
            RankedCandidate(
                index + 1,
                entry.reference,
                round(exact),
                exact,
                outright.get(entry.reference) or _decided(entry, level),
                entry.totals,
                entry.tie,
                entry.knocked_out,
                entry.short,
                entry.reference in kept_out,
            )
        )
    return Ranking(tuple(rows), seed)


def cut(
    ranking: Ranking,
    seats: int,
    waiting: int,
    among: Collection[str] | None = None,
    listed: Collection[str] | None = None,
) -> Cut:
    """Cut a ranking after `seats` chosen and `waiting` on the waiting list; the rest are refused, who is knocked out,
    and who stopped before the last phase. With `among`, the references of who was chosen under bounds, it is they who
    are chosen, and the best of the others wait, or those who are `listed`."""
    if seats < 0 or waiting < 0:
        raise Refused(Problem(N_("Le nombre de places ne peut pas être négatif."), {}, "seats"))
    standing = tuple(row for row in ranking.rows if row.is_in)
    if among is None:
        chosen, others = standing[:seats], standing[seats:]
    else:
        chosen = tuple(row for row in standing if row.reference in among)
        others = tuple(row for row in standing if row.reference not in among)
    waits = {row.reference for row in others[:waiting]} if listed is None else listed
    rest = (
        *(row for row in others if row.reference not in waits),
        *(row for row in ranking.rows if not row.is_in),
    )
    last = chosen[-1] if chosen else None
    return Cut(
        chosen=chosen,
        waiting=tuple(row for row in others if row.reference in waits),
        refused=tuple(_refusal(row, last) for row in rest),
        line=last.mean if last else None,
    )


RankingKey = tuple[bool, int, int, tuple[int, ...], str, str]


def _key(entry: RankingEntry, mean: int, seed: str, names: Mapping[str, str] | None) -> RankingKey:
    ties = tuple(-value for value in entry.tie)
    drawn = lot(seed, entry.reference if names is None else names[entry.reference])
    return bool(entry.knocked_out), entry.short, -mean, ties, drawn, entry.reference


def _level(one: RankingKey, other: RankingKey) -> int:
    """Return which rule tells two candidates apart: 0 for the mean, n for the nth tie-break, then one more
    for the lot.
    """
    if one[:3] != other[:3]:
        return 0
    for index, (mine, theirs) in enumerate(zip(one[3], other[3], strict=True), start=1):
        if mine != theirs:
            return index
    return len(one[3]) + 1


def _decided(entry: RankingEntry, level: int) -> str:
    if entry.knocked_out:
        return BY_KNOCK_OUT
    return BY_PHASE if entry.short else _name(level, entry.tie)


def _name(level: int, tie: tuple[int, ...]) -> str:
    if level == 0:
        return BY_MEAN
    return BY_LOT if level > len(tie) else f"tie{level}"


def _refusal(row: RankedCandidate, last: RankedCandidate | None) -> RankingRefusal:
    if row.kept_out:
        return RankingRefusal(row, KEPT_OUT, last.mean - row.mean if last else 0)
    if row.knocked_out:
        return RankingRefusal(row, KNOCKED_OUT, last.mean - row.mean if last else 0)
    if row.short:
        return RankingRefusal(row, STAYED, last.mean - row.mean if last else 0)
    if last is None:
        return RankingRefusal(row, BELOW_LINE, 0)
    return RankingRefusal(row, LOST_TIE if row.exact == last.exact else BELOW_LINE, last.mean - row.mean)


def _require_rankable(candidates: Sequence[RankingEntry]) -> None:
    problems = []
    seen: set[str] = set()
    for entry in candidates:
        values = {"reference": entry.reference}
        if not entry.totals and not entry.short:
            problems.append(
                Problem(N_("Le dossier %(reference)s n’a aucune lecture remise."), values, entry.reference)
            )
        if entry.reference in seen:
            problems.append(Problem(N_("Le dossier %(reference)s vient deux fois."), values, entry.reference))
        if len(entry.tie) != len(candidates[0].tie):
            problems.append(
                Problem(
                    N_("Le dossier %(reference)s n’a pas les mêmes critères de départage que les autres."),
                    values,
                    entry.reference,
                )
            )
        seen.add(entry.reference)
    if problems:
        raise Refused(*problems)
