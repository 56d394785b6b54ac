"""The form in which staff write a note on a file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField


class NoteForm(FlaskForm):
    """A note for colleagues."""

    text = TextAreaField(_l("Note pour l’équipe"), render_kw={"rows": 3, "maxlength": 4000, "dir": "auto"})
    pinned = BooleanField(_l("L’épingler en haut"))
