"""The form in which staff write a note on a file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TextAreaField

from cohortmgr.base.forms import HouseForm


class NoteForm(HouseForm):
    """A note for colleagues."""

    text = TextAreaField(_l("Note pour l’équipe"), render_kw={"rows": 3, "maxlength": 4000, "dir": "auto"})
    pinned = BooleanField(_l("L’épingler en haut"))
