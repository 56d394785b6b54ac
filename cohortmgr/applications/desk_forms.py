"""What staff type at a file: reasons, notes, dates, and which answers are to be mended."""

from __future__ import annotations

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField

from cohortmgr.applications.listing import Filters
from cohortmgr.base.errors import N_, Refused


class NoteForm(FlaskForm):
    """A note for colleagues."""

    text = TextAreaField(_l("Note pour l’équipe"), render_kw={"rows": 3, "maxlength": 4000, "dir": "auto"})
    pinned = BooleanField(_l("L’épingler en haut"))


def ticked(filters: Filters) -> Filters:
    """A list, or of it the files that were ticked where that was asked for; Refused if none was."""
    if "ticked" not in request.form:
        return filters
    chosen = filters.only(request.form.getlist("files"))
    if not chosen.files:
        raise Refused(N_("Cochez d’abord des dossiers dans la liste."))
    return chosen
