"""Says in words what one definition changes in another: takes two definitions, gives the changes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.bounds.wording import of_bounds
from cohortmgr.programmes.definition.differences import (
    WAS_CALLED,
    ChangeKind,
    DefinitionChange,
    moved,
)
from cohortmgr.programmes.definition.questions import Form, FormSection, Question
from cohortmgr.programmes.definition.rubric_changes import of_reading, rubric_changes
from cohortmgr.programmes.definition.rules import (
    Definition,
    EligibilityRule,
    GuardianTerms,
    Period,
    Purpose,
    Rubric,
    Text,
)
from cohortmgr.programmes.definition.settled_terms import (
    DATE_NAMES,
    intake_changes,
    of_terms,
    partner_changes,
)

__all__ = [
    "CALENDAR_NAMES", "DATE_NAMES", "FIELDS", "PARTS", "PERIOD_NAMES", "RULE_FIELDS", "ChangeKind",
    "DefinitionChange", "changes", "removed",
]  # fmt: skip

T = TypeVar("T", EligibilityRule, FormSection, Period, Purpose)


# The fields of a question as people call them; changes of other fields do not concern those who read this.
FIELDS: Mapping[str, str] = {
    "kind": N_("le genre de réponse"),
    "label": N_("l’énoncé"),
    "help": N_("l’aide"),
    "sealed": N_("réponse protégée ou non"),
    "options": N_("les choix proposés"),
    "minimum": N_("le minimum"),
    "maximum": N_("le maximum"),
    "max_length": N_("la longueur"),
    "columns": N_("les colonnes des fichiers importés"),
    "target": N_("où va la réponse"),
    "accept": N_("les formats acceptés"),
    "max_bytes": N_("la taille des fichiers"),
    "only_online": N_("demandée en ligne seulement"),
    "asked_at_application": N_("le moment où elle est posée"),
    "application_intakes": N_("les campagnes dont la candidature la pose"),
    "fields": N_("les champs du groupe"),
    "show_when": N_("pour qui elle est posée"),
    "require_when": N_("quand elle est obligatoire"),
    "max_files": N_("le nombre de fichiers"),
    "max_pages": N_("le nombre de pages"),
    "promise_days": N_("le délai d’une pièce promise"),
    "proof": N_("la pièce qui la prouve"),
    "page": N_("la page où elle est posée"),
    "either": N_("les questions dont une réponse suffit"),
    "required_in_files": N_("obligatoire dans les fichiers importés ou non"),
    "reveals": N_("ce que la réponse révèle aux évaluateurs"),
    "reader_title": N_("l’intitulé pour les évaluateurs"),
}
PARTS: Mapping[str, str] = {
    "title": N_("Le titre du programme"),
    "summary": N_("Le résumé"),
    "description": N_("La description"),
    "legal_basis": N_("La base légale"),
    "stages": N_("Ce que la base légale permet"),
    "practical": N_("Les renseignements pratiques"),
    "intakes": N_("Les campagnes et leurs dates"),
    "calendar": N_("Le calendrier"),
    "partners": N_("Les entreprises partenaires"),
    "eligibility": N_("Les conditions d’éligibilité"),
    "rubric": N_("La grille de lecture"),
    "reminders": N_("Les rappels"),
    "offers": N_("Les délais de réponse aux offres"),
    "stipend": N_("La bourse"),
    "placement": N_("L’affectation en entreprise"),
    "imports": N_("La disposition des fichiers importés"),
    "assumptions": N_("Les suppositions"),
    "guardians": N_("Les accords des tuteurs légaux"),
    "profile": N_("Page d’accueil"),
    "selection": N_("Les règles du choix"),
}


# The fields of a condition, the calendar and a period, as people call them.
RULE_FIELDS: Mapping[str, str] = {
    "operator": N_("le test"),
    "question": N_("la question lue"),
    "values": N_("ce qui est comparé"),
    "also": N_("les questions de la moyenne"),
    "named_in": N_("la question qui nomme un autre cas"),
    "field": N_("la partie du groupe qui est lue"),
    "when": N_("à qui elle est demandée"),
    "reason": N_("la raison"),
    "advice": N_("le conseil"),
}
CALENDAR_NAMES: Mapping[str, str] = {
    "starts_on": N_("Premier jour de la formation"),
    "company_from": N_("Première période en entreprise"),
}
PERIOD_NAMES: Mapping[str, str] = {"starts_on": N_("Premier jour"), "ends_on": N_("Dernier jour")}
_ORDER = N_("L’ordre des conditions")
_RULE, _PERIOD, _PURPOSE = N_("condition"), N_("période du calendrier"), N_("accord du tuteur légal")
_SECTION = N_("partie du formulaire")
_IN_FULL = ("form", "key", "eligibility")


def changes(before: Definition, after: Definition) -> tuple[DefinitionChange, ...]:
    """Everything in which `after` differs: sections and questions first, then the rest of the programme."""
    found = (
        *_sections(before.form, after.form),
        *_questions(before.form, after.form),
        *_rules(before, after),
        *intake_changes(before, after),
        *_listed(_PERIOD, before.calendar.periods, after.calendar.periods, _of_period),
        *rubric_changes(before.rubric, after.rubric),
        *partner_changes(before, after),
        *_purposes(before.guardians, after.guardians),
    )
    others = (each for each in fields(Definition) if each.name not in _IN_FULL)
    left = _as_told(before, after)
    rest = tuple(
        DefinitionChange(
            ChangeKind.CHANGED, PARTS.get(each.name, each.name), tuple(_of_part(each.name, before, after))
        )
        for each in others
        if getattr(before, each.name) != getattr(left, each.name)
    )
    return (*found, *rest)


def _as_told(before: Definition, after: Definition) -> Definition:
    """`after` with the things that are told in full elsewhere set as in `before`: campaigns, companies, periods,
    purposes."""
    calendar, guardians = after.calendar, after.guardians
    if _in_order(_keys(before.calendar.periods), _keys(calendar.periods)):
        calendar = replace(calendar, periods=before.calendar.periods)
    if before.guardians and guardians:
        were = before.guardians.purposes
        if _in_order(_keys(were), _keys(guardians.purposes)):
            guardians = replace(guardians, purposes=were)
    return replace(
        after,
        intakes=before.intakes,
        rubric=_with_criteria_of(before.rubric, after.rubric),
        partners=before.partners,
        calendar=calendar,
        guardians=guardians,
    )


def _with_criteria_of(before: Rubric, after: Rubric) -> Rubric:
    """`after` with the criteria and the other phases of `before`, which are told one by one; as it is when reading
    begins or ends."""
    if not before.phases or not after.phases:
        return after
    if before.files.key != after.files.key:
        return replace(after, phases=before.phases)
    files = replace(after.files, criteria=before.criteria)
    return replace(after, phases=tuple(files if each is before.files else each for each in before.phases))


def _keys(things: Iterable[EligibilityRule | FormSection | Period | Purpose | Question]) -> list[str]:
    return [each.key for each in things]


def _in_order(were: Collection[str], are: Collection[str]) -> bool:
    """Whether the things that stay are in the same order as before."""
    return [key for key in were if key in are] == [key for key in are if key in were]


def _of_part(name: str, before: Definition, after: Definition) -> Iterator[Problem | str]:
    """What is told about a part besides its name: its earlier text, which of its dates moved, or its figures."""
    if name in ("title", "summary"):
        yield Problem(N_("s’énonçait « %(label)s »"), {"label": getattr(before, name)})
    if name == "calendar":
        yield from moved(before.calendar, after.calendar, CALENDAR_NAMES)
    if name == "rubric":
        yield from of_reading(before.rubric, after.rubric)
    if name == "selection":
        yield from of_bounds(before, after)
    yield from of_terms(name, before, after)


def _listed(
    word: str, before: Iterable[T], after: Iterable[T], told: Callable[[T, T], Iterable[Problem | str]]
) -> Iterator[DefinitionChange]:
    """What was added, changed and removed in a list of things called `word`; `told` gives what changed in
    one, or nothing."""
    were, are = {each.key: each for each in before}, {each.key: each for each in after}
    for key, each in are.items():
        if key not in were:
            yield DefinitionChange(ChangeKind.ADDED, _name(each), (word,))
        elif details := tuple(told(were[key], each)):
            yield DefinitionChange(ChangeKind.CHANGED, _name(each), details)
    for key, each in were.items():
        if key not in are:
            yield DefinitionChange(ChangeKind.REMOVED, _name(each), (word,))


def _name(thing: EligibilityRule | Period | Purpose | FormSection) -> Text:
    return thing.reason if isinstance(thing, EligibilityRule) else thing.title


def _rules(before: Definition, after: Definition) -> Iterator[DefinitionChange]:
    yield from _listed(_RULE, before.eligibility, after.eligibility, _of_rule)
    if not _in_order(_keys(before.eligibility), _keys(after.eligibility)):
        yield DefinitionChange(ChangeKind.CHANGED, _ORDER)


def _of_rule(before: EligibilityRule, after: EligibilityRule) -> list[str]:
    details = [said for name, said in RULE_FIELDS.items() if getattr(before, name) != getattr(after, name)]
    return [_RULE, *details] if details else []


def _of_period(before: Period, after: Period) -> list[Problem | str]:
    return [] if before == after else [_PERIOD, *moved(before, after, PERIOD_NAMES)]


def _purposes(before: GuardianTerms | None, after: GuardianTerms | None) -> Iterator[DefinitionChange]:
    were, are = (terms.purposes if terms else () for terms in (before, after))
    return _listed(_PURPOSE, were, are, lambda was, now: [] if was == now else [_PURPOSE])


def removed(before: Form, after: Form) -> tuple[str, ...]:
    """The keys of the questions that are no longer asked."""
    left = {question.key for question in after.questions}
    return tuple(question.key for question in before.questions if question.key not in left)


def _sections(before: Form, after: Form) -> Iterator[DefinitionChange]:
    yield from _listed(_SECTION, before.sections, after.sections, _of_section)
    if not _in_order(_keys(before.sections), _keys(after.sections)):
        yield DefinitionChange(ChangeKind.CHANGED, N_("L’ordre des parties"))


def _of_section(before: FormSection, after: FormSection) -> Iterator[Problem | str]:
    if before.title != after.title:
        yield Problem(WAS_CALLED, {"title": before.title})
    if before.reader_title != after.reader_title:
        yield N_("l’intitulé pour les évaluateurs")
    if before.show_when != after.show_when:
        yield N_("pour qui elle est posée")
    if not _in_order(_keys(before.questions), _keys(after.questions)):
        yield N_("l’ordre des questions")


def _questions(before: Form, after: Form) -> Iterator[DefinitionChange]:
    were = {question.key: question for question in before.questions}
    homes = {question.key: section.key for section in before.sections for question in section.questions}
    left = {question.key for question in after.questions}
    for section in after.sections:
        for question in section.questions:
            if question.key not in were:
                yield DefinitionChange(ChangeKind.ADDED, question.label, (), question.key)
                continue
            details = [*_of_question(were[question.key], question)]
            if homes[question.key] != section.key:
                details.append(Problem(N_("passe dans « %(title)s »"), {"title": section.title}))
            if details:
                yield DefinitionChange(ChangeKind.CHANGED, question.label, tuple(details), question.key)
    for key, question in were.items():
        if key not in left:
            yield DefinitionChange(ChangeKind.REMOVED, question.label, (), key)


def _of_question(before: Question, after: Question) -> Iterator[Problem | str]:
    if before.label != after.label:
        yield Problem(N_("s’énonçait « %(label)s »"), {"label": before.label})
    if before.required != after.required:
        yield N_("devient obligatoire") if after.required else N_("n’est plus obligatoire")
    for name, said in FIELDS.items():
        if name != "label" and _held(before, name) != _held(after, name):
            yield said


def _held(question: Question, name: str) -> Any:
    return getattr(question, name, None)
