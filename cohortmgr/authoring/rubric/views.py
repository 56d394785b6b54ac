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
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.i18n import say
from cohortmgr.programmes.definition.rubric import PhaseKind
from cohortmgr.programmes.definition.rubric_changes import (
    HIDDEN_NAMES,
    NO_SHOW_NAMES,
    PAPER_NAMES,
    PHASE_NAMES,
)
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts import rubric_fields
from cohortmgr.programmes.drafts.figures import shown_hours
from cohortmgr.programmes.drafts.point_fields import shown_bands
from cohortmgr.programmes.drafts.queries import Writing, get_writing, mark_of
from cohortmgr.programmes.drafts.question_fields import LIMITS, Typed

bp = Blueprint("rubric_staff", __name__, url_prefix="/staff/programmes")
_LIST = "rubric_staff.rubric"


@bp.route("/<key>/rubric", methods=["GET", "POST"])
@bp.route("/<key>/rubric/phases/<phase>", methods=["GET", "POST"])
@guards.staff
def rubric(key: str, phase: str | None = None) -> ResponseReturnValue:
    """Show the phases and the criteria of one, and save how it is marked: by how many people, and what these do not
    see. Without a phase it is that in which files are read, or the first."""
    document = get_writing(guards.viewer(), key).document
    if phase is not None and rubric_fields.phase_of(document, phase) is None:
        raise NotFound(phase)
    if phase is None and rubric_fields.phase_of(document) is None and rubric_fields.phases_of(document):
        phase = str(rubric_fields.phases_of(document)[0]["key"])
    return one_page(
        key,
        lambda document: rubric_fields.settings_of(document, phase),
        lambda said, document: rubric_fields.read_settings(said, document, phase),
        lambda document, said: rubric_fields.put_settings(document, said, phase),
        lambda found, typed, number, status: _rubric_page(found, typed, number, status, phase),
        _("La grille est enregistrée dans le brouillon."),
    )


def _rubric_page(
    found: Writing, typed: Typed, number: int, status: int, phase: str | None
) -> ResponseReturnValue:
    wrong = rubric_display.wrong_settings(found, phase) if status == 200 else {}
    held = rubric_fields.phase_of(found.document, phase)
    return render_template(
        "authoring/rubric/staff_rubric.html",
        writing=found,
        criteria=rubric_display.shown(found, phase),
        phases=rubric_display.phases(found),
        met=found.definition.rubric.met_before_read,
        phase=held["key"] if held else None,
        kind=rubric_fields.kind_of(held or {}),
        is_last=held is not None and held is rubric_fields.phases_of(found.document)[-1],
        kinds=PHASE_NAMES,
        no_shows=NO_SHOW_NAMES,
        table=typed.table,
        number=number,
        moved=status == 409,
        hidden=HIDDEN_NAMES,
        papers=PAPER_NAMES,
        hours=shown_hours,
        faults=[each for each in form_display.summary(found) if each.part == "rubric" and not typed.problems],
        **form_display.problems_of(typed.problems, wrong),
    ), status


@bp.post("/<key>/rubric/phases")
@guards.staff
def add_phase(key: str) -> ResponseReturnValue:
    """Add a phase of a kind at the end; its own page asks for the rest."""
    try:
        with writing():
            begun = revisions.change(
                guards.viewer(), key, lambda document: rubric_fields.begin_phase(document, _kind())
            )
    except Refused as refusal:
        flash(say(refusal.problems[0]), "stop")
        return redirect(url_for(".rubric", key=key))
    return redirect(url_for(".rubric", key=key, phase=begun))


def _kind() -> PhaseKind:
    """The kind that was chosen. Raises Refused if there is none."""
    kind = next((each for each in PhaseKind if each == request.form.get("kind")), None)
    if kind is None:
        raise Refused(N_("Choisissez ce que l’on note dans cette phase."))
    return kind


@bp.post("/<key>/rubric/phases/<phase>/move")
@guards.staff
def move_phase(key: str, phase: str) -> ResponseReturnValue:
    """Move a phase one place up or down."""

    def act(document: dict[str, Any]) -> str:
        rubric_fields.move_phase(document, phase, by())
        return "phases"

    return structural(key, act, _LIST)


@bp.post("/<key>/rubric/phases/<phase>/remove")
@guards.staff
def remove_phase(key: str, phase: str) -> ResponseReturnValue:
    """Take a phase out of the draft, with its criteria; what was marked keeps the version by which it was."""

    def act(document: dict[str, Any]) -> None:
        rubric_fields.remove_phase(document, phase)

    return structural(key, act, _LIST)


@bp.route("/<key>/rubric/add", methods=["GET", "POST"])
@guards.staff
def add(key: str) -> ResponseReturnValue:
    """Add a criterion by its French title; its own page asks for the rest."""
    found, phase = get_writing(guards.viewer(), key), request.args.get("phase") or None
    typed = Typed({})
    if request.method == "POST":
        title = typed.text(given(), "title-fr", LIMITS["title"])
        if not title:
            typed.problems.append(Problem(N_("Nommez le critère, en français."), {}, "title-fr"))
        if not typed.problems:
            try:
                with writing():
                    begun = revisions.change(
                        guards.viewer(), key, lambda document: rubric_fields.begin(document, title, phase)
                    )
            except Refused as refusal:
                typed.problems.extend(refusal.problems)
            else:
                return redirect(url_for(".criterion", key=key, criterion=begun, begun=1))
    return render_template(
        "authoring/rubric/staff_criterion_new.html",
        writing=found,
        title=request.form.get("title-fr", ""),
        phase=phase,
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
    if rubric_display.faults_of(found, criterion):
        flash(_("Le critère est enregistré. Il y reste quelque chose à corriger avant de publier."), "wait")
        return redirect(url_for(".criterion", key=key, criterion=criterion))
    if rescaled:
        flash(_("L’échelle a changé : dites ce que valent ses notes."), "wait")
        return redirect(url_for(".criterion", key=key, criterion=criterion, _anchor="anchors"))
    flash(_("Le critère est enregistré dans le brouillon."), "done")
    return redirect(url_for(".rubric", key=key, _anchor=f"c-{criterion}", **_page_of(found, criterion)))


def _page_of(found: Writing, criterion: str) -> dict[str, Any]:
    """Of which phase the page is that lists a criterion; nothing for that in which files are read."""
    phase = rubric_fields.of_phase_with(found.document, criterion)[0]
    return {} if rubric_fields.phase_of(found.document) is phase else {"phase": phase["key"]}


def _criterion_page(
    found: Writing, criterion: str, typed: Typed, mark: str, status: int = 200
) -> ResponseReturnValue:
    """The page of a criterion, as it is in the draft or as it was typed."""
    phase, held, place = rubric_fields.of_phase_with(found.document, criterion)
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
        phase=phase["key"] if rubric_fields.phase_of(found.document) is not phase else None,
        is_computed=rubric_fields.kind_of(phase) is PhaseKind.COMPUTED,
        is_read=rubric_fields.kind_of(phase) in (PhaseKind.FILES, PhaseKind.INTERVIEW),
        askable=rubric_display.askable(found),
        bands=shown_bands(typed.table.get("points", {})),
        **form_display.problems_of(
            typed.problems, rubric_display.wrong_at(found, criterion) if stored else {}
        ),
    ), status


@bp.post("/<key>/rubric/criteria/<criterion>/move")
@guards.staff
def move(key: str, criterion: str) -> ResponseReturnValue:
    """Move a criterion one place up or down; readers see them in this order."""

    def act(document: dict[str, Any]) -> str:
        rubric_fields.move(document, criterion, by())
        return f"c-{criterion}"

    return structural(key, act, _LIST, **_page_of(get_writing(guards.viewer(), key), criterion))


@bp.post("/<key>/rubric/criteria/<criterion>/remove")
@guards.staff
def remove(key: str, criterion: str) -> ResponseReturnValue:
    """Take a criterion out of the draft; readings that were handed in keep the version by which they were marked."""

    def act(document: dict[str, Any]) -> None:
        rubric_fields.remove(document, criterion)

    return structural(key, act, _LIST, **_page_of(get_writing(guards.viewer(), key), criterion))
