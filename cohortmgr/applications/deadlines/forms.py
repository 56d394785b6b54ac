"""Forms for giving more time: until when, for whom, and why."""

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
    """A last day, which counts until its last minute in Casablanca, and the reason."""

    until = StringField(_l("Jusqu’au (inclus)"), widget=DateInput())


class LateForm(ContactForm, UntilForm):
    """The address or number of a person who has not begun; the last day, and the reason."""

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.email.render_kw = {**(self.email.render_kw or {}), "autocomplete": "off"}


def until_of(text: str) -> datetime | None:
    """The last minute of a typed day, in Casablanca's time; None if the text is no day."""
    day = day_of(text)
    return clock.instant(date.fromisoformat(day), 23, 59) if day else None


def until_asked(form: UntilForm | CorrectionForm) -> datetime:
    """Like `until_of`, for a form that asks for the day; raises Refused if the text is no day."""
    until = until_of(form.until.data or "")
    if until is None:
        raise Refused(Problem(N_("Écrivez un jour, comme 31/03/2027."), {}, "until"))
    return until
