"""The forms in which staff write a note on a file, and the word of a person who asks to withdraw."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.widgets import DateInput

from cohortmgr.applications.file.forms import ReasonForm
from cohortmgr.base.forms import HouseForm


class NoteForm(HouseForm):
    """A note for colleagues."""

    text = TextAreaField(_l("Note pour l’équipe"), render_kw={"rows": 3, "maxlength": 4000, "dir": "auto"})
    pinned = BooleanField(_l("L’épingler en haut"))


class WithdrawalForm(ReasonForm):
    """The day of a person's written request to withdraw, and how it came."""

    page_order: ClassVar[tuple[str, ...]] = ("requested_on", "reason")

    requested_on = StringField(_l("Jour de la demande écrite"), widget=DateInput())
