"""The rules of readings: the states of a review, which scores are allowed, and how severe a reviewer is."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.states import Stage, Table
from cohortmgr.jobs.rules import LOST, JobState
from cohortmgr.programmes.definition.rules import (
    FULL_MARK_THOUSANDTHS,
    Criterion,
    PaperView,
    Rubric,
    RubricPhase,
)

# The most characters of a comment, or of the reason of an act.
LONGEST_COMMENT = 4000
# In an intake with more files to read, the worker assigns them.
MOST_AT_ONCE = 2_000


class ReviewState(StrEnum):
    """The state of one reading of one file by one reviewer."""

    ASSIGNED = "assigned"
    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    ABSTAINED = "abstained"
    REOPENED = "reopened"
    RECALLED = "recalled"


REVIEW_STATES = Table(
    {
        ReviewState.ASSIGNED: Stage(
            N_("Le dossier est confié à l’évaluateur, qui n’a encore rien noté."),
            to=(ReviewState.DRAFTED, ReviewState.SUBMITTED, ReviewState.ABSTAINED, ReviewState.RECALLED),
        ),
        ReviewState.DRAFTED: Stage(
            N_("Des notes sont enregistrées et peuvent encore changer ; elles ne comptent pas."),
            to=(ReviewState.DRAFTED, ReviewState.SUBMITTED, ReviewState.ABSTAINED, ReviewState.RECALLED),
        ),
        ReviewState.SUBMITTED: Stage(
            N_("La lecture est remise : ses notes comptent, et elle ne change que rouverte ou récusée."),
            to=(ReviewState.REOPENED, ReviewState.ABSTAINED, ReviewState.RECALLED),
        ),
        ReviewState.REOPENED: Stage(
            N_("La lecture remise a été rouverte pour correction ; ses notes ne comptent plus."),
            to=(ReviewState.REOPENED, ReviewState.SUBMITTED, ReviewState.ABSTAINED, ReviewState.RECALLED),
        ),
        ReviewState.ABSTAINED: Stage(
            N_("L’évaluateur s’est récusé ; le dossier doit aller à quelqu’un d’autre."),
            to=(ReviewState.RECALLED,),
        ),
        ReviewState.RECALLED: Stage(
            N_("Le dossier a été repris à l’évaluateur, avec un motif, pour aller à quelqu’un d’autre."),
            to=(ReviewState.ASSIGNED,),
        ),
    }
)


COUNTING = frozenset({ReviewState.SUBMITTED})
"""The states whose scores enter the ranking."""

HOLDING = frozenset({ReviewState.ASSIGNED, ReviewState.DRAFTED, ReviewState.SUBMITTED, ReviewState.REOPENED})
"""The states in which a reading counts towards those that the file needs; an abstention does not."""

GIVEN_BACK = frozenset({ReviewState.ABSTAINED, ReviewState.RECALLED})
"""The states in which a file is its reader's no longer, and not shown to them."""

OPEN = (ReviewState.REOPENED, ReviewState.DRAFTED, ReviewState.ASSIGNED)
"""The states in which a reading waits for its reader, from whom it may be taken back."""


class ReadingChange(StrEnum):
    """Why a reading that was handed in changed."""

    REOPENED = "reopened"
    UNDONE = "undone"
    CORRECTED = "corrected"
    ABSTAINED = "abstained"
    RECALLED = "recalled"
    RELEASED = "released"
    REGRADED = "regraded"
    READMITTED = "readmitted"


def as_earlier(
    scores: Mapping[str, int],
    total: int | None,
    comment: str,
    handed_in: datetime | None,
    why: ReadingChange,
    reason: str = "",
    *,
    to_discuss: bool = False,
    discussed_at: datetime | None = None,
) -> dict[str, object]:
    """What a reading said before it changed, as its row keeps it: among it whether its reader wanted it discussed, and
    since when it was."""
    return {
        "scores": dict(scores),
        "total": total,
        "comment": comment,
        "at": handed_in.isoformat() if handed_in else None,
        "why": why.value,
        "reason": reason,
        "to_discuss": to_discuss,
        "discussed_at": discussed_at.isoformat() if discussed_at else None,
    }


@dataclass(frozen=True)
class Assignment:
    """The newest assignment that was asked of the worker: its job's state and percent, and why it was refused, or what
    lacks readers yet if it was `given`."""

    state: str
    percent: int
    problems: tuple[Problem, ...]
    given: bool = False

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def is_lost(self) -> bool:
        """Whether it ended without a result."""
        return self.state in LOST


def is_stranded(state: str, reviewer: str, able: Collection[str]) -> bool:
    """Whether a reading is open with somebody who is none of those able to read: their role ended, by a day or by a
    colleague, or their account is suspended. It holds nothing for its file."""
    return state in OPEN and reviewer not in able


def check_scores(
    scores: Mapping[str, int | Decimal | None],
    bounds: Mapping[str, tuple[int, int]],
    *,
    titles: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    complete: bool = True,
) -> list[Problem]:
    """Return the problems of scores by criterion, within `bounds` (criterion -> lowest, highest).

    Each names its criterion by its title, in three languages, or by its key: they are read in a list too.

    A draft may lack scores (`complete=False`); a reading that is handed in may not.
    """
    problems = [
        Problem(N_("Ce critère n’est pas dans la grille : %(criterion)s."), {"criterion": key}, key)
        for key in scores
        if key not in bounds
    ]
    for key, (low, high) in bounds.items():
        value, named = scores.get(key), titles.get(key, key)
        if value is None:
            if complete:
                what = N_("Donnez une note au critère « %(criterion)s ».")
                problems.append(Problem(what, {"criterion": named}, key))
        elif not (Decimal(low) <= Decimal(value) <= Decimal(high)):
            problems.append(
                Problem(
                    N_("« %(criterion)s » : la note doit être comprise entre %(low)s et %(high)s."),
                    {"criterion": named, "low": low, "high": high},
                    key,
                )
            )
    return problems


def bounds_of(rubric: Rubric | RubricPhase) -> dict[str, tuple[int, int]]:
    """Return the lowest and highest score of each criterion of a phase; of a rubric, those on which files are read."""
    return {each.key: (each.scale_min, each.scale_max) for each in rubric.criteria}


# A spreadsheet makes a number of a word with figures.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def rubric_mark(phase: RubricPhase) -> str:
    """A word that is another for each way to mark in a phase: by its criteria, their scales, weights and anchors."""
    said = [
        [each.key, each.scale_min, each.scale_max, each.weight, sorted(_anchors(each).items())]
        for each in phase.criteria
    ]
    digest = hashlib.sha256(json.dumps([phase.key, said], sort_keys=True).encode()).hexdigest()
    return digest[:12].translate(_LETTERS)


def remade_criteria(was: RubricPhase, now: RubricPhase) -> frozenset[str]:
    """The keys of the criteria of a phase on which a mark no longer means what it did: they are gone, or have another
    scale or other anchors."""
    means, meant = (
        {each.key: (each.scale_min, each.scale_max, _anchors(each)) for each in phase.criteria}
        for phase in (now, was)
    )
    return frozenset(key for key, what in meant.items() if means.get(key) != what)


def _anchors(criterion: Criterion) -> dict[int, dict[str, str]]:
    return {level: dict(text) for level, text in criterion.anchors.items()}


def shows_papers(phase: RubricPhase, state: str, scores: Mapping[str, object]) -> bool:
    """Whether whoever reads a file sees its papers, by the state of the reading and the scores given so far."""
    match phase.papers:
        case PaperView.SHOWN:
            return True
        case PaperView.AFTER_SCORING:
            return state == ReviewState.SUBMITTED or all(each.key in scores for each in phase.criteria)
        case PaperView.HIDDEN:
            return False


def total_thousandths(rubric: Rubric | RubricPhase, scores: Mapping[str, int], *, part: bool = False) -> int:
    """The weighted mean of a reading's scores, out of 20, in whole thousandths (13 450 = 13.450 of 20).

    Each score is first brought from its own scale to 0…1, so that criteria with scales of different
    lengths count as their weights say. Halves are rounded to even. Raises KeyError for a missing score, unless the
    criteria that have one count alone (`part`), and ValueError for one outside its scale.
    """
    criteria = [each for each in rubric.criteria if not part or each.key in scores]
    if not criteria:
        return 0
    total = Fraction(0)
    for criterion in criteria:
        score = scores[criterion.key]
        if not criterion.scale_min <= score <= criterion.scale_max:
            raise ValueError(f"{criterion.key}: {score} is outside its scale")
        span = criterion.scale_max - criterion.scale_min
        total += Fraction(criterion.weight * (score - criterion.scale_min), span)
    weights = sum(criterion.weight for criterion in criteria)
    return round(total / weights * FULL_MARK_THOUSANDTHS)


def nearest(over: int, under: int) -> int:
    """Return the whole number nearest to a ratio whose lower part is above nought, halves to even, as `round` has it of
    a fraction; of all the marks of an intake it takes a tenth of the time."""
    whole, rest = divmod(over, under)
    return whole + (2 * rest > under or (2 * rest == under and whole % 2))


@dataclass(frozen=True)
class Reader:
    """A reviewer's work in an intake. `mean` and `severity` are thousandths out of twenty, None without any total;
    `late` readings wait though the day by which they were due is over."""

    reference: str
    name: str
    held: int
    handed_in: int
    waiting: int
    abstained: int
    mean: int | None
    severity: int | None
    late: int = 0


@dataclass(frozen=True)
class ReadingProgress:
    """The progress of an intake: files to read, files with enough readings, and each reviewer's work.

    `stranded` readings are open with somebody who may not read them, or no longer; they wait for the next assignment.
    `spread` counts files by the gap between their readings, in whole points. `extra` readings are among the assigned:
    of files that have more than the rubric asks for.
    """

    files: int
    complete: int
    assigned: int
    stranded: int
    handed_in: int
    readings: int
    readers: tuple[Reader, ...]
    spread: tuple[tuple[int, int], ...]
    totals: tuple[tuple[int, int], ...]
    extra: int = 0

    @property
    def lacking(self) -> int:
        """How many readings nobody has yet: those that were asked beyond what the rubric asks make up for none."""
        return max(0, self.expected - (self.assigned - self.extra))

    @property
    def expected(self) -> int:
        """The number of readings that the rubric asks for in all."""
        return self.files * self.readings


def severity_of(shared: Iterable[tuple[int, int, int]]) -> int | None:
    """Return how far a reviewer's totals lie from colleagues' on the same files, on average, in thousandths. Below
    zero is severe.

    `shared` says, for each number of readers that a file may have (two at least, since only shared files count): that
    number, how many such files the reviewer has read, and the sum over them of the reviewer's total times that number,
    less the totals of all. None for a reviewer who shares no file.
    """
    gap, count = Fraction(0), 0
    for readers, files, over in shared:
        gap += Fraction(over, readers - 1)
        count += files
    return round(gap / count) if count else None
