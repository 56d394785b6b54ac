"""Staff's pages of a whole definition: preview, publishing, discarding, its file, and public texts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.viewers import names_of, second_people
from cohortmgr.applications.form.forms.classes import unkept_class
from cohortmgr.applications.form.pages import pages_of
from cohortmgr.authoring import queries
from cohortmgr.authoring.display import form as form_display
from cohortmgr.authoring.views.draft_requests import one_page, version
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.i18n import LANGUAGES, language, say, speaking
from cohortmgr.base.text import says_number
from cohortmgr.base.web.asked import file_sent, number_sent
from cohortmgr.programmes.definition.beginning import unwritten
from cohortmgr.programmes.definition.comparing import changes, removed
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.settled_terms import STAGE_NAMES
from cohortmgr.programmes.definition.toml import read_draft, write_draft
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts import text_fields
from cohortmgr.programmes.drafts.queries import Writing, get_writing, running
from cohortmgr.programmes.drafts.question_fields import Typed

bp = Blueprint("publishing_staff", __name__, url_prefix="/staff/programmes")

# When more drafts of files than this move to the new version, staff must type their number.
MANY = 100
# The form is shown in a frame of our own page and can do nothing there: no script, no sending, no other
# address.
_FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox"
)


@bp.get("/<key>/form/preview")
@guards.staff
def preview(key: str) -> ResponseReturnValue:
    """Show one section of the form as a candidate will see it, in one of the languages. Nothing is kept."""
    found = get_writing(guards.viewer(), key)
    definition = found.definition
    spoken = request.args.get("language", "")
    with speaking(spoken if spoken in LANGUAGES else language()):
        return _framed(_section_page(found, _offering(definition), request.args.get("section", "")))


def _offering(definition: Definition) -> Definition:
    """The definition with the choices that its last campaign offers for ranking."""
    return definition.of_intake(definition.intakes[-1].key) if definition.intakes else definition


def _section_page(found: Writing, definition: Definition, section: str) -> str:
    rows: dict[str, Any] = {
        each.key: [{}] for each in definition.form.questions if each.kind is QuestionKind.GROUP
    }
    sections = definition.form.sections
    chosen = next((each for each in sections if each.key == section), sections[0] if sections else None)
    return render_template(
        "authoring/staff_preview.html",
        writing=found,
        definition=definition,
        sections=sections,
        chosen=chosen,
        pages=[page for page in pages_of(definition.form) if chosen and page.section.key == chosen.key],
        form=unkept_class(definition)(formdata=None, data=rows),
    )


def _framed(page: str) -> Response:
    response = make_response(page)
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response


@bp.route("/<key>/publish", methods=["GET", "POST"])
@guards.staff
def publish(key: str) -> ResponseReturnValue:
    """Show what publishing will do; a POST publishes, and every draft of a file moves to the new version. Of a
    programme in preparation a draft becomes the version prepared, and that version is then published."""
    viewer = guards.viewer()
    found = get_writing(viewer, key)
    if found.draft is None and found.in_preparation:
        return _first_time(found)
    if found.draft is None:
        return redirect(url_for("definitions_staff.form", key=key))
    if request.method == "GET":
        return _publish_page(found)
    moving = _moving(found)
    if moving > MANY and not says_number(request.form.get("confirmation", ""), moving):
        return _publish_page(found, error=_("Écrivez %(count)s pour confirmer.", count=moving), status=422)
    over = number_sent("over")
    try:
        with writing():
            done = revisions.publish(viewer, key, version(), -1 if over is None else over)
    except Stale:
        db.session.rollback()
        flash(
            _("Le brouillon ou la version publiée a changé entre-temps : relisez avant de publier."), "wait"
        )
        return redirect(url_for(".publish", key=key))
    except Refused as refusal:
        db.session.rollback()
        return _publish_page(
            get_writing(viewer, key), said=[say(each) for each in refusal.problems], status=422
        )
    if done is not None and found.in_preparation:
        flash(
            _("La version %(number)s est enregistrée dans la préparation.", number=done.version.number),
            "done",
        )
        return redirect(url_for(".publish", key=key))
    if done is not None:
        number = done.version.number
        flash(_("La version %(number)s est publiée.", number=number) + " " + _moved(moving), "done")
    return redirect(url_for("definitions_staff.form", key=key))


def _first_time(found: Writing) -> ResponseReturnValue:
    """Show what publishing a programme in preparation does; a POST publishes it, as somebody else prepared it."""
    viewer, key, said = guards.viewer(), found.programme.key, []
    if request.method == "POST":
        over = number_sent("over")
        try:
            with writing():
                revisions.show(viewer, key, -1 if over is None else over)
        except Stale:
            db.session.rollback()
            flash(_("Une autre version a été enregistrée entre-temps : relisez avant de publier."), "wait")
            return redirect(url_for(".publish", key=key))
        except Refused as refusal:
            db.session.rollback()
            found, said = get_writing(viewer, key), [say(each) for each in refusal.problems]
        else:
            flash(_("Le programme est publié : tout le monde le voit."), "done")
            return redirect(url_for("definitions_staff.form", key=key))
    return render_template(
        "authoring/staff_first_time.html",
        writing=found,
        definition=found.published,
        lacking=len(list(unwritten(found.published))),
        said=said,
        own=found.programme.prepared_by == viewer.reference,
        preparer=names_of(found.programme.prepared_by).get(found.programme.prepared_by or "", ""),
        publishers=second_people(
            viewer, "programmes.manage", found.programme.path, found.programme.prepared_by
        ),
    ), (422 if said else 200)


def _moved(count: int) -> str:
    if not count:
        return _("Aucun brouillon n’était commencé.")
    return ngettext("%(num)s brouillon y est passé.", "%(num)s brouillons y sont passés.", count)


def _moving(found: Writing) -> int:
    return queries.drafts_of(found.programme.id, [each.key for each in found.definition.intakes])


def _publish_page(
    found: Writing, error: str | None = None, said: list[str] | None = None, status: int = 200
) -> ResponseReturnValue:
    after = found.definition
    before = found.published
    people = queries.concerned(found.programme.id)
    gone = [before.form.question(each) for each in removed(before.form, after.form)]
    return render_template(
        "authoring/staff_publish.html",
        writing=found,
        faults=form_display.summary(found),
        said=said or [],
        changes=changes(before, after),
        intakes=queries.touched(after, running(found.programme), people),
        enrolled=sum(each.enrolled for each in people.values()),
        offers=sum(each.offers for each in people.values()),
        before=before,
        after=after,
        gone=gone,
        answered=queries.answered(found.programme.id, gone) if gone else {},
        moving=_moving(found),
        many=MANY,
        error=error,
        words={"added": _("Ajout"), "removed": _("Retrait"), "changed": _("Changement")},
        kinds={"added": "done", "removed": "stop", "changed": "info"},
    ), status


@bp.post("/<key>/discard")
@guards.staff
def discard(key: str) -> ResponseReturnValue:
    """Discard the draft; the version in force stays."""
    try:
        with writing():
            revisions.discard(guards.viewer(), key, version())
    except Stale:
        db.session.rollback()
        flash(_("Quelqu’un a changé ce formulaire entre-temps : relisez-le avant de l’abandonner."), "wait")
    else:
        flash(_("Le brouillon est abandonné ; la version publiée n’a pas changé."), "done")
    return redirect(url_for("definitions_staff.form", key=key))


@bp.get("/<key>/definition.toml")
@guards.staff
def export(key: str) -> ResponseReturnValue:
    """Send the draft, or the version in force, as a file that can be read in again."""
    found = get_writing(guards.viewer(), key)
    of_draft = request.args.get("of") == "draft" and found.draft is not None
    text = write_draft(found.document if of_draft else found.in_force.document)
    name = f"{key}-brouillon.toml" if of_draft else f"{key}-{found.in_force.number}.toml"
    response = Response(text, mimetype="application/toml")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.route("/<key>/file", methods=["GET", "POST"])
@guards.staff
def take_in(key: str) -> ResponseReturnValue:
    """Make a TOML file the draft, without publishing it; its problems are shown with their lines."""
    viewer = guards.viewer()
    found = get_writing(viewer, key)
    if request.method == "GET":
        return render_template("authoring/staff_definition_file.html", writing=found, problems=[], kept=False)
    problems: list[Problem] = []
    try:
        document, problems = read_draft(*file_sent("definition.toml"))
        with writing():
            revisions.take_in(viewer, key, document, version())
    except Refused as refusal:
        db.session.rollback()
        return _refused(get_writing(viewer, key), list(refusal.problems), kept=False)
    except Stale:
        db.session.rollback()
        what = N_(
            "Quelqu’un a changé ce formulaire entre-temps : choisissez de nouveau le fichier pour le remplacer."
        )
        return _refused(get_writing(viewer, key), [Problem(what)], kept=False, status=409)
    if problems:
        return _refused(get_writing(viewer, key), problems, kept=True, status=200)
    flash(_("Le fichier est devenu le brouillon. Rien n’est publié."), "done")
    return redirect(url_for("definitions_staff.form", key=key))


def _refused(
    found: Writing, problems: list[Problem], *, kept: bool, status: int = 422
) -> ResponseReturnValue:
    return render_template(
        "authoring/staff_definition_file.html", writing=found, problems=problems, kept=kept
    ), status


@bp.route("/<key>/texts", methods=["GET", "POST"])
@guards.staff
def texts(key: str) -> ResponseReturnValue:
    """Show and save the texts of the public page: title, summary, description and what people ask first."""
    done = _("Les textes sont enregistrés dans le brouillon.")
    return one_page(key, text_fields.described, text_fields.read_texts, dict.update, _texts_page, done)


def _texts_page(found: Writing, typed: Typed, number: int, status: int) -> ResponseReturnValue:
    wrong: dict[str, list[str]] = {}
    for fault in found.judged.faults if status == 200 else ():
        if fault.path and fault.path[0] in text_fields.SHOWN:
            place = "-".join(str(each) for each in fault.path)
            wrong.setdefault(place, []).append(form_display.said_fault(fault))
    return render_template(
        "authoring/staff_programme_texts.html",
        writing=found,
        table=typed.table,
        number=number,
        moved=status == 409,
        texts=text_fields.TEXTS,
        practical=text_fields.PRACTICAL,
        limits=text_fields.LIMITS,
        stages=STAGE_NAMES,
        **form_display.problems_of(typed.problems, wrong),
    ), status
