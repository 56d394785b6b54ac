"""Giving files to a reader by hand, taking them back, and saying until when and how many they read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.interests import queries as interests
from cohortmgr.audit.actions import about, record
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries
from cohortmgr.reviews.assignment.actions.giving import (
    give,
    give_again,
    intake_locked,
    require_to_come,
    take_back,
)
from cohortmgr.reviews.assignment.actions.passing import pass_on
from cohortmgr.reviews.assignment.models import ReaderLimit
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import (
    LONGEST_COMMENT,
    OPEN,
    ReadingChange,
    ReviewState,
)

# The most files that are given to somebody by their numbers, and that a limit may say.
MOST_BY_HAND = 500
MOST_FILES = 100_000
# How many numbers a message names.
NAMED = 10

_CONCERNED = N_(
    "Conflit d’intérêts : cette personne est candidate à cette campagne, ou un enfant dont elle répond, ou elle y "
    "représente une entreprise. Choisissez quelqu’un d’autre, ou remettez les dossiers au partage."
)
_NO_REASON = N_("Écrivez le motif : il explique cet acte plus tard.")


def recall(
    viewer: Viewer,
    intake_reference: str,
    reader: str,
    reason: str,
    to: str | None = None,
    numbers: Collection[str] | None = None,
    due_on: date | None = None,
) -> tuple[int, int]:
    """Take back files that wait for a reader, those with `numbers` or all: for all others, or for the reviewer whose
    reference is `to`, by a day if one is given.

    Returns how many were taken back, and how many of these went to somebody at once: to others too what that reviewer
    holds or gave back. What nobody else may read waits until files are shared out. What was handed in stays. For a
    reader who is silent, absent or suspended, or whose role has ended. Doing it again finds nothing to take back.
    Refused if that reviewer has an interest in the intake.
    """
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    reason = reason.strip()[:LONGEST_COMMENT]
    if not reason:
        raise Refused(Problem(_NO_REASON, {}, "reason"))
    person, taker = queries.reader_in(intake, reader), _taker(intake, reader, to)
    rows = assignments.open_of(intake, person.id)
    if numbers is not None:
        rows = [row for row in rows if row.number in numbers]
    marks: dict[str, dict[str, int]] = {}
    for row in rows:
        said = take_back(
            viewer, row.Review, ReviewState.RECALLED, ReadingChange.RECALLED, reason, noted=False
        )
        marks |= {row.number: said["scores"]} if said["scores"] else {}
    db.session.flush()
    files = {row.number: row.Review.application_id for row in rows}
    given = _hand_over(viewer, intake, files, taker, due_on)
    left = {number: 1 for number in files if number not in given}
    days = {row.number: due_on or row.Review.due_on for row in rows}
    passed = pass_on(viewer, intake, left, days) if left else 0
    if rows:
        after = {
            "from": reader,
            "to": to,
            "reason": reason,
            "files": [row.number for row in rows],
            "given": given,
            "due": due_on.isoformat() if due_on else None,
        }
        record(viewer, "reviews.recall", about(intake), before={"scores": marks}, after=after)
    return len(rows), len(given) + passed


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


def _hand_over(
    viewer: Viewer, intake: Intake, files: Mapping[str, int], taker: Any, due_on: date | None
) -> list[str]:
    """Give the files to one reviewer, as far as they may read them. Returns the numbers of those."""
    if taker is None:
        return []
    held = {row.number: row.state for row in assignments.held_in(intake) if row.reference == taker.reference}
    barred = {number for _reader, number in bars.barred_pairs(intake, files, taker.reference)}
    again = [number for number in files if held.get(number) == ReviewState.RECALLED and number not in barred]
    fresh = [number for number in files if number not in held and number not in barred]
    if again:
        give_again(viewer, intake, [files[number] for number in again], taker.person_id, due_on)
    give(viewer, intake, [(files[number], taker.person_id) for number in fresh], due_on)
    return sorted([*again, *fresh])


def give_files(
    viewer: Viewer, intake_reference: str, to: str, numbers: Collection[str], due_on: date | None = None
) -> int:
    """Give files with these numbers to a reviewer, by a day if one is given. Returns how many they did not have yet.

    Refused, and nothing given, if one of them is not to be read, is not theirs to read, or has all the readings that
    the programme allows: each is named. A limit of the reviewer is for what is shared out, not for this."""
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    taker = _taker(intake, "", to)
    if taker is None:
        raise Refused(Problem(N_("Choisissez qui les lira."), {}, "to"))
    wanted = sorted({number.strip().upper() for number in numbers} - {""})
    _require_some(wanted)
    standing, phase = assignments.standing_in(intake), programmes.definition_of(intake).rubric.files
    theirs = [number for number in wanted if to in standing.done.get(number, ())]
    wanted = [number for number in wanted if number not in theirs]
    recalled = assignments.recalled_from(intake, taker.person_id)
    full = [number for number in wanted if len(standing.done.get(number, ())) >= phase.most_readings]
    known = {number for _reader, number in bars.barred_pairs(intake, wanted, to)}
    barred = [
        number
        for number in wanted
        if (to, number) in standing.barred and (number not in recalled or number in known)
    ]
    problems = [
        *_named(
            N_("Aucun dossier à lire ne porte ces numéros : %(files)s."), set(wanted) - standing.files.keys()
        ),
        *_named(N_("Cette personne ne lit pas ces dossiers (récusée, ou en conflit) : %(files)s."), barred),
        *_named(N_("Ces dossiers ont déjà toutes les lectures que la grille permet : %(files)s."), full),
    ]
    if problems:
        raise Refused(*problems)
    again = [standing.files[number] for number in wanted if number in recalled]
    fresh = [(standing.files[number], taker.person_id) for number in wanted if number not in recalled]
    if again:
        give_again(viewer, intake, again, taker.person_id, due_on)
    give(viewer, intake, fresh, due_on)
    if wanted:
        after = {"to": to, "files": wanted, "due": due_on.isoformat() if due_on else None}
        record(viewer, "reviews.give", about(intake), after=after)
    return len(wanted)


def _require_some(wanted: Sequence[str]) -> None:
    if not wanted:
        raise Refused(Problem(N_("Écrivez au moins un numéro de dossier."), {}, "files"))
    if len(wanted) > MOST_BY_HAND:
        what = N_("Trop de dossiers à la fois ; au plus : %(most)s.")
        raise Refused(Problem(what, {"most": MOST_BY_HAND}, "files"))


def _named(what: str, numbers: Collection[str]) -> list[Problem]:
    if not numbers:
        return []
    first = ", ".join(sorted(numbers)[:NAMED]) + (" …" if len(numbers) > NAMED else "")
    return [Problem(what, {"files": first}, "files")]


def set_day(viewer: Viewer, intake_reference: str, due_on: date | None, reader: str | None = None) -> int:
    """Say by which day what waits for a reader, or for all, is to be handed in; None for no day. Returns how many
    readings have another day than before."""
    intake = intake_locked(viewer, intake_reference)
    require_to_come(viewer, intake, due_on)
    person = None if reader is None else assignments.reviewer_or_reader(intake, reader)
    submitted = sa.select(Application.id).where(Application.state == "submitted")
    changed = (
        sa.update(Review)
        .where(Review.intake_id == intake.id, queries.of_files(intake))
        .where(Review.state.in_([state.value for state in OPEN]))
        .where(Review.due_on.is_distinct_from(due_on), Review.application_id.in_(submitted))
    )
    if person is not None:
        changed = changed.where(Review.reviewer_id == person.id)
    # The day is nobody's draft: a page that shows the reading stays valid.
    done = db.session.execute(changed.values(due_on=due_on).execution_options(synchronize_session="fetch"))
    number = int(done.rowcount)  # type: ignore[attr-defined]
    if number:
        after = {"due": due_on.isoformat() if due_on else None, "person": reader, "readings": number}
        record(viewer, "reviews.due", about(intake), after=after)
    return number


def set_limit(viewer: Viewer, intake_reference: str, reader: str, most_files: int | None) -> None:
    """Say how many files of an intake a reader gets at most when files are shared out; None for no limit. What they
    hold beyond it stays theirs."""
    intake = intake_locked(viewer, intake_reference)
    if most_files is not None and not 0 <= most_files <= MOST_FILES:
        what = N_("Écrivez un nombre entier, de %(least)s à %(most)s.")
        raise Refused(Problem(what, {"least": 0, "most": MOST_FILES}, "most_files"))
    person = assignments.reviewer_or_reader(intake, reader)
    known = assignments.limit_of(intake, person.id)
    before = known.most_files if known else None
    if before == most_files:
        return
    if known is None:
        known = ReaderLimit(
            reference=new_reference(),
            institution_id=intake.institution_id,
            intake_id=intake.id,
            reader_id=person.id,
        )
        db.session.add(known)
    if most_files is None:
        db.session.delete(known)
    else:
        known.most_files = most_files
    after = {"person": reader, "most": most_files}
    record(viewer, "reviews.limit", about(intake), before={"most": before}, after=after)
