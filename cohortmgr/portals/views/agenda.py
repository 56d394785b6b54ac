"""What waits for a viewer, as today's page and an intake's overview list it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import day, moment
from cohortmgr.base.registries.waiting import PendingAct, workspace_of

_ORDER = ("stop", "wait", "info")


def waiting_for(viewer: Viewer, intake_id: int | None = None) -> list[dict[str, Any]]:
    """Return what waits for the viewer, of one intake or of all, as items of a list of tasks: what is late comes first,
    then what is theirs to do, and in each what must be done first."""
    found = [
        each
        for each in workspace_of(current_app).waiting(viewer, viewer.paths)
        if intake_id in (None, each.intake_id)
    ]
    return [_item(each) for each in sorted(found, key=_urgency)]


def _urgency(each: PendingAct) -> tuple[int, bool, str]:
    """Sorts by kind, then by day; what has none keeps its room's order behind the others."""
    until = clock.local(each.until).date() if isinstance(each.until, datetime) else each.until
    return _ORDER.index(each.kind), until is None, "" if until is None else until.isoformat()


def _item(each: PendingAct) -> dict[str, Any]:
    hint = each.act if each.until is None else f"{each.act} · {_said(each.until)}"
    status = {"wait": _("À vous"), "stop": _("En retard"), "info": _("En attente")}[each.kind]
    return {"label": each.what, "url": each.url, "hint": hint, "kind": each.kind, "status": status}


def _said(until: date | datetime) -> str:
    if isinstance(until, datetime):
        return _("avant le %(moment)s", moment=moment(until))
    return (
        _("avant le %(day)s", day=day(until))
        if until >= clock.today()
        else _("depuis le %(day)s", day=day(until))
    )
