"""The pages of a reader: the queue, and the cockpit with list, file and rubric side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Problem, Refused, Stale
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.text import fold
from cohortmgr.base.web.asked import number_sent
from cohortmgr.base.web.ordering import in_order
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.reviews import hooks, queries
from cohortmgr.reviews.discussion import queries as discussions
from cohortmgr.reviews.discussion.rules import is_open
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import display as phase_display
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.reading import actions
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.reading.display import papers_shown, sections_of
from cohortmgr.reviews.reading.forms import AbstainForm
from cohortmgr.reviews.reading.rules import earlier_of, given_of, pace_of, spread_of
from cohortmgr.reviews.rules import GIVEN_BACK, OPEN, ReadingChange, ReviewState, rubric_mark, shows_papers
from cohortmgr.reviews.seals.queries import awaits_seal

bp = Blueprint("reading_staff", __name__)
QUEUE_ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "number": lambda row: row.number,
    "intake": lambda row: fold(localized(row.intake_title)),
    "state": lambda row: [*ReviewState].index(ReviewState(row.state)),
    "mark": lambda row: row.total_thousandths,
    "due": lambda row: row.due_on if row.state in OPEN else None,
}


# In minutes: of more nobody says at what hour it ends.
A_DAY_OF_READING = 8 * 60
# So many of the next files a page names: a browser fetches the first of them, and knows the others without network.
AHEAD = 20


@bp.get("/staff/reviews")
@guards.staff
def queue() -> ResponseReturnValue:
    """Show the viewer's own readings, the open ones first, and their pace. Whom they hear waits for a day: that is no
    file to read next."""
    rows = own.queue(guards.viewer())
    handed_in = [row for row in rows if row.state == ReviewState.SUBMITTED]
    files = [row for row in rows if own.phase_in(row).kind is PhaseKind.FILES]
    left = sum(1 for row in files if row.state in OPEN)
    pace = pace_of([row.submitted_at for row in files if row.state == ReviewState.SUBMITTED], left)
    soon = pace is not None and pace.minutes_left < A_DAY_OF_READING
    named = {
        each.reference: phase_display.name_of(own.phase_in(each))
        for each in rows
        if own.is_one_of_several(each)
    }
    return render_template(
        "reviews/reading/staff_queue.html",
        rows=in_order(rows, QUEUE_ORDERS, request.args.get("sort", "")),
        given={row.reference: _given(row) for row in rows if row.state in OPEN and row.scores},
        heard={row.reference for row in rows} - {row.reference for row in files},
        named=named,
        parts={(row.intake_id, row.phase): named.get(row.reference, "") for row in handed_in},
        first=own.next_after(files, ""),
        withheld=queries.withheld_from(guards.viewer()),
        intakes={row.intake_reference: row.intake_title for row in rows if row.state in OPEN},
        left=left,
        pace=pace,
        hours_left=round(pace.minutes_left / 60) if pace else 0,
        discussed={row.reference for row in rows if _waits(row)},
        dated=any(row.due_on for row in rows if row.state in OPEN),
        today=clock.today(),
        ends_at=clock.now() + timedelta(minutes=pace.minutes_left) if pace and soon else None,
        ways=[way for ways in hooks.beside_queue for way in ways(guards.viewer())],
        severities=own.own_severities(
            guards.viewer(), {row.intake_id: row.intake_title for row in handed_in}
        ),
        spread=spread_of([row.total_thousandths or 0 for row in handed_in]),
    )


def _waits(row: Any) -> bool:
    return is_open(row.state, row.discussed_at, row.settled_at, is_over=row.is_over)


def _given(row: Any) -> tuple[int, int]:
    """How many criteria of a reading have a mark, and of how many."""
    criteria = own.phase_in(row).criteria
    return given_of(row.scores, [each.key for each in criteria]), len(criteria)


@bp.route("/staff/reviews/<reference>", methods=["GET", "POST"])
@guards.staff
@guards.survives
def review(reference: str) -> ResponseReturnValue:
    """Show the cockpit: list, file and rubric side by side. Handing in a reading leads to the next file; a script is
    told so as data."""
    viewer = guards.viewer()
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        comment, flag, version = request.form.get("comment", ""), _flag(), posted_version()
        try:
            scores = _scores(queries.get_for(viewer, reference))
            with writing():
                found = actions.score(
                    viewer, reference, scores, comment, version, to_discuss=flag, rubric=_rubric()
                )
        except Refused as refusal:
            if _is_script():
                return _told(refusal, reference)
            problems = refusal.problems
        except Stale:
            if _is_script():
                return _overtaken(reference)
            raise
        else:
            if _is_script():
                return _kept(found)
            following = own.next_after(own.queue(viewer, found.intake_id, found.phase), reference)
            if following is None:
                flash(_("Tous vos dossiers de cette campagne sont lus. Merci."), "done")
                return redirect(url_for(".queue"))
            return redirect(url_for(".review", reference=following))
    return _cockpit(queries.get_for(viewer, reference), problems)


@bp.post("/staff/reviews/<reference>/draft")
@guards.staff
def draft(reference: str) -> ResponseReturnValue:
    """Keep the marks that are given so far: a script sends them as they are made, and is told so as data. A form sends
    them while nothing may be handed in yet, and leads to the next file."""
    viewer, comment = guards.viewer(), request.form.get("comment", "")
    flag, version = _flag(), posted_version()
    try:
        scores = _scores(queries.get_for(viewer, reference))
        with writing():
            found = actions.draft(
                viewer, reference, scores, comment, to_discuss=flag, version=version, rubric=_rubric()
            )
    except Refused as refusal:
        if not _is_script():
            return _cockpit(queries.get_for(viewer, reference), refusal.problems)
        return _told(refusal, reference)
    except Stale:
        if not _is_script():
            raise
        return _overtaken(reference)
    if _is_script():
        return _kept(found)
    flash(_("Vos notes sont gardées : vous les remettrez quand les règles du choix seront scellées."), "wait")
    following = own.next_after(own.queue(viewer, found.intake_id, found.phase), reference)
    return redirect(url_for(".review", reference=following or reference))


@bp.post("/staff/reviews/<reference>/undo")
@guards.staff
def undo(reference: str) -> ResponseReturnValue:
    """Take one's own reading back that was handed in a moment ago."""
    try:
        with writing():
            actions.undo(guards.viewer(), reference)
    except Refused as refusal:
        return _cockpit(queries.get_for(guards.viewer(), reference), refusal.problems)
    flash(_("La remise est annulée : ses notes ne comptent plus jusqu’à la prochaine."), "wait")
    return redirect(url_for(".review", reference=reference))


@bp.post("/staff/reviews/<reference>/correct")
@guards.staff
@guards.survives
def correct(reference: str) -> ResponseReturnValue:
    """Correct one's own marks of a file under discussion, with the reason."""
    viewer = guards.viewer()
    found = queries.get_for(viewer, reference)
    comment, reason = request.form.get("comment", ""), request.form.get("reason", "")
    try:
        with writing():
            actions.correct(viewer, reference, _scores(found), comment, reason, posted_version())
    except Refused as refusal:
        return _cockpit(queries.get_for(viewer, reference), refusal.problems)
    flash(_("Vos notes sont corrigées ; les premières restent au dossier."), "done")
    return redirect(url_for(".review", reference=reference))


@bp.post("/staff/reviews/<reference>/confirm")
@guards.staff
def confirm(reference: str) -> ResponseReturnValue:
    """Say that one's own marks of a file under discussion stand."""
    try:
        with writing():
            actions.confirm(guards.viewer(), reference)
    except Refused as refusal:
        return _cockpit(queries.get_for(guards.viewer(), reference), refusal.problems)
    flash(_("Vos notes sont maintenues."), "done")
    return redirect(url_for(".review", reference=reference))


def _is_script() -> bool:
    """Whether a script of ours asks, which reads data; a browser that follows a form asks for a page."""
    return request.accept_mimetypes.best == "application/json"


def _kept(found: Review) -> ResponseReturnValue:
    papers = shows_papers(queries.phase_of(found), found.state, found.scores)
    return jsonify(version=found.version, state=found.state, papers=papers)


def _told(refusal: Refused, reference: str) -> ResponseReturnValue:
    """Answer marks that are refused with why, and with what the reading says now if it is still its reader's."""
    told = [{"text": say(problem), "where": problem.where} for problem in refusal.problems]
    try:
        now = _as_it_stands(reference)
    except (NotFound, Refused):  # withheld, withdrawn, or somebody else's
        now = {"open": False, "closed": True}
    return jsonify(problems=told, **now), 409


def _overtaken(reference: str) -> ResponseReturnValue:
    """Answer marks that rest on an older version with what the reading says now: both are shown to their reader."""
    return jsonify(stale=True, **_as_it_stands(reference)), 409


def _as_it_stands(reference: str) -> dict[str, Any]:
    """What a reading says now, to its reader alone, and whether its marks may still change."""
    found = queries.get_for(guards.viewer(), reference)
    if found.reviewer_id != guards.viewer().person_id:
        raise NotFound(reference)
    changes = found.state in OPEN and not queries.is_frozen(queries.file_of(found))
    now = {"scores": found.scores, "comment": found.comment, "version": found.version}
    if _is_regraded(found):
        now["regraded"] = True
    return {"state": found.state, "open": changes, **now}


def _rubric() -> str | None:
    """The mark of the rubric by which the marks of a form were given."""
    return request.form.get("rubric")


def _is_regraded(found: Review) -> bool:
    return _rubric() not in (None, rubric_mark(queries.phase_of(found)))


def _flag() -> bool:
    return bool(request.form.get("to_discuss"))


def _unseen(found: Review, phase: RubricPhase) -> str:
    """Why no paper of a file is shown: never, not yet, or none that its readers may see."""
    if shows_papers(phase, found.state, found.scores):
        return "none"
    return phase.papers.value


def _scores(found: Review) -> dict[str, int | None]:
    """Return the score that the form gives for each criterion; None if it is absent or no whole number. Of a criterion
    that the rubric does not have (any longer, or in this phase) too: it is refused, and not left in silence."""
    keys = [*(each.key for each in queries.phase_of(found).criteria), *_typed()]
    return {key: number_sent(f"score-{key}") for key in keys}


def _cockpit(found: Review, problems: Sequence[Problem]) -> ResponseReturnValue:
    viewer = guards.viewer()
    intake = queries.intake_of(found)
    definition = programmes.definition_of(intake)
    application, phase = queries.file_of(found), queries.phase_of(found)
    papers, hidden = own.papers_of(found), queries.hidden_in(found)
    rows = own.queue(viewer, intake.id, found.phase)
    mine = found.reviewer_id == viewer.person_id
    # What somebody must not read since it was given to them goes to another; they see no more of it meanwhile.
    taken = mine and found.state in OPEN and any(hooks.barred(found))
    asked = bool(problems) and "version" in request.form
    changes = found.state not in OPEN and own.may_change(found, application)
    return render_template(
        "reviews/reading/staff_review.html",
        review=found,
        intake=intake,
        application=application,
        rubric=phase,
        rubric_mark=rubric_mark(phase),
        minutes=definition.rubric.reading_target_minutes if phase.kind is PhaseKind.FILES else 0,
        sections=()
        if mine and (taken or found.state in GIVEN_BACK or not queries.is_read(application))
        else sections_of(definition.form, application.answers, hidden),
        computed=phase_display.computed(
            definition.rubric, phases.marks_in(intake, application.id).of(application.id)
        )
        if any(each.kind is PhaseKind.COMPUTED for each in definition.rubric.phases)
        else (),
        documents=papers_shown(definition.form, () if taken else papers, hidden),
        papers=_unseen(found, phase),
        rows=own.around(rows, found.reference, 6),
        read=sum(1 for row in rows if row.state == ReviewState.SUBMITTED),
        total=sum(1 for row in rows if row.state != ReviewState.ABSTAINED),
        beside=own.beside(rows, found.reference),
        ahead=own.ahead_of(rows, found.reference, AHEAD) if mine else [],
        undoable=own.last_undoable(rows, clock.now()) if mine else None,
        mine=mine,
        reader="" if mine else queries.reader_name(found),
        editable=mine and found.state in OPEN and not taken,
        awaits_seal=mine and found.state in OPEN and awaits_seal(intake),
        taken=taken,
        reversible=mine and changes and found.state == ReviewState.SUBMITTED,
        others=discussions.others_of(viewer, found),
        awaited=mine and is_open(found.state, found.discussed_at, found.settled_at, is_over=not changes),
        correctable=mine and changes and own.may_correct(viewer, found),
        earlier=[
            was
            for was in earlier_of(found.earlier)
            if mine or was.was_handed_in or was.why == ReadingChange.READMITTED
        ],
        may_reopen=changes and _may_reopen(found, mine),
        problems=problems,
        errors={problem.where: problem for problem in problems},
        fields=_fields(found),
        # Marks of another rubric are no marks of this one: the problem tells them.
        scores=_typed() if asked and not _is_regraded(found) else found.scores,
        comment=request.form.get("comment", "") if asked else found.comment,
        to_discuss=_flag() if asked else found.to_discuss,
        reason=request.form.get("reason", ""),
    )


def _may_reopen(found: Review, mine: bool) -> bool:
    """Whether the viewer manages the readings, and this one can be opened again."""
    path, done = queries.intake_of(found).path, (ReviewState.SUBMITTED, ReviewState.ABSTAINED)
    return not mine and found.state in done and allows(guards.viewer(), "reviews.assign", path)


def _fields(found: Review) -> dict[str, dict[str, str]]:
    """Where the link of each problem leads."""
    marks = {each.key: {"id": f"score-{each.key}-0"} for each in queries.phase_of(found).criteria}
    return {**marks, "comment": {"id": "comment"}, "reason": {"id": "reason"}}


def _typed() -> dict[str, str]:
    return {name[6:]: value for name, value in request.form.items() if name.startswith("score-")}


@bp.route("/staff/reviews/<reference>/abstain", methods=["GET", "POST"])
@guards.staff
@guards.survives
def abstain(reference: str) -> ResponseReturnValue:
    """Give a file back, with the reason."""
    viewer = guards.viewer()
    found = queries.get_for(viewer, reference)
    if found.reviewer_id != viewer.person_id:  # those who only follow the readings may not give one back
        raise NotFound(reference)
    form = AbstainForm(version=str(found.version))
    if form.validate_on_submit():
        try:
            with writing():
                actions.abstain(viewer, reference, form.reason.data or "", posted_version())
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            if queries.has_its_readers(found):
                flash(_("Vous vous êtes récusé de ce dossier : il ira à quelqu’un d’autre."), "done")
            else:
                flash(
                    _("Vous vous êtes récusé de ce dossier. Personne d’autre ne peut encore le lire."),
                    "wait",
                )
            return redirect(url_for(".queue"))
    return render_template(
        "reviews/reading/staff_abstain.html", review=found, application=queries.file_of(found), form=form
    )


@bp.post("/staff/reviews/<reference>/reopen")
@guards.staff
@guards.survives
def reopen(reference: str) -> ResponseReturnValue:
    """Reopen a reading, with the reason, so that it can be corrected; or take an abstention back."""
    try:
        with writing():
            found = actions.reopen(guards.viewer(), reference, request.form.get("reason", ""))
    except Refused as refusal:
        return _cockpit(queries.get_for(guards.viewer(), reference), refusal.problems)
    if found.state == ReviewState.RECALLED:
        flash(
            _("La récusation est reprise : ce dossier peut être confié de nouveau à cette personne."), "done"
        )
    else:
        flash(_("La lecture est rouverte : ses notes ne comptent plus jusqu’à sa remise."), "wait")
    return redirect(url_for(".review", reference=reference))
