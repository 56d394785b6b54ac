"""What staff type at a file: reasons, notes, dates, and which answers are to be mended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.widgets import DateInput

from cohortmgr.accounts.forms import ContactForm
from cohortmgr.applications.answers.dates import day_of
from cohortmgr.applications.correcting import KIND_NAMES
from cohortmgr.applications.file.forms import ReasonForm
from cohortmgr.applications.file.rules import asked
from cohortmgr.applications.listing import Filters
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.i18n import localized
from cohortmgr.programmes.rules import Form


class NoteForm(FlaskForm):
    """A note for colleagues."""

    text = TextAreaField(_l("Note pour l’équipe"), render_kw={"rows": 3, "maxlength": 4000, "dir": "auto"})
    pinned = BooleanField(_l("L’épingler en haut"))


class UntilForm(ReasonForm):
    """A last day, until its last minute in Casablanca, and why."""

    until = StringField(_l("Jusqu’au (inclus)"), widget=DateInput())


class LateForm(ContactForm, UntilForm):
    """Who has not begun, by an address or a number; until when, and why."""

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.email.render_kw = {**(self.email.render_kw or {}), "autocomplete": "off"}


class CorrectionForm(FlaskForm):
    """Which answers, what is wrong with each, until when, and a word to the person."""

    message = TextAreaField(
        _l("Message à la personne"),
        description=_l("Dites ce qui ne va pas et ce qu’il faut envoyer."),
        render_kw={"rows": 4, "maxlength": 1000, "dir": "auto"},
    )
    until = StringField(_l("À corriger jusqu’au (inclus)"), widget=DateInput())


def until_of(text: str) -> datetime | None:
    """The last minute of a typed day, as Casablanca's clocks show it; None for what is no day."""
    day = day_of(text)
    return clock.instant(date.fromisoformat(day), 23, 59) if day else None


def until_asked(form: UntilForm | CorrectionForm) -> datetime:
    """The same, of a form that asks for it; Refused for what is no day."""
    until = until_of(form.until.data or "")
    if until is None:
        raise Refused(Problem(N_("Écrivez un jour, comme 31/03/2027."), {}, "until"))
    return until


def items_of(args: Mapping[str, str] | None = None) -> dict[str, str]:
    """Question to kind, from the selects of the page (`fix-<question>`)."""
    given = request.form if args is None else args
    return {
        name.removeprefix("fix-"): kind for name, kind in given.items() if name.startswith("fix-") and kind
    }


def ticked(filters: Filters) -> Filters:
    """A list, or of it the files that were ticked where that was asked for; Refused if none was."""
    if "ticked" not in request.form:
        return filters
    chosen = filters.only(request.form.getlist("files"))
    if not chosen.files:
        raise Refused(N_("Cochez d’abord des dossiers dans la liste."))
    return chosen


def kinds() -> list[tuple[str, str]]:
    """What may be wrong with an answer, nothing first."""
    return [("", _("Rien à corriger")), *((kind.value, _(name)) for kind, name in KIND_NAMES.items())]


def sections_asked(form: Form) -> list[tuple[str, list[tuple[str, str]]]]:
    """The title of each section with its questions' keys and labels."""
    keys = {question.key for question in asked(form)}
    return [
        (localized(section.title), [(q.key, localized(q.label)) for q in section.questions if q.key in keys])
        for section in form.sections
        if any(question.key in keys for question in section.questions)
    ]
