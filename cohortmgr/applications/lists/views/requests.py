"""Which rows of a list were ticked."""

from __future__ import annotations

from flask import request

from cohortmgr.applications.lists.queries import Filters
from cohortmgr.base.errors import N_, Refused


def ticked(filters: Filters) -> Filters:
    """A list, or of it the files that were ticked where that was asked for; Refused if none was."""
    if "ticked" not in request.form:
        return filters
    chosen = filters.only(request.form.getlist("files"))
    if not chosen.files:
        raise Refused(N_("Cochez d’abord des dossiers dans la liste."))
    return chosen
