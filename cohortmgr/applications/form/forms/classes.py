"""Build the WTForms class of a definition's form: one class for each definition and language."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    Form,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import Optional
from wtforms.widgets import ListWidget

from cohortmgr.accounts.slips import TypedQuestion
from cohortmgr.applications.answers.composed import IDENTITY_DOCUMENTS
from cohortmgr.applications.answers.display import choices_of, said_required, said_when, variant
from cohortmgr.applications.answers.provinces import ABROAD, ABROAD_NAME, PROVINCES
from cohortmgr.applications.answers.scripts import ARABIC_NAMES, LATIN_NAMES, in_both_writings
from cohortmgr.applications.documents.rules import MEDIA_TYPES
from cohortmgr.applications.form.forms import widgets
from cohortmgr.applications.form.forms.fields import GroupRows, Parts, place_of
from cohortmgr.applications.guardians.rules import said_for_minors
from cohortmgr.base.caching import Kept
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import language, localized, say
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.rules import Definition, Question, QuestionKind
from cohortmgr.programmes.definition.rules import Form as DefinedForm

RADIOS = 7
# Known by the definition's fingerprint, the language, the variant of the form, and which of its questions are asked.
_classes: Kept[tuple[str, str, str, bool], type[ApplicationForm]] = Kept(64)

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
    QuestionKind.EMAIL: {"inputmode": "email", "spellcheck": "false"},
    QuestionKind.PHONE: {"inputmode": "tel"},
    QuestionKind.CIN: {"spellcheck": "false", "autocapitalize": "characters"},
    QuestionKind.MASSAR: {"spellcheck": "false", "autocapitalize": "characters"},
    QuestionKind.RIB: {"inputmode": "numeric"},
}
_CHOOSE = N_("Choisissez")
_DAY_PARTS = (("day", N_("Jour"), "2"), ("month", N_("Mois"), "12"), ("year", N_("Année"), "4"))
_STREET = N_("Quartier, rue et numéro")
_PROVINCE, _COMMUNE = N_("Province ou préfecture"), N_("Commune ou ville")
_DOCUMENT, _NUMBER = N_("Document"), N_("Numéro")
_RANK = N_("Choix n° %(rank)s")


class ApplicationForm(HouseForm):
    """The base of every definition's form. Answers are read by `composed.read_given`, not by validators."""

    class Meta(HouseForm.Meta):
        # The site checks the token once for every request, before any view.
        csrf = False

    # Question key to the conditions under which it is shown, for the pages that hide it and for those that cannot.
    asked_when: ClassVar[dict[str, When]] = {}
    # The key of the programme, and of its last consent: below that one stands the way to what is done with the data.
    programme: ClassVar[str] = ""
    notice_below: ClassVar[str] = ""


@dataclass(frozen=True)
class When:
    """When a question is shown: `rules` (JSON) for the script that shows and hides it, `said` for people."""

    rules: str
    said: str


def form_class(fingerprint: str, definition: Definition, later: bool = False) -> type[ApplicationForm]:
    """The form class of a definition, by its fingerprint, in the page's language; the last ones are kept.

    `later` is for the questions asked once a seat is accepted, in place of the application's. Their
    conditions read only the application, so that the page knows which are shown, and none hides another.
    """
    wanted = (fingerprint, language(), variant(definition), later)
    return _classes.get(wanted, unkept_class, definition, later)


def unkept_class(definition: Definition, later: bool = False) -> type[ApplicationForm]:
    """As `form_class`, built anew and not kept: for a definition that is still being written."""
    questions = [q for q in definition.form.questions if q.asked_at_application is not later]
    members: dict[str, Any] = {q.key: _field(q) for q in questions}
    both = in_both_writings(definition.form)
    for question in questions:
        members[question.key].kwargs["description"] = _hint(definition.form, question)
        members[question.key].kwargs.get("render_kw", {}).update(direction_of(question, both))
    built: type[ApplicationForm] = type("DefinedForm", (ApplicationForm,), members)
    built.asked_when = {} if later else _asked_when(definition.form)
    consents = [each.key for each in questions if each.kind is QuestionKind.CONSENT]
    built.programme, built.notice_below = definition.key, consents[-1] if consents else ""
    return built


def show_answers(form: ApplicationForm, refusal: Refused) -> None:
    """Put each problem beside the input that it names, however deep, or above the form if there is none."""
    for problem in refusal.problems:
        field = place_of(form, problem.where) if problem.where else None
        if field is None:
            form.form_errors.append(say(problem))
        else:
            own = field.own if isinstance(field, Parts | GroupRows) else field.errors
            field.errors = [*own, say(problem)]


def direction_of(question: Question, both: Collection[str]) -> dict[str, str]:
    """How a name is written, whatever language the page is in: an Arabic one from right to left, and of one that is
    asked in both writings (`both`: the keys) the Latin one from left to right. Empty for other questions."""
    if question.target in ARABIC_NAMES:
        return {"dir": "rtl", "lang": "ar"}
    return {"dir": "ltr"} if question.target in LATIN_NAMES and question.key in both else {}


def show_asides(form: ApplicationForm, asides: Mapping[str, TypedQuestion], asked: Mapping[str, str]) -> None:
    """Put what is asked about an answer beside its field, and the text about which it was asked into the page.
    `asked` are the texts about which it was asked before."""
    for name in {**asked, **asides}:
        field = place_of(form, name)
        if field is not None:
            field.aside = asides.get(name)
            field.asked = asked.get(name) if field.aside is None else field.data


def _field(question: Question) -> Any:
    label, hint = localized(question.label), localized(question.help)
    kind, wanted = question.kind, _render(question)
    common: dict[str, Any] = {"label": label, "description": hint, "render_kw": wanted}
    asked = question.required or question.require_when or question.either
    optional = not asked and said_for_minors(question) is None
    builder = _PARTS.get(kind)
    if builder is not None:
        return Parts(_inner(builder(question)), label, optional=optional, description=hint)
    if optional:
        common["validators"] = [Optional()]
    if kind in _CHOSEN:
        return _CHOSEN[kind](question, common)
    field, widget = _ONE.get(kind, (StringField, widgets.TextInput))
    return field(**common, widget=widget()) if widget else field(**common)


def _hint(form: DefinedForm, question: Question) -> str:
    """A question's help text, and when it must be answered if that depends on other answers."""
    told = None if question.required else said_for_minors(question)
    minors = say(told) if told else ""
    return " ".join(
        said for said in (localized(question.help), said_required(form, question), minors) if said
    )


def _asked_when(form: DefinedForm) -> dict[str, When]:
    return {
        key: When(
            json.dumps([[each.question, each.operator.value, list(each.values)] for each in conditions]),
            said_when(form, form.question(key)),
        )
        for key, conditions in form.conditions_of().items()
    }


def _inner(fields: dict[str, Any]) -> type[Form]:
    return type("InnerForm", (Form,), fields)


def _line(label: str, render_kw: dict[str, str] | None = None) -> StringField:
    return StringField(label, widget=widgets.TextInput(), render_kw=render_kw)


def _select(label: str, choices: list[SelectChoice], render_kw: dict[str, str] | None = None) -> SelectField:
    """A list to choose one from, with nothing chosen at first."""
    return SelectField(
        label,
        widget=widgets.Select(),
        choices=[SelectChoice("", say(_CHOOSE)), *choices],
        validate_choice=False,
        render_kw=render_kw or {},
    )


def _listed(question: Question) -> list[SelectChoice]:
    return [SelectChoice(key, localized(text)) for key, text in choices_of(question).items()]


def _choice(question: Question, common: dict[str, Any]) -> Any:
    choices = _listed(question)
    common["validate_choice"] = False
    # Six language levels read better in a closed list; what people choose once in a form stands open.
    if len(choices) <= RADIOS and question.kind is not QuestionKind.LANGUAGE_LEVEL:
        return RadioField(choices=choices, option_widget=widgets.RadioInput(), **common)
    return SelectField(widget=widgets.Select(), choices=[SelectChoice("", say(_CHOOSE)), *choices], **common)


def _several(question: Question, common: dict[str, Any]) -> Any:
    return SelectMultipleField(
        choices=_listed(question),
        widget=ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        validate_choice=False,
        **common,
    )


def _group(question: Question, common: dict[str, Any]) -> Any:
    row = Parts(_inner({each.key: _field(each) for each in question.fields}), "")
    return GroupRows(row, min_entries=int(question.minimum or 0), max_entries=question.most, **common)


def _day_parts(question: Question) -> dict[str, Any]:
    complete = _AUTOCOMPLETE.get(question.target or "")
    found = {}
    for name, label, length in _DAY_PARTS:
        wanted = {
            "dir": "ltr",
            "maxlength": length,
            "autocomplete": f"{complete}-{name}" if complete else "off",
        }
        # A month may be typed by its name, so that the keyboard must offer letters too.
        wanted["inputmode"] = "text" if name == "month" else "numeric"
        found[name] = _line(say(label), wanted)
    return found


def _address_parts(question: Question) -> dict[str, Any]:
    provinces = [
        SelectChoice(code, localized(names), optgroup=localized(REGIONS[region]))
        for region, inside in PROVINCES.items()
        for code, names in inside.items()
    ]
    abroad = SelectChoice(ABROAD, say(ABROAD_NAME), optgroup=say(ABROAD_NAME))
    found: dict[str, Any] = {
        "province": _select(say(_PROVINCE), [*provinces, abroad], {"autocomplete": "address-level1"}),
        "commune": _line(say(_COMMUNE), {"autocomplete": "address-level2", "maxlength": "80"}),
    }
    street = {"autocomplete": "street-address", "maxlength": "200"}
    found["street"] = StringField(say(_STREET), [Optional()], widget=widgets.TextInput(), render_kw=street)
    return found


def _document_parts(question: Question) -> dict[str, Any]:
    kinds = [SelectChoice(key, say(name)) for key, (name, _) in IDENTITY_DOCUMENTS.items()]
    number = {"dir": "ltr", "autocomplete": "off", **_LTR[QuestionKind.CIN]}
    return {"type": _select(say(_DOCUMENT), kinds), "number": _line(say(_NUMBER), number)}


def _level_parts(question: Question) -> dict[str, Any]:
    levels = _listed(Question(question.key, QuestionKind.LANGUAGE_LEVEL, question.label))
    return {option.key: _select(localized(option.label), levels) for option in question.options}


def _rank_parts(question: Question) -> dict[str, Any]:
    choices = _listed(question)
    return {
        str(rank): _select(say(Problem(_RANK, {"rank": rank})), choices)
        for rank in range(1, question.most + 1)
    }


# For each kind of one input: its field, and its widget if we have one; kinds left out get a line of text.
_ONE: dict[QuestionKind, tuple[Any, Any]] = {
    QuestionKind.LONG_TEXT: (TextAreaField, None),
    QuestionKind.EMAIL: (EmailField, widgets.EmailInput),
    QuestionKind.PHONE: (TelField, widgets.TelInput),
    QuestionKind.FILE: (FileField, None),
    QuestionKind.CONSENT: (BooleanField, None),
}
_CHOSEN: dict[QuestionKind, Any] = {
    QuestionKind.CHOICE: _choice,
    QuestionKind.REGION: _choice,
    QuestionKind.LANGUAGE_LEVEL: _choice,
    QuestionKind.CHOICES: _several,
    QuestionKind.GROUP: _group,
}
_PARTS: dict[QuestionKind, Any] = {
    QuestionKind.DATE: _day_parts,
    QuestionKind.ADDRESS: _address_parts,
    QuestionKind.IDENTITY: _document_parts,
    QuestionKind.LANGUAGE_LEVELS: _level_parts,
    QuestionKind.RANKING: _rank_parts,
}


def _render(question: Question) -> dict[str, str]:
    wanted: dict[str, str] = {}
    if question.kind in _LTR:
        wanted = {"dir": "ltr", "autocomplete": "off", **_LTR[question.kind]}
    if question.target in _AUTOCOMPLETE:
        wanted["autocomplete"] = _AUTOCOMPLETE[question.target]
    if question.kind is QuestionKind.FILE:
        wanted["accept"] = ",".join(MEDIA_TYPES[name] for name in question.accept if name in MEDIA_TYPES)
    return wanted
