"""The rules of a reader's day: what may be undone, what stays on record, and how fast files are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.reviews.rules import ReadingChange, ReviewState, bounds_of, check_scores

# How long the reader may take a hand-in back by themselves.
UNDONE_WITHIN = timedelta(minutes=10)
# Whoever hands nothing in for longer was not reading: the time does not count towards their pace.
PAUSE = timedelta(minutes=45)
# Of fewer intervals no pace is told.
FEWEST_INTERVALS = 3
# The newest hand-ins of which the pace is told: whoever grows quicker sees it.
NEWEST = 40


def may_undo(state: str, handed_in: datetime | None, sees_others: bool, now: datetime) -> bool:
    """Whether its reader may still take a hand-in back. Who sees the others' marks, since they are discussed or since
    they follow the readings, only corrects their own, with a reason."""
    if state != ReviewState.SUBMITTED or handed_in is None or sees_others:
        return False
    return now - handed_in < UNDONE_WITHIN


# From so many readings on a reader is told how far their own marks lie from the mean.
FEWEST_TOLD = 10


@dataclass(frozen=True)
class EarlierReading:
    """What a reading said before it changed, and why it did. With `scales` its marks are of another rubric: the title
    and the highest mark of each criterion."""

    scores: Mapping[str, int]
    total: int | None
    comment: str
    at: datetime | None
    why: ReadingChange
    reason: str
    to_discuss: bool = False
    scales: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    discussed_at: datetime | None = None

    @property
    def was_handed_in(self) -> bool:
        """Whether it ever counted: what was only a draft is its reader's."""
        return self.at is not None


def earlier_of(kept: Iterable[Mapping[str, object]]) -> list[EarlierReading]:
    """Read what `as_earlier` kept."""
    found = []
    for each in kept:
        scores, total = each.get("scores"), each.get("total")
        scales = each.get("scales")
        found.append(
            EarlierReading(
                scores={str(key): int(value) for key, value in scores.items()}
                if isinstance(scores, Mapping)
                else {},
                total=total if isinstance(total, int) else None,
                comment=str(each.get("comment") or ""),
                at=_moment(each.get("at")),
                why=ReadingChange(str(each.get("why"))),
                reason=str(each.get("reason") or ""),
                to_discuss=bool(each.get("to_discuss")),
                scales=scales if isinstance(scales, Mapping) else {},
                discussed_at=_moment(each.get("discussed_at")),
            )
        )
    return found


def _moment(kept: object) -> datetime | None:
    return datetime.fromisoformat(kept) if isinstance(kept, str) else None


def taken_draft(
    kept: Sequence[Mapping[str, object]], rubric: Rubric, phase: str
) -> tuple[EarlierReading | None, list[Mapping[str, object]]]:
    """Return what a reading said when it was taken back, if that was the last thing that happened to it and its phase
    still has these criteria and scales, else None; and what stays on record beside: a draft that is its reader's again
    is no record of anything."""
    last = earlier_of(kept[-1:])
    known = next((each for each in rubric.phases if each.key == phase), None)
    back = (ReadingChange.RECALLED, ReadingChange.RELEASED)
    if not last or last[0].why not in back or known is None:
        return None, list(kept)
    if check_scores(last[0].scores, bounds_of(known), complete=False):
        return None, list(kept)
    return last[0], list(kept if last[0].was_handed_in else kept[:-1])


def given_of(scores: Mapping[str, object], criteria: Collection[str]) -> int:
    """How many criteria have a mark."""
    return sum(1 for key in criteria if scores.get(key) is not None)


@dataclass(frozen=True)
class ReadingPace:
    """How fast somebody reads: files in an hour of reading, in tenths, and in how many minutes the rest is read."""

    tenths_an_hour: int
    minutes_left: int


def pace_of(handed_in: Collection[datetime], left: int) -> ReadingPace | None:
    """The pace of somebody who handed readings in at these moments, with as many left; None of too few.

    It is told by the median of the intervals, so that a telephone call counts for nothing; longer ones are pauses."""
    moments = sorted(handed_in)[-NEWEST:]
    intervals = [later - before for before, later in zip(moments, moments[1:], strict=False)]
    read = [each.total_seconds() for each in intervals if timedelta(0) < each <= PAUSE]
    if len(read) < FEWEST_INTERVALS:
        return None
    each = max(median(read), 1.0)
    return ReadingPace(round(36_000 / each), round(left * each / 60))


def spread_of(totals: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """How many of one's readings have each whole number of points of twenty, from the least to the greatest."""
    counts = Counter(total // 1000 for total in totals)
    return tuple((point, counts[point]) for point in range(min(counts), max(counts) + 1)) if counts else ()


@dataclass(frozen=True)
class OwnSeverity:
    """How far a reader's marks lie from the mean in a phase of an intake, files being equal, in thousandths: above
    nought they give more. `title` is that of the intake, `phase` the key of the phase."""

    title: Mapping[str, str]
    severity: int
    intake_id: int
    phase: str

    @property
    def tenths(self) -> int:
        """The same without its sign, in whole tenths of a point, as the reader is told."""
        return round(abs(self.severity) / 100)
