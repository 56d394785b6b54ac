"""Reads which rows of a list were ticked."""

from __future__ import annotations

from flask import request

from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries.telephones import PHONE
from cohortmgr.base.errors import N_, Refused
from cohortmgr.base.text import clean

LONGEST_REASON = 300


def ticked(filters: ApplicationFilters) -> ApplicationFilters:
    """The list, or only its ticked files if the form asks for that; Refused if none was ticked."""
    if "ticked" not in request.form:
        return filters
    chosen = filters.only(request.form.getlist("files"))
    if not chosen.files:
        raise Refused(N_("Cochez d’abord des dossiers dans la liste."))
    return chosen


def reason_given(filters: ApplicationFilters) -> str:
    """Why telephones leave with the list, for the trail; empty if they do not."""
    return clean(request.form.get("reason", ""))[:LONGEST_REASON] if PHONE in filters.shown else ""
