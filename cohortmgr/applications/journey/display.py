"""The task list of a form, with what to do next; and of a file its steps with their dates and its address as a code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import segno
from flask import current_app, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from cohortmgr.applications.documents.rules import DOCUMENT_STATES, STATE_KINDS, DocumentState, papers_of
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.form.pages import (
    PROGRESS_KINDS,
    PROGRESS_NAMES,
    FormPage,
    SectionProgress,
    by_question,
    first_undone,
    met,
    page_with,
    progress,
)
from cohortmgr.applications.guardians.rules import lacking
from cohortmgr.applications.journey.hooks import FormStep, Sharing, shared_with
from cohortmgr.base import clock
from cohortmgr.base.errors import Problem
from cohortmgr.base.i18n import day, localized, moment, say
from cohortmgr.programmes.definition.rules import EligibilityRule, Question, QuestionKind

if TYPE_CHECKING:
    from cohortmgr.applications.file.queries import File

Task = dict[str, Any]
# At most this many missing answers are named; beyond that they are counted.
NAMED = 2


def page_url(file: File, page: FormPage, **more: Any) -> str:
    """The address of a page of the form."""
    place: dict[str, Any] = {"section": page.section.key, "number": page.number}
    return url_for("journey_candidate.page", reference=file.application.reference, **place, **more)


def sharings_of(file: File) -> list[Sharing]:
    """Who sees something of a file because its person allowed it."""
    return [each for found in shared_with(file.application) for each in found]


def task_page(file: File, news: Sequence[Question], closed: Sequence[EligibilityRule]) -> str:
    """The page with the task list; `news` are the questions that came or changed since the last saving, `closed` the
    conditions that keep the file from being sent."""
    form, answers = file.definition.form, file.working
    papers, mend = papers_of(file.documents), _refused(file)
    absent = lacking(file.definition, answers, papers, clock.today())
    pages = met(form, answers)
    open_still = by_question(absent, {key for page in pages for key in page.keys})
    of_section = _by_section(pages)
    undone = first_undone(pages, open_still, mend)
    check = url_for("applications_candidate.check", reference=file.application.reference)
    sections = [
        _section(file, section.title, of_section.get(section.key, ()), open_still)
        for section in form.sections
    ]
    return render_template(
        "applications/journey/candidate_tasks.html",
        application=file.application,
        intake=file.intake,
        definition=file.definition,
        closes_at=file.closes_at,
        change=file.change,
        news=news,
        sections=[task for task in sections if task],
        papers=[
            _paper(file, page, each, each.key in open_still)
            for page in pages
            for each in page.questions
            if _is_paper(each)
        ],
        ready=undone is None and not closed,
        closed=closed,
        shared=sharings_of(file),
        left=len({problem.where for problem in absent}) + len(mend),
        begun=bool(answers) or bool(file.documents),
        next=_next(file, pages, undone, closed) or check,
        check=check,
    )


def _next(
    file: File, pages: Sequence[FormPage], undone: FormPage | None, closed: Sequence[EligibilityRule]
) -> str | None:
    """Where the button leads: to what is still to fill in, else to the answer that closes the way; None when all is
    done."""
    if undone is not None:
        return page_url(file, undone)
    found = (page_with(pages, rule.question) for rule in closed)
    page = next((each for each in found if each is not None), None)
    return page_url(file, page, to="tasks") if page is not None else None


def _refused(file: File) -> set[str]:
    return {key for key, paper in file.documents.items() if paper.state == DocumentState.REFUSED}


def _is_paper(question: Question) -> bool:
    return question.kind is QuestionKind.FILE


def _by_section(pages: Iterable[FormPage]) -> dict[str, list[FormPage]]:
    found: dict[str, list[FormPage]] = {}
    for page in pages:
        found.setdefault(page.section.key, []).append(page)
    return found


def _section(
    file: File, title: Any, pages: Sequence[FormPage], absent: Mapping[str, list[Problem]]
) -> Task | None:
    """The task of a section, without its papers, which have a list of their own; None when it asks nothing
    else. `absent` holds what the whole form lacks, by question."""
    asking = [page for page in pages if not all(_is_paper(each) for each in page.questions)]
    asked = [each for page in asking for each in page.questions if not _is_paper(each)]
    if not asked:
        return None
    open_still = {each.key: absent[each.key] for each in asked if each.key in absent}
    how = progress(asked, file.working, (), open_still)
    undone = first_undone(asking, open_still, ()) or asking[0]
    problems = [problem for found in open_still.values() for problem in found]
    return _task(localized(title), page_url(file, undone), how, _hint(asked, how, problems))


def _hint(asked: list[Question], how: SectionProgress, absent: list[Problem]) -> str:
    if how is SectionProgress.BEGUN and len(absent) <= NAMED:
        return " ".join(f"{say(problem).rstrip('.')}." for problem in absent)
    if absent:
        return ngettext("%(num)s réponse manque", "%(num)s réponses manquent", len(absent))
    return ngettext("%(num)s question", "%(num)s questions", len(asked))


def _paper(file: File, page: FormPage, question: Question, needed: bool) -> Task:
    document = file.documents.get(question.key)
    label, url = localized(question.label), page_url(file, page)
    if document is None:
        how = SectionProgress.UNTOUCHED if needed else SectionProgress.OPTIONAL
        return _task(label, url, how, "")
    state = DocumentState(document.state)
    task = _task(label, url, SectionProgress.DONE, "")
    task |= {"kind": STATE_KINDS[state], "status": say(DOCUMENT_STATES.names[state])}
    if state is DocumentState.REFUSED:
        task["hint"] = _("Ce document a été refusé : envoyez-le de nouveau.")
    return task


def _task(label: str, url: str, how: SectionProgress, hint: str) -> Task:
    status, kind = say(PROGRESS_NAMES[how]), PROGRESS_KINDS[how]
    return {"label": label, "url": url, "status": status, "kind": kind, "hint": hint}


def steps_of(file: File, above: Sequence[FormStep], is_editable: bool) -> list[FormStep]:
    """The steps of a file with their dates: what its person did, then what higher rooms say (`above`). While they say
    nothing: when it is read, when the answer comes and when the training begins."""
    row = file.application
    steps = _done(file)
    if row.sent_at is None and row.state == ApplicationState.DRAFT and is_editable:
        steps.append({"when": moment(file.closes_at), "title": _("Clôture des candidatures"), "state": "now"})
    if row.withdrawn_at is not None:
        return [*steps, {"when": moment(row.withdrawn_at), "title": _("Candidature retirée")}]
    return _in_time([*steps, *(above or _to_come(file))])


def _in_time(steps: Sequence[FormStep]) -> list[FormStep]:
    """What happened by its moment, and behind it what has none. An answer is corrected before a decision or after."""
    happened = sorted((each for each in steps if "at" in each), key=lambda each: each["at"])
    return [*happened, *(each for each in steps if "at" not in each)]


def _done(file: File) -> list[FormStep]:
    row = file.application
    steps: list[FormStep] = []
    if row.sent_at is None or row.created_at <= row.sent_at:  # not for files imported after they were sent
        steps.append(
            {"at": row.created_at, "when": moment(row.created_at), "title": _("Candidature commencée")}
        )
    if row.sent_at is not None:
        steps.append({"at": row.sent_at, "when": moment(row.sent_at), "title": _("Candidature envoyée")})
        if row.resent_at is not None and row.resent_at > row.sent_at:
            steps.append(
                {"at": row.resent_at, "when": moment(row.resent_at), "title": _("Candidature corrigée")}
            )
    return steps


def _to_come(file: File) -> list[FormStep]:
    intake = file.intake
    steps: list[FormStep] = []
    if file.application.state == ApplicationState.SUBMITTED:
        closed = file.closes_at <= clock.now()
        when = _("Depuis le %(day)s", day=day(file.closes_at))
        if not closed:
            when = _("À partir du %(day)s", day=day(file.closes_at))
        steps.append({"when": when, "title": _("Lecture des dossiers"), "state": "now"})
    steps.append({"when": day(intake.decision_by), "title": _("Réponse au plus tard"), "state": "next"})
    return [*steps, {"when": day(intake.starts_on), "title": _("Rentrée"), "state": "next"}]


def code_of(reference: str) -> Markup:
    """The address of a file's own page as a QR code, drawn with paths and attributes only, without style.

    A reader takes any of the eight masks, and this one suits such addresses as well as most. Trying all of
    them took a sixth of all the work of sending a file.
    """
    address = current_app.config["BASE_URL"] + url_for("applications_candidate.show", reference=reference)
    drawn = segno.make(address, error="m", mask=1)
    return Markup(drawn.svg_inline(scale=4, border=2, svgclass="qr", lineclass=None))
