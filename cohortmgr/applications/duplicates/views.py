"""Staff's pages of files that look like one person's: the pairs, two files side by side, uniting and undoing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import require
from cohortmgr.applications.duplicates.actions import merging as merges
from cohortmgr.applications.duplicates.queries import pairs as duplicates
from cohortmgr.applications.duplicates.rules import SIGN_NAMES
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.display import sections_of
from cohortmgr.applications.file.forms import ReasonForm
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import FILE_STATES, ApplicationState
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.paging import COUNTED
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.responses import show_problems

bp = Blueprint("applications_duplicates", __name__, url_prefix="/staff")


@bp.get("/intakes/<reference>/duplicates")
@guards.staff
def index(reference: str) -> ResponseReturnValue:
    """List the pairs and their signs, within the intake or with the viewer's other intakes, what too many share to be
    compared by it, and the merges made so far."""
    viewer = guards.viewer()
    intake = file_queries.staff_intake(viewer, reference, file_queries.MANAGE)
    elsewhere = request.args.get("with") == "others"
    return render_template(
        "applications/duplicates/staff_duplicates.html",
        intake=intake,
        page=duplicates.alike(viewer, intake, place_asked(), elsewhere=elsewhere),
        crowds=duplicates.crowds(viewer, intake),
        waiting=duplicates.waiting(viewer, intake),
        counted=COUNTED,
        signs=SIGN_NAMES,
        states=FILE_STATES.names,
        merged=duplicates.merged(viewer, intake),
        merges_shown=duplicates.MERGES_SHOWN,
        elsewhere=elsewhere,
        undone_after=clock.now() - merges.UNDONE_WITHIN,
    )


@bp.route("/duplicates/<one>/<other>", methods=["GET", "POST"])
@guards.staff
@guards.survives
def pair(one: str, other: str) -> ResponseReturnValue:
    """Show two files side by side; a POST unites them. In one intake the file not kept is put aside; in two
    both stand."""
    form = ReasonForm()
    files = [_managed(one), _managed(other)]
    if one == other:
        raise NotFound(other)
    across = files[0].intake.id != files[1].intake.id
    if request.method == "POST":
        keep = request.form.get("keep")
        kept, aside = (other, one) if keep == other else (one, other)
        try:
            with writing():
                merges.merge(guards.viewer(), kept, aside, form.reason.data or "")
            flash(_("Les deux dossiers sont réunis ; cela se défait pendant 30 jours."), "done")
            others: dict[str, Any] = {"with": "others"} if across else {}
            return redirect(
                url_for("applications_duplicates.index", reference=files[0].intake.reference, **others)
            )
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
            files = [_managed(one), _managed(other)]
    return render_template(
        "applications/duplicates/staff_pair.html",
        files=files,
        intake=files[0].intake,
        rows=_rows(files),
        form=form,
        states=FILE_STATES.names,
        across=across,
        mergeable=_mergeable([file.application for file in files], across),
    )


def _mergeable(files: list[Application], across: bool) -> bool:
    if across:
        one, other = files
        return one.person_id != other.person_id and ApplicationState.SUPERSEDED not in (
            one.state,
            other.state,
        )
    return all(file.state in (ApplicationState.DRAFT, ApplicationState.SUBMITTED) for file in files)


def _managed(reference: str) -> File:
    file = file_queries.read_by_staff(guards.viewer(), reference)
    require(guards.viewer(), file_queries.MANAGE, file.intake.path)
    return file


def _rows(files: list[File]) -> list[tuple[object, list[object], bool]]:
    """Rows of (question, both answers, whether they differ). A draft's answers are left out: they are its
    author's alone."""
    held: list[dict[str, object]] = []
    questions: dict[str, object] = {}
    for file in files:
        answers: dict[str, object] = {}
        for section in (
            []
            if file.application.state == ApplicationState.DRAFT
            else sections_of(file, file.application.answers)
        ):
            for row in section["rows"]:
                question = row["question"]
                questions.setdefault(question.key, question)
                document = row["document"]
                answers[question.key] = (
                    _("Réponse protégée")
                    if question.sealed
                    else document.filename
                    if document
                    else row["value"]
                )
        held.append(answers)
    found = []
    for key, question in questions.items():
        pair = [answers.get(key) for answers in held]
        found.append((question, pair, len(held[0]) > 0 and len(held[1]) > 0 and pair[0] != pair[1]))
    return found


@bp.post("/merges/<reference>/undo")
@guards.staff
def undo(reference: str) -> ResponseReturnValue:
    """Undo a merge: bring a file back, or treat two files as two people's again."""
    with writing():
        row = merges.undo(guards.viewer(), reference)
        intake = duplicates.intake_of(row)
    flash(_("La réunion est défaite : les deux dossiers sont comme avant."), "done")
    return redirect(url_for("applications_duplicates.index", reference=intake))
