"""The pages of the trail, for auditors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import ROLE_NAMES, Role, Viewer, require_anywhere
from cohortmgr.accounts.trail import queries
from cohortmgr.accounts.trail.actions import note_export
from cohortmgr.accounts.trail.forms import TrailForm
from cohortmgr.audit import queries as audit
from cohortmgr.audit.fields import FIELDS
from cohortmgr.audit.models import Event
from cohortmgr.audit.names import ACTS, OBJECTS
from cohortmgr.audit.rules import Change, TrailFilter, changes
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.i18n import say
from cohortmgr.base.paging import ListPlace, Page, page_of
from cohortmgr.base.registries.person_page import TabContent, person_page_of
from cohortmgr.base.sheets.writing import write_csv
from cohortmgr.base.web.asked import PLACE, kept_arguments, place_asked
from cohortmgr.base.web.reading import reading

bp = Blueprint("accounts_staff", __name__, url_prefix="/staff")
SIZE = 50
# The most events of one file.
MOST = 20_000
_TOO_MANY = N_("C’est trop pour un fichier : choisissez des dates ou un acte, pour %(most)s lignes au plus.")


@dataclass(frozen=True)
class TrailLine:
    """An event as people read it."""

    event: Event
    act: str
    kind: str
    by: str
    concerned: str
    changes: Sequence[Change]


@bp.get("/audit")
@guards.staff
@reading
def trail() -> ResponseReturnValue:
    """List the acts of the viewer's institutions, newest first;
    system administrators, and auditors of the whole tree, see the installation's too."""
    return _page(_viewer(), _asked())


@bp.post("/audit/verify")
@guards.staff
def verify() -> ResponseReturnValue:
    """Verify the viewer's chains, by themselves and by what was noted outside, and show where they are broken."""
    viewer = _viewer()
    broken = audit.faults_for(_institutions(viewer), viewer.reads_installation)
    return _page(viewer, _asked(), broken=broken)


@bp.post("/audit/export.csv")
@guards.staff
@reading
def export() -> ResponseReturnValue:
    """Give the acts that were looked for as a file, and note in the trail that they left."""
    viewer, form = _viewer(), _asked()
    page = _events(viewer, form, ListPlace(), MOST)
    if page.after is not None or not form.validate():
        tried = Problem(_TOO_MANY, {"most": MOST}) if page.after is not None else None
        return _page(viewer, form, refused=[tried] if tried else []), 422
    data = write_csv(_header(), map(_cells, _lines(viewer, [event for (event,) in page.rows])))
    with writing():
        note_export(viewer, _institutions(viewer), _kept(), len(page.rows))
    name = f"journal-{clock.today().isoformat()}.csv"
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    return Response(data, mimetype="text/csv", headers=headers)


def draw(viewer: Viewer, file: Any) -> TabContent:
    """The tab of a person's page that shows the acts about them: their file, their account, and the rows of each room
    that belong to the file. The file is of a room above this one."""
    person = file.application.person_id
    objects = queries.objects_of(person, [trace(file) for trace in person_page_of(current_app).traces])
    about = [("application", file.application.reference), *objects]
    query = audit.visible(_institutions(viewer), viewer.reads_installation)
    page = page_of(audit.of_objects(query, about), place_asked(), SIZE)
    values = {"page": page, "lines": _lines(viewer, [event for (event,) in page.rows])}
    return TabContent("accounts/trail/staff_person.html", values)


def _header() -> list[str]:
    return [
        _("Quand"),
        _("Acte"),
        _("Objet"),
        _("Référence de l’objet"),
        _("Concerne"),
        _("Par"),
        _("Ce qui a changé"),
        _("Chaîne"),
        _("Maillon"),
        _("Empreinte"),
    ]


def _cells(line: TrailLine) -> list[object]:
    event = line.event
    told = "; ".join(f"{each.name}: {each.before} → {each.after}" for each in line.changes)
    return [
        event.at.isoformat(timespec="seconds"),
        line.act,
        line.kind,
        event.object_reference,
        line.concerned,
        line.by,
        told,
        event.chain,
        event.sequence,
        event.digest,
    ]


def _viewer() -> Viewer:
    viewer = guards.viewer()
    require_anywhere(viewer, "audit.read")
    return viewer


def _asked() -> TrailForm:
    form = TrailForm(formdata=request.args)
    form.offer(ACTS, OBJECTS)
    return form


def _kept() -> dict[str, str]:
    """What was asked of the trail, page apart."""
    kept = kept_arguments("accounts_staff.export")
    return {name: texts[0] for name, texts in kept.items() if name not in PLACE and texts[0]}


def _page(
    viewer: Viewer,
    form: TrailForm,
    broken: Sequence[Problem] | None = None,
    refused: Sequence[Problem] = (),
) -> str:
    page = _events(viewer, form, place_asked(), SIZE)
    return render_template(
        "accounts/trail/staff_trail.html",
        page=page,
        lines=_lines(viewer, [event for (event,) in page.rows]),
        form=form,
        broken=broken,
        refused=refused,
        asked=_kept(),
    )


def _events(viewer: Viewer, form: TrailForm, place: ListPlace, size: int) -> Page:
    query = audit.visible(_institutions(viewer), viewer.reads_installation)
    return page_of(audit.matching(query, _wanted(viewer, form)) if form.validate() else query, place, size)


def _wanted(viewer: Viewer, form: TrailForm) -> TrailFilter:
    last = form.last.data
    return TrailFilter(
        people=queries.references_like(viewer, form.person.data) if form.person.data else None,
        action=form.action.data or "",
        kind=form.kind.data or "",
        reference=(form.reference.data or "").upper(),
        first=clock.instant(form.first.data) if form.first.data else None,
        before=clock.instant(last + timedelta(days=1)) if last else None,
    )


def _lines(viewer: Viewer, events: Sequence[Event]) -> list[TrailLine]:
    names = queries.names_by_reference(
        viewer,
        (reference for event in events for reference in (event.actor, event.subject, event.object_reference)),
    )
    values = audit.values_of_all(events)
    return [
        TrailLine(
            event,
            say(ACTS[event.action]) if event.action in ACTS else event.action,
            say(OBJECTS[event.object_kind]) if event.object_kind in OBJECTS else event.object_kind,
            _by(event.actor, names),
            names.get(event.subject) or names.get(event.object_reference, ""),
            [_worded(each) for each in changes(found)],
        )
        for event, found in zip(events, values, strict=True)
    ]


def _worded(change: Change) -> Change:
    """A change in words: its field's name, and the names of roles."""
    role = change.name == "role"
    before, after = (_role(text) if role else text for text in (change.before, change.after))
    return Change(say(FIELDS[change.name]) if change.name in FIELDS else change.name, before, after)


def _role(text: str) -> str:
    return say(ROLE_NAMES[Role(text)]) if text in ROLE_NAMES else text


def _by(actor: str, names: dict[str, str]) -> str:
    told = {"system": _("Le système"), "anonymous": _("Sans compte")}
    return told.get(actor) or names.get(actor) or actor[:9]


def _institutions(viewer: Viewer) -> list[int]:
    held = [grant for grant in viewer.grants if grant.role == Role.AUDITOR]
    return sorted({number for grant in held for number in grant.institutions})
