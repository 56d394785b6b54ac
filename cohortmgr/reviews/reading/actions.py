"""Acts on a reading: keeping marks, handing them in, taking them back, correcting, abstaining, reopening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import person_reference
from cohortmgr.applications.interests import queries as interests
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused, Stale, Withheld
from cohortmgr.base.text import clean
from cohortmgr.programmes.actions import keep_rubric
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import hooks, queries
from cohortmgr.reviews.discussion.rules import is_in_gap, is_open
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.reading import queries as papers
from cohortmgr.reviews.reading.rules import may_undo
from cohortmgr.reviews.rules import (
    LONGEST_COMMENT,
    REVIEW_STATES,
    ReadingChange,
    ReviewState,
    as_earlier,
    bounds_of,
    check_scores,
    rubric_mark,
    total_thousandths,
)
from cohortmgr.reviews.seals.queries import awaits_seal

_TOO_LONG = N_("Le motif dépasse %(most)s caractères.")
_UNDO_NO_MORE = N_(
    "Cette remise ne s’annule plus : demandez aux responsables de rouvrir la lecture, avec un motif."
)
_SEEN = N_(
    "Vous suivez les lectures et voyez les autres notes de ce dossier : cette remise ne s’annule plus. Corrigez vos "
    "notes, avec un motif."
)
_TAKEN = N_("Ce dossier vous a été repris : une autre personne le lit.")
_REGRADED = N_(
    "La grille a changé depuis l’ouverture de cette page, et une note n’y dit plus la même chose. Celles-ci ne sont "
    "pas prises : %(marks)s. Rouvrez le dossier, et notez d’après la nouvelle grille."
)
_MARK = N_("« %(criterion)s » %(mark)s")
_UNSEALED = N_(
    "Les règles du choix de cette campagne ne sont pas encore scellées : aucune note ne se remet avant. Gardez les "
    "vôtres en brouillon ; elles se remettent dès que deux responsables ont scellé les règles."
)
_OWN_FILE = N_("Ce dossier a votre adresse ou votre numéro : récusez-vous, une autre personne le lira.")


def draft(
    viewer: Viewer,
    review_reference: str,
    scores: Mapping[str, int | None],
    comment: str = "",
    *,
    to_discuss: bool = False,
    version: int | None = None,
    rubric: str | None = None,
) -> Review:
    """Keep the marks that are given so far. They do not count and nobody else reads them, so that the trail says
    nothing of them before they are handed in. The same marks again change nothing.

    Raises Stale if the reading was changed elsewhere after the page was opened, and Refused if they were given by
    another rubric than today's: `rubric` is the mark of the page's."""
    review, _ = _own(viewer, review_reference)
    _require_mine(review)
    given, comment = _given(scores), clean(comment)
    if review.state != ReviewState.SUBMITTED and _says(review, given, comment, to_discuss):
        return review
    phase = queries.phase_of(review)
    _require_rubric(phase, rubric, given)
    _require_version(review, version)
    _require_open_to(review)
    _require_unfrozen(review)
    _require_sound(phase, scores, comment, complete=False)
    now = ReviewState.REOPENED if review.state == ReviewState.REOPENED else ReviewState.DRAFTED
    review.state = REVIEW_STATES.move(review.state, now).value
    review.scores, review.comment, review.to_discuss = given, comment, to_discuss
    return review


def score(
    viewer: Viewer,
    review_reference: str,
    scores: Mapping[str, int | None],
    comment: str = "",
    version: int | None = None,
    *,
    to_discuss: bool = False,
    rubric: str | None = None,
) -> Review:
    """Hand in one's own reading, scores by criterion. Handing in the same scores again changes nothing.

    Each problem names the key of its criterion. Raises Stale if somebody changed the reading after the page
    was opened, and Refused if the rubric is another than the page's, by its mark. If the readings of the file now
    lie too far apart, their readers see each other's from here on.
    """
    readings = queries.readings_beside(viewer, review_reference)
    review, intake = _own(viewer, review_reference)
    _require_mine(review)
    _require_somebody_else_s(viewer, review, intake)
    phase = queries.phase_of(review)
    given, comment = _given(scores), clean(comment)
    if review.state == ReviewState.SUBMITTED and _says(review, given, comment, to_discuss):
        return review
    _require_rubric(phase, rubric, given)
    _require_version(review, version)
    _require_open_to(review)
    _require_unfrozen(review)
    _require_sound(phase, scores, comment)
    if awaits_seal(intake):
        raise Refused(_UNSEALED)
    REVIEW_STATES.move(review.state, ReviewState.SUBMITTED)
    before = {"state": review.state, "scores": review.scores}
    review.to_discuss = to_discuss
    keep_rubric(viewer, intake)
    _hand_in(review, phase, given, comment)
    _discuss(review, readings, phase.gap_points)
    record(
        viewer,
        "reviews.score",
        about(review),
        before=before,
        after={"scores": given, "total": review.total_thousandths},
    )
    return review


def undo(viewer: Viewer, review_reference: str) -> Review:
    """Take one's own reading back that was handed in a moment ago, to correct it. What it said stays on record.

    Raises Refused later than that, once readers discuss the file or the viewer may see what others say of it, and once
    a decision rests on it."""
    review, _ = _own(viewer, review_reference)
    if review.state == ReviewState.REOPENED:
        return review
    follows = papers.sees_others(viewer, review)
    if not may_undo(
        review.state, review.submitted_at, review.discussed_at is not None or follows, clock.now()
    ):
        raise Refused(_SEEN if follows else _UNDO_NO_MORE)
    _require_open_to(review)
    _require_unfrozen(review)
    before = {"total": review.total_thousandths}
    _keep(review, ReadingChange.UNDONE)
    review.state = REVIEW_STATES.move(review.state, ReviewState.REOPENED).value
    record(viewer, "reviews.undo", about(review), before=before, after={"state": review.state})
    return review


def correct(
    viewer: Viewer,
    review_reference: str,
    scores: Mapping[str, int | None],
    comment: str,
    reason: str,
    version: int | None = None,
) -> Review:
    """Correct one's own marks of a file under discussion, or of which one sees the others' marks, with the reason. The
    first marks stay on record."""
    review, _ = _own(viewer, review_reference)
    phase = queries.phase_of(review)
    given, comment, reason = _given(scores), clean(comment), reason.strip()
    if not papers.may_correct(viewer, review):
        raise Refused(N_("Cette lecture n’est pas en discussion : ses notes ne se corrigent pas ici."))
    if _says(review, given, comment, review.to_discuss):
        return review
    _require_version(review, version)
    _require_open_to(review)
    _require_unfrozen(review)
    _require_sound(phase, scores, comment, reason=reason)
    REVIEW_STATES.move(REVIEW_STATES.move(review.state, ReviewState.REOPENED), ReviewState.SUBMITTED)
    before = {"scores": review.scores, "total": review.total_thousandths}
    _keep(review, ReadingChange.CORRECTED, reason)
    _hand_in(review, phase, given, comment)
    if review.discussed_at is not None:
        review.settled_at = clock.now()
    after = {"scores": given, "total": review.total_thousandths, "reason": reason}
    record(viewer, "reviews.correct", about(review), before=before, after=after)
    return review


def confirm(viewer: Viewer, review_reference: str) -> Review:
    """Say that one's own marks of a file under discussion stand. Doing it again changes nothing."""
    review, _ = _own(viewer, review_reference)
    if review.settled_at is not None:
        return review
    if not is_open(review.state, review.discussed_at, review.settled_at):
        raise Refused(N_("Cette lecture n’est pas en discussion : il n’y a rien à confirmer."))
    review.settled_at = clock.now()
    record(viewer, "reviews.confirm", about(review), before={}, after={"total": review.total_thousandths})
    return review


def abstain(viewer: Viewer, review_reference: str, reason: str, version: int | None = None) -> Review:
    """Give a file back, with the reason, even after handing in; it then needs another reader. Doing it again
    changes nothing."""
    review, _ = _own(viewer, review_reference)
    if review.state == ReviewState.ABSTAINED:
        return review
    _require_version(review, version)
    reason = reason.strip()
    if not reason:
        raise Refused(Problem(N_("Dites en quelques mots pourquoi vous vous récusez."), {}, "reason"))
    _require_mine(review)
    _require_unfrozen(review)
    REVIEW_STATES.move(review.state, ReviewState.ABSTAINED)
    before = {"state": review.state, "total": review.total_thousandths}
    if review.state == ReviewState.SUBMITTED:
        _keep(review, ReadingChange.ABSTAINED)
    review.state, review.abstained_because = ReviewState.ABSTAINED.value, reason[:LONGEST_COMMENT]
    review.scores, review.total_thousandths = {}, None
    record(
        viewer, "reviews.abstain", about(review), before=before, after={"reason": review.abstained_because}
    )
    for passed_on in hooks.given_back:
        passed_on(viewer, review)
    return review


def reopen(viewer: Viewer, review_reference: str, reason: str) -> Review:
    """Reopen a reading that was handed in, with the reason, so that it can be corrected: its scores no longer count
    meanwhile, and stay on record. An abstention is taken back: the file may then be given to its reader again.

    Only those who manage readings may do it, and who has no interest in the intake. Doing it again changes nothing."""
    review = queries.get_for(viewer, review_reference, lock=True)
    intake = db.session.get_one(Intake, review.intake_id)
    require(viewer, "reviews.assign", intake.path)
    abstained = review.state == ReviewState.ABSTAINED
    if review.state in (ReviewState.REOPENED, ReviewState.RECALLED):
        return review
    reason = reason.strip()
    if not reason:
        raise Refused(Problem(N_("Dites pourquoi cette lecture est rouverte."), {}, "reason"))
    if len(reason) > LONGEST_COMMENT:
        raise Refused(Problem(_TOO_LONG, {"most": LONGEST_COMMENT}, "reason"))
    _require_unfrozen(review)
    now = ReviewState.RECALLED if abstained else ReviewState.REOPENED
    REVIEW_STATES.move(review.state, now)
    before = {"total": review.total_thousandths, "because": review.abstained_because}
    if abstained:
        _keep(review, ReadingChange.ABSTAINED, review.abstained_because)
        review.comment, review.abstained_because = "", reason
    _keep(review, ReadingChange.READMITTED if abstained else ReadingChange.REOPENED, reason)
    review.state = now.value
    act = "reviews.readmit" if abstained else "reviews.reopen"
    record(viewer, act, about(review), before=before, after={"reason": reason})
    return review


def read_document(viewer: Viewer, review_reference: str, document_reference: str) -> Document:
    """Return a paper of the file of a reading, to show it. The audit notes it, as whenever staff open a paper."""
    document = papers.document_for(viewer, review_reference, document_reference)
    file = db.session.get_one(Application, document.application_id)
    subject, after = person_reference(file), {"document": document.reference}
    record(viewer, "applications.read_document", about(file, subject), before={}, after=after)
    return document


def _given(scores: Mapping[str, int | None]) -> dict[str, int]:
    return {key: value for key, value in scores.items() if value is not None}


def _says(review: Review, given: Mapping[str, int], comment: str, to_discuss: bool) -> bool:
    """Whether a reading says just that already."""
    return (review.scores, review.comment, review.to_discuss) == (given, comment, to_discuss)


def _require_sound(
    phase: RubricPhase,
    scores: Mapping[str, int | None],
    comment: str,
    *,
    complete: bool = True,
    reason: str | None = None,
) -> None:
    titles = {each.key: each.title for each in phase.criteria}
    problems = check_scores(scores, bounds_of(phase), titles=titles, complete=complete)
    if len(comment) > LONGEST_COMMENT:
        most = {"most": LONGEST_COMMENT}
        problems.append(Problem(N_("Le commentaire dépasse %(most)s caractères."), most, "comment"))
    if reason == "":
        problems.append(Problem(N_("Dites pourquoi vous corrigez vos notes."), {}, "reason"))
    elif reason is not None and len(reason) > LONGEST_COMMENT:
        problems.append(Problem(_TOO_LONG, {"most": LONGEST_COMMENT}, "reason"))
    if problems:
        raise Refused(*problems)


def _hand_in(review: Review, phase: RubricPhase, given: Mapping[str, int], comment: str) -> None:
    review.state = ReviewState.SUBMITTED.value
    review.scores, review.comment = dict(given), comment
    review.total_thousandths = total_thousandths(phase, given)
    review.submitted_at = clock.now()


def _keep(review: Review, why: ReadingChange, reason: str = "") -> None:
    """Keep what a reading said when it was handed in, before it changes."""
    was = as_earlier(
        review.scores,
        review.total_thousandths,
        review.comment,
        review.submitted_at,
        why,
        reason,
        to_discuss=review.to_discuss,
        discussed_at=review.discussed_at,
    )
    review.earlier = [*review.earlier, was]


def _discuss(review: Review, readings: Sequence[Review], points: int) -> None:
    """Let those readers of a file see each other's marks that lie too far from one another, now that one is handed in.
    One that was discussed before and is near the others now is settled."""
    handed_in = [each for each in readings if each.state == ReviewState.SUBMITTED]
    totals = [each.total_thousandths or 0 for each in handed_in]
    if not is_in_gap(review.total_thousandths or 0, totals, points):
        review.settled_at = clock.now() if review.discussed_at is not None else None
        return
    for each in handed_in:
        if is_in_gap(each.total_thousandths or 0, totals, points):
            each.discussed_at, each.settled_at = each.discussed_at or clock.now(), None


def _own(viewer: Viewer, reference: str) -> tuple[Review, Intake]:
    review = queries.get_for(viewer, reference, lock=True)
    intake = db.session.get_one(Intake, review.intake_id)
    require(viewer, "reviews.score", intake.path)
    if review.reviewer_id != viewer.person_id:
        raise NotPermitted(f"reading {reference} is somebody else's")
    if not queries.is_read(queries.file_of(review)):
        raise Refused(queries.GONE)
    return review, intake


def _require_somebody_else_s(viewer: Viewer, review: Review, intake: Intake) -> None:
    """Raise Refused if the reviewer turned out to have an interest in the intake after the file was given to them."""
    file, me = queries.file_of(review), queries.person_of(viewer)
    form = definition_of(intake).form
    if file.number in {own for _, own in interests.own_files(intake, me)} or interests.stands_in(
        file, form, me
    ):
        raise Refused(_OWN_FILE)
    if interests.concerned_in(intake, me):
        raise Withheld(queries.WITHHELD)


def _require_mine(review: Review) -> None:
    if review.state == ReviewState.RECALLED:
        raise Refused(_TAKEN)


def _require_open_to(review: Review) -> None:
    """Raise Refused if the reader must not read the file since it was given to them. The words are those of any file
    that was taken back: whose it is, and that its person applied, they do not tell."""
    if any(hooks.barred(review)):
        raise Refused(_TAKEN)


def _require_unfrozen(review: Review) -> None:
    """Raise Refused once the phase is closed, and once decisions rest on the readings of the file: they are proposed,
    or made."""
    file = db.session.get_one(Application, review.application_id)
    if phases.closing_over(review) is not None:
        what = N_(
            "La phase de cette lecture est close : ses notes ne changent plus. Les responsables peuvent la rouvrir "
            "tant que la phase suivante n’a pas commencé."
        )
        raise Refused(what)
    if queries.is_frozen(file):
        what = N_(
            "La décision sur le dossier %(number)s est proposée ou approuvée : ses lectures ne changent plus. Tant que "
            "le lot n’est pas approuvé, les responsables peuvent l’annuler."
        )
        raise Refused(Problem(what, {"number": file.number}))


def _require_rubric(phase: RubricPhase, mark: str | None, given: Mapping[str, int]) -> None:
    if mark is not None and mark != rubric_mark(phase):
        titles = {each.key: each.title for each in phase.criteria}
        marks = [
            Problem(_MARK, {"criterion": titles.get(key, key), "mark": value}) for key, value in given.items()
        ]
        raise Refused(Problem(_REGRADED, {"marks": tuple(marks) or "—"}))


def _require_version(review: Review, version: int | None) -> None:
    if version is not None and version != review.version:
        raise Stale(review.reference)
