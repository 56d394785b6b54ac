"""Saying whom a reader knows: these files are not theirs to read, and what they hold of them goes to others."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, insert_or_leave
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment import acquaintance
from cohortmgr.reviews.assignment.acquaintance import SayingKind
from cohortmgr.reviews.assignment.actions.giving import intake_locked, take_back
from cohortmgr.reviews.assignment.actions.passing import pass_on
from cohortmgr.reviews.assignment.models import ReaderConflict, ReaderDeclaration, ReaderWord
from cohortmgr.reviews.assignment.queries import bars, conflicts
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import (
    OPEN,
    ReadingChange,
    ReviewState,
)

# What stands as the reason of a reading that ends so.
BECAUSE = "Conflit déclaré."


def declare(
    viewer: Viewer,
    intake_reference: str,
    ticked: Collection[str],
    typed: str = "",
    *,
    institution: str | None = None,
    places: str | None = None,
) -> int:
    """Say whom one knows among the candidates of an intake: those ticked in the list, by token, and those whose names
    were typed, one a line. Who was ticked before and is no longer is not known; what somebody else said stays.

    A typed name is compared with those of all files, and whether it is one of them is not told. It is kept as blind
    words alone, and bars what is sent later too. `institution` is the reader's own, and `places` are their schools and
    clubs, one a line: files that name one are not theirs to read. None leaves what was said of these before. Returns
    how many files are barred to the reader by what they said. A second page of theirs waits for the first."""
    intake = conflicts.intake_to_know(viewer, intake_reference)
    require(viewer, "reviews.score", intake.path)
    if viewer.person_id is None:
        raise NotPermitted("nobody's acquaintances")
    names, theirs = _sound(typed, institution, places)
    _note(intake, viewer.person_id)
    before = {row.ReaderConflict.application_id for row in _own(viewer, intake)}
    _keep(intake, viewer.person_id, SayingKind.NAME, _blinded(intake, names), replace=False)
    for kind, said in theirs.items():
        _keep(intake, viewer.person_id, kind, said)
    listed = {each.application_id for each in conflicts.listed_for(viewer, intake)}
    files = conflicts.files_for(viewer, intake)
    chosen = {each.application_id for each in files if each.token in ticked and each.application_id in listed}
    named = conflicts.files_named(intake, _blinded(intake, names))
    dropped = (before & listed) - chosen - named
    if dropped:
        _lift(viewer, dropped)
    _keep_conflicts(intake, viewer.person_id, chosen | named, viewer.person_reference or "")
    _pass_what_is_held(intake, db.session.get_one(Person, viewer.person_id))
    own = {row.ReaderConflict.application_id for row in _own(viewer, intake)}
    # How many, and not whom: the trail is read by more people than those who manage readings.
    record(viewer, "reviews.declare", about(intake), after={"count": len(own)})
    return len(own)


def _sound(
    typed: str, institution: str | None, places: str | None
) -> tuple[list[str], dict[SayingKind, list[str]]]:
    """Read what was typed. Raises Refused, naming the line, for what is no whole name or names no place."""
    problems = []
    names, short = acquaintance.typed_names(typed)
    if short:
        what = N_("« %(line)s » : écrivez le prénom et le nom.")
        problems += [Problem(what, {"line": line}, "names") for line in short[:10]]
    if len(names) > acquaintance.MOST_TYPED:
        what = N_("Trop de noms ; au plus : %(most)s.")
        problems.append(Problem(what, {"most": acquaintance.MOST_TYPED}, "names"))
    theirs = {}
    given = ((SayingKind.INSTITUTION, institution, "institution"), (SayingKind.PLACE, places, "places"))
    for kind, text, where in given:
        if text is None:
            continue
        theirs[kind], vague = acquaintance.typed_places(text)
        what = N_("« %(line)s » est trop général : écrivez le nom entier.")
        problems += [Problem(what, {"line": line}, where) for line in vague[:10]]
        if len(theirs[kind]) > acquaintance.MOST_PLACES:
            what = N_("Trop de lignes ; au plus : %(most)s.")
            problems.append(Problem(what, {"most": acquaintance.MOST_PLACES}, where))
    if problems:
        raise Refused(*problems)
    return names, theirs


def _blinded(intake: Intake, names: Iterable[str]) -> list[str]:
    return [acquaintance.blinded(name, lambda word: bars.blind_word(intake, word)) for name in names]


def _own(viewer: Viewer, intake: Intake) -> list[sa.Row[ReaderConflict, str, str]]:
    rows = conflicts.conflicts_of(intake, viewer.person_id or 0)
    return [row for row in rows if row.ReaderConflict.by == viewer.person_reference]


def _keep(
    intake: Intake, reader_id: int, kind: SayingKind, said: Collection[str], *, replace: bool = True
) -> bool:
    """Keep what is said of a reader; with `replace`, no more than that. Returns whether something changed."""
    known = {row.said: row for row in bars.said_by(intake, reader_id, kind)}
    gone = [row for text, row in known.items() if replace and text not in said]
    for row in gone:
        db.session.delete(row)
    fresh = [text for text in dict.fromkeys(said) if text not in known]
    for text in fresh:
        db.session.add(
            ReaderWord(
                reference=new_reference(),
                institution_id=intake.institution_id,
                intake_id=intake.id,
                reader_id=reader_id,
                kind=kind.value,
                said=text,
            )
        )
    db.session.flush()
    return bool(gone or fresh)


def _note(intake: Intake, reader_id: int) -> None:
    """Note that a reader has said whom they know. Who does so twice at once queues here."""
    row = {
        "reference": new_reference(),
        "institution_id": intake.institution_id,
        "intake_id": intake.id,
        "reader_id": reader_id,
        "at": clock.now(),
    }
    insert_or_leave(db.session, ReaderDeclaration, [row])
    mine = (ReaderDeclaration.intake_id == intake.id, ReaderDeclaration.reader_id == reader_id)
    locked = sa.select(ReaderDeclaration).where(*mine).with_for_update()
    known = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    known.at = clock.now()


def set_scope(
    viewer: Viewer,
    intake_reference: str,
    reader: str,
    languages: Collection[str],
    fields: Collection[str],
) -> None:
    """Say, as who manages readings, in which languages and of which fields somebody reads when files are shared out;
    none of one kind for all of it. What they hold stays theirs. Refused for what the intake does not have."""
    intake = intake_locked(viewer, intake_reference)
    person = assignments.reviewer_or_reader(intake, reader)
    if set(languages) - bars.LANGUAGES.keys():
        raise Refused(Problem(N_("Choisissez parmi les langues proposées."), {}, "languages"))
    if set(fields) - bars.fields_of(intake).keys():
        raise Refused(Problem(N_("Choisissez parmi les domaines proposés."), {}, "studies"))
    before = bars.scopes_in(intake).get(reader)
    changed = [
        _keep(intake, person.id, SayingKind.LANGUAGE, languages),
        _keep(intake, person.id, SayingKind.FIELD, fields),
    ]
    if any(changed):
        said = {"languages": sorted(before.languages), "fields": sorted(before.fields)} if before else {}
        after = {"person": reader, "languages": sorted(languages), "fields": sorted(fields)}
        record(viewer, "reviews.limit", about(intake), before=said, after=after)


def bar(viewer: Viewer, intake_reference: str, reader: str, numbers: Collection[str]) -> int:
    """Say, as who manages readings, which files a reader must not read. Returns how many were not barred before.
    Refused if one of the numbers is no file's."""
    intake = intake_locked(viewer, intake_reference)
    person = assignments.reviewer_or_reader(intake, reader)
    wanted = {number.strip().upper() for number in numbers} - {""}
    files = conflicts.files_by_number(intake, wanted)
    if not wanted or wanted - files.keys():
        missing = ", ".join(sorted(wanted - files.keys())[:10])
        what = N_("Aucun dossier ne porte ces numéros : %(files)s.")
        nothing = Problem(N_("Écrivez au moins un numéro de dossier."), {}, "files")
        raise Refused(Problem(what, {"files": missing}, "files") if wanted else nothing)
    known = {row.number for row in conflicts.conflicts_of(intake, person.id)}
    _keep_conflicts(intake, person.id, set(files.values()), viewer.reference)
    _pass_what_is_held(intake, person)
    fresh = sorted(wanted - known)
    if fresh:
        record(viewer, "reviews.bar", about(intake), after={"person": reader, "files": fresh})
    return len(fresh)


def unbar(viewer: Viewer, intake_reference: str, reader: str, conflict: str) -> None:
    """Take back that a reader must not read a file. Doing it again changes nothing."""
    intake = intake_locked(viewer, intake_reference)
    person = assignments.reviewer_or_reader(intake, reader)
    for row in conflicts.conflicts_of(intake, person.id):
        if row.ReaderConflict.reference == conflict:
            # The row stays: a name that the reader typed would bar the file again.
            row.ReaderConflict.lifted_at = clock.now()
            record(viewer, "reviews.unbar", about(intake), before={"person": reader, "files": [row.number]})


def _lift(viewer: Viewer, files: Collection[int]) -> None:
    """Open files again that the viewer had closed to themselves."""
    theirs = (ReaderConflict.reader_id == viewer.person_id, ReaderConflict.by == viewer.person_reference)
    lifted = sa.update(ReaderConflict).where(ReaderConflict.application_id.in_(sorted(files)), *theirs)
    db.session.execute(lifted.values(lifted_at=clock.now()).execution_options(synchronize_session="fetch"))


def _keep_conflicts(intake: Intake, reader_id: int, files: Collection[int], by: str) -> None:
    rows = [
        {
            "reference": new_reference(),
            "institution_id": intake.institution_id,
            "intake_id": intake.id,
            "reader_id": reader_id,
            "application_id": file,
            "by": by,
            "at": clock.now(),
        }
        for file in sorted(files)
    ]
    insert_or_leave(db.session, ReaderConflict, rows)
    again = sa.update(ReaderConflict).where(ReaderConflict.reader_id == reader_id)
    again = again.where(
        ReaderConflict.application_id.in_(sorted(files)), ReaderConflict.lifted_at.is_not(None)
    )
    said = {"lifted_at": None, "by": by, "at": clock.now()}
    db.session.execute(again.values(said).execution_options(synchronize_session="fetch"))


def _pass_what_is_held(intake: Intake, person: Person) -> None:
    """Take open readings from a reader who must not read them, and give them to others. What was handed in stays: its
    reader, or who manages readings, decides on it.

    They leave the reader's queue as anything that is taken back: an abstention would show there, and tell which file is
    that of somebody whom they named."""
    held = [row.number for row in assignments.open_of(intake, person.id)]
    barred = (
        {number for _reader, number in bars.barred_pairs(intake, held, person.reference)} if held else set()
    )
    if not barred:
        return
    rows = sa.select(Review, Application.number).join(Application, Application.id == Review.application_id)
    rows = rows.where(Review.reviewer_id == person.id, Review.intake_id == intake.id)
    rows = rows.where(
        Review.state.in_([state.value for state in OPEN]), Application.number.in_(sorted(barred))
    )
    locked = rows.order_by(Review.id).with_for_update(of=Review)
    left = db.session.execute(locked.execution_options(populate_existing=True)).all()
    for review, _number in left:
        take_back(SYSTEM, review, ReviewState.RECALLED, ReadingChange.RELEASED, BECAUSE)
    if left:
        key = definition_of(intake).rubric.files.key
        days = {number: review.due_on for review, number in left if review.phase == key}
        pass_on(SYSTEM, intake, dict.fromkeys(days, 1), days)
