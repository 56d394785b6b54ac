"""The form of a definition as WTForms: one class a definition and language."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import Optional

from cohortmgr.applications import widgets
from cohortmgr.applications.answers import Answer
from cohortmgr.applications.documents import MEDIA_TYPES
from cohortmgr.applications.regions import REGIONS
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import language, localized, say
from cohortmgr.programmes.rules import LANGUAGE_LEVELS, Definition, Question, QuestionKind, Text

RADIOS = 5
KEPT = 64
_classes: OrderedDict[tuple[str, str], type[ApplicationForm]] = OrderedDict()

_AUTOCOMPLETE = {
    "person.family_name": "family-name",
    "person.given_name": "given-name",
    "person.birth_date": "bday",
    "person.email": "email",
    "person.phone": "tel",
}
_LTR: dict[QuestionKind, dict[str, str]] = {
    QuestionKind.GRADE: {"inputmode": "decimal"},
    QuestionKind.NUMBER: {"inputmode": "decimal"},
    QuestionKind.YEAR: {"inputmode": "numeric", "maxlength": "4"},
    QuestionKind.DATE: {"inputmode": "text"},
    QuestionKind.EMAIL: {"inputmode": "email", "spellcheck": "false"},
    QuestionKind.PHONE: {"inputmode": "tel"},
    QuestionKind.CIN: {"spellcheck": "false", "autocapitalize": "characters"},
    QuestionKind.MASSAR: {"spellcheck": "false", "autocapitalize": "characters"},
    QuestionKind.RIB: {"inputmode": "numeric"},
}
_CHOOSE = N_("Choisissez")


class ApplicationForm(FlaskForm):
    """The base of every definition's form. Answers are read by `answers.read_value`, not by validators."""

    class Meta(FlaskForm.Meta):
        # The whole site's protection checks the token once, before any view.
        csrf = False


def form_class(fingerprint: str, definition: Definition) -> type[ApplicationForm]:
    """The class for a definition, known by its fingerprint, in the page's language; the last ones stay in memory."""
    wanted = (fingerprint, language())
    known = _classes.get(wanted)
    if known is None:
        questions = [q for q in definition.form.questions if q.asked_at_application]
        known = type("DefinedForm", (ApplicationForm,), {q.key: _field(q) for q in questions})
        _classes[wanted] = known
        while len(_classes) > KEPT:
            _classes.popitem(last=False)
    return known


def _field(question: Question) -> Any:
    label, hint = localized(question.label), localized(question.help)
    kind, wanted = question.kind, _render(question)
    common: dict[str, Any] = {"label": label, "description": hint, "render_kw": wanted}
    if not question.required:
        common["validators"] = [Optional()]
    match kind:
        case QuestionKind.LONG_TEXT:
            return TextAreaField(**common)
        case QuestionKind.EMAIL:
            return EmailField(widget=widgets.EmailInput(), **common)
        case QuestionKind.PHONE:
            return TelField(widget=widgets.TelInput(), **common)
        case QuestionKind.FILE:
            return FileField(**common)
        case QuestionKind.CONSENT:
            return BooleanField(**common)
        case QuestionKind.CHOICE | QuestionKind.REGION | QuestionKind.LANGUAGE_LEVEL:
            return _choice(question, common)
        case _:
            return StringField(widget=widgets.TextInput(), **common)


def _choice(question: Question, common: dict[str, Any]) -> Any:
    choices = [SelectChoice(key, localized(text)) for key, text in choices_of(question).items()]
    common["validate_choice"] = False
    if len(choices) <= RADIOS:
        return RadioField(choices=choices, option_widget=widgets.RadioInput(), **common)
    return SelectField(widget=widgets.Select(), choices=[SelectChoice("", say(_CHOOSE)), *choices], **common)


def choices_of(question: Question) -> dict[str, Text]:
    """Key to label of what can be chosen."""
    if question.options:
        return {option.key: option.label for option in question.options}
    if question.kind is QuestionKind.REGION:
        return dict(REGIONS)
    return {level: {"fr": level} for level in LANGUAGE_LEVELS}


def _render(question: Question) -> dict[str, str]:
    wanted: dict[str, str] = {}
    if question.kind in _LTR:
        wanted = {"dir": "ltr", "autocomplete": "off", **_LTR[question.kind]}
    if question.target in _AUTOCOMPLETE:
        wanted["autocomplete"] = _AUTOCOMPLETE[question.target]
    if question.target in ("person.family_name_ar", "person.given_name_ar"):
        wanted |= {"dir": "rtl", "lang": "ar"}
    if question.kind is QuestionKind.FILE:
        wanted["accept"] = ",".join(MEDIA_TYPES[name] for name in question.accept if name in MEDIA_TYPES)
    return wanted


def typed(definition: Definition, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Answers as a person would type them, to fill the form."""
    return {
        question.key: _typed(question, answers[question.key])
        for question in definition.form.questions
        if question.key in answers
    }


def _typed(question: Question, answer: Answer) -> Any:
    if question.kind is QuestionKind.DATE and isinstance(answer, str):
        return date.fromisoformat(answer).strftime("%d/%m/%Y")
    if question.kind in (QuestionKind.GRADE, QuestionKind.NUMBER) and isinstance(answer, str):
        return answer.replace(".", ",") if language() == "fr" else answer
    return answer


def shown(question: Question, answer: Answer) -> Any:
    """An answer as a page shows it, in the language of the page; None when there is none."""
    if answer is None or answer == "":
        return None
    if question.kind in (QuestionKind.CHOICE, QuestionKind.REGION, QuestionKind.LANGUAGE_LEVEL):
        return localized(choices_of(question).get(str(answer))) or answer
    if question.kind is QuestionKind.CONSENT:
        return say(N_("Oui"))
    return _typed(question, answer)
