"""Makes a campaign out of another with its dates moved, and a programme out of another. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.typed import day, moment
from cohortmgr.programmes.definition.dated_conditions import moved
from cohortmgr.programmes.definition.questions import Form, Question
from cohortmgr.programmes.definition.rules import Definition, IntakeDefinition, SelectionTerms, Text

_MOMENTS, _DAYS = ("opens_at", "closes_at"), ("decision_by", "starts_on")


@dataclass(frozen=True)
class ClonedIntake:
    """What a new campaign says of its own: its key, its title and its first day; all else is another's."""

    key: str
    title: Mapping[str, str]
    starts_on: date


def clone_intake(document: dict[str, Any], source: str, wanted: ClonedIntake) -> None:
    """Add to a document a campaign like the one with the key `source`, whose days are as far from its first day, at
    the same hours in Casablanca. What the other alone asks, or bounds in its choice, holds for this one too.

    KeyError if there is no such campaign."""
    intakes = document["intakes"]
    found = next((each for each in intakes if each["key"] == source), None)
    if found is None:
        raise KeyError(source)
    made = copy.deepcopy(found)
    first = day(found["starts_on"])
    gap = (wanted.starts_on - first).days if first else 0
    made |= {"key": wanted.key, "title": dict(wanted.title)}
    made |= {name: moved_moment(found[name], gap) for name in _MOMENTS}
    made |= {name: moved_day(found[name], gap) for name in _DAYS}
    intakes.append(made)
    for section in document.get("form", {}).get("sections", ()):
        for question in section.get("questions", ()):
            if source in question.get("application_intakes", ()):
                question["application_intakes"].append(wanted.key)
    for bound in document.get("selection", {}).get("bound", ()):
        if source in bound.get("intakes", ()):
            bound["intakes"].append(wanted.key)


def moved_day(said: Any, days: int) -> str:
    """The day of a document so many days later; what is no day stays."""
    found = day(str(said))
    return (found + timedelta(days=days)).isoformat() if found else str(said)


def moved_moment(said: Any, days: int) -> str:
    """The moment of a document so many days later, at the same hour in Casablanca; what is none stays."""
    found = moment(str(said), CASABLANCA)
    return _later(found, days).isoformat() if found else str(said)


def _later(found: datetime, days: int) -> datetime:
    shown = found.astimezone(CASABLANCA).replace(tzinfo=None) + timedelta(days=days)
    return shown.replace(tzinfo=CASABLANCA).astimezone(UTC)


def copy_programme(source: Definition, key: str, title: Text, intake: ClonedIntake) -> Definition:
    """A programme like `source`, with one campaign: the last of the other's, moved to its first day, and the calendar,
    the stipend, the offers and the days of its conditions with it. It asks what that campaign's application asked."""
    last = source.intakes[-1]
    gap = (intake.starts_on - last.starts_on).days
    made = IntakeDefinition(
        key=intake.key,
        title=dict(intake.title),
        opens_at=_later(last.opens_at, gap),
        closes_at=_later(last.closes_at, gap),
        decision_by=last.decision_by + timedelta(days=gap),
        starts_on=intake.starts_on,
        offerings=last.offerings,
    )
    since, first = source.calendar.starts_on, intake.starts_on
    months = (first.year - since.year) * 12 + first.month - since.month
    until = source.offers.last_day
    return replace(
        source,
        key=key,
        title=dict(title),
        intakes=(made,),
        form=_of_all(source.form.of_intake(last.key)),
        eligibility=tuple(moved(each, gap, first.year - last.starts_on.year) for each in source.eligibility),
        calendar=source.calendar.shifted((first - since).days),
        stipend=source.stipend.shifted(months) if source.stipend else None,
        offers=replace(source.offers, last_day=until + (first - since) if until else None),
        assumptions=(),
        selection=_bounded_as(source.selection, last.key),
    )


def _bounded_as(terms: SelectionTerms, key: str) -> SelectionTerms:
    """The same terms with the bounds of one campaign, which then names none."""
    return replace(terms, bound=tuple(replace(each, intakes=()) for each in terms.bounds_of(key)))


def _of_all(form: Form) -> Form:
    """The same form, in which no question names a campaign."""

    def asked(question: Question) -> Question:
        return replace(question, application_intakes=())

    sections = (replace(each, questions=tuple(map(asked, each.questions))) for each in form.sections)
    return Form(tuple(sections))
