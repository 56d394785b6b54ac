"""How a programme marks its files: the rubric, its phases and their criteria. Pure values.

A phase is a round of marking. What the legal basis allows a programme to do stands in the definition's `stages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from enum import StrEnum

from cohortmgr.programmes.definition.texts import Text

# The most steps of a scale: a mark out of a hundred.
MOST_STEPS = 100


class PhaseKind(StrEnum):
    """What is marked in a phase: answers, by rule; files, by readers; a test, whose results come as a sheet; an
    interview, by its panel."""

    COMPUTED = "computed"
    FILES = "files"
    TEST = "test"
    INTERVIEW = "interview"


class NoShow(StrEnum):
    """What it means not to come to a test or an interview: a mark of nought, or no mark, behind everybody with one."""

    ABSENT = "absent"
    NOUGHT = "nought"


class PointKind(StrEnum):
    """What computed points come from: the mean of numbers, the years from one year to another, or a choice."""

    MEAN = "mean"
    YEARS = "years"
    OPTION = "option"


class HiddenPart(StrEnum):
    """A part of a file that its readers do not see."""

    NAME = "name"
    PHOTO = "photo"
    SEX = "sex"
    AGE = "age"
    CONTACT = "contact"
    CITY = "city"
    REGION = "region"
    SCHOOL = "school"
    FILE_NAMES = "file_names"


class PaperView(StrEnum):
    """When readers see the papers of a file."""

    SHOWN = "shown"
    AFTER_SCORING = "after_scoring"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class PointBand:
    """From this figure on, a criterion gives as many points."""

    since: Decimal
    points: int


@dataclass(frozen=True)
class PointSource:
    """Where the points of a computed criterion come from.

    A mean is that of the `questions`, or of the part `field` of a group's rows; years are counted from the first
    question's to the second's. A figure gives the points of the last of its `bands` that it reaches, the scale's lowest
    below them all; or the whole point nearest to its place between `worst`, which gives the lowest, and `best`, which
    gives the highest. Of a choice each option has its points. Where an answer lacks it gives `missing`; if that is not
    said either, the criterion is not computed, and the others count alone."""

    kind: PointKind
    questions: tuple[str, ...]
    field: str = ""
    bands: tuple[PointBand, ...] = ()
    worst: Decimal | None = None
    best: Decimal | None = None
    options: Mapping[str, int] = dataclass_field(default_factory=dict)
    missing: int | None = None


@dataclass(frozen=True)
class Criterion:
    """A criterion of a phase: a whole score from `scale_min` to `scale_max`; `anchors` say in words what each score
    means. A file whose readings have a mean below `knock_out_below` on it, two of them at least, is not chosen.
    `points` says how it is computed, in a phase that nobody reads."""

    key: str
    title: Text
    weight: int
    scale_min: int
    scale_max: int
    anchors: Mapping[int, Text] = dataclass_field(default_factory=dict)
    knock_out_below: Decimal | None = None
    points: PointSource | None = None

    @property
    def unexplained(self) -> tuple[int, ...]:
        """The scores that no anchor explains; none of a scale that is too long to be one, or that a rule gives."""
        if self.scale_max - self.scale_min > MOST_STEPS or self.points is not None:
            return ()
        return tuple(
            score for score in range(self.scale_min, self.scale_max + 1) if score not in self.anchors
        )


@dataclass(frozen=True)
class RubricPhase:
    """A round of marking: on which criteria, by how many people at least and at most, what they do not see.

    `weight` is what its mark counts beside those of the other phases. `goes_on` is how many files of each offering go
    on to the next phase once this one is closed; without it all do, and nobody closes it. `title` is what people call
    it; without one its kind says it. `no_show` is of tests and interviews.

    `gap_points` is the difference of two totals, in points of twenty, above which two readers talk. `reminder_hours`
    says how long before the end of the day by which readings are due their readers are reminded. `anchor_files` are
    read first by everybody, beside the most readings of a file; a tenth of the files at most."""

    key: str
    criteria: tuple[Criterion, ...] = ()
    kind: PhaseKind = PhaseKind.FILES
    readings: int = 2
    most_readings: int = 8
    hidden: tuple[HiddenPart, ...] = tuple(HiddenPart)
    papers: PaperView = PaperView.SHOWN
    gap_points: int = 4
    reminder_hours: tuple[int, ...] = (72, 24)
    anchor_files: int = 6
    weight: int = 1
    goes_on: int | None = None
    title: Text | None = None
    no_show: NoShow = NoShow.ABSENT

    @property
    def is_read(self) -> bool:
        """Whether people mark it one by one, each by themselves: files and interviews."""
        return self.kind in (PhaseKind.FILES, PhaseKind.INTERVIEW)

    @property
    def asked(self) -> int:
        """How many marks a file has in it at least: readings; one of a test or a rule."""
        return self.readings if self.is_read else 1


@dataclass(frozen=True)
class Rubric:
    """How files are marked, in phases in their order, and in about how many minutes each is read. Without phases
    nothing is read."""

    phases: tuple[RubricPhase, ...] = ()
    reading_target_minutes: int = 0

    def phase(self, key: str) -> RubricPhase:
        """The phase with that key; KeyError if there is none."""
        for phase in self.phases:
            if phase.key == key:
                return phase
        raise KeyError(key)

    @property
    def files(self) -> RubricPhase:
        """The phase in which files are read; one without criteria or readings if the programme reads none."""
        return next((each for each in self.phases if each.kind is PhaseKind.FILES), NOTHING_READ)

    @property
    def is_read(self) -> bool:
        """Whether anybody reads anything: a file, or the person at an interview."""
        return any(each.is_read and each.criteria for each in self.phases)

    @property
    def ranks(self) -> bool:
        """Whether files get a mark at all."""
        return any(each.criteria for each in self.phases)

    @property
    def is_plain(self) -> bool:
        """Whether files are read and nothing else is marked."""
        return [each.kind for each in self.phases] == [PhaseKind.FILES]

    @property
    def met_before_read(self) -> frozenset[str]:
        """The keys of the phases to which people come while others may still read their files without a name: between
        the two nobody stays behind, so that the first is never closed. No fault, as long as others hear than read."""
        found, blind = set(), False
        for phase in self.phases:
            if phase.kind is PhaseKind.FILES and phase.criteria and HiddenPart.NAME in phase.hidden:
                blind = True
            elif blind and phase.kind in (PhaseKind.TEST, PhaseKind.INTERVIEW):
                found.add(phase.key)
            blind = blind and phase.goes_on is None
        return frozenset(found)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria on which files are read."""
        return self.files.criteria

    @property
    def every_criterion(self) -> tuple[Criterion, ...]:
        """The criteria of all phases, in their order; no two have the same key."""
        return tuple(criterion for phase in self.phases for criterion in phase.criteria)

    @property
    def readings(self) -> int:
        """How many people read a file, at least."""
        return self.files.readings

    def criterion(self, key: str) -> Criterion:
        """The criterion with that key, of any phase; KeyError if there is none."""
        for criterion in self.every_criterion:
            if criterion.key == key:
                return criterion
        raise KeyError(key)


NOTHING_READ = RubricPhase("", readings=0)
