"""A programme from nothing: what a definition needs to be sound, with what its people still have to write. Pure.

It asks who somebody is and how to reach them, which every programme does; the rest is its team's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time

from cohortmgr.base.clock import CASABLANCA
from cohortmgr.programmes.definition.cloning import ClonedIntake
from cohortmgr.programmes.definition.questions import Form, FormSection
from cohortmgr.programmes.definition.rules import (
    Calendar,
    Definition,
    IntakeDefinition,
    OfferingDefinition,
    OfferTerms,
    Practical,
    ProgrammeStage,
    Reminders,
    Text,
)

# What stands where nothing is written yet: pages show it as it is, and the steps name each place where it stands.
TO_WRITE: Text = {"fr": "À préciser.", "ar": "سيُحدد لاحقاً.", "en": "To be announced."}
_STAGES = (
    ProgrammeStage.APPLICATION,
    ProgrammeStage.SELECTION,
    ProgrammeStage.OFFERS,
    ProgrammeStage.TRAINING,
)
_FIRST, _LAST = time(9), time(23, 59)


@dataclass(frozen=True)
class FirstIntake:
    """What people say of the first campaign: what it is called, its days (both ends of the window included), where it
    takes place and how many seats it has."""

    said: ClonedIntake
    opens_on: date
    closes_on: date
    decision_by: date
    place: Text
    seats: int


def begin_definition(
    key: str, host: str, title: Text, summary: Text, first: FirstIntake, sections: tuple[FormSection, ...]
) -> Definition:
    """A definition that can be kept, with one campaign and these sections of a form, in which no question names a
    campaign. Its other texts are `TO_WRITE`."""
    intake = IntakeDefinition(
        key=first.said.key,
        title=dict(first.said.title),
        opens_at=_in_casablanca(first.opens_on, _FIRST),
        closes_at=_in_casablanca(first.closes_on, _LAST),
        decision_by=first.decision_by,
        starts_on=first.said.starts_on,
        offerings=(OfferingDefinition("places", dict(title), first.seats, dict(first.place)),),
    )
    return Definition(
        key=key,
        title=dict(title),
        summary=dict(summary),
        description=dict(TO_WRITE),
        legal_basis=dict(TO_WRITE),
        stages=_STAGES,
        host=host,
        practical=Practical(**{each.name: dict(TO_WRITE) for each in fields(Practical)}),
        intakes=(intake,),
        form=Form(tuple(map(_of_all, sections))),
        calendar=Calendar(first.said.starts_on),
        reminders=Reminders((168, 48)),
        offers=OfferTerms(days_to_answer=7, reminders_hours=(72, 24)),
    )


def _in_casablanca(day: date, at: time) -> datetime:
    return datetime.combine(day, at, CASABLANCA).astimezone(UTC)


def _of_all(section: FormSection) -> FormSection:
    questions = tuple(replace(each, application_intakes=()) for each in section.questions)
    return replace(section, questions=questions)


def unwritten(definition: Definition) -> Iterator[str]:
    """The names of the texts, and of those of the practical part, in which nothing is written yet."""
    for name in ("description", "legal_basis"):
        if dict(getattr(definition, name)) == TO_WRITE:
            yield name
    for each in fields(Practical):
        if dict(getattr(definition.practical, each.name)) == TO_WRITE:
            yield each.name
