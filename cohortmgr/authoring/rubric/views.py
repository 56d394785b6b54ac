"""Staff's pages of a programme's rubric: how files are read, and on which criteria.

It is changed in the same draft as the form.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.authoring.display import form as form_display
from cohortmgr.authoring.rubric import display as rubric_display
from cohortmgr.authoring.views.draft_requests import by, given, just_begun, one_page, saved, structural
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.programmes.definition.rubric_changes import HIDDEN_NAMES, PAPER_NAMES
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts import rubric_fields
from cohortmgr.programmes.drafts.figures import shown_hours
from cohortmgr.programmes.drafts.queries import Writing, get_writing, mark_of
from cohortmgr.programmes.drafts.question_fields import LIMITS, Typed

bp = Blueprint("rubric_staff", __name__, url_prefix="/staff/programmes")
_LIST = "rubric_staff.rubric"


@bp.route("/<key>/rubric", methods=["GET", "POST"])
@guards.staff
def rubric(key: str) -> ResponseReturnValue:
    """Show the criteria, and save how files are read: by how many people, and what these do not see."""
    return one_page(
        key,
        rubric_fields.settings_of,
        rubric_fields.read_settings,
        rubric_fields.put_settings,
        _rubric_page,
        _("La grille est enregistrée dans le brouillon."),
    )


def _rubric_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    wrong = rubric_display.wrong_settings(found) if status == 200 else {}
    return render_template(
        "authoring/rubric/staff_rubric.html",
        writing=found,
        criteria=rubric_display.shown(found),
        table=typed.table,
        number=number,
        moved=status == 409,
        hidden=HIDDEN_NAMES,
        papers=PAPER_NAMES,
        hours=shown_hours,
        faults=[each for each in form_display.summary(found) if each.part == "rubric" and not typed.problems],
        **form_display.problems_of(typed.problems, wrong),
    ), status


@bp.route("/<key>/rubric/add", methods=["GET", "POST"])
@guards.staff
def add(key: str) -> ResponseReturnValue:
    """Add a criterion by its French title; its own page asks for the rest."""
    found = get_writing(guards.viewer(), key)
    typed = Typed({})
    if request.method == "POST":
        title = typed.text(given(), "title-fr", LIMITS["title"])
        if not title:
            typed.problems.append(Problem(N_("Nommez le critère, en français."), {}, "title-fr"))
        if not typed.problems:
            try:
                with writing():
                    begun = revisions.change(
                        guards.viewer(), key, lambda document: rubric_fields.begin(document, title)
                    )
            except Refused as refusal:
                typed.problems.extend(refusal.problems)
            else:
                return redirect(url_for(".criterion", key=key, criterion=begun, begun=1))
    return render_template(
        "authoring/rubric/staff_criterion_new.html",
        writing=found,
        title=request.form.get("title-fr", ""),
        most=LIMITS["title"],
        **form_display.problems_of(typed.problems, {}),
    ), (422 if typed.problems else 200)


@bp.route("/<key>/rubric/criteria/<criterion>", methods=["GET", "POST"])
@guards.staff
def criterion(key: str, criterion: str) -> ResponseReturnValue:
    """Show and save a criterion. A faulty one is saved too; what somebody else changed meanwhile is never
    overwritten."""
    found = get_writing(guards.viewer(), key)
    held = _held(found.document, criterion)
    if request.method == "GET":
        return _criterion_page(found, criterion, Typed(dict(held)), mark_of(held))
    typed = rubric_fields.read_criterion(given(), held)
    if typed.act or typed.problems:
        status = 422 if typed.problems else 200
        return _criterion_page(found, criterion, typed, request.form.get("mark", ""), status)

    def act(document: dict[str, Any]) -> None:
        there, place = rubric_fields.find(document, criterion)
        if mark_of(there[place]) != request.form.get("mark", ""):
            raise Stale(criterion)
        there[place] = rubric_fields.read_criterion(given(), there[place]).table

    if not saved(key, act):
        found = get_writing(guards.viewer(), key)
        return _criterion_page(found, criterion, typed, mark_of(_held(found.document, criterion)), 409)
    return _kept(key, criterion, rubric_fields.steps_of(held) != rubric_fields.steps_of(typed.table))


def _held(document: dict[str, Any], criterion: str) -> dict[str, Any]:
    held, place = rubric_fields.find(document, criterion)
    return held[place]


def _kept(key: str, criterion: str, rescaled: bool) -> ResponseReturnValue:
    """After saving, lead to the list, or back to the criterion while it has faults or new scores to explain."""
    found = get_writing(guards.viewer(), key)
    if rubric_display.faults_of(found, rubric_fields.find(found.document, criterion)[1]):
        flash(_("Le critère est enregistré. Il y reste quelque chose à corriger avant de publier."), "wait")
        return redirect(url_for(".criterion", key=key, criterion=criterion))
    if rescaled:
        flash(_("L’échelle a changé : dites ce que valent ses notes."), "wait")
        return redirect(url_for(".criterion", key=key, criterion=criterion, _anchor="anchors"))
    flash(_("Le critère est enregistré dans le brouillon."), "done")
    return redirect(url_for(".rubric", key=key, _anchor=f"c-{criterion}"))


def _criterion_page(
    found: Writing, criterion: str, typed: Typed, mark: str, status: int = 200
) -> ResponseReturnValue:
    """The page of a criterion, as it is in the draft or as it was typed."""
    held, place = rubric_fields.find(found.document, criterion)
    stored = status == 200 and not typed.act and not just_begun()
    return render_template(
        "authoring/rubric/staff_criterion.html",
        writing=found,
        criterion=criterion,
        table=typed.table,
        steps=rubric_fields.steps_of(typed.table),
        mark=mark,
        moved=status == 409,
        there=held[place].get("title"),
        most=rubric_fields.LONGEST_ANCHOR,
        **form_display.problems_of(typed.problems, rubric_display.wrong_at(found, place) if stored else {}),
    ), status


@bp.post("/<key>/rubric/criteria/<criterion>/move")
@guards.staff
def move(key: str, criterion: str) -> ResponseReturnValue:
    """Move a criterion one place up or down; readers see them in this order."""

    def act(document: dict[str, Any]) -> str:
        rubric_fields.move(document, criterion, by())
        return f"c-{criterion}"

    return structural(key, act, _LIST)


@bp.post("/<key>/rubric/criteria/<criterion>/remove")
@guards.staff
def remove(key: str, criterion: str) -> ResponseReturnValue:
    """Take a criterion out of the draft; readings that were handed in keep the version by which they were marked."""

    def act(document: dict[str, Any]) -> None:
        rubric_fields.remove(document, criterion)

    return structural(key, act, _LIST)
