"""The forms by which a campaign or a programme is made like another: what it says of its own, and its first day."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.widgets import DateInput

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.text import clean
from cohortmgr.base.typed import day, whole
from cohortmgr.programmes.definition.beginning import FirstIntake
from cohortmgr.programmes.definition.checks.form import KEY
from cohortmgr.programmes.definition.cloning import ClonedIntake
from cohortmgr.programmes.definition.rules import TEXT_LANGUAGES
from cohortmgr.programmes.drafts.figures import MOST_SEATS

_KEY = N_("La clé « %(key)s » n’est pas valable : lettres minuscules, chiffres, tirets.")
_A_DAY = N_("Choisissez un jour.")
_KEY_MISSING = N_("Écrivez une clé : lettres minuscules, chiffres, tirets.")
_TEXT = N_("Écrivez ce texte.")
_SEATS = N_("Écrivez un nombre entier, de %(least)s à %(most)s.")
LONGEST_TITLE = 200


def _title(label: object, language: str) -> StringField:
    look = {"lang": language, "dir": "rtl" if language == "ar" else "ltr", "maxlength": LONGEST_TITLE}
    return StringField(label, render_kw={**look, "autocomplete": "off"})


class IntakeForm(HouseForm):
    """Which campaign is taken up, and the key, the titles and the first day of the new one."""

    page_order: ClassVar[tuple[str, ...]] = ("source", "starts_on", "title_fr", "title_ar", "title_en", "key")

    source = SelectField(_l("Reprendre"), validate_choice=False)
    title_fr = _title(_l("Titre de la campagne, en français"), "fr")
    title_ar = _title(_l("Titre de la campagne, en arabe"), "ar")
    title_en = _title(_l("Titre de la campagne, en anglais"), "en")
    key = StringField(
        _l("Clé"),
        description=_l("Courte et sans espace, par exemple l’année : 2028. Elle ne change plus."),
        render_kw={"dir": "ltr", "maxlength": 40, "autocomplete": "off"},
    )
    starts_on = StringField(
        _l("Premier jour de la formation"),
        description=_l("Les autres dates s’en écartent comme dans la campagne reprise."),
        widget=DateInput(),
    )

    def wanted(self) -> ClonedIntake:
        """What was typed; Refused with all that is wrong with it."""
        problems = list[Problem]()
        title = self.titles("title", problems)
        key = self.valid_key("key", problems)
        first = self.day_of("starts_on", problems)
        if problems or first is None:
            raise Refused(*problems)
        return ClonedIntake(key, title, first)

    def titles(self, name: str, problems: list[Problem]) -> dict[str, str]:
        """A text in each language; a Problem for each that is missing."""
        found = {}
        for language in TEXT_LANGUAGES:
            field = f"{name}_{language}"
            found[language] = clean(self[field].data or "").strip()[:LONGEST_TITLE]
            if not found[language]:
                problems.append(Problem(_TEXT, {}, field))
        return found

    def valid_key(self, name: str, problems: list[Problem]) -> str:
        """A key in the form that definitions have; a Problem if it has another."""
        key = western_digits((self[name].data or "").strip())
        if not key:
            problems.append(Problem(_KEY_MISSING, {}, name))
        elif not KEY.fullmatch(key):
            problems.append(Problem(_KEY, {"key": key[:40]}, name))
        return key

    def day_of(self, name: str, problems: list[Problem]) -> date | None:
        """The day in a field; a Problem if none was typed."""
        found = day(western_digits((self[name].data or "").strip()))
        if found is None:
            problems.append(Problem(_A_DAY, {}, name))
        return found


class ProgrammeForm(IntakeForm):
    """What a new programme and its first campaign say of their own."""

    page_order: ClassVar[tuple[str, ...]] = (
        "source",
        "name_fr",
        "name_ar",
        "name_en",
        "programme_key",
        *IntakeForm.page_order[1:],
    )

    name_fr = _title(_l("Titre du programme, en français"), "fr")
    name_ar = _title(_l("Titre du programme, en arabe"), "ar")
    name_en = _title(_l("Titre du programme, en anglais"), "en")
    programme_key = StringField(
        _l("Clé du programme"),
        description=_l(
            "Courte et sans espace : elle est dans l’adresse de la page publique, et ne change plus."
        ),
        render_kw={"dir": "ltr", "maxlength": 40, "autocomplete": "off"},
    )

    def programme(self) -> tuple[str, dict[str, str], ClonedIntake]:
        """The key and the titles of the programme, and its campaign; Refused with all that is wrong with them."""
        problems = list[Problem]()
        name = self.titles("name", problems)
        key = self.valid_key("programme_key", problems)
        try:
            intake = self.wanted()
        except Refused as refusal:
            raise Refused(*problems, *refusal.problems) from None
        if problems:
            raise Refused(*problems)
        return key, name, intake


class CopyForm(ProgrammeForm):
    """Which programme is taken up, and what the new one and its campaign say of their own."""


class BeginForm(ProgrammeForm):
    """Who hosts a programme that begins from nothing, what it says of itself, and the days and seats of its first
    campaign."""

    page_order: ClassVar[tuple[str, ...]] = (
        *("host", "name_fr", "name_ar", "name_en", "summary_fr", "summary_ar", "summary_en", "programme_key"),
        *("title_fr", "title_ar", "title_en", "key", "opens_on", "closes_on", "decision_by", "starts_on"),
        *("place_fr", "place_ar", "place_en", "seats"),
    )

    host = SelectField(_l("Établissement"), validate_choice=False)
    summary_fr = _title(_l("En une phrase, en français"), "fr")
    summary_ar = _title(_l("En une phrase, en arabe"), "ar")
    summary_en = _title(_l("En une phrase, en anglais"), "en")
    place_fr = _title(_l("Lieu, en français"), "fr")
    place_ar = _title(_l("Lieu, en arabe"), "ar")
    place_en = _title(_l("Lieu, en anglais"), "en")
    opens_on = StringField(_l("Premier jour des candidatures"), widget=DateInput())
    closes_on = StringField(_l("Dernier jour des candidatures"), widget=DateInput())
    decision_by = StringField(_l("Réponse promise avant le"), widget=DateInput())
    seats = StringField(_l("Places"), render_kw={"inputmode": "numeric", "dir": "ltr", "maxlength": 5})

    def begun(self) -> tuple[str, dict[str, str], dict[str, str], FirstIntake]:
        """The key, the titles and the summary of the programme, and its first campaign; Refused with all that is wrong
        with them."""
        problems = list[Problem]()
        summary, place = self.titles("summary", problems), self.titles("place", problems)
        days = {name: self.day_of(name, problems) for name in ("opens_on", "closes_on", "decision_by")}
        seats = whole(self.seats.data, 1, MOST_SEATS)
        if seats is None:
            problems.append(Problem(_SEATS, {"least": 1, "most": MOST_SEATS}, "seats"))
        try:
            key, name, intake = self.programme()
        except Refused as refusal:
            raise Refused(*refusal.problems, *problems) from None
        opens, closes, decision = days.values()
        if problems or seats is None or opens is None or closes is None or decision is None:
            raise Refused(*problems)
        return key, name, summary, FirstIntake(intake, opens, closes, decision, place, seats)
