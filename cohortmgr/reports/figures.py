"""Computing the figures of a report from plain records, and masking them for those who may see only figures."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

STAGES = ("received", "eligible", "read", "chosen", "accepted", "enrolled", "placed", "paid")
"""The stages of the funnel, in the order of a file's life. The report names them in the reader's language."""

"""Counts from 1 up to below this could point at a person."""

UNKNOWN = ""
"""The key for people whose region, sex or licence is not known."""


@dataclass(frozen=True)
class Marks:
    """The means of some files that were read: in which point of the scale they lie, how many they are, and their sum
    in thousandths out of twenty."""

    point: int
    files: int
    whole: int


@dataclass(frozen=True)
class FileRecord:
    """Files of one kind: the stages that they reached, the groups to count them in, and how many they are. Their marks
    may come as a record of its own, of no files."""

    stages: frozenset[str]
    region: str | None = None
    sex: str | None = None
    licence: str | None = None
    company: str | None = None
    files: int = 1
    marks: Marks | None = None


@dataclass(frozen=True)
class FigureGroup:
    """Counts of one region, sex, licence… by stage (None: masked), and the mean mark of the files that were read."""

    key: str
    counts: Mapping[str, int | None]
    mean: int | None


@dataclass(frozen=True)
class Figures:
    """A cohort in figures. Shares are in tenths of a percent of the received files, so 50 means 5.0 %."""

    funnel: FigureGroup
    shares: Mapping[str, int | None]
    regions: tuple[FigureGroup, ...]
    sexes: tuple[FigureGroup, ...]
    licences: tuple[FigureGroup, ...]
    companies: Mapping[str, int | None]


def per_thousand(part: int, whole: int) -> int:
    """Return a share in tenths of a percent, half to even; a share of nothing is 0."""
    return round(Fraction(part * 1000, whole)) if whole else 0


def figures(records: Sequence[FileRecord]) -> Figures:
    """Count records through the funnel, by region, sex and licence, and placements by company."""
    whole = _group("", records)
    received = whole.counts["received"] or 0
    placed: Counter[str] = Counter()
    for record in records:
        if "placed" in record.stages:
            placed[record.company or UNKNOWN] += record.files
    order = sorted(placed.items(), key=lambda pair: (-pair[1], pair[0]))
    return Figures(
        funnel=whole,
        shares={stage: per_thousand(whole.counts[stage] or 0, received) for stage in STAGES},
        regions=_by(records, lambda record: record.region),
        sexes=_by(records, lambda record: record.sex),
        licences=_by(records, lambda record: record.licence),
        companies=dict(order),
    )


def _group(key: str, records: Sequence[FileRecord]) -> FigureGroup:
    marks = [record.marks for record in records if record.marks is not None]
    marked = sum(each.files for each in marks)
    return FigureGroup(
        key=key,
        counts={stage: sum(each.files for each in records if stage in each.stages) for stage in STAGES},
        mean=round(Fraction(sum(each.whole for each in marks), marked)) if marked else None,
    )


def _by(records: Sequence[FileRecord], kind: Callable[[FileRecord], str | None]) -> tuple[FigureGroup, ...]:
    shelves: dict[str, list[FileRecord]] = defaultdict(list)
    for record in records:
        shelves[kind(record) or UNKNOWN].append(record)
    groups = (_group(key, shelf) for key, shelf in shelves.items())
    return tuple(
        sorted(groups, key=lambda group: (group.key == UNKNOWN, -(group.counts["received"] or 0), group.key))
    )
