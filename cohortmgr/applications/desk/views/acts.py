"""Staff's acts on one file: notes, corrections, eligibility, more time; and more time for a whole intake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import require
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.corrections import forms as corrections_forms
from cohortmgr.applications.corrections.queries import questions_to_correct
from cohortmgr.applications.deadlines import forms as deadlines
from cohortmgr.applications.deadlines.actions import extensions
from cohortmgr.applications.desk.actions import notes, numbers
from cohortmgr.applications.eligibility import actions as overrides
from cohortmgr.applications.eligibility import forms as eligibility
from cohortmgr.applications.eligibility.queries import override_of
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.queries import File
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import say
from cohortmgr.base.web.asked import kept_arguments
from cohortmgr.base.web.responses import show_problems

bp = Blueprint("applications_desk", __name__, url_prefix="/staff")
_FILE = "applications_staff.tab"


def _back(reference: str) -> ResponseReturnValue:
    kept: dict[str, Any] = {**kept_arguments(_FILE)}
    return redirect(url_for(_FILE, reference=reference, tab="file", **kept))


def _managed(reference: str) -> File:
    file = file_queries.read_by_staff(guards.viewer(), reference)
    require(guards.viewer(), file_queries.MANAGE, file.intake.path)
    return file


@bp.post("/applications/<reference>/notes")
@guards.staff
@guards.survives
def write_note(reference: str) -> ResponseReturnValue:
    """Leave a note."""
    with writing():
        notes.write(
            guards.viewer(),
            reference,
            request.form.get("text", ""),
            pinned="pinned" in request.form,
            token=request.form.get("once", ""),
        )
    return _back(reference)


@bp.post("/notes/<reference>/pin")
@guards.staff
def pin_note(reference: str) -> ResponseReturnValue:
    """Pin a note above the others, or unpin it."""
    with writing():
        file = notes.pin(guards.viewer(), reference, request.form.get("pinned") == "1")
    return _back(file)


@bp.post("/notes/<reference>/delete")
@guards.staff
def delete_note(reference: str) -> ResponseReturnValue:
    """Delete one's own note."""
    with writing():
        file = notes.take_back(guards.viewer(), reference)
    flash(_("La note est supprimée."), "done")
    return _back(file)


@bp.route("/applications/<reference>/correction", methods=["GET", "POST"])
@guards.staff
@guards.survives
def ask_correction(reference: str) -> ResponseReturnValue:
    """Choose the answers that are to be corrected; a POST writes to the person."""
    file = _managed(reference)
    form, items = corrections_forms.CorrectionForm(), corrections_forms.items_of()
    if request.method == "POST":
        try:
            _ask(reference, form, items)
            flash(_("La demande est envoyée ; seules ces réponses sont rouvertes."), "done")
            return _back(reference)
        except Refused as refusal:
            db.session.rollback()
            file = _managed(reference)
            show_problems(form, refusal)
    elif not form.until.data:
        form.until.data = clock.today().isoformat()
    return render_template(
        "applications/desk/staff_correction.html",
        application=file.application,
        intake=file.intake,
        form=form,
        items=items,
        kinds=corrections_forms.kinds(),
        sections=corrections_forms.sections_asked(file.definition.form, questions_to_correct(file)),
        arguments=kept_arguments(_FILE),
    )


def _ask(reference: str, form: corrections_forms.CorrectionForm, items: dict[str, str]) -> None:
    until = deadlines.until_asked(form)
    with writing():
        corrections.ask(guards.viewer(), reference, items, form.message.data or "", until)


@bp.post("/applications/<reference>/number")
@guards.staff
def take_number(reference: str) -> ResponseReturnValue:
    """Know the person by the identity number that the file says."""
    try:
        with writing():
            numbers.take_number(guards.viewer(), reference, request.form.get("kind", ""))
        flash(_("La personne est connue par le numéro de ce dossier."), "done")
    except Refused as refusal:
        db.session.rollback()
        flash(say(refusal.problems[0]), "stop")
    return _back(reference)


@bp.post("/corrections/<reference>/call-off")
@guards.staff
def call_off(reference: str) -> ResponseReturnValue:
    """Call off a correction: the answers that were reopened are closed again."""
    with writing():
        file = corrections.call_off(guards.viewer(), reference)
    flash(_("La demande de correction est annulée."), "done")
    return _back(file)


@bp.route("/applications/<reference>/eligibility", methods=["GET", "POST"])
@guards.staff
@guards.survives
def override(reference: str) -> ResponseReturnValue:
    """Decide that a file is eligible or not, whatever its conditions say."""
    form, held = eligibility.OverrideForm(), override_of(_managed(reference).application)
    form.seen.data = held.reference if held else ""

    def act() -> None:
        if form.eligible.data not in ("yes", "no"):
            raise Refused(Problem(N_("Choisissez l’un des deux."), {}, "eligible"))
        chosen, reason = form.eligible.data == "yes", form.reason.data or ""
        overrides.override(guards.viewer(), reference, chosen, reason, request.form.get("seen"))

    return _one(reference, form, act, _("Décider de l’éligibilité"), _("La décision est enregistrée."))


@bp.post("/applications/<reference>/eligibility/lift")
@guards.staff
def lift_override(reference: str) -> ResponseReturnValue:
    """Lift the decision, so that the conditions count again."""
    with writing():
        overrides.lift(guards.viewer(), reference)
    flash(_("Les conditions du programme s’appliquent de nouveau."), "done")
    return _back(reference)


@bp.route("/applications/<reference>/extension", methods=["GET", "POST"])
@guards.staff
@guards.survives
def extend(reference: str) -> ResponseReturnValue:
    """Give one file more time."""
    form = deadlines.UntilForm()

    def act() -> None:
        until = deadlines.until_asked(form)
        extensions.extend_one(guards.viewer(), reference, until, form.reason.data or "")

    return _one(
        reference, form, act, _("Prolonger le délai"), _("Le délai est prolongé ; la personne est prévenue.")
    )


@bp.post("/applications/<reference>/extension/revoke")
@guards.staff
def revoke_extension(reference: str) -> ResponseReturnValue:
    """Take the extra time back."""
    with writing():
        extensions.revoke(guards.viewer(), reference)
    flash(_("Le délai accordé est retiré."), "done")
    return _back(reference)


def _one(
    reference: str, form: HouseForm, act: Callable[[], None], title: str, done: str
) -> ResponseReturnValue:
    """A page with one form about one file; a valid POST calls `act`."""
    file = _managed(reference)
    if request.method == "POST":
        try:
            with writing():
                act()
            flash(done, "done")
            return _back(reference)
        except Refused as refusal:
            db.session.rollback()
            file = _managed(reference)
            show_problems(form, refusal)
    return render_template(
        "applications/desk/staff_word.html",
        application=file.application,
        intake=file.intake,
        closes_at=file.closes_at,
        form=form,
        title=title,
        arguments=kept_arguments(_FILE),
    )


@bp.route("/intakes/<reference>/deadline", methods=["GET", "POST"])
@guards.staff
@guards.survives
def deadline(reference: str) -> ResponseReturnValue:
    """Move the close for everybody."""
    viewer = guards.viewer()
    intake = file_queries.staff_intake(viewer, reference, file_queries.MANAGE)
    require(viewer, "programmes.manage", intake.path)
    form = deadlines.UntilForm()
    if request.method == "POST":
        try:
            until = deadlines.until_asked(form)
            with writing():
                told = extensions.extend_intake(viewer, reference, until, form.reason.data or "")
            people = ngettext("%(num)s personne est prévenue.", "%(num)s personnes sont prévenues.", told)
            flash(_("La campagne est prolongée.") + " " + people, "done")
            return redirect(url_for("applications_lists.list", reference=reference))
        except Refused as refusal:
            db.session.rollback()
            intake = file_queries.staff_intake(viewer, reference, file_queries.MANAGE)
            show_problems(form, refusal)
    drafts = file_queries.counts([intake.id])[intake.id]["draft"]
    return render_template("applications/desk/staff_deadline.html", intake=intake, form=form, drafts=drafts)
