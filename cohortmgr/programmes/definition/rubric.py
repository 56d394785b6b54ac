"""How a programme reads its files: the rubric, its phases and their criteria. Pure values.

A phase is a round of reading. What the legal basis allows a programme to do stands in the definition's `stages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from cohortmgr.programmes.definition.texts import Text

# The most steps of a scale: a mark out of a hundred.
MOST_STEPS = 100


class PhaseKind(StrEnum):
    """What is read in a phase."""

    FILES = "files"


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
class Criterion:
    """A criterion of a phase: a whole score from `scale_min` to `scale_max`; `anchors` say in words what each score
    means. A file whose readings have a mean below `knock_out_below` on it, two of them at least, is not chosen."""

    key: str
    title: Text
    weight: int
    scale_min: int
    scale_max: int
    anchors: Mapping[int, Text] = field(default_factory=dict)
    knock_out_below: Decimal | None = None

    @property
    def unexplained(self) -> tuple[int, ...]:
        """The scores that no anchor explains; none of a scale that is too long to be one."""
        if self.scale_max - self.scale_min > MOST_STEPS:
            return ()
        return tuple(
            score for score in range(self.scale_min, self.scale_max + 1) if score not in self.anchors
        )


@dataclass(frozen=True)
class RubricPhase:
    """A round of reading: on which criteria, by how many people at least and at most, what they do not see.

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


@dataclass(frozen=True)
class Rubric:
    """How files are read, in phases, and in about how many minutes each. Without phases nothing is read."""

    phases: tuple[RubricPhase, ...] = ()
    reading_target_minutes: int = 0

    @property
    def files(self) -> RubricPhase:
        """The phase in which files are read; one without criteria or readings if the programme reads none."""
        return next((each for each in self.phases if each.kind is PhaseKind.FILES), NOTHING_READ)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria on which files are read."""
        return self.files.criteria

    @property
    def readings(self) -> int:
        """How many people read a file, at least."""
        return self.files.readings

    def criterion(self, key: str) -> Criterion:
        """The criterion with that key; KeyError if there is none."""
        for criterion in self.criteria:
            if criterion.key == key:
                return criterion
        raise KeyError(key)


NOTHING_READ = RubricPhase("", readings=0)
