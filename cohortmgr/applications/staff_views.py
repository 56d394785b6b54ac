"""Staff pages: the list of an intake's applications, and one file."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.applications import actions, listing, queries
from cohortmgr.applications.answers import Answer
from cohortmgr.applications.candidate_views import sections_of, sent
from cohortmgr.applications.listing import Filters
from cohortmgr.applications.queries import File
from cohortmgr.applications.regions import REGIONS
from cohortmgr.applications.rules import SOURCE_NAMES, STATE_NAMES, State, diploma_question
from cohortmgr.audit.queries import of_object
from cohortmgr.base.db import db, writing
from cohortmgr.base.i18n import localized
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("applications_staff", __name__, url_prefix="/staff")


@bp.get("/intakes/<reference>/applications", endpoint="list")
@guards.staff
def index(reference: str) -> ResponseReturnValue:
    """The list, its filters in the address; four statements with the viewer's own, whatever the rows."""
    intake = queries.staff_intake(guards.viewer(), reference)
    filters = Filters.of(request.args)
    page = listing.page(intake.id, filters, request.args.get("page", 1, type=int))
    diploma = diploma_question(definition_of(intake))
    return render_template(
        "applications/staff_list.html",
        intake=intake,
        definition=definition_of(intake),
        filters=filters,
        page=page,
        counts=queries.counts([intake.id])[intake.id],
        diploma_names={o.key: localized(o.label) for o in diploma.options} if diploma else {},
        regions=REGIONS,
        region_names={code: localized(name) for code, name in REGIONS.items()},
        state_names=STATE_NAMES,
        source_names=SOURCE_NAMES,
        sizes=listing.SIZES,
    )


@bp.get("/applications/<reference>")
@guards.staff
def show(reference: str) -> ResponseReturnValue:
    """One file; sealed answers stay closed."""
    return _page(queries.read_by_staff(guards.viewer(), reference), {})


@bp.post("/applications/<reference>/unseal")
@guards.staff
def unseal(reference: str) -> ResponseReturnValue:
    """The same page with its sealed answers; the reading is noted in the trail."""
    with writing():
        file, opened = actions.unseal(guards.viewer(), reference)
    return _page(file, opened)


def _page(file: File, opened: Mapping[str, Answer]) -> ResponseReturnValue:
    row = file.application
    filters = Filters.of(request.args)
    events = db.session.scalars(of_object("application", row.reference)).all()
    return render_template(
        "applications/staff_show.html",
        application=row,
        intake=file.intake,
        definition=file.definition,
        # What was not sent is still the person's own.
        sections=[] if row.state == State.DRAFT else sections_of(file, {**row.answers, **opened}),
        opened=bool(opened),
        may_open=row.state != State.DRAFT and allows(guards.viewer(), queries.MANAGE, file.intake.path),
        rules=[rule for rule in file.definition.eligibility if rule.key in row.reasons],
        neighbours=listing.neighbours(file.intake.id, filters, row.reference),
        arguments=filters.arguments(),
        events=events,
        state_names=STATE_NAMES,
        source_names=SOURCE_NAMES,
    )


@bp.get("/documents/<reference>")
@guards.staff
def document(reference: str) -> ResponseReturnValue:
    """A document as a download; the reading is noted."""
    with writing():
        found = actions.read_document(guards.viewer(), reference)
    return sent(found)
