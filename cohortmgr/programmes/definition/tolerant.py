"""Lets a definition that is still being written be shown and judged in spite of its faults.

Missing parts of a copy are filled in or left out until the copy can be bound; the faults are those of the
document itself.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cohortmgr.programmes.definition.binding import Fault, LocalTime, bind
from cohortmgr.programmes.definition.checks.whole import check
from cohortmgr.programmes.definition.earlier import as_of_today
from cohortmgr.programmes.definition.questions import Condition, Form, Question
from cohortmgr.programmes.definition.rules import TEXT_LANGUAGES, Definition
from cohortmgr.programmes.definition.source_lines import Path

# The texts that fill in for missing ones; the Arabic one has Arabic letters, as Arabic texts must.
FILLING: Mapping[str, str] = {"fr": "…", "ar": "نص ناقص", "en": "…"}
_ROUNDS = 6


@dataclass(frozen=True)
class JudgedDefinition:
    """A definition as far as it can be shown, or None; all faults of the document; those of them that concern
    its shape."""

    definition: Definition | None
    faults: tuple[Fault, ...]
    shape: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether the definition may be published."""
        return self.definition is not None and not self.faults

    @property
    def editable(self) -> bool:
        """Whether pages can change it: only texts are missing, and no key is wrong or used twice."""
        texts = all(is_text(fault.path) for fault in self.shape)
        return self.definition is not None and texts and not any(f.path[-1] == "key" for f in self.faults)


def is_text(path: Path) -> bool:
    """Whether a path leads to a text in one language."""
    return bool(path) and path[-1] in TEXT_LANGUAGES


def judge(document: Mapping[str, Any], local_time: LocalTime) -> JudgedDefinition:
    """Find what is wrong with a document, and what of it can be shown."""
    document = as_of_today(document)
    definition, shape = bind(document, local_time)
    faults, draft = shape, document
    for _round in range(_ROUNDS):
        if definition is not None:
            break
        draft = _mended(draft, faults)
        definition, faults = bind(draft, local_time)
    if definition is None:
        return JudgedDefinition(None, tuple(shape), tuple(shape))
    checked = check(definition)
    known = {fault.path for fault in shape}
    said = [*shape, *(fault for fault in checked if fault.path not in known)]
    return JudgedDefinition(_showable(definition, checked), tuple(said), tuple(shape))


def _mended(document: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """A copy in which faulty texts are filled in and other faulty fields left out. Later places in lists are
    removed first, so that the earlier ones keep their numbers."""
    found = copy.deepcopy(dict(document))
    for fault in sorted(faults, key=lambda each: tuple(map(_order, each.path)), reverse=True):
        held: Any = found
        for step in fault.path[:-1]:
            held = _step(held, step)
        last = fault.path[-1] if fault.path else None
        if isinstance(held, dict) and last in TEXT_LANGUAGES:
            held[last] = _filling(held, str(last))
        elif isinstance(held, dict) and last in ("label", "title"):
            held[last] = dict(FILLING)
        elif isinstance(held, dict):
            held.pop(last, None)
        elif isinstance(held, list) and isinstance(last, int) and last < len(held):
            del held[last]
    return found


def _filling(text: Mapping[str, Any], language: str) -> str:
    """The text that fills in for a missing language: French for English or the other way round, but never for
    Arabic."""
    for other in ("fr", "en"):
        said = text.get(other)
        if language != "ar" and isinstance(said, str) and said.strip():
            return said
    return FILLING[language]


def _step(held: Any, step: str | int) -> Any:
    if isinstance(held, dict):
        return held.get(step)
    if isinstance(held, list) and isinstance(step, int) and step < len(held):
        return held[step]
    return None


def _order(step: str | int) -> tuple[int, int, str]:
    return (1, step, "") if isinstance(step, int) else (0, 0, step)


def _showable(definition: Definition, checked: list[Fault]) -> Definition:
    """The definition without conditions on questions that do not exist, which could not be put into words,
    and without bounds and group fields that no page could draw."""
    known = {question.key for question in definition.form.questions}
    wrong = {fault.path for fault in checked}

    def kept(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(each for each in conditions if each.question in known)

    def asked(question: Question, path: Path) -> Question:
        bounded = (*path, "minimum") not in wrong and (*path, "maximum") not in wrong
        fields = tuple(
            asked(each, (*path, "fields", number))
            for number, each in enumerate(question.fields)
            if (*path, "fields", number, "kind") not in wrong
        )
        return replace(
            question,
            show_when=kept(question.show_when),
            require_when=kept(question.require_when),
            minimum=question.minimum if bounded else None,
            maximum=question.maximum if bounded else None,
            fields=fields,
        )

    sections = tuple(
        replace(
            each,
            questions=tuple(
                asked(question, ("form", "sections", place, "questions", rank))
                for rank, question in enumerate(each.questions)
            ),
            show_when=kept(each.show_when),
        )
        for place, each in enumerate(definition.form.sections)
    )
    return replace(definition, form=Form(sections))
