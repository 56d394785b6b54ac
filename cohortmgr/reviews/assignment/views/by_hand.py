"""The pages of what is given out by hand, for staff: to whom, from whom, until when, and one more reading."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import SelectChoice

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions import by_hand, knowing, sharing
from cohortmgr.reviews.assignment.actions.sharing import GivenReadings
from cohortmgr.reviews.assignment.forms import DayForm, GiveForm, MoreForm, RecallForm, TermsForm
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.gaps import queries as gaps
from cohortmgr.reviews.progress import queries as summing

bp = Blueprint("by_hand_staff", __name__)
_BETWEEN = re.compile(r"[\s,;،]+")


def _choices(intake: Intake, first: str, without: str = "") -> list[SelectChoice]:
    others = [row for row in queries.readers_of(intake) if row.reference != without]
    named = [SelectChoice(row.reference, f"{row.given_name} {row.family_name}".strip()) for row in others]
    return [SelectChoice("", first), *named]


def _numbers(said: str | None) -> set[str]:
    return set(_BETWEEN.split((said or "").strip())) - {""}


@bp.route("/staff/intakes/<reference>/reviews/readers/<reader>", methods=["GET", "POST"])
@guards.staff
@guards.survives
def recall(reference: str, reader: str) -> ResponseReturnValue:
    """Take back files that wait for a reader, for the pool or for a named reviewer."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    person, form = queries.reader_in(intake, reader), RecallForm()
    form.to.choices = _choices(intake, _("Tous les autres, à parts égales"), reader)
    if form.validate_on_submit():
        try:
            with writing():
                taken, given = by_hand.recall(
                    viewer,
                    reference,
                    reader,
                    form.reason.data or "",
                    form.to.data,
                    _numbers(form.files.data) or None,
                    form.due_on.data,
                )
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_recalled(taken, given, _without(intake, taken - given)), "done")
            return redirect(url_for("assignment_staff.overview", reference=reference))
    rows = assignments.open_of(intake, person.id)
    return render_template(
        "reviews/assignment/staff_recall.html", intake=intake, person=person, rows=rows, form=form
    )


def _without(intake: Intake, left: int) -> int:
    """How many of the files that nobody took over lack a reader: one that others read too may have enough."""
    progress = summing.summed_at_once(intake) if left else None
    return left if progress is None else min(left, progress.lacking)


def _recalled(taken: int, given: int, waiting: int) -> str:
    told: str = ngettext("%(num)s dossier repris.", "%(num)s dossiers repris.", taken)
    if given:
        told += " " + ngettext("%(num)s est confié aussitôt.", "%(num)s sont confiés aussitôt.", given)
    if waiting:
        left = ngettext(
            "%(num)s attend un lecteur : confiez les lectures qui manquent.",
            "%(num)s attendent un lecteur : confiez les lectures qui manquent.",
            waiting,
        )
        told += " " + left
    return told


@bp.route("/staff/intakes/<reference>/reviews/give", methods=["GET", "POST"])
@guards.staff
@guards.survives
def give(reference: str) -> ResponseReturnValue:
    """Give named files to a reviewer, until a day."""
    viewer = guards.viewer()
    intake, form = queries.intake_for(viewer, reference, "reviews.assign"), GiveForm()
    form.to.choices = _choices(intake, _("Choisissez une personne"))
    if request.method == "GET":
        form.to.data = request.args.get("to", "")
    if form.validate_on_submit():
        try:
            with writing():
                given = by_hand.give_files(
                    viewer, reference, form.to.data or "", _numbers(form.files.data), form.due_on.data
                )
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            if given:
                flash(ngettext("%(num)s dossier confié.", "%(num)s dossiers confiés.", given), "done")
            else:
                flash(_("Cette personne avait déjà ces dossiers : rien n’a changé."), "info")
            return redirect(url_for("assignment_staff.overview", reference=reference))
    return render_template("reviews/assignment/staff_give.html", intake=intake, form=form)


@bp.post("/staff/intakes/<reference>/reviews/day")
@guards.staff
def day(reference: str) -> ResponseReturnValue:
    """Say by which day everything that waits is to be handed in."""
    intake, form = queries.intake_for(guards.viewer(), reference, "reviews.assign"), DayForm(prefix="all")
    way = redirect(url_for("assignment_staff.overview", reference=intake.reference))
    if not form.validate_on_submit():
        flash(_("Choisissez un jour."), "stop")
        return way
    try:
        with writing():
            changed = by_hand.set_day(guards.viewer(), reference, form.due_on.data)
    except Refused as refusal:
        flash(say(refusal.problems[0]), "stop")
    else:
        flash(_day_said(changed), "done")
    return way


def _day_said(changed: int) -> str:
    told: str = ngettext(
        "La date de %(num)s lecture en attente a changé.",
        "La date de %(num)s lectures en attente a changé.",
        changed,
    )
    return told


@bp.route("/staff/intakes/<reference>/reviews/readers/<reader>/terms", methods=["GET", "POST"])
@guards.staff
def terms(reference: str, reader: str) -> ResponseReturnValue:
    """Say how many files a reader has at most, by which day they hand in what waits, and what they read."""
    viewer = guards.viewer()
    intake = queries.intake_for(viewer, reference, "reviews.assign")
    person, form = assignments.reviewer_or_reader(intake, reader), TermsForm()
    rows = assignments.open_of(intake, person.id)
    days = sorted({row.Review.due_on for row in rows if row.Review.due_on})
    fields = bars.fields_of(intake)
    if request.method == "GET":
        limit, scope = assignments.limit_of(intake, person.id), bars.scopes_in(intake).get(reader)
        form.process(
            obj=limit,
            due_on=days[0] if len(days) == 1 else None,
            languages=sorted(scope.languages) if scope else [],
            studies=sorted(scope.fields) if scope else [],
        )
    form.languages.choices = [SelectChoice(key, say(name)) for key, name in bars.LANGUAGES.items()]
    form.studies.choices = [SelectChoice(key, localized(title)) for key, title in fields.items()]
    if form.validate_on_submit():
        try:
            with writing():
                by_hand.set_limit(viewer, reference, reader, form.most_files.data)
                by_hand.set_day(viewer, reference, form.due_on.data, reader)
                languages, studies = form.languages.data or [], form.studies.data or []
                knowing.set_scope(viewer, reference, reader, languages, studies)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_("C’est enregistré."), "done")
            return redirect(url_for("assignment_staff.readings_of", reference=reference, reader=reader))
    return render_template(
        "reviews/assignment/staff_terms.html", intake=intake, person=person, rows=rows, days=days, form=form
    )


@bp.route("/staff/intakes/<reference>/reviews/more", methods=["GET", "POST"])
@guards.staff
def more(reference: str) -> ResponseReturnValue:
    """Ask one more reading of one file."""
    viewer = guards.viewer()
    intake, form = queries.intake_for(viewer, reference, "reviews.assign"), MoreForm()
    if request.method == "GET":
        form.number.data = request.args.get("number", "")
    if form.validate_on_submit():
        try:
            with writing():
                number = (form.number.data or "").strip().upper()
                given = sharing.ask_more(viewer, reference, number, form.due_on.data)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            return _told_of_more(reference, given)
    return _more_page(intake, form)


@bp.post("/staff/intakes/<reference>/reviews/apart")
@guards.staff
def apart(reference: str) -> ResponseReturnValue:
    """Ask one more reading of every file whose readings are further apart than the programme allows."""
    intake = queries.intake_for(guards.viewer(), reference, "reviews.assign")
    days = DayForm(prefix="all")
    form = MoreForm(formdata=None)
    if not days.validate_on_submit():
        return _more_page(intake, form, days)
    try:
        with writing():
            if not summing.is_summed_at_once(intake):
                sharing.ask_assignment(guards.viewer(), reference, days.due_on.data, apart=True)
                return redirect(url_for("assignment_staff.overview", reference=reference))
            given = sharing.ask_more(guards.viewer(), reference, due_on=days.due_on.data)
    except Refused as refusal:
        show_problems(days, refusal)
        return _more_page(queries.intake_for(guards.viewer(), reference), form, days)
    return _told_of_more(reference, given)


def _more_page(intake: Intake, form: MoreForm, days: DayForm | None = None) -> ResponseReturnValue:
    phase = definition_of(intake).rubric.files
    many = queries.has_many(intake)
    kept = gaps.kept_gaps(intake) if many else None
    found = int(kept.figures.get("apart", 0)) if kept else 0
    return render_template(
        "reviews/assignment/staff_more.html",
        intake=intake,
        form=form,
        days=days or DayForm(formdata=None, prefix="all"),
        phase=phase,
        kept=kept,
        many=many,
        apart=found if many else len(gaps.apart_in(intake, phase)),
    )


def _told_of_more(reference: str, given: GivenReadings) -> ResponseReturnValue:
    if given.added:
        flash(ngettext("%(num)s lecture confiée.", "%(num)s lectures confiées.", given.added), "done")
    for problem in given.lacks:
        flash(say(problem), "wait")
    if not given.lacks and not given.added:
        flash(_("Aucun dossier n’attend une lecture de plus : rien n’a changé."), "info")
    return redirect(url_for("assignment_staff.overview", reference=reference))
