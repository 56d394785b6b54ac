"""Checks a well-shaped form: its keys, options and groups, and conditions that depend on themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from cohortmgr.base.errors import N_
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.questions import (
    COMPOSED,
    LISTED,
    MOST_ROWS,
    NOT_IN_GROUPS,
    Condition,
    ConditionOperator,
    Form,
    FormSection,
    Question,
    QuestionKind,
)
from cohortmgr.programmes.definition.rules import LANGUAGE_LEVELS, TARGETS
from cohortmgr.programmes.definition.source_lines import Path

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

_NOT_ALLOWED = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
_UNKNOWN = N_("La question « %(question)s » n’existe pas dans le formulaire.")
_SEALED = frozenset({QuestionKind.RIB, QuestionKind.CIN, QuestionKind.IDENTITY})
_PARTED = COMPOSED | {QuestionKind.DATE}
_COUNTED = frozenset({QuestionKind.CHOICES, QuestionKind.RANKING, QuestionKind.GROUP})
# What a question in a group's row may not say, with the value that means that it says nothing.
_NOT_OF_A_ROW: Mapping[str, object] = {
    "sealed": False, "target": None, "columns": (), "show_when": (), "require_when": (), "either": "",
    "required_in_files": False,
    "asked_at_application": True, "only_online": False, "application_intakes": (),
    "reader_title": None,
}  # fmt: skip
# Names that the form itself uses, or that pages send beside the answers.
_RESERVED = frozenset(
    {
        "data", "errors", "form_errors", "meta", "process", "post_process", "validate", "validate_on_submit",
        "is_submitted", "hidden_tag", "populate_obj", "asked_when", "csrf_token", "later", "version",
    }
)  # fmt: skip
# How many values each test of a condition takes: (least, most), None for no limit.
_VALUES: Mapping[ConditionOperator, tuple[int, int | None]] = {
    ConditionOperator.ONE_OF: (1, None),
    ConditionOperator.NONE_OF: (1, None),
    ConditionOperator.NOT_EMPTY: (0, 0),
    ConditionOperator.EMPTY: (0, 0),
    ConditionOperator.AT_LEAST: (1, 1),
    ConditionOperator.AT_MOST: (1, 1),
}
_COMPARING = frozenset({ConditionOperator.AT_LEAST, ConditionOperator.AT_MOST})
_COMPARABLE = frozenset(
    {QuestionKind.GRADE, QuestionKind.NUMBER, QuestionKind.YEAR, QuestionKind.LANGUAGE_LEVEL}
)


def check_form(form: Form, offered: Form) -> Iterator[Fault]:
    """All faults of a form, in the order of its sections; then the conditions that depend on themselves.

    `offered` is the same form with every offering of the programme in its rankings, which conditions read."""
    yield from unique(("form", "sections"), (section.key for section in form.sections))
    keys: set[str] = set()
    targets: set[str] = set()
    columns: set[str] = set()
    known = {question.key: question for question in offered.questions}
    for place, section in enumerate(form.sections):
        here: Path = ("form", "sections", place)
        yield from check_conditions((*here, "show_when"), section.show_when, known, secret=False)
        for rank, question in enumerate(section.questions):
            path: Path = (*here, "questions", rank)
            yield from _again(path, "key", question.key, keys)
            if question.target is not None:
                yield from _again(path, "target", question.target, targets)
            yield from _columns(path, question, columns)
            yield from _reserved(path, question, known.values())
            yield from _question(path, question)
            yield from _proof(path, question, known)
            for name in ("show_when", "require_when"):
                yield from check_conditions((*path, name), getattr(question, name), known, question.sealed)
        yield from _section(here, section)
    yield from _alternatives(form)
    yield from _circles(form)


def unique(path: Path, keys: Iterable[str]) -> Iterator[Fault]:
    """A fault for each key that is not valid, or that stands twice in a list."""
    seen: set[str] = set()
    for place, key in enumerate(keys):
        where = (*path, place, "key")
        yield from _key(where, key)
        if key in seen:
            yield Fault(where, N_("La clé « %(key)s » est déjà utilisée."), {"key": key})
        seen.add(key)


def is_reserved(key: str, others: Iterable[str] = ()) -> bool:
    """Whether a key is a name that something else uses, or would be the name of a part of one of the
    `others`."""
    if key in _RESERVED or key.startswith(("add-", "remove-", "up-", "down-")):
        return True
    return any(key.startswith(f"{other}-") for other in others)


def _key(where: Path, key: str) -> Iterator[Fault]:
    if not KEY.fullmatch(key):
        what = N_("La clé « %(key)s » n’est pas valable : lettres minuscules, chiffres, tirets.")
        yield Fault(where, what, {"key": key})


def _reserved(path: Path, question: Question, known: Iterable[Question]) -> Iterator[Fault]:
    """A fault for a key that something else uses, or that would be the name of a part of another question."""
    if is_reserved(question.key):
        what = N_("La clé « %(key)s » est réservée. Choisissez-en une autre.")
        yield Fault((*path, "key"), what, {"key": question.key})
    for other in known:
        if other.kind in _PARTED and question.key.startswith(f"{other.key}-"):
            what = N_("La clé « %(key)s » serait une partie de « %(other)s ». Choisissez-en une autre.")
            yield Fault((*path, "key"), what, {"key": question.key, "other": other.key})


def _again(path: Path, name: str, value: str, seen: set[str]) -> Iterator[Fault]:
    if value in seen:
        yield Fault((*path, name), N_("La clé « %(key)s » est déjà utilisée."), {"key": value})
    seen.add(value)


def _columns(path: Path, question: Question, seen: set[str]) -> Iterator[Fault]:
    for place, column in enumerate(question.columns):
        if column in seen:
            where = (*path, "columns", place)
            what = N_("La colonne « %(column)s » répond déjà à une autre question.")
            yield Fault(where, what, {"column": column})
        seen.add(column)


def _section(path: Path, section: FormSection) -> Iterator[Fault]:
    if not section.questions:
        yield Fault((*path, "questions"), N_("Cette partie du formulaire n’a aucune question."))


def _reveals(path: Path, question: Question) -> Iterator[Fault]:
    for place, part in enumerate(question.reveals):
        if part in question.reveals[:place]:
            what = N_("« %(value)s » est nommé deux fois.")
            yield Fault((*path, "reveals", place), what, {"value": part.value})


def _question(path: Path, question: Question) -> Iterator[Fault]:
    yield from _reveals(path, question)
    yield from _key((*path, "key"), question.key)
    kind = question.kind
    if question.target is not None and question.target not in TARGETS:
        values = {"value": question.target, "known": ", ".join(TARGETS)}
        yield Fault((*path, "target"), _NOT_ALLOWED, values)
    if kind in LISTED and kind is not QuestionKind.RANKING and not question.options:
        yield Fault((*path, "options"), N_("Une question à choix doit avoir des options."))
    if question.options and kind not in LISTED:
        yield Fault((*path, "options"), N_("Seule une question à choix a des options."))
    if kind is QuestionKind.FILE and not (question.accept and question.max_bytes):
        yield Fault(
            (*path, "accept"),
            N_("Une question de fichier dit les formats acceptés (accept) et la taille (max_bytes)."),
        )
    yield from _bounds(path, question)
    if kind in _SEALED and not question.sealed:
        yield Fault(
            (*path, "sealed"),
            N_("Cette réponse est une donnée sensible : elle doit être scellée (sealed = true)."),
        )
    if question.required and question.require_when:
        yield Fault(
            (*path, "require_when"), N_("Cette question est déjà obligatoire : la condition est de trop.")
        )
    yield from unique((*path, "options"), (option.key for option in question.options))
    yield from _fields(path, question)


def _proof(path: Path, question: Question, known: Mapping[str, Question]) -> Iterator[Fault]:
    """A fault for a proof that is not a question of papers, or for a sealed answer, which those who read
    papers do not see."""
    if question.proof is None:
        return
    paper = known.get(question.proof)
    if paper is None:
        yield Fault((*path, "proof"), _UNKNOWN, {"question": question.proof})
    elif paper.kind is not QuestionKind.FILE:
        what = N_(
            "« %(question)s » n’est pas une pièce : un chiffre se vérifie sur une question de fichier (file)."
        )
        yield Fault((*path, "proof"), what, {"question": question.proof})
    if question.sealed:
        yield Fault((*path, "proof"), N_("Une réponse scellée ne se vérifie pas sur une pièce."))


def _alternatives(form: Form) -> Iterator[Fault]:
    """A fault for each question of which one answer should suffice with others, and could not."""
    for place, section in enumerate(form.sections):
        for rank, question in enumerate(section.questions):
            where: Path = ("form", "sections", place, "questions", rank, "either")
            if not question.either:
                continue
            if question.required or question.require_when:
                what = N_(
                    "Une autre réponse suffit à la place de celle-ci : elle n’est pas obligatoire elle-même."
                )
                yield Fault(where, what)
            if question.kind in (QuestionKind.FILE, QuestionKind.CONSENT, QuestionKind.GROUP):
                yield Fault(
                    where, N_("Un fichier, un accord ou un groupe ne se remplace pas par une autre réponse.")
                )
            moment = _moment(question)
            if moment != _ALWAYS and any(_moment(each) != moment for each in form.instead_of(question)):
                what = N_("Les questions dont une réponse suffit se posent au même moment.")
                yield Fault(where, what)
            if len(form.instead_of(question)) < 2:
                what = N_("« %(name)s » ne nomme que cette question : aucune autre réponse ne la remplace.")
                yield Fault(where, what, {"name": question.either})


# At the application of every intake.
_ALWAYS = (True, frozenset[str]())


def _moment(question: Question) -> tuple[bool, frozenset[str]]:
    return question.asked_at_application, frozenset(question.application_intakes)


def check_intakes(form: Form, intakes: Collection[str]) -> Iterator[Fault]:
    """A fault at each question that names, for its application, an intake that there is not, or none that asks it."""
    for place, section in enumerate(form.sections):
        for rank, question in enumerate(section.questions):
            where: Path = ("form", "sections", place, "questions", rank, "application_intakes")
            for each in question.application_intakes:
                if each not in intakes:
                    values = {"value": each, "known": ", ".join(intakes)}
                    yield Fault(where, _NOT_ALLOWED, values)
            if question.application_intakes and not question.asked_at_application:
                what = N_("Une question posée seulement après l’acceptation n’est d’aucune candidature.")
                yield Fault(where, what)


def _bounds(path: Path, question: Question) -> Iterator[Fault]:
    least, most = question.minimum, question.maximum
    if least is not None and most is not None and least > most:
        yield Fault((*path, "maximum"), N_("Le maximum est plus petit que le minimum."))
    if question.kind not in _COUNTED:
        return
    limit = len(question.options) or MOST_ROWS
    for name, bound in (("minimum", least), ("maximum", most)):
        if bound is not None and (bound != bound.to_integral_value() or not 0 <= bound <= limit):
            what = N_("Un nombre entier de 0 à %(limit)s est attendu.")
            yield Fault((*path, name), what, {"limit": limit})


def _fields(path: Path, question: Question) -> Iterator[Fault]:
    if question.kind is not QuestionKind.GROUP:
        if question.fields:
            yield Fault((*path, "fields"), N_("Seul un groupe (group) a des champs."))
        return
    if not question.fields:
        yield Fault((*path, "fields"), N_("Un groupe (group) a au moins un champ."))
    if question.maximum is None:
        what = N_("Un groupe dit combien de lignes il a au plus (maximum).")
        yield Fault((*path, "maximum"), what)
    yield from unique((*path, "fields"), (each.key for each in question.fields))
    for place, each in enumerate(question.fields):
        where = (*path, "fields", place)
        yield from _reserved(where, each, question.fields)
        if each.kind in NOT_IN_GROUPS:
            allowed = ", ".join(kind.value for kind in QuestionKind if kind not in NOT_IN_GROUPS)
            yield Fault((*where, "kind"), _NOT_ALLOWED, {"value": each.kind.value, "known": allowed})
            continue
        for name, nothing in _NOT_OF_A_ROW.items():
            if getattr(each, name) != nothing:
                yield Fault((*where, name), N_("Le champ d’un groupe n’a pas « %(name)s »."), {"name": name})
        yield from (fault for fault in _question(where, each) if fault.path[-1] != "key")


def check_conditions(
    path: Path, conditions: Sequence[Condition], known: Mapping[str, Question], secret: bool
) -> Iterator[Fault]:
    """All faults of conditions. A sealed answer may decide only about a sealed question: otherwise those who
    read the file could tell the answer from the questions that they see."""
    for place, condition in enumerate(conditions):
        where = (*path, place)
        asked = known.get(condition.question)
        if asked is None:
            yield Fault((*where, "question"), _UNKNOWN, {"question": condition.question})
            continue
        if asked.kind in (QuestionKind.FILE, QuestionKind.GROUP, QuestionKind.ADDRESS):
            what = N_("Une condition ne lit ni fichier, ni groupe, ni adresse.")
            yield Fault((*where, "question"), what)
        if asked.sealed and not secret:
            what = N_("Une réponse scellée ne décide que d’une question scellée elle aussi.")
            yield Fault((*where, "question"), what)
        if not asked.asked_at_application or asked.application_intakes:
            what = N_("Cette question n’est pas posée dans la candidature : aucune condition ne la lit.")
            yield Fault((*where, "question"), what)
        yield from _condition_values(where, condition, asked)


def _condition_values(where: Path, condition: Condition, asked: Question) -> Iterator[Fault]:
    least, most = _VALUES[condition.operator]
    if len(condition.values) < least or (most is not None and len(condition.values) > most):
        what = N_("Le test « %(operator)s » attend un autre nombre de valeurs.")
        yield Fault((*where, "values"), what, {"operator": condition.operator.value})
    comparing = condition.operator in _COMPARING
    if comparing and asked.kind not in _COMPARABLE:
        what = N_("Seuls un nombre, une note, une année et un niveau de langue se comparent.")
        yield Fault((*where, "operator"), what)
        return
    known = [option.key for option in asked.options]
    if asked.kind is QuestionKind.LANGUAGE_LEVEL:
        known = list(LANGUAGE_LEVELS)
    if asked.kind is QuestionKind.REGION:
        known = list(REGIONS)
    for place, value in enumerate(condition.values):
        if known and value not in known:
            values = {"value": value, "known": ", ".join(known)}
            yield Fault((*where, "values", place), _NOT_ALLOWED, values)
        elif comparing and not known and not _is_number(value):
            yield Fault((*where, "values", place), N_("Un nombre est attendu."))


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _circles(form: Form) -> Iterator[Fault]:
    """A fault at each question whose showing depends on itself, directly or through other questions."""
    read = {key: {each.question for each in conditions} for key, conditions in form.conditions_of().items()}
    for place, section in enumerate(form.sections):
        for rank, question in enumerate(section.questions):
            if question.key in _reached(question.key, read):
                own = any(question.key in _reached_from(each.question, read) for each in question.show_when)
                where: Path = ("form", "sections", place)
                where = (*where, "questions", rank, "show_when") if own else (*where, "show_when")
                what = N_("Cette condition tourne en rond : « %(key)s » dépend d’elle-même.")
                yield Fault(where, what, {"key": question.key})


def _reached(key: str, read: Mapping[str, set[str]]) -> set[str]:
    """The keys of all questions on which the showing of this one depends."""
    found: set[str] = set()
    waiting = list(read.get(key, ()))
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += read.get(each, ())
    return found


def _reached_from(key: str, read: Mapping[str, set[str]]) -> set[str]:
    return {key} | _reached(key, read)
