"""A candidate's pages: start, whole form, check, receipt and status, documents, withdrawal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions.codes import WrongCode, problem_of
from cohortmgr.accounts.rules import Viewer
from cohortmgr.accounts.views.code_requests import KEPT
from cohortmgr.applications.answers import amended
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.corrections import queries as corrections
from cohortmgr.applications.documents import queries as documents_queries
from cohortmgr.applications.documents.actions import papers, uploads
from cohortmgr.applications.documents.rules import REASONS, look_of
from cohortmgr.applications.documents.views.download import download
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.display import changed_of, sections_of
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState, asked
from cohortmgr.applications.filling.actions import carrying, saving
from cohortmgr.applications.filling.queries import proved, unproved
from cohortmgr.applications.form.asides import (
    as_saved,
    kept_here,
    kept_now,
    settled_answers,
    to_write_next,
    without_new,
)
from cohortmgr.applications.form.buttons import Pressed, as_pressed, pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class, show_answers, show_asides
from cohortmgr.applications.form.pages import pages_of
from cohortmgr.applications.form.views.drawing import questions, sections
from cohortmgr.applications.form.views.requests import marks, secret, seen_by
from cohortmgr.applications.journey.actions import changes, helped_sending, sending
from cohortmgr.applications.journey.display import code_of, page_url, sharings_of, steps_of, task_page
from cohortmgr.applications.journey.hooks import steps_above
from cohortmgr.applications.journey.queries import doors
from cohortmgr.applications.journey.views.requests import (
    asides_on,
    editable,
    filled,
    fingerprint_of,
    keys_of,
    prepared,
    unanswered,
)
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.i18n import hour, language, say
from cohortmgr.programmes.definition.rules import Question, Window, window_of
from cohortmgr.programmes.models import Intake

bp = Blueprint("applications_candidate", __name__)
# The states in which an answer is still to come.
_WAITING = (ApplicationState.SUBMITTED, ApplicationState.HELD)


@bp.route("/intakes/<reference>/apply", methods=["GET", "POST"])
@guards.candidate
def start(reference: str) -> ResponseReturnValue:
    """Show the start page; a POST makes the draft, with the answers of another file of the viewer's (`from`) if they
    ask for that. A person who has a file is led to it."""
    viewer = guards.viewer()
    if request.method == "POST":
        with writing():
            row = sending.start(viewer, reference)
            if row.state == ApplicationState.WITHDRAWN and "again" in request.form:
                row = changes.begin_again(viewer, row.reference)
            source = request.form.get("from") if row.state == ApplicationState.DRAFT else None
            taken = carrying.carry(viewer, row.reference, source) if source else 0
        if taken:
            _tell_carried(taken)
        return redirect(_next_page(row))
    intake, known, free = file_queries.intake_with_mine(viewer, reference)
    if known is not None:
        if known.state != ApplicationState.DRAFT:
            said = _(
                "Ce dossier est celui de %(name)s, déjà envoyé. Une autre personne de cette adresse commence le sien "
                "depuis « Mon dossier ».",
                name=known.name,
            )
            flash(said, "wait")
        return redirect(_next_page(known))
    closes_at = sending.closes_for(viewer, intake)
    return render_template(
        "applications/journey/candidate_start.html",
        intake=intake,
        definition=file_queries.definition_of(intake),
        window=window_of(intake.opens_at, closes_at, clock.now(), free),
        closes_at=closes_at,
    )


def _tell_carried(taken: int) -> None:
    said = ngettext(
        "%(num)s réponse est reprise de votre dossier : relisez-la avant d’envoyer.",
        "%(num)s réponses sont reprises de votre dossier : relisez-les avant d’envoyer.",
        taken,
    )
    flash(said, "done")


def _next_page(row: Application) -> str:
    """After starting: a draft's task list, its first page or the whole form, as asked for; a sent file's receipt."""
    if row.state == ApplicationState.DRAFT and "first" in request.form:
        file = file_queries.own(guards.viewer(), row.reference)
        if pages := pages_of(file.definition.form):
            return page_url(file, pages[0])
    page = "form" if row.state == ApplicationState.DRAFT and "whole" in request.form else "show"
    return url_for(f"applications_candidate.{page}", reference=row.reference)


def _window(intake: Intake, free: int | None = None) -> Window:
    return window_of(intake.opens_at, intake.closes_at, clock.now(), free)


@bp.route("/my/applications/<reference>/form", methods=["GET", "POST"])
@guards.candidate
@guards.survives
def form(reference: str) -> ResponseReturnValue:
    """Show all sections on one page. Good answers are saved even when others must be corrected."""
    file = file_queries.own(guards.viewer(), reference)
    if not editable(file):
        return redirect(url_for("applications_candidate.show", reference=reference))
    if request.method == "POST":
        button = pressed(file.definition.form, request.form)
        given = as_pressed(request.form, button)
        sent, moved_names = settled_answers(file.definition.form, given, file.working, keys_of(file))
        page = form_class(fingerprint_of(file), file.definition)(
            sent, data=typed(file.definition, file.working)
        )
        questions_asked = asked(file.definition.form)
        goes_on = button is None and "later" not in request.form
        kept = kept_now(file.definition.form, questions_asked, sent) if goes_on else {}
        file, problems = _save(file, sent, kept)
        asides = {} if button else asides_on(file, questions_asked, sent)
        problems = without_new(problems, asides, sent)
        unwritten = to_write_next(file.definition.form, moved_names, file.working)
        if unwritten is not None:
            flash(say(unwritten), "done")
        if not problems and not asides:
            return redirect(_after(file, button))
        if button is not None and button.adds:
            page[button.key].add_row()
        show_answers(page, Refused(*problems))
        show_asides(page, asides, kept_here(file.definition.form, questions_asked, sent))
        return _form_page(file, page)
    return _form_page(file, None)


def _after(file: File, button: Pressed | None) -> str:
    """The address after saving the form: the group whose button was pressed, the person's file, or the check."""
    reference = file.application.reference
    if button is not None:
        more = button.key if button.adds else None
        place = button.place(file.working)
        return url_for("applications_candidate.form", reference=reference, more=more, _anchor=place)
    if "later" in request.form:
        flash(_("Votre brouillon est enregistré."), "done")
        return url_for("applications_candidate.show", reference=reference)
    return url_for("applications_candidate.check", reference=reference)


def _form_page(file: File, page: ApplicationForm | None) -> ResponseReturnValue:
    definition = file.definition
    questions_of = definition.form.questions
    unfinished = uploads.waiting_in(file.application.person_id, file.application.reference)
    known: Mapping[str, Any] = {}
    told: Mapping[str, str] = {}
    if page is None:
        known = proved(guards.viewer(), file, questions_of)
        page, told = unanswered(file, asked(definition.form), known)
    return render_template(
        "applications/journey/candidate_form.html",
        form=page,
        drawn=None if page else questions(fingerprint_of(file), definition),
        asked={} if page else told,
        parts=[] if page else filled(file, known, unfinished),
        sections=sections(definition),
        seen=marks(questions_of, file.working),
        secret=secret(questions_of),
        news=_news(file),
        definition=definition,
        application=file.application,
        intake=file.intake,
        closes_at=file.closes_at,
        documents=file.documents,
        look_of=look_of,
        unfinished=unfinished,
        reasons=REASONS,
    )


def _news(file: File) -> list[Question]:
    """The questions of a draft that came or changed since its person last saved it."""
    return amended.new_questions(file.definition.form, file.application.answers)


def _save(file: File, sent: MultiDict[str, Any], kept: Mapping[str, str]) -> tuple[File, list[Problem]]:
    viewer, given = guards.viewer(), sent.to_dict(flat=False)
    reference = file.application.reference  # the row is read again once the transaction begins
    documents, problems = prepared(file, asked(file.definition.form))
    with writing():
        held = saving.open_file(viewer, reference)
        file, more = saving.save_answers(
            viewer, held, given, documents, seen=seen_by(sent), spoken=language(), kept=kept
        )
    return file, [*more, *problems]


@bp.post("/my/applications/<reference>/documents")
@guards.candidate
def upload(reference: str) -> ResponseReturnValue:
    """Save files alone, as soon as they are chosen; the answers stay as they were."""
    file = file_queries.own(guards.viewer(), reference)
    if not editable(file):
        return redirect(url_for("applications_candidate.show", reference=reference))
    documents, problems = prepared(file, asked(file.definition.form))
    with writing():
        begun: set[str] = set()
        for each in documents:
            papers.attach(guards.viewer(), reference, each, add=each.question in begun)
            begun.add(each.question)
    if problems:
        page = form_class(fingerprint_of(file), file.definition)(
            formdata=None, data=typed(file.definition, file.working)
        )
        show_answers(page, Refused(*problems))
        return _form_page(file_queries.own(guards.viewer(), reference), page)
    return redirect(url_for("applications_candidate.form", reference=reference))


@bp.route("/my/applications/<reference>/check", methods=["GET", "POST"])
@guards.candidate
def check(reference: str) -> ResponseReturnValue:
    """Show every answer once more, what is missing, and whether the conditions are met; a POST sends the
    file."""
    viewer = guards.viewer()
    if request.method == "POST":
        try:
            sent = _send(viewer, reference)
        except Refused as refusal:
            db.session.rollback()
            file = file_queries.own(viewer, reference)
            if editable(file):
                return _check_page(file, refusal.problems)
            if "code" not in request.form or file.application.state == ApplicationState.DRAFT:
                raise refusal  # if the code has sent the file already, it is good for nothing else
        else:
            if "again" in request.form:
                _tell_sent_again(sent)
        return redirect(url_for("applications_candidate.show", reference=reference))
    file = file_queries.own(viewer, reference)
    if not editable(file):
        return redirect(url_for("applications_candidate.show", reference=reference))
    return _check_page(file)


def _tell_sent_again(row: Application) -> None:
    """Say that the changes were sent, and when; or that there were none, and what counts."""
    if row.resent_at is not None and row.resent_at >= clock.arrived():
        flash(_("Vos modifications sont envoyées, %(hour)s.", hour=hour(row.resent_at)), "done")
    else:
        flash(_("Rien de nouveau à envoyer : votre candidature reste telle que vous l’avez envoyée."), "info")


def _send(viewer: Viewer, reference: str) -> Application:
    """Send the file, or its changes, with the person's code if somebody helped. A wrong code counts as a try."""
    typed_code = request.form.get("code")
    with writing():
        proof = None if typed_code is None else helped_sending.prove(viewer, session.get(KEPT), typed_code)
        if not isinstance(proof, WrongCode):
            send = changes.send_again if "again" in request.form else sending.submit
            sent = send(viewer, reference, proof)
    if isinstance(proof, WrongCode):
        raise problem_of(proof)
    if proof is not None:
        session.pop(KEPT, None)
    return sent


def _check_page(file: File, problems: Iterable[Problem] = ()) -> ResponseReturnValue:
    absent, assessment = sending.check(guards.viewer(), file)
    failed = () if assessment.waits else assessment.reasons
    rules = [rule for rule in file.definition.eligibility if rule.key in failed]
    answers, form = file.working, file.definition.form
    answered = any(answers.get(rule.question) is not None for rule in rules)
    return render_template(
        "applications/journey/candidate_check.html",
        application=file.application,
        intake=file.intake,
        closes_at=file.closes_at,
        definition=file.definition,
        sections=sections_of(file, answers, kept=False),
        pages={key: page for page in pages_of(form) for key in page.keys},
        changed=changed_of(file) if file.change else None,
        missing=absent,
        # The check names what is missing or not met; these problems are not repeated.
        wrong=[] if absent or rules else list(problems),
        refused=rules if answered else [],
        eligible=assessment.sendable,
        waits=assessment.waits,
        asides=asides_on(file, asked(form), as_saved(form, asked(form), answers, {})),
        confirming=helped_sending.confirmation_of(guards.viewer(), file.application, session.get(KEPT)),
        no_way=helped_sending.NO_WAY,
    )


@bp.get("/my/applications/<reference>")
@guards.candidate
def show(reference: str) -> ResponseReturnValue:
    """Show the receipt, the status and the timeline; a draft's task list while it may be changed."""
    viewer = guards.viewer()
    file = file_queries.own(viewer, reference)
    if file.application.state == ApplicationState.DRAFT and editable(file):
        return task_page(file, _news(file), sending.closed(viewer, file))
    above = [step for steps in steps_above for step in steps(viewer, file.application)]
    return render_template(
        "applications/journey/candidate_status.html",
        application=file.application,
        intake=file.intake,
        definition=file.definition,
        closes_at=file.closes_at,
        window="open" if editable(file) else _window(file.intake).value,
        news=_news(file),
        correction=corrections.correction_asked(file) if file.reopened_until else None,
        rules=[rule for rule in file.definition.eligibility if rule.key in file.application.reasons],
        documents=file.documents.values(),
        unproved=unproved(viewer, file) if file.application.state in _WAITING else None,
        turn=next((step for step in above if "due" in step), None),
        steps=steps_of(file, above, editable(file)),
        shared=sharings_of(file),
        may_change=not above and changes.may_change(viewer, file),
        may_return=changes.may_return(viewer, file),
        change=file.change,
        doors=doors(viewer, file) if _is_closed(file) else None,
        code=code_of(reference) if file.application.state == ApplicationState.SUBMITTED else None,
    )


def _is_closed(file: File) -> bool:
    """Whether a sent file does not meet the conditions: nobody reads it, and other programmes are named."""
    return file.application.state == ApplicationState.SUBMITTED and file.application.eligible is False


@bp.get("/my/documents/<reference>")
@guards.candidate
def document(reference: str) -> ResponseReturnValue:
    """Send the person their own document."""
    found, application = documents_queries.document(guards.viewer(), reference)
    if application.person_id != guards.viewer().person_id:
        raise NotFound(reference)
    return download(found)


@bp.route("/my/applications/<reference>/withdraw", methods=["GET", "POST"])
@guards.candidate
def withdraw(reference: str) -> ResponseReturnValue:
    """Say what will happen and ask for the file's number; a POST with it withdraws the application."""
    file = file_queries.own(guards.viewer(), reference)
    if file.application.state == ApplicationState.WITHDRAWN:
        return redirect(url_for("applications_candidate.show", reference=reference))
    error = None
    if request.method == "POST":
        if request.form.get("confirmation", "").strip().upper() == file.application.number:
            with writing():
                sending.withdraw(guards.viewer(), reference)
            flash(_("Votre candidature est retirée."), "done")
            return redirect(url_for("applications_candidate.show", reference=reference))
        error = _("Écrivez le numéro de votre candidature, tel qu’il est affiché.")
    return render_template(
        "applications/journey/candidate_withdraw.html",
        application=file.application,
        intake=file.intake,
        closes_at=file.closes_at,
        may_return=changes.is_open(guards.viewer(), file),
        error=error,
    )
