"""Acts on readings: assigning files to readers, handing in scores, abstaining, reopening."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import person_reference
from cohortmgr.applications.interests import queries as interests
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused, Stale
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions.queue import request
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import assignment, hooks
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import assignments
from cohortmgr.reviews.queries import readings as queries
from cohortmgr.reviews.queries.assignments import ASSIGN
from cohortmgr.reviews.rules import (
    HOLDING,
    REVIEW_STATES,
    ReviewState,
    check_scores,
    is_stranded,
    total_thousandths,
)
from cohortmgr.reviews.rules import bounds_of as bounds_of

LONGEST_COMMENT = 4000
_CONCERNED = N_(
    "Conflit d’intérêts : cette personne est candidate à cette campagne, ou un enfant dont elle répond, ou elle y "
    "représente une entreprise. Choisissez quelqu’un d’autre, ou remettez les dossiers au partage."
)
_OWN_FILE = N_("Ce dossier a votre adresse ou votre numéro : récusez-vous, une autre personne le lira.")


@dataclass(frozen=True)
class AssignmentPlan:
    """Who is to read what: (number, reader's reference) to add, the ids of files and persons by these, and the readings
    to take back, by id with the state in which they were found."""

    intake: Intake
    pairs: Sequence[tuple[str, str]]
    files: Mapping[str, int]
    people: Mapping[str, int]
    stranded: Mapping[int, str]
    seed: int


def assign(
    viewer: Viewer, intake_reference: str, reviewers: Collection[str] | None = None, seed: int = 1
) -> int:
    """Give every eligible file that was sent the readers that it still lacks. Returns the number of new
    readings.

    `reviewers` are references of persons; None means all reviewers of the programme. Nobody with an interest in the
    intake reads any of its files, and nobody one that they abstained from. What is with somebody who may not read goes
    to others, their marks too, unless a decision rests on them. A second call adds nothing. Refused if there are too
    few readers.
    """
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    _lock(intake)  # two calls at once queue here, so that the second sees what the first assigned
    plan = _plan(intake, reviewers, seed)
    if plan.stranded:
        release(viewer, plan.stranded)
    if plan.pairs:
        _give(viewer, plan, plan.pairs)
    return len(plan.pairs)


def ask_assignment(viewer: Viewer, intake_reference: str, seed: int = 1) -> None:
    """Ask the worker to do `assign`, for an intake of many files. While it does, nothing more is asked of it."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    _lock(intake)
    known = assignments.assignment_of(intake)
    if known is None or not known.is_under_way:
        payload = {"intake": intake.reference, "seed": seed, "by": viewer.reference}
        request(viewer, ASSIGN, payload, intake.institution_id)


def plan_assignment(viewer: Viewer, intake_reference: str, seed: int = 1) -> AssignmentPlan:
    """Say which readings `assign` would add and take back. Nothing is changed."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    return _plan(intake, None, seed)


def _plan(intake: Intake, reviewers: Collection[str] | None, seed: int) -> AssignmentPlan:
    readings = programmes.definition_of(intake).rubric.readings
    able, held = queries.reviewers_in(intake.path), queries.held_in(intake)
    concerned = interests.concerned_in(intake, queries.with_holders(able, held))
    people = {person.reference: person.person_id for person in able if person.reference not in concerned}
    chosen = sorted(people if reviewers is None else people.keys() & set(reviewers))
    files = {row.number: row.id for row in queries.files_to_read(intake)}
    done: dict[str, set[str]] = defaultdict(set)
    barred: set[tuple[str, str]] = set()
    stranded: dict[int, str] = {}
    marked = queries.marked_by(concerned, held)
    for row in held:
        gone = row.id in marked or is_stranded(row.state, row.reference, people)
        if gone:
            stranded[row.id] = row.state
        if row.state in HOLDING and not gone:
            done[row.number].add(row.reference)
        else:
            barred.add((row.reference, row.number))
    pairs = assignment.assign(list(files), chosen, readings, barred, seed, done)
    return AssignmentPlan(intake, pairs, files, people, stranded, seed)


def give_some(viewer: Viewer, plan: AssignmentPlan, pairs: Sequence[tuple[str, str]]) -> int:
    """Give some of the planned readings, as far as they still hold: files are withdrawn meanwhile, given to somebody by
    hand, and roles end. Returns how many were given."""
    require(viewer, "reviews.assign", plan.intake.path)
    _lock(plan.intake)
    readings = programmes.definition_of(plan.intake).rubric.readings
    able = {row.reference for row in queries.reviewers_in(plan.intake.path)}
    lacking = assignments.lacking(plan.intake, {plan.files[number] for number, _ in pairs}, readings)
    given, taken = [], Counter[int]()
    for number, name in pairs:
        file, person = plan.files[number], plan.people[name]
        lack = lacking.get(file)
        if lack and lack.number > taken[file] and name in able and person not in lack.known:
            taken[file] += 1
            given.append((number, name))
    if given:
        _give(viewer, plan, given)
    return len(given)


def _give(viewer: Viewer, plan: AssignmentPlan, pairs: Sequence[tuple[str, str]]) -> None:
    _insert(plan.intake, [(plan.files[number], plan.people[name]) for number, name in pairs])
    after = {"seed": plan.seed, "readings": [list(pair) for pair in pairs]}
    record(viewer, "reviews.assign", about(plan.intake), after=after)


def _lock(intake: Intake) -> None:
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())


def release(viewer: Viewer, stranded: Mapping[int, str]) -> None:
    """Take readings back from people who may read no longer. What they had noted stands in the trail. One that somebody
    changed since it was found so stays."""
    taken = sa.select(Review).where(Review.id.in_(stranded)).order_by(Review.id).with_for_update()
    for review in db.session.scalars(taken.execution_options(populate_existing=True)):
        if review.state != stranded[review.id]:
            continue
        before = {"state": review.state, "scores": review.scores}
        review.state, review.abstained_because = ReviewState.ABSTAINED.value, ""
        review.scores, review.total_thousandths = {}, None
        record(viewer, "reviews.release", about(review), before=before, after={"state": review.state})
    db.session.flush()


def _insert(intake: Intake, pairs: list[tuple[int, int]]) -> None:
    moment = clock.now()
    rows = [
        {
            "reference": new_reference(),
            "institution_id": intake.institution_id,
            "application_id": application_id,
            "intake_id": intake.id,
            "reviewer_id": reviewer_id,
            "state": ReviewState.ASSIGNED.value,
            "scores": {},
            "comment": "",
            "abstained_because": "",
            "assigned_at": moment,
            "version": 1,
        }
        for application_id, reviewer_id in pairs
    ]
    db.session.execute(sa.insert(table_of(Review)), rows)


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


def recall(
    viewer: Viewer, intake_reference: str, reader: str, reason: str, to: str | None = None
) -> tuple[int, int]:
    """Take back all files that wait for a reader: for the pool, or for the reviewer whose reference is `to`.

    Returns how many were taken back, and how many of these went to that reviewer: those that they hold or gave back
    stay in the pool, which `assign` shares out. What was handed in stays. For a reader who is silent, absent or
    suspended, or whose role has ended. Doing it again finds nothing to take back. Refused if that reviewer has an
    interest in the intake.
    """
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    _lock(intake)
    reason = reason.strip()[:LONGEST_COMMENT]
    if not reason:
        raise Refused(Problem(N_("Écrivez le motif : il explique cet acte plus tard."), {}, "reason"))
    person, taker = queries.reader_in(intake, reader), _taker(intake, reader, to)
    rows = queries.open_of(intake, person.id)
    for row in rows:
        REVIEW_STATES.move(row.Review.state, ReviewState.RECALLED)
        row.Review.state, row.Review.abstained_because = ReviewState.RECALLED.value, reason
        row.Review.scores, row.Review.total_thousandths = {}, None
    db.session.flush()
    given = _hand_over(intake, {row.number: row.Review.application_id for row in rows}, taker)
    if rows:
        after = {
            "from": reader,
            "to": to,
            "reason": reason,
            "files": [row.number for row in rows],
            "given": given,
        }
        record(viewer, "reviews.recall", about(intake), after=after)
    return len(rows), len(given)


def _taker(intake: Intake, reader: str, to: str | None) -> Any:
    """Return the row of the reviewer who is to read instead; None for the pool. Refused for anybody else."""
    if not to:
        return None
    found = [row for row in queries.reviewers_in(intake.path) if row.reference == to != reader]
    if not found:
        raise Refused(Problem(N_("Choisissez une autre personne, qui évalue dans ce programme."), {}, "to"))
    if interests.concerned_in(intake, found):
        raise Refused(Problem(_CONCERNED, {}, "to"))
    return found[0]


def _hand_over(intake: Intake, files: Mapping[str, int], taker: Any) -> list[str]:
    """Give the files to one reviewer, as far as they may read them. Returns the numbers of those."""
    if taker is None:
        return []
    held = {row.number: row.state for row in queries.held_in(intake) if row.reference == taker.reference}
    again = [number for number in files if held.get(number) == ReviewState.RECALLED]
    fresh = [number for number in files if number not in held]
    if again:
        taken = sa.update(Review).where(Review.reviewer_id == taker.person_id)
        taken = taken.where(Review.application_id.in_([files[number] for number in again]))
        values = {
            "state": ReviewState.ASSIGNED.value,
            "assigned_at": clock.now(),
            "version": Review.version + 1,
        }
        db.session.execute(taken.values(values).execution_options(synchronize_session="fetch"))
    if fresh:
        _insert(intake, [(files[number], taker.person_id) for number in fresh])
    return sorted([*again, *fresh])


def read_document(viewer: Viewer, review_reference: str, document_reference: str) -> Document:
    """Return a paper of the file of a reading, to show it. The audit notes it, as whenever staff open a paper."""
    document = queries.document_for(viewer, review_reference, document_reference)
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
