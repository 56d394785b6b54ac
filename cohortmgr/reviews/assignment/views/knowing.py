"""The pages of whom readers know: theirs to say it, and those who manage readings to see it and add to it."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.acquaintance import SayingKind
from cohortmgr.reviews.assignment.actions import knowing
from cohortmgr.reviews.assignment.forms import ConflictForm, KnownForm
from cohortmgr.reviews.assignment.models import ReaderDeclaration
from cohortmgr.reviews.assignment.queries import bars, conflicts
from cohortmgr.reviews.assignment.queries import giving as assignments

bp = Blueprint("knowing_staff", __name__)
_BETWEEN = re.compile(r"[\s,;،]+")


@bp.route("/staff/intakes/<reference>/reviews/known", methods=["GET", "POST"])
@guards.staff
@guards.survives
def known(reference: str) -> ResponseReturnValue:
    """Let a reader tick whom they know among the candidates, and type names, from the close of the intake to its
    decision. Before and after that they read what they said, if they did."""
    viewer, form = guards.viewer(), KnownForm()
    try:
        intake = conflicts.intake_to_know(viewer, reference)
    except NotFound:
        if request.method == "POST":
            raise
        return _said(viewer, *conflicts.intake_said(viewer, reference))
    said = bars.words_by(intake, viewer.person_id or 0)
    if request.method == "GET":
        form.process(
            institution=" ".join(said[SayingKind.INSTITUTION]), places="\n".join(said[SayingKind.PLACE])
        )
    if form.validate_on_submit():
        try:
            with writing():
                knowing.declare(
                    viewer,
                    reference,
                    set(request.form.getlist("known")),
                    form.names.data or "",
                    institution=form.institution.data or "",
                    places=form.places.data or "",
                )
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            # The same words whoever was named: that somebody applied is not told.
            flash(_("C’est noté : vous ne lirez aucun dossier des personnes que vous connaissez."), "done")
            return redirect(url_for("reading_staff.queue"))
    listed = conflicts.listed_for(viewer, intake)
    declaration = conflicts.declaration_of(intake, viewer.person_id or 0)
    return render_template(
        "reviews/assignment/staff_known.html",
        intake=intake,
        form=form,
        listed=listed,
        ticked=request.form.getlist("known") if request.method == "POST" else None,
        typed=len(said[SayingKind.NAME]),
        declaration=declaration,
    )


def _said(viewer: Viewer, intake: Intake, declaration: ReaderDeclaration) -> ResponseReturnValue:
    said = bars.words_by(intake, viewer.person_id or 0)
    return render_template(
        "reviews/assignment/staff_known.html",
        intake=intake,
        form=None,
        known=[each.name for each in conflicts.listed_for(viewer, intake) if each.known],
        typed=len(said[SayingKind.NAME]),
        places=[*said[SayingKind.INSTITUTION], *said[SayingKind.PLACE]],
        declaration=declaration,
    )


@bp.route("/staff/intakes/<reference>/reviews/readers/<reader>/conflicts", methods=["GET", "POST"])
@guards.staff
@guards.survives
def conflicts_of(reference: str, reader: str) -> ResponseReturnValue:
    """Show which files a reader must not read, and add some."""
    viewer, form = guards.viewer(), ConflictForm()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    person = assignments.reviewer_or_reader(intake, reader)
    if form.validate_on_submit():
        numbers = set(_BETWEEN.split((form.files.data or "").strip())) - {""}
        try:
            with writing():
                added = knowing.bar(viewer, reference, reader, numbers)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(ngettext("%(num)s conflit ajouté.", "%(num)s conflits ajoutés.", added), "done")
            return redirect(url_for(".conflicts_of", reference=reference, reader=reader))
    return render_template(
        "reviews/assignment/staff_conflicts.html",
        intake=intake,
        person=person,
        form=form,
        rows=conflicts.conflicts_of(intake, person.id),
        namesakes=conflicts.namesakes_of(intake, person),
        declaration=conflicts.declaration_of(intake, person.id),
        said=bars.words_by(intake, person.id),
    )


@bp.post("/staff/intakes/<reference>/reviews/readers/<reader>/conflicts/<conflict>/remove")
@guards.staff
def remove(reference: str, reader: str, conflict: str) -> ResponseReturnValue:
    """Let a reader read a file that was barred to them."""
    queries.intake_for(guards.viewer(), reference, "reviews.assign")
    with writing():
        knowing.unbar(guards.viewer(), reference, reader, conflict)
    flash(_("Le conflit est retiré."), "done")
    return redirect(url_for(".conflicts_of", reference=reference, reader=reader))
