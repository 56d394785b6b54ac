"""Acts on a reading: handing in scores, abstaining, reopening."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import person_reference
from cohortmgr.applications.interests import queries as interests
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused, Stale
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import hooks, queries
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import queries as papers
from cohortmgr.reviews.rules import (
    LONGEST_COMMENT,
    REVIEW_STATES,
    ReviewState,
    bounds_of,
    check_scores,
    total_thousandths,
)

_OWN_FILE = N_("Ce dossier a votre adresse ou votre numéro : récusez-vous, une autre personne le lira.")


def score(
    viewer: Viewer,
    review_reference: str,
    scores: Mapping[str, int | None],
    comment: str = "",
    version: int | None = None,
) -> Review:
    """Hand in one's own reading, scores by criterion. Handing in the same scores again changes nothing.

    Each problem names the key of its criterion. Raises Stale if somebody changed the reading after the page
    was opened.
    """
    review, intake = _own(viewer, review_reference)
    _require_mine(review)
    _require_somebody_else_s(viewer, review, intake)
    rubric = programmes.definition_of(intake).rubric
    given = {key: value for key, value in scores.items() if value is not None}
    comment = comment.strip()
    if review.state == ReviewState.SUBMITTED and review.scores == given and review.comment == comment:
        return review
    _require_version(review, version)
    _require_unfrozen(review)
    titles = {each.key: each.title for each in rubric.criteria}
    problems = check_scores(scores, bounds_of(rubric), titles=titles)
    if len(comment) > LONGEST_COMMENT:
        most = {"most": LONGEST_COMMENT}
        problems.append(Problem(N_("Le commentaire dépasse %(most)s caractères."), most, "comment"))
    if problems:
        raise Refused(*problems)
    REVIEW_STATES.move(review.state, ReviewState.SUBMITTED)
    before = {"state": review.state, "scores": review.scores}
    review.state = ReviewState.SUBMITTED.value
    review.scores, review.comment = given, comment
    review.total_thousandths = total_thousandths(rubric, given)
    review.submitted_at = clock.now()
    record(
        viewer,
        "reviews.score",
        about(review),
        before=before,
        after={"scores": given, "total": review.total_thousandths},
    )
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
    review.state, review.abstained_because = ReviewState.ABSTAINED.value, reason[:LONGEST_COMMENT]
    review.scores, review.total_thousandths = {}, None
    record(
        viewer, "reviews.abstain", about(review), before=before, after={"reason": review.abstained_because}
    )
    for passed_on in hooks.given_back:
        passed_on(viewer, review)
    return review


def reopen(viewer: Viewer, review_reference: str, reason: str) -> Review:
    """Reopen a reading that was handed in, so that it can be corrected. Its scores no longer count meanwhile.

    Only those who manage readings may do it."""
    review = queries.get_for(viewer, review_reference, lock=True)
    intake = db.session.get_one(Intake, review.intake_id)
    require(viewer, "reviews.assign", intake.path)
    if review.state == ReviewState.REOPENED:
        return review
    _require_unfrozen(review)
    REVIEW_STATES.move(review.state, ReviewState.REOPENED)
    review.state = ReviewState.REOPENED.value
    record(
        viewer,
        "reviews.reopen",
        about(review),
        before={"total": review.total_thousandths},
        after={"reason": reason},
    )
    return review


def read_document(viewer: Viewer, review_reference: str, document_reference: str) -> Document:
    """Return a paper of the file of a reading, to show it. The audit notes it, as whenever staff open a paper."""
    document = papers.document_for(viewer, review_reference, document_reference)
    file = db.session.get_one(Application, document.application_id)
    subject, after = person_reference(file), {"document": document.reference}
    record(viewer, "applications.read_document", about(file, subject), before={}, after=after)
    return document


def _own(viewer: Viewer, reference: str) -> tuple[Review, Intake]:
    review = queries.get_for(viewer, reference, lock=True)
    intake = db.session.get_one(Intake, review.intake_id)
    require(viewer, "reviews.score", intake.path)
    if review.reviewer_id != viewer.person_id:
        raise NotPermitted(f"reading {reference} is somebody else's")
    return review, intake


def _require_somebody_else_s(viewer: Viewer, review: Review, intake: Intake) -> None:
    """Raise Refused if the reviewer turned out to have an interest in the intake after the file was given to them."""
    file, me = queries.file_of(review), queries.person_of(viewer)
    form = programmes.definition_of(intake).form
    if file.number in {own for _, own in interests.own_files(intake, me)} or interests.stands_in(
        file, form, me
    ):
        raise Refused(_OWN_FILE)
    if interests.concerned_in(intake, me):
        raise Refused(queries.WITHHELD)


def _require_mine(review: Review) -> None:
    if review.state == ReviewState.RECALLED:
        raise Refused(N_("Ce dossier vous a été repris : une autre personne le lit."))


def _require_unfrozen(review: Review) -> None:
    """Raise Refused once decisions rest on the readings of the file: they are proposed, or made."""
    file = db.session.get_one(Application, review.application_id)
    if any(hooks.frozen(file)):
        what = N_(
            "La décision sur le dossier %(number)s est proposée ou approuvée : ses lectures ne changent plus. Tant que "
            "le lot n’est pas approuvé, les responsables peuvent l’annuler."
        )
        raise Refused(Problem(what, {"number": file.number}))


def _require_version(review: Review, version: int | None) -> None:
    if version is not None and version != review.version:
        raise Stale(review.reference)
