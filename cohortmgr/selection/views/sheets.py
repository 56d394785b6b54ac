"""The public sheet of a choice: for staff before it is published, for everybody after; and the program that checks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import say
from cohortmgr.base.sheets.writing import plain_csv
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.public.views.page_cache import page
from cohortmgr.selection import queries
from cohortmgr.selection.actions import publishing
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.models import Batch
from cohortmgr.selection.proofs.sums import prices_of
from cohortmgr.selection.standings.queries import published

bp = Blueprint("sheets", __name__)
bp.add_app_template_filter(datetime.fromisoformat, "iso_moment")
_PROGRAM = files("cohortmgr.selection").joinpath("verify.py").read_bytes()


@bp.get("/intakes/<intake>/sheets/<reference>")
@guards.public
def public_sheet(intake: str, reference: str) -> ResponseReturnValue:
    """Show the sheet of a batch that was published: rules, prices, threshold, counts, and how to check them."""
    found = published.published(guards.viewer(), intake, reference)
    shown = (found.batch.reference, found.batch.version, found.intake.version, found.intake.fingerprint)
    return page(
        shown,
        lambda: render_template(
            "selection/public_sheet.html",
            at=found.at,
            **_told(found.intake, found.batch, published.published_sheet(found)),
        ),
    )


@bp.get("/intakes/<intake>/sheets/<reference>.json")
@guards.public
def public_json(intake: str, reference: str) -> ResponseReturnValue:
    """Send a published sheet as canonical JSON."""
    found = published.published(guards.viewer(), intake, reference)
    return _json(published.published_sheet(found), f"fiche-{found.batch.reference}.json")


@bp.get("/verify.py")
@guards.public
def program() -> ResponseReturnValue:
    """Send the program that checks certificates and lines: one file, which needs Python and nothing else."""
    response = Response(_PROGRAM, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="verify.py"'
    return response


def _told(intake: Intake, batch: Batch, sheet: Mapping[str, Any]) -> dict[str, Any]:
    """What the pages of a sheet say: it, its prices, the names of its groups, and of which programme it is."""
    offering = queries.offered_in(batch)[1]
    definition = programmes.definition_of(intake)
    return {
        "sheet": sheet,
        "prices": prices_of(sheet),
        "groups": [bound["group"] for bound in batch.summary["rules"]["bounds"]],
        "definition": definition,
        "intake": intake,
        "batch": batch,
        "of": definition.intake(intake.key).named.get(offering.key, offering.title)
        if offering is not None and len(programmes.offerings_of(intake)) > 1
        else intake.title,
    }


def _json(content: Mapping[str, Any], name: str) -> Response:
    response = Response(canonical(content), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get("/staff/batches/<reference>/sheet")
@guards.staff
def sheet(reference: str) -> ResponseReturnValue:
    """Show staff and auditors the sheet as everybody would see it, to print, and what is published of it."""
    batch = queries.get_for(guards.viewer(), reference)
    return render_template(
        "selection/staff_sheet.html",
        at=published.published_at(batch),
        **_told(queries.offered_in(batch)[0], batch, published.sheet_of(batch)),
    )


@bp.get("/staff/batches/<reference>/sheet.json")
@guards.staff
def sheet_json(reference: str) -> ResponseReturnValue:
    """Send staff and auditors the sheet as canonical JSON."""
    batch = queries.get_for(guards.viewer(), reference)
    return _json(published.sheet_of(batch), f"fiche-{batch.reference}.json")


@bp.post("/staff/batches/<reference>/references.csv")
@guards.staff
def references(reference: str) -> ResponseReturnValue:
    """Send the table that says which file each row of the certificate is of. A press and not a link: it is noted who
    took it."""
    with writing():
        batch = publishing.note_references(guards.viewer(), reference)
    rows = published.references_of(batch)
    response = Response(b"".join(plain_csv(("application", "reference"), rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="references-{batch.reference}.csv"'
    return response


@bp.post("/staff/batches/<reference>/sheet/publish")
@guards.staff
def publish(reference: str) -> ResponseReturnValue:
    """Publish the sheet of a batch whose decisions are told."""
    try:
        with writing():
            publishing.publish(guards.viewer(), reference)
    except Refused as refusal:
        flash(say(refusal.problems[0]), "info")
    else:
        flash(_("La fiche est publiée : chacun peut la lire sans compte."), "done")
    return redirect(url_for("selection_staff.batch", reference=reference))


@bp.post("/staff/batches/<reference>/sheet/withdraw")
@guards.staff
def withdraw(reference: str) -> ResponseReturnValue:
    """Take a published sheet back."""
    with writing():
        publishing.withdraw(guards.viewer(), reference)
    flash(_("La fiche n’est plus publique : son adresse ne mène plus à rien."), "done")
    return redirect(url_for("selection_staff.batch", reference=reference))
