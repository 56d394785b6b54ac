"""Until when, and for whom there is more time."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.widgets import DateInput

from cohortmgr.accounts.forms import ContactForm
from cohortmgr.applications.answers.dates import day_of
from cohortmgr.applications.corrections.forms import CorrectionForm
from cohortmgr.applications.file.forms import ReasonForm
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem, Refused


class UntilForm(ReasonForm):
    """A last day, until its last minute in Casablanca, and why."""

    until = StringField(_l("Jusqu’au (inclus)"), widget=DateInput())


class LateForm(ContactForm, UntilForm):
    """Who has not begun, by an address or a number; until when, and why."""

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.email.render_kw = {**(self.email.render_kw or {}), "autocomplete": "off"}


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
