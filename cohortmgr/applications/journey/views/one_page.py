"""Pages of the form one at a time, answers saved while typing, changes to a sent file, and the helper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import (
    Blueprint,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.views.code_requests import KEPT
from cohortmgr.applications.answers import amended
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.documents.actions import uploads
from cohortmgr.applications.documents.actions.receiving import PreparedUpload
from cohortmgr.applications.documents.rules import REASONS, look_of, papers_of
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.filling.actions import saving
from cohortmgr.applications.filling.queries import proved
from cohortmgr.applications.form.asides import (
    kept_here,
    kept_now,
    settled_answers,
    to_write_next,
    without_new,
)
from cohortmgr.applications.form.buttons import Pressed, as_pressed, pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class, show_answers, show_asides
from cohortmgr.applications.form.pages import (
    FormPage,
    by_question,
    decided_elsewhere,
    left_on,
    mark_of,
    met,
    page_with,
    pages_of,
)
from cohortmgr.applications.form.views.drawing import questions
from cohortmgr.applications.form.views.requests import marks, secret, seen_by
from cohortmgr.applications.guardians.rules import is_needed, lacking
from cohortmgr.applications.journey.actions import changes, helped_sending, sending
from cohortmgr.applications.journey.display import page_url, task_page
from cohortmgr.applications.journey.views.requests import (
    asides_on,
    editable,
    fingerprint_of,
    keys_of,
    prepared,
    saved_while_typing,
    unanswered,
)
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.i18n import LANGUAGES, LOCALES, hour, language, localized, remember, say
from cohortmgr.programmes.definition.rules import EligibilityRule

bp = Blueprint("journey_candidate", __name__)


@bp.route("/my/applications/<reference>/form/<section>/<int:number>", methods=["GET", "POST"])
@guards.candidate
@guards.survives
def page(reference: str, section: str, number: int) -> ResponseReturnValue:
    """Show one page of the form; a page that these answers hide is skipped."""
    viewer = guards.viewer()
    if request.method == "POST":
        return _kept(reference, section, number)
    file = file_queries.own(viewer, reference)
    if not editable(file):
        return redirect(url_for("applications_candidate.show", reference=reference))
    asked = _asked(file, section, number)
    if asked is None:
        return redirect(_onward(file, section, number))
    known = proved(viewer, file, asked.questions)
    form, told = unanswered(file, asked.questions, known)
    return _page(file, asked, form, {**known, **file.working}, told)


@bp.get("/my/applications/<reference>/question/<key>")
@guards.candidate
def question(reference: str, key: str) -> ResponseReturnValue:
    """Lead to the page that asks a question."""
    file = file_queries.own(guards.viewer(), reference)
    asked = page_with(pages_of(file.definition.form), key)
    if asked is None:
        raise NotFound(key)
    return redirect(page_url(file, asked, to=request.args.get("to"), _anchor=key))


def _asked(file: File, section: str, number: int) -> FormPage | None:
    """The page at that place, with its questions; None when it asks nothing, NotFound when there is no such
    place."""
    form = file.definition.form
    if not any(each.section.key == section and each.number == number for each in pages_of(form)):
        raise NotFound(section)
    for each in met(form, file.working):
        if each.section.key == section and each.number == number:
            return each
    return None


def _following(file: File, section: str, number: int) -> str:
    """The address of the next page that asks something, or of the check after the last page."""
    form = file.definition.form
    order = [(each.section.key, each.number) for each in pages_of(form)]
    place = order.index((section, number))
    for each in met(form, file.working):
        if order.index((each.section.key, each.number)) > place:
            return page_url(file, each)
    return url_for("applications_candidate.check", reference=file.application.reference)


def _kept(reference: str, section: str, number: int) -> ResponseReturnValue:
    """Save what a page brought; then show the next page, or this one with what is wrong."""
    viewer = guards.viewer()
    documents, wrong = list[PreparedUpload](), list[Problem]()
    if any(each.filename for each in request.files.values()):
        file = file_queries.own(viewer, reference)
        asked = _asked(file, section, number)
        if asked is not None and editable(file):
            documents, wrong = prepared(file, asked.questions)
    with writing():
        file = saving.open_file(viewer, reference)
        asked = _asked(file, section, number)
        if asked is None:
            return redirect(_onward(file, section, number))
        button = pressed(file.definition.form, request.form)
        given, before = as_pressed(request.form, button), file.working
        sent, moved = settled_answers(file.definition.form, given, before, keys_of(file))
        keys = {*asked.keys, *moved}
        file, problems = saving.save_answers(
            viewer,
            file,
            sent.to_dict(flat=False),
            documents,
            keys,
            seen_by(sent),
            language(),
            kept_now(file.definition.form, asked.questions, sent) if _goes_on(button) else None,
        )
    asides = {} if button or _chosen() else asides_on(file, asked.questions, sent)
    problems = without_new([*problems, *wrong], asides, sent)
    unwritten = to_write_next(file.definition.form, moved, file.working)
    if unwritten is not None:
        flash(say(unwritten), "done")
    if not problems and not asides and _goes_on(button):
        problems = _left(file, asked)
        if problems and moved:  # what the exchange emptied is asked for, and is nobody's mistake
            return redirect(page_url(file, asked, to=request.args.get("to"), _anchor=problems[0].where))
    if not problems and not asides:
        new = any(file.working.get(key) != before.get(key) for key in asked.keys)
        if new and _goes_on(button) and _closed(file, asked):
            return redirect(page_url(file, asked, to=request.args.get("to"), _anchor="closed"))
        return _spoken(redirect(_after(file, asked, button)))
    form = form_class(fingerprint_of(file), file.definition)(sent, data=typed(file.definition, file.working))
    if button is not None and button.adds:
        form[button.key].add_row()
    show_answers(form, Refused(*problems))
    show_asides(form, asides, kept_here(file.definition.form, asked.questions, sent))
    spoken = _chosen() or language()
    g.language = spoken
    with force_locale(LOCALES[spoken]):
        return _spoken(_page(file, asked, form))


def _goes_on(button: Pressed | None) -> bool:
    """Whether the person says that this page is done. Whoever only saves it for later is not asked for
    missing answers."""
    return button is None and "later" not in request.form and _chosen() is None


def _left(file: File, asked: FormPage) -> list[Problem]:
    """What the page still lacks."""
    absent = lacking(file.definition, file.working, papers_of(file.documents), clock.today())
    form = file.definition.form
    return left_on(asked, met(form, file.working), form, absent)


def _closed(file: File, asked: FormPage) -> list[EligibilityRule]:
    """The conditions that the answers of this page fail: said here, and not once all pages are filled in."""
    rules = sending.closed(guards.viewer(), file)
    return [rule for rule in rules if any(key in asked.keys for key in rule.subjects)]


def _chosen() -> str | None:
    """The language of the button that sent the form; None for any other button."""
    wanted = request.form.get("language")
    return wanted if wanted in LANGUAGES else None


def _spoken(answer: Any) -> Any:
    """The answer, with a cookie that remembers the chosen language."""
    wanted = _chosen()
    if wanted is None:
        return answer
    response = make_response(answer)
    remember(response, wanted)
    return response


def _after(file: File, asked: FormPage, button: Pressed | None) -> str:
    back = request.args.get("to")
    if button is not None:
        more = button.key if button.adds else None
        return page_url(file, asked, to=back, more=more, _anchor=button.place(file.working))
    if _chosen() is not None:
        return page_url(file, asked, to=back)
    return _onward(file, asked.section.key, asked.number)


def _onward(file: File, section: str, number: int) -> str:
    """Where one goes on to behind a page: back to the check or to the list of tasks from which one came, else to the
    next page."""
    back = request.args.get("to")
    if back == "check":
        return url_for("applications_candidate.check", reference=file.application.reference)
    if back == "tasks":
        return tasks_url(file)
    return _following(file, section, number)


def tasks_url(file: File) -> str:
    """The address of the task list: a draft's own page, or the page of the changes to a sent file."""
    place = "journey_candidate.change" if file.change else "applications_candidate.show"
    return url_for(place, reference=file.application.reference)


def _page(
    file: File,
    asked: FormPage,
    form: ApplicationForm | None,
    shown: Mapping[str, Any] | None = None,
    told: Mapping[str, str] | None = None,
) -> str:
    """Draw the page from the form, or from the answers to show. `told` are the texts asked about no more: a form brings
    its own."""
    answers, order = file.working, met(file.definition.form, file.working)
    places = [(each.section.key, each.number) for each in order]
    here = (
        places.index((asked.section.key, asked.number)) if (asked.section.key, asked.number) in places else 0
    )
    back = request.args.get("to")
    before = page_url(file, order[here - 1]) if here else tasks_url(file)
    if back == "check":
        before = url_for("applications_candidate.check", reference=file.application.reference)
    return render_template(
        "applications/journey/candidate_page.html",
        application=file.application,
        definition=file.definition,
        closes_at=file.closes_at,
        page=asked,
        known=decided_elsewhere(file.definition.form, asked),
        step=here + 1,
        steps=len(order),
        before=before,
        tasks=tasks_url(file),
        action=page_url(file, asked, to=back),
        to_check=back == "check",
        closed=_closed(file, asked),
        following=_after(file, asked, None),
        form=form,
        drawn=None if form else questions(fingerprint_of(file), file.definition),
        answers=None if form else typed(file.definition, shown or {}),
        needed=any(is_needed(file.definition, each, answers, clock.today()) for each in asked.questions),
        asked={} if form else told or {},
        more=request.args.get("more"),
        documents=file.documents,
        look_of=look_of,
        reasons=REASONS,
        unfinished=uploads.waiting_in(file.application.person_id, file.application.reference),
        seen=marks(asked.questions, answers),
        secret=secret(asked.questions),
        languages=[code for code in LANGUAGES if code != language()],
    )


@bp.post("/my/applications/<reference>/answers")
@guards.candidate
def answers(reference: str) -> ResponseReturnValue:
    """Save good answers while they are typed, and tell what is wrong with the others. The same again changes
    nothing.

    Takes JSON or a form: `fields` (name to texts), `keys` (the questions that they answer), `seen` (marks),
    and `kept` when the answers had been kept on a telephone.
    """
    viewer = guards.viewer()
    with writing():
        file = saving.open_file(viewer, reference)  # first, so that strangers learn nothing of the answers
        given, keys, seen, kept = saved_while_typing()
        before = file.working
        file, problems = saving.save_answers(
            viewer, file, given, (), keys, seen, None if kept else language()
        )
    asked = [each for each in file.definition.form.questions if each.key in keys]
    labels = {each.key: localized(each.label) for each in asked}
    found = file.working
    moment = hour(clock.local(clock.now()))
    text = _("Enregistré à %(hour)s", hour=moment)
    if kept:
        text = _("Vos réponses gardées sur ce téléphone ont été envoyées.")
    elif labels.keys() <= by_question(problems, labels).keys():
        text = ""  # nothing was saved; each problem is shown beside its answer
    return jsonify(
        text=text,
        changed=any(found.get(key) != before.get(key) for key in labels),
        seen={key: mark_of(found.get(key)) for key in labels},
        errors={each.where: say(each) for each in problems if each.where},
        labels=labels,
    )


@bp.route("/my/applications/<reference>/change", methods=["GET", "POST"])
@guards.candidate
def change(reference: str) -> ResponseReturnValue:
    """Show the task list of the changes; a POST opens the sent file to changes, or drops them."""
    viewer = guards.viewer()
    if request.method == "POST":
        with writing():
            if request.form.get("act") == "drop":
                changes.drop(viewer, reference)
            else:
                changes.begin(viewer, reference)
        if request.form.get("act") == "drop":
            flash(
                _("Vos modifications sont oubliées : votre dossier reste tel que vous l’avez envoyé."), "done"
            )
            return redirect(url_for("applications_candidate.show", reference=reference))
        return redirect(url_for(".change", reference=reference))
    file = file_queries.own(viewer, reference)
    if file.change is None or not editable(file):
        return redirect(url_for("applications_candidate.show", reference=reference))
    news = amended.new_questions(file.definition.form, file.application.answers)
    return task_page(file, news, sending.closed(viewer, file))


@bp.route("/my/applications/<reference>/helper", methods=["GET", "POST"])
@guards.candidate
@guards.survives
def helper(reference: str) -> ResponseReturnValue:
    """Name the person who helps to fill in the file; its own person confirms the sending."""
    viewer = guards.viewer()
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        name = "" if "nobody" in request.form else request.form.get("name", "")
        try:
            with writing():
                helped_sending.set_helper(viewer, reference, name, request.form.get("relation", ""))
            return redirect(tasks_url(file_queries.own(viewer, reference)))
        except Refused as refusal:
            problems = refusal.problems
    file = file_queries.own(viewer, reference)
    if not editable(file):
        return redirect(url_for("applications_candidate.show", reference=reference))
    named = file.application.helper or {}
    return render_template(
        "applications/journey/candidate_helper.html",
        application=file.application,
        definition=file.definition,
        tasks=tasks_url(file),
        helper=request.form if problems else {} if "left" in named else named,
        problems=problems,
    )


@bp.post("/my/applications/<reference>/confirm")
@guards.candidate
def confirm(reference: str) -> ResponseReturnValue:
    """Send the code by which a person who was helped confirms the sending; they type it on the check page."""
    viewer, before = guards.viewer(), session.get(KEPT)
    file = file_queries.own(viewer, reference)
    if not editable(file):
        return redirect(url_for("applications_candidate.show", reference=reference))
    try:
        with writing():
            channel, origin = request.form.get("channel", ""), request.remote_addr or ""
            session[KEPT] = helped_sending.ask(viewer, reference, channel, language(), origin, before)
    except Refused as refusal:
        db.session.rollback()
        flash(say(refusal.problems[0]), "wait")
    return redirect(url_for("applications_candidate.check", reference=reference, _anchor="confirm"))
