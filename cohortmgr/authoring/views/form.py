"""Staff's pages of a programme's form: its sections and questions.

They are changed in a draft that candidates do not see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.authoring import queries
from cohortmgr.authoring.display import form as form_display
from cohortmgr.authoring.views.draft_requests import (
    back_to,
    by,
    given,
    just_begun,
    saved,
    structural,
)
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Problem, Stale
from cohortmgr.base.i18n import LANGUAGE_NAMES, LANGUAGES, language, say
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.definition.rubric_changes import HIDDEN_NAMES
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts import kinds_offered, question_fields, structure
from cohortmgr.programmes.drafts import queries as draft_queries
from cohortmgr.programmes.drafts.queries import Writing, get_writing, mark_of
from cohortmgr.programmes.drafts.question_fields import Typed

bp = Blueprint("definitions_staff", __name__, url_prefix="/staff/programmes")

# The HTTP status of a page whose draft was changed meanwhile.
_MOVED = 409


@bp.get("")
@guards.staff
def index() -> ResponseReturnValue:
    """List the programmes whose form the viewer may change."""
    viewer = guards.viewer()
    programmes = draft_queries.managed(viewer)
    return render_template(
        "authoring/staff_programmes.html",
        programmes=programmes,
        drafts=draft_queries.drafted(programmes),
        may_begin=bool(draft_queries.hosts_of(viewer)),
        may_copy=any(draft_queries.may_copy(viewer, each) for each in programmes),
    )


@bp.get("/<key>/form")
@guards.staff
def form(key: str) -> ResponseReturnValue:
    """Show the whole form in words, its faults, and a preview as on a telephone."""
    found = get_writing(guards.viewer(), key)
    spoken = request.args.get("preview", "")
    return render_template(
        "authoring/staff_form.html",
        writing=found,
        parts=form_display.parts(found),
        faults=form_display.summary(found),
        spoken=spoken if spoken in LANGUAGES else language(),
        languages=LANGUAGE_NAMES,
    )


@bp.post("/<key>/form/move")
@guards.staff
def move(key: str) -> ResponseReturnValue:
    """Move a question one place up or down, and lead back to it."""
    name = request.form.get("name", "")

    def act(document: dict[str, Any]) -> str:
        structure.move(document, name, by())
        return f"q-{name}"

    return structural(key, act)


@bp.post("/<key>/form/copy")
@guards.staff
def copy(key: str) -> ResponseReturnValue:
    """Copy a question; the copy stands after it."""
    name = request.form.get("name", "")
    return structural(key, lambda document: f"q-{structure.duplicate(document, name)}")


@bp.post("/<key>/form/sections/<section>/move")
@guards.staff
def move_section(key: str, section: str) -> ResponseReturnValue:
    """Move a section one place up or down, with its questions."""

    def act(document: dict[str, Any]) -> str:
        structure.move_section(document, section, by())
        return f"s-{section}"

    return structural(key, act)


@bp.post("/<key>/form/sections/<section>/remove")
@guards.staff
def remove_section(key: str, section: str) -> ResponseReturnValue:
    """Remove an empty section."""

    def act(document: dict[str, Any]) -> None:
        structure.remove_section(document, section)

    return structural(key, act)


@bp.route("/<key>/form/add", methods=["GET", "POST"])
@guards.staff
def add(key: str) -> ResponseReturnValue:
    """Add a question: its kind and its French text; its own page asks for the rest."""
    found = get_writing(guards.viewer(), key)
    place = request.values.get("in", "") or next((each.key for each in form_display.parts(found)), "")
    _there(found, place)
    inner = place.endswith(".")
    offered = kinds_offered.INNER_KINDS if inner else tuple(kinds_offered.KINDS)
    kind = request.form.get("kind", "")
    typed = Typed({"label": {}})
    if request.method == "POST":
        label = typed.text(given(), "label-fr", question_fields.LIMITS["label"])
        if not label:
            typed.problems.append(Problem(N_("Écrivez la question, en français."), {}, "label-fr"))
        if kind not in offered:
            typed.problems.append(Problem(N_("Choisissez un genre de réponse."), {}, "kind-0"))
        if not typed.problems:
            table = {
                "kind": kind,
                **kinds_offered.BEGINS.get(QuestionKind(kind), {}),
                "label": {"fr": label},
            }
            with writing():
                name = revisions.change(
                    guards.viewer(),
                    key,
                    lambda document: structure.begin_question(document, place, dict(table)),
                )
            return redirect(url_for(".question", key=key, name=name, begun=1))
    return render_template(
        "authoring/staff_question_new.html",
        writing=found,
        place=place,
        kinds=[(each, *kinds_offered.KINDS[each]) for each in offered],
        kind=kind,
        label=request.form.get("label-fr", ""),
        **form_display.problems_of(typed.problems, {}),
    ), (422 if typed.problems else 200)


def _there(found: Writing, place: str) -> None:
    """Raise NotFound if no question can be added at this place."""
    if place.endswith("."):
        structure.question(found.document, place[:-1])
    else:
        structure.find_section(found.document, place)


@bp.route("/<key>/form/questions/<name>", methods=["GET", "POST"])
@guards.staff
def question(key: str, name: str) -> ResponseReturnValue:
    """Show and save a question. A faulty one is saved too; what somebody else changed meanwhile is never
    overwritten."""
    viewer = guards.viewer()
    found = get_writing(viewer, key)
    held = structure.question(found.document, name)
    if request.method == "GET":
        return _question_page(found, name, Typed(dict(held)), mark_of(held))
    typed = question_fields.read_question(given(), held, inner="." in name)
    if typed.act or typed.problems:
        return _question_page(found, name, typed, request.form.get("mark", ""), _status(typed))
    try:
        with writing():
            name = revisions.change(viewer, key, lambda document: _put(found, document, name))
    except Stale:
        db.session.rollback()
        found = get_writing(viewer, key)
        there = structure.question(found.document, name)
        return _question_page(found, name, typed, mark_of(there), _MOVED)
    return _kept(key, name, f"q-{name.partition('.')[0]}")


def _put(found: Writing, document: dict[str, Any], name: str) -> str:
    """Put what was typed into the present draft. Stale if the question there is no longer the one that the
    page showed."""
    held, place = structure.find(document, name)
    if mark_of(held[place]) != request.form.get("mark", ""):
        raise Stale(name)
    held[place] = question_fields.read_question(given(), held[place], inner="." in name).table
    if name in found.published_keys:
        return name
    label = str(held[place]["label"].get("fr", ""))
    return structure.rename(document, name, label) if label else name


def _kept(key: str, name: str, place: str) -> ResponseReturnValue:
    """After saving, lead to the list, or back to the question while it has faults."""
    found = get_writing(guards.viewer(), key)
    if form_display.wrong_at(found, structure.path_to(found.document, name)):
        flash(_("La question est enregistrée. Il y reste quelque chose à corriger avant de publier."), "wait")
        return redirect(url_for(".question", key=key, name=name))
    flash(_("La question est enregistrée dans le brouillon."), "done")
    group, point, _inner = name.rpartition(".")
    return redirect(url_for(".question", key=key, name=group)) if point else back_to(key, place)


def _status(typed: Typed) -> int:
    return 422 if typed.problems else 200


def _question_page(
    found: Writing, name: str, typed: Typed, mark: str, status: int = 200
) -> ResponseReturnValue:
    """The page of a question, as it is in the draft or as it was typed."""
    key, point, _inner = name.partition(".")
    stored = status == 200 and not typed.act and not just_begun()
    wrong = form_display.wrong_at(found, structure.path_to(found.document, name)) if stored else {}
    kind = QuestionKind(typed.table["kind"])
    shown = kinds_offered.fields_of(kind) - (kinds_offered.INNER_LEFT_OUT if point else frozenset())
    return render_template(
        "authoring/staff_question.html",
        writing=found,
        name=name,
        group=key if point else None,
        table=typed.table,
        mark=mark,
        moved=status == _MOVED,
        there=structure.question(found.document, name),
        hidden_parts=HIDDEN_NAMES,
        reveals=question_fields.revealed_in(typed.table),
        revealed=form_display.revealed_by(found, name),
        fields=shown,
        kind=kind,
        kind_name=kinds_offered.KINDS[kind][0],
        bounds=form_display.BOUNDS.get(kind),
        askable=form_display.askable(found, key, secret=bool(typed.table.get("sealed"))),
        values_of=form_display.values_of,
        operators=kinds_offered.OPERATORS,
        targets=kinds_offered.TARGET_NAMES,
        accepted=kinds_offered.ACCEPTED,
        papers=form_display.papers(found),
        kinds=kinds_offered.KINDS,
        megabytes=question_fields.megabytes,
        is_new=name not in found.published_keys,
        **form_display.problems_of(typed.problems, wrong),
    ), status


@bp.route("/<key>/form/questions/<name>/remove", methods=["GET", "POST"])
@guards.staff
def remove(key: str, name: str) -> ResponseReturnValue:
    """Show what removing a question does to the files that answer it; a POST removes it from the draft."""
    viewer = guards.viewer()
    found = get_writing(viewer, key)
    held = structure.question(found.document, name)
    group, point, _inner = name.rpartition(".")
    if request.method == "POST":

        def act(document: dict[str, Any]) -> None:
            structure.remove(document, name)

        answer = structural(key, act)
        return redirect(url_for(".question", key=key, name=group)) if point else answer
    published = found.published.form
    asked = [each for each in published.questions if each.key == name.partition(".")[0]]
    told = queries.answered(found.programme.id, asked) if asked and name in found.published_keys else {}
    return render_template(
        "authoring/staff_question_remove.html",
        writing=found,
        name=name,
        group=group if point else None,
        table=held,
        answered=told.get(name.partition(".")[0]),
    )


@bp.route("/<key>/form/sections/<section>", methods=["GET", "POST"])
@guards.staff
def section(key: str, section: str) -> ResponseReturnValue:
    """Show and save the title of a section, and for whom it is."""
    viewer = guards.viewer()
    found = get_writing(viewer, key)
    held, place = structure.find_section(found.document, section)
    if request.method == "GET":
        return _section_page(found, section, Typed(dict(held[place])), _section_mark(held[place]))
    typed = question_fields.read_section(given(), held[place])
    if typed.act or typed.problems:
        return _section_page(found, section, typed, request.form.get("mark", ""), _status(typed))

    def act(document: dict[str, Any]) -> None:
        sections, number = structure.find_section(document, section)
        if _section_mark(sections[number]) != request.form.get("mark", ""):
            raise Stale(section)
        sections[number] = question_fields.read_section(given(), sections[number]).table

    if not saved(key, act):
        found = get_writing(viewer, key)
        held, place = structure.find_section(found.document, section)
        return _section_page(found, section, typed, _section_mark(held[place]), _MOVED)
    flash(_("La partie est enregistrée dans le brouillon."), "done")
    return back_to(key, f"s-{section}")


def _section_mark(table: Mapping[str, Any]) -> str:
    return mark_of({name: each for name, each in table.items() if name != "questions"})


def _section_page(
    found: Writing, key: str, typed: Typed, mark: str, status: int = 200
) -> ResponseReturnValue:
    place = structure.find_section(found.document, key)[1]
    stored = status == 200 and not typed.act and not just_begun()
    wrong = form_display.wrong_at(found, ("form", "sections", place)) if stored else {}
    return render_template(
        "authoring/staff_section.html",
        writing=found,
        section=key,
        table=typed.table,
        there=structure.sections_of(found.document)[place],
        mark=mark,
        moved=status == _MOVED,
        askable=form_display.askable(found, form_display.before_section(found, key)),
        values_of=form_display.values_of,
        operators=kinds_offered.OPERATORS,
        **form_display.problems_of(typed.problems, wrong),
    ), status


@bp.post("/<key>/form/add-section")
@guards.staff
def add_section(key: str) -> ResponseReturnValue:
    """Add a section at the end, by its French title; its page asks for the rest."""
    get_writing(guards.viewer(), key)  # first, so that who may not write it is told nothing else
    typed = Typed({})
    title = typed.text(given(), "title-fr", question_fields.LIMITS["title"])
    if not title or typed.problems:
        flash(
            say(typed.problems[0]) if typed.problems else _("Écrivez le titre de la partie, en français."),
            "stop",
        )
        return back_to(key, "add-section")
    with writing():
        name = revisions.change(
            guards.viewer(), key, lambda document: structure.add_section(document, {"fr": title})
        )
    return redirect(url_for(".section", key=key, section=name, begun=1))
