"""What tells files apart where a choice is bounded: the form's choices, and the place of what was chosen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cohortmgr.base.text import fold
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.questions import Question, QuestionKind
from cohortmgr.programmes.definition.rules import LANGUAGE_LEVELS, Definition, OfferingDefinition
from cohortmgr.programmes.definition.texts import Text

CENTRE = "centre"
"""The attribute that says at which place somebody would be trained, unless a question has that key."""
_CENTRE: Text = {"fr": "Centre", "ar": "المركز", "en": "Centre"}


@dataclass(frozen=True)
class FileAttribute:
    """One thing by which files are grouped: its key, its name, and the name of each value by its key. `is_answer` is
    false for what follows from the offering that was chosen."""

    key: str
    label: Text
    values: Mapping[str, Text]
    is_answer: bool = True


def attributes_of(definition: Definition, intake_key: str) -> Mapping[str, FileAttribute]:
    """Return, by key, the attributes by which the choice of an intake may be bounded.

    They are the questions of its application that are answered by one choice of a list, which a sponsor may be; what
    is sealed, or asked after a seat is accepted, is none. Where its offerings are at several places, so is the centre.
    """
    form = definition.of_intake(intake_key).form
    found = {
        question.key: FileAttribute(question.key, question.reader_title or question.label, values)
        for question in form.questions
        if question.asked_at_application and not question.sealed and (values := _values_of(question))
    }
    offered = next((each.offerings for each in definition.intakes if each.key == intake_key), ())
    places = {place_key(each): each.place for each in offered}
    if len(places) > 1 and CENTRE not in found:
        found[CENTRE] = FileAttribute(CENTRE, _CENTRE, places, is_answer=False)
    return found


def is_asked(where: Mapping[str, str], attributes: Mapping[str, FileAttribute]) -> bool:
    """Return whether a form can tell who is of a group: it knows each of its attributes, with this value."""
    return all(key in attributes and value in attributes[key].values for key, value in where.items())


def place_key(offering: OfferingDefinition) -> str:
    """Return the key of the place of an offering: its French name, folded, with dashes between words."""
    return "-".join(fold(offering.place["fr"]).split())


def titles_of(attributes: Iterable[FileAttribute]) -> str:
    """Return the keys of attributes as a message lists them."""
    return ", ".join(each.key for each in attributes)


def _values_of(question: Question) -> Mapping[str, Text]:
    if question.kind is QuestionKind.CHOICE:
        return {option.key: option.label for option in question.options}
    if question.kind is QuestionKind.REGION:
        return REGIONS
    if question.kind is QuestionKind.LANGUAGE_LEVEL:
        return {level: dict.fromkeys(("fr", "ar", "en"), level) for level in LANGUAGE_LEVELS}
    return {}
