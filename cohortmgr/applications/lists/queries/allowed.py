"""Tells what of a list is open to a viewer: columns that take a permission, and the groups to which these narrow it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.lists import columns, hooks
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base.errors import N_, Refused
from cohortmgr.programmes.models import Intake

_CLOSED = N_("Une condition de cette liste ne vous est pas ouverte : enlevez-la, puis recommencez.")


def _closed(viewer: Viewer, path: str) -> set[str]:
    return {key for key, asked in columns.permissions().items() if not allows(viewer, asked, path)}


def _withheld(viewer: Viewer) -> set[int]:
    return set().union(*hooks.withheld(viewer))


def open_to(viewer: Viewer, intake: Intake, filters: ApplicationFilters) -> ApplicationFilters:
    """The same list without the columns that the viewer may not read in an intake, nor what these narrow; without what
    higher rooms lend if that is withheld from them there, which is asked where a list has something of it."""
    found = filters.without(_closed(viewer, intake.path))
    if found.is_lent and intake.id in _withheld(viewer):
        return found.without(columns.LENT.keys())
    return found


def require_open(viewer: Viewer, intake: Intake, filters: ApplicationFilters) -> ApplicationFilters:
    """The same list, for an act on its files. Refused if it has a condition that is not open to the viewer in that
    intake: without it the act would reach everybody, and with it the number of files would tell."""
    if open_to(viewer, intake, filters).conditions != filters.conditions:
        raise Refused(_CLOSED)
    return filters


def is_open(viewer: Viewer, kept: Any, path: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    """Do `require_open` as a condition on rows that keep a list's filters, in the scope of a path beside them; but for
    what is withheld, which `is_withheld` says of each."""
    among = kept["among"].as_string()
    groups = {lent.group: lent.permission for lent in columns.LENT.values()}
    held = [
        sa.and_(sa.or_(among == group, among.startswith(f"{group}.")), within(viewer, permission, path))
        for group, permission in groups.items()
    ]
    return sa.or_(among.is_(None), *held)


def is_withheld(viewer: Viewer, intake_id: int, filters: ApplicationFilters) -> bool:
    """Whether a list is narrowed by what is withheld from the viewer in an intake; asked where something narrows it."""
    return bool(filters.among) and intake_id in _withheld(viewer)


def open_names(viewer: Viewer, path: str) -> dict[str, str]:
    """The columns that the viewer may choose in that scope, with what they are called."""
    closed = _closed(viewer, path)
    return {key: name for key, name in columns.names().items() if key not in closed}


def open_groups(viewer: Viewer, path: str) -> dict[str, str]:
    """The groups of files to which the viewer may narrow a list in that scope, with what they are called."""
    may = {each.group for each in columns.LENT.values() if allows(viewer, each.permission, path)}
    return {key: name for key, name in columns.groups().items() if key.partition(".")[0] in may}
