"""What the pages of a definition's form show: sections and questions in words, and faults by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import url_for

from cohortmgr.applications.answers.display import choices_of, said_required, said_when
from cohortmgr.authoring.display.named_fields import named
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.i18n import say
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.comparing import PARTS
from cohortmgr.programmes.definition.questions import ConditionOperator, Question, QuestionKind
from cohortmgr.programmes.definition.revealing import revealed_by as revealed
from cohortmgr.programmes.definition.rubric_changes import HIDDEN_NAMES
from cohortmgr.programmes.definition.rules import Operator, Text
from cohortmgr.programmes.definition.source_lines import shown
from cohortmgr.programmes.drafts import (
    calendar_fields,
    eligibility_fields,
    guardian_fields,
    partner_fields,
    rubric_fields,
    seat_fields,
    stipend_fields,
    structure,
    text_fields,
)
from cohortmgr.programmes.drafts.kinds_offered import KINDS, OPERATORS, TARGET_NAMES
from cohortmgr.programmes.drafts.question_fields import anchor

if TYPE_CHECKING:
    from cohortmgr.programmes.drafts.queries import Writing

_UNREAD = frozenset({QuestionKind.FILE, QuestionKind.GROUP, QuestionKind.ADDRESS})
_LANGUAGES = {"fr": N_("français"), "ar": N_("arabe"), "en": N_("anglais")}
_YES: Text = {"fr": "Oui", "ar": "نعم", "en": "Yes"}


@dataclass(frozen=True)
class ListedQuestion:
    """A question as the list shows it: its table, the name of its kind, for whom it is in words, its number
    of faults."""

    name: str
    table: Mapping[str, Any]
    kind: str
    said: tuple[str, ...]
    faults: int
    is_new: bool


@dataclass(frozen=True)
class ListedSection:
    """A section as the list shows it."""

    key: str
    table: Mapping[str, Any]
    said: str
    lines: tuple[ListedQuestion, ...]


@dataclass(frozen=True)
class ListedFault:
    """A fault, with the page and field where it can be corrected; if there is no such page, `where` says the
    place in words."""

    what: str
    url: str | None
    where: str
    part: str = "form"


def parts(writing: Writing) -> list[ListedSection]:
    """The sections of the form as the list shows them."""
    form = writing.definition.form
    known = {question.key: question for question in form.questions}
    titles = {section.key: section for section in form.sections}
    found = []
    for place, table in enumerate(structure.sections_of(writing.document)):
        lines = tuple(
            _line(writing, each, known.get(each["key"]), ("form", "sections", place, "questions", rank))
            for rank, each in enumerate(table.get("questions", ()))
        )
        section = titles.get(table["key"])
        first = section.questions[0] if section and section.show_when and section.questions else None
        found.append(ListedSection(table["key"], table, said_when(form, first) if first else "", lines))
    return found


def _line(
    writing: Writing, table: Mapping[str, Any], bound: Question | None, path: tuple[str | int, ...]
) -> ListedQuestion:
    said, form = [], writing.definition.form
    if bound is not None:
        said = [said_when(form, bound), said_required(form, bound)]
    return ListedQuestion(
        name=table["key"],
        table=table,
        kind=KINDS[QuestionKind(table["kind"])][0],
        said=tuple(each for each in said if each),
        faults=sum(1 for fault in writing.judged.faults if fault.path[: len(path)] == path),
        is_new=table["key"] not in writing.published_keys,
    )


def summary(writing: Writing) -> list[ListedFault]:
    """Every fault of the draft, with the place where it can be corrected."""
    return [_told(writing, fault) for fault in writing.judged.faults]


def _told(writing: Writing, fault: Fault) -> ListedFault:
    what, path, key = said_fault(fault), fault.path, writing.programme.key
    if path[:2] == ("form", "sections") and len(path) > 3:
        return _told_of_form(writing, what, path)
    part = str(path[0]) if path else ""
    settled = _told_of_terms(key, part, path)
    if settled:
        return ListedFault(what, settled, say(PARTS[part]), part)
    if part in text_fields.SHOWN:
        field = "-".join(str(each) for each in path)
        return ListedFault(what, url_for("publishing_staff.texts", key=key, _anchor=field), shown(path), part)
    if part in calendar_fields.SHOWN:
        url = url_for("terms_staff.dates", key=key, _anchor=calendar_fields.anchor(path))
        return ListedFault(what, url, say(PARTS[part]), part)
    if part == "guardians":
        url = url_for("terms_staff.guardians", key=key, _anchor=guardian_fields.anchor(path) or None)
        return ListedFault(what, url, say(PARTS[part]), part)
    if part == "profile":
        return ListedFault(what, url_for("terms_staff.profile", key=key), say(PARTS[part]), part)
    if part == "eligibility" and len(path) > 1:
        rule = eligibility_fields.rules_of(writing.document)[int(path[1])]
        field = eligibility_fields.anchor(path[2:], Operator(rule["operator"]))
        url = url_for("rules_staff.rule", key=key, rule=rule["key"], _anchor=field)
        return ListedFault(what, url, _name(rule.get("reason")), part)
    if part == "rubric":
        return _told_of_rubric(writing, what, path)
    return ListedFault(what, None, say(PARTS[part]) if part in PARTS else shown(path), part)


def _told_of_rubric(writing: Writing, what: str, path: tuple[str | int, ...]) -> ListedFault:
    key, phases = writing.programme.key, rubric_fields.phases_of(writing.document)
    in_phase = path[1:2] == ("phases",) and len(path) > 2 and int(path[2]) < len(phases)
    phase = phases[int(path[2])] if in_phase else {}
    criteria = phase.get("criteria", [])
    if path[3:4] == ("criteria",) and len(path) > 4 and int(path[4]) < len(criteria):
        table = criteria[int(path[4])]
        anchor_there = rubric_fields.anchor(path[5:])
        url = url_for("rubric_staff.criterion", key=key, criterion=table["key"], _anchor=anchor_there)
        return ListedFault(what, url, _name(table.get("title")), "rubric")
    field = rubric_fields.anchor(path[3:]) if len(path) > 3 else None
    page = (
        {"phase": phase["key"]} if in_phase and rubric_fields.phase_of(writing.document) is not phase else {}
    )
    url = url_for("rubric_staff.rubric", key=key, _anchor=field, **page)
    return ListedFault(what, url, say(PARTS["rubric"]), "rubric")


def _told_of_terms(key: str, part: str, path: tuple[str | int, ...]) -> str:
    """The address of the field, on the pages of seats, companies and stipend, that a fault concerns; empty if it
    concerns another page."""
    if seat_fields.concerns(path):
        return url_for("settings_staff.intakes", key=key, _anchor=seat_fields.anchor(path))
    if part in partner_fields.SHOWN:
        return url_for("settings_staff.partners", key=key, _anchor=partner_fields.anchor(path))
    if part == "stipend":
        return url_for("settings_staff.stipend", key=key, _anchor=stipend_fields.anchor(path) or None)
    return ""


def _told_of_form(writing: Writing, what: str, path: tuple[str | int, ...]) -> ListedFault:
    key = writing.programme.key
    section = structure.sections_of(writing.document)[int(path[2])]
    if path[3] != "questions" or len(path) < 6:
        url = url_for("definitions_staff.section", key=key, section=section["key"], _anchor=anchor(path[3:]))
        return ListedFault(what, url, _name(section.get("title")))
    question = section["questions"][int(path[4])]
    name, rest, where = question["key"], path[5:], _name(question.get("label"))
    if rest[0] == "fields" and len(rest) > 2:
        inner = question["fields"][int(rest[1])]
        name, rest = f"{name}.{inner['key']}", rest[2:]
        where = f"{where}, {_name(inner.get('label'))}"
    return ListedFault(
        what, url_for("definitions_staff.question", key=key, name=name, _anchor=anchor(rest)), where
    )


def intake_choices(writing: Writing) -> list[tuple[str, str]]:
    """The campaigns of the draft with their titles, for a choice among them; in the order of their first days."""
    intakes = sorted(writing.document.get("intakes", ()), key=lambda each: str(each.get("starts_on")))
    return [(each["key"], _name(each.get("title"))) for each in intakes]


def said_fault(fault: Fault) -> str:
    """A fault in words, with the names of languages, tests, kinds and targets instead of their keys in the
    file."""
    values = dict(fault.values)
    if values.get("language") in _LANGUAGES:
        values["language"] = say(_LANGUAGES[str(values["language"])])
    if values.get("operator") in list(ConditionOperator):
        values["operator"] = say(OPERATORS[ConditionOperator(str(values["operator"]))])
    elif values.get("operator") in list(Operator):
        values["operator"] = say(eligibility_fields.TESTS[Operator(str(values["operator"]))])
    if values.get("kind") in list(QuestionKind):
        values["kind"] = say(KINDS[QuestionKind(str(values["kind"]))][0])
    if values.get("target") in TARGET_NAMES:
        values["target"] = say(TARGET_NAMES[str(values["target"])])
    return say(Problem(fault.what, values))


def revealed_by(writing: Writing, name: str) -> str:
    """What the answer to a question tells of its person by its kind and place, in words; empty if nothing."""
    asked = next((each for each in writing.definition.form.questions if each.key == name), None)
    parts = revealed(asked) if asked is not None else ()
    return " · ".join(say(said) for part, said in HIDDEN_NAMES.items() if part in parts)


def _name(text: Any) -> str:
    """The text in the first language that it has of French, Arabic and English; "…" if it has none."""
    held = text if isinstance(text, Mapping) else {}
    return str(held.get("fr") or held.get("ar") or held.get("en") or "…")


def wrong_at(writing: Writing, path: tuple[str | int, ...]) -> dict[str, list[str]]:
    """The faults of the question or section at a path, by field of its page, without those of questions or
    fields below it."""
    found: dict[str, list[str]] = {}
    for fault in writing.judged.faults:
        rest = fault.path[len(path) :]
        if fault.path[: len(path)] != path or (rest and rest[0] in ("questions", "fields") and len(rest) > 1):
            continue
        found.setdefault(anchor(rest), []).append(said_fault(fault))
    return found


def problems_of(problems: list[Problem], wrong: dict[str, list[str]]) -> dict[str, Any]:
    """What is wrong by field, and a summary of it that also names fields that have several languages or rows."""
    for problem in problems:
        wrong.setdefault(problem.where or "", []).append(say(problem))
    told = [(place, named(place, what)) for place, said in wrong.items() for what in said]
    return {"wrong": wrong, "problems": told}


def askable(writing: Writing, before: str | None, secret: bool = False) -> list[Question]:
    """The questions that a condition may read: those with one answer that are asked before the question
    `before` (None: all)."""
    return [each for each in _until(writing.definition.form.questions, before) if _readable(each, secret)]


def before_section(writing: Writing, key: str) -> str | None:
    """The key of the first question in this section or a later one; the section's conditions may read only
    questions before it. None if there is no such question."""
    sections = structure.sections_of(writing.document)
    place = next(number for number, each in enumerate(sections) if each["key"] == key)
    return next((q["key"] for each in sections[place:] for q in each.get("questions", ())), None)


def _until(questions: Sequence[Question], key: str | None) -> Iterator[Question]:
    for question in questions:
        if question.key == key:
            return
        yield question


def _readable(question: Question, secret: bool) -> bool:
    allowed = question.kind not in _UNREAD and (secret or not question.sealed)
    return allowed and question.asked_at_application


def values_of(question: Question) -> dict[str, Text]:
    """The choices that an answer to it may be compared with, key to label; empty for a question whose answer
    is typed."""
    return {"true": _YES} if question.kind is QuestionKind.CONSENT else choices_of(question)


def papers(writing: Writing) -> list[Question]:
    """The questions that ask for papers; a paper may prove a figure."""
    return [each for each in writing.definition.form.questions if each.kind is QuestionKind.FILE]


# What the two bounds are called for each kind of question.
BOUNDS: Mapping[QuestionKind, tuple[str, str]] = {
    QuestionKind.NUMBER: (N_("Plus petite réponse"), N_("Plus grande réponse")),
    QuestionKind.GRADE: (N_("Plus petite note"), N_("Plus grande note")),
    QuestionKind.YEAR: (N_("Première année"), N_("Dernière année")),
    QuestionKind.DATE: (N_("Âge minimal, pour une date de naissance"), N_("Âge maximal")),
    QuestionKind.CHOICES: (N_("Au moins combien de choix"), N_("Au plus combien de choix")),
    QuestionKind.RANKING: (N_("Au moins combien de rangs"), N_("Au plus combien de rangs")),
    QuestionKind.GROUP: (N_("Au moins combien de lignes"), N_("Au plus combien de lignes")),
}
