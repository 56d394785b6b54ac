"""Reads which rows of a list were ticked."""

from __future__ import annotations

from flask import request

from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base.errors import N_, Refused


def ticked(filters: ApplicationFilters) -> ApplicationFilters:
    """The list, or only its ticked files if the form asks for that; Refused if none was ticked."""
    if "ticked" not in request.form:
        return filters
    chosen = filters.only(request.form.getlist("files"))
    if not chosen.files:
        raise Refused(N_("Cochez d’abord des dossiers dans la liste."))
    return chosen
