"""Reading which files are not a reader's to read: by the rows of conflicts, and by what readers said of themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import diploma_question
from cohortmgr.applications.file.words import words_of
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.questions import Question, QuestionKind
from cohortmgr.programmes.definition.rubric import HiddenPart
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of, offerings_of
from cohortmgr.reviews.assignment.acquaintance import BearerFile, ReaderSaying, SayingKind, barred
from cohortmgr.reviews.assignment.fitness import FileSubject, ReaderScope, scarcity
from cohortmgr.reviews.assignment.models import ReaderConflict, ReaderWord
from cohortmgr.reviews.assignment.pairing import ReaderPair
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import OPEN

_BARRING = (SayingKind.NAME, SayingKind.PLACE, SayingKind.INSTITUTION)
# Made once: what reads a file asks these at each mark, and a new alias is adapted column by column.
_KEPT, _ASIDE = sa.orm.aliased(Application), sa.orm.aliased(Merge)
_SCOPING = (SayingKind.LANGUAGE, SayingKind.FIELD)
# What is said of readers: texts by kind, by the reader's reference.
SaidWords = Mapping[str, Mapping[str, Sequence[str]]]
LANGUAGES = {"fr": N_("français"), "ar": N_("arabe"), "en": N_("anglais")}
_FEW_OF_LANGUAGE = N_(
    "Trop peu d’évaluateurs lisent cette langue : %(what)s. Dossiers qui manquent de lecteurs : %(count)s."
)
_FEW_OF_FIELD = N_(
    "Trop peu d’évaluateurs lisent ce domaine : « %(what)s ». Dossiers qui manquent de lecteurs : %(count)s."
)


def blind_word(intake: Intake, word: str) -> str:
    """Return a word of a name as it is kept in an intake: twenty digits, which tell nothing without the key."""
    return crypto.blind_index("acquaintance", f"{intake.reference} {word}")[:20]


def words_in(intake: Intake, kinds: Sequence[SayingKind], reader: str | None = None) -> SaidWords:
    """Return what is said of the readers of an intake, or of one, of some kinds. One statement."""
    rows = sa.select(Person.reference, ReaderWord.kind, ReaderWord.said)
    rows = rows.join(Person, Person.id == ReaderWord.reader_id)
    rows = rows.where(ReaderWord.intake_id == intake.id, ReaderWord.kind.in_([kind.value for kind in kinds]))
    if reader is not None:
        rows = rows.where(Person.reference == reader)
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, kind, said in db.session.execute(rows):
        found[name][kind].append(said)
    return found


def barred_pairs(
    intake: Intake,
    numbers: Collection[str] | None = None,
    reader: str | None = None,
    words: SaidWords | None = None,
) -> set[ReaderPair]:
    """Return (reader's reference, number) of the files that readers must not read, of those with some numbers and of
    one reader, or of all: for they know their person, or share a school. A file that was put aside for another of the
    same person bars that one. `words` are what readers said, if that is known. One statement; one more for `words`, and
    one where there are some."""
    pairs, lifted = _by_rows(intake, numbers, reader)
    said = _sayings(words_in(intake, _BARRING, reader) if words is None else words)
    if said:
        pairs |= barred(_bearers(intake, said, numbers), said) - lifted
    return pairs


def barred_ids(intake: Intake, files: Collection[int] | None = None) -> set[tuple[int, int]]:
    """Return the same as (file's id, reader's id), of some files by their ids, or of all. At most three statements
    more."""
    numbered = sa.select(Application.number, Application.id).where(Application.intake_id == intake.id)
    asked = None
    if files is not None:
        asked = [row.number for row in db.session.execute(numbered.where(Application.id.in_(sorted(files))))]
    pairs = barred_pairs(intake, asked)
    if not pairs:
        return set()
    mine = numbered.where(Application.number.in_(sorted({number for _reader, number in pairs})))
    ids = {row.number: row.id for row in db.session.execute(mine)}
    people = sa.select(Person.reference, Person.id)
    people = people.where(Person.reference.in_(sorted({reader for reader, _number in pairs})))
    readers = {row.reference: row.id for row in db.session.execute(people)}
    return {(ids[number], readers[reader]) for reader, number in pairs}


def is_barred(review: Review) -> bool:
    """Whether the reader of a reading must not read its file."""
    intake = db.session.get_one(Intake, review.intake_id)
    number = db.session.get_one(Application, review.application_id).number
    reader = db.session.get_one(Person, review.reviewer_id).reference
    return (reader, number) in barred_pairs(intake, [number], reader)


def _by_rows(
    intake: Intake, numbers: Collection[str] | None, reader: str | None
) -> tuple[set[ReaderPair], set[ReaderPair]]:
    rows = (
        sa.select(Person.reference, Application.number, ReaderConflict.lifted_at, _KEPT.number.label("kept"))
        .select_from(ReaderConflict)
        .join(Person, Person.id == ReaderConflict.reader_id)
        .join(Application, Application.id == ReaderConflict.application_id)
        .outerjoin(_ASIDE, sa.and_(_ASIDE.aside_id == Application.id, _ASIDE.undone_at.is_(None)))
        .outerjoin(_KEPT, sa.and_(_KEPT.id == _ASIDE.kept_id, _KEPT.intake_id == intake.id))
        .where(ReaderConflict.intake_id == intake.id)
    )
    if reader is not None:
        rows = rows.where(Person.reference == reader)
    if numbers is not None:
        among = sorted(numbers)
        rows = rows.where(sa.or_(Application.number.in_(among), _KEPT.number.in_(among)))
    pairs: set[ReaderPair] = set()
    lifted: set[ReaderPair] = set()
    for name, number, lifted_at, instead in db.session.execute(rows):
        found = pairs if lifted_at is None else lifted
        found.add((name, number))
        if instead is not None and lifted_at is None:
            pairs.add((name, instead))
    return pairs, lifted - pairs


def _sayings(words: SaidWords) -> dict[str, ReaderSaying]:
    found = {}
    for reader, said in words.items():
        places = [*said.get(SayingKind.PLACE, ()), *said.get(SayingKind.INSTITUTION, ())]
        saying = ReaderSaying(tuple(said.get(SayingKind.NAME, ())), places)
        if saying.names or saying.places:
            found[reader] = saying
    return found


def _bearers(
    intake: Intake, said: Mapping[str, ReaderSaying], numbers: Collection[str] | None
) -> dict[str, BearerFile]:
    """What the files to read say of their persons, as far as readers said something that is compared with it."""
    named, placed = (any(getattr(each, part) for each in said.values()) for part in ("names", "places"))
    questions = _schools_asked(definition_of(intake)) if placed else []
    columns: list[Any] = [Application.number]
    columns += [Application.search_text, Application.name] if named else []
    columns += [Application.answers[each.key] for each in questions]
    rows = sa.select(*columns).where(Application.intake_id == intake.id, Application.state == "submitted")
    if numbers is not None:
        rows = rows.where(Application.number.in_(sorted(numbers)))
    blind: dict[str, str] = {}
    found = {}
    for row in db.session.execute(rows):
        words: list[str] = []
        if named:
            # Words are written with a file that was sent; one that has none is found by its name.
            for word in (row[1] or words_of([row[2]], "")).split():
                words.append(blind.get(word) or blind.setdefault(word, blind_word(intake, word)))
        answers = row[3 if named else 1 :]
        schools = [
            text for each, answer in zip(questions, answers, strict=True) for text in _told(each, answer)
        ]
        found[row[0]] = BearerFile(words, schools)
    return found


def named_in(intake: Intake, names: Collection[str]) -> set[str]:
    """Return the numbers of the files whose person bears one of these names, which are kept as blind words."""
    said = {"": ReaderSaying(names=tuple(names))}
    return {number for _reader, number in barred(_bearers(intake, said, None), said)}


def _schools_asked(definition: Definition) -> list[Question]:
    """The questions that ask for a school, and the groups that have one among their fields."""
    return [
        each
        for each in definition.form.questions
        if not each.sealed and (_asks_school(each) or any(map(_asks_school, each.fields)))
    ]


def _asks_school(question: Question) -> bool:
    return HiddenPart.SCHOOL in (question.reveals or ()) and question.kind is not QuestionKind.FILE


def _told(question: Question, answer: Any) -> Iterator[str]:
    """The schools that an answer names, as texts: a choice by its labels."""
    if question.fields:
        for entry in answer if isinstance(answer, list) else ():
            for each in filter(_asks_school, question.fields):
                yield from _told(each, entry.get(each.key) if isinstance(entry, dict) else None)
        return
    given = {str(each) for each in (answer if isinstance(answer, list) else [answer]) if each}
    labels = {option.key: tuple(option.label.values()) for option in question.options}
    for text in sorted(given):
        yield from labels.get(text, (text,))


def said_by(intake: Intake, reader_id: int, *kinds: SayingKind) -> Sequence[ReaderWord]:
    """Return what is said of a reader in an intake, of some kinds, in the order in which it was said."""
    mine = (ReaderWord.intake_id == intake.id, ReaderWord.reader_id == reader_id)
    rows = sa.select(ReaderWord).where(*mine, ReaderWord.kind.in_([kind.value for kind in kinds]))
    return db.session.scalars(rows.order_by(ReaderWord.id)).all()


def words_by(intake: Intake, reader_id: int) -> Mapping[SayingKind, Sequence[str]]:
    """Return what is said of a reader in an intake, by kind."""
    found = said_by(intake, reader_id, *SayingKind)
    return {kind: [row.said for row in found if row.kind == kind] for kind in SayingKind}


def scopes_in(intake: Intake) -> dict[str, ReaderScope]:
    """Return which languages and fields somebody reads in an intake, by the reader's reference, where that is said."""
    return scopes_of(words_in(intake, _SCOPING))


def scopes_of(words: SaidWords) -> dict[str, ReaderScope]:
    """Return the same of what is said of the readers, of all kinds."""
    found = {}
    for reader, said in words.items():
        languages, fields = (frozenset(said.get(kind, ())) for kind in _SCOPING)
        if languages or fields:
            found[reader] = ReaderScope(languages, fields)
    return found


def fields_of(intake: Intake) -> dict[str, Mapping[str, str]]:
    """Return the fields of an intake, by key, in three languages: its offerings if there are several, else what people
    studied, if it asks for a diploma that it has conditions on."""
    offerings = offerings_of(intake)
    if len(offerings) > 1:
        named = definition_of(intake).intake(intake.key).named
        return {each.key: named.get(each.key, each.title) for each in offerings}
    question = diploma_question(definition_of(intake))
    return {option.key: option.label for option in question.options} if question else {}


def subjects_of(intake: Intake, numbers: Collection[str] | None = None) -> dict[str, FileSubject]:
    """Return the language and the field of each file that is to be read, by number."""
    several = len(offerings_of(intake)) > 1
    field = Offering.key if several else Application.diploma
    rows = sa.select(Application.number, Application.language, field)
    rows = rows.outerjoin(Offering, Offering.id == Application.offering_id) if several else rows
    rows = rows.where(Application.intake_id == intake.id, Application.state == "submitted")
    if numbers is not None:
        rows = rows.where(Application.number.in_(sorted(numbers)))
    return {row[0]: FileSubject(row[1], row[2] or "") for row in db.session.execute(rows)}


def scarce(
    intake: Intake, short: Collection[str], subjects: Mapping[str, FileSubject], able: Collection[str]
) -> list[Problem]:
    """Say for which languages and fields there are too few readers, of files that lack some; the most files first."""
    scopes = scopes_in(intake) if short else {}
    found = scarcity(short, subjects, [scopes[name] for name in able if name in scopes])
    titles = fields_of(intake) if found.fields else {}
    told: list[tuple[int, str, object]] = [
        (count, _FEW_OF_LANGUAGE, Problem(LANGUAGES[key])) for key, count in found.languages.items()
    ]
    told += [(count, _FEW_OF_FIELD, titles.get(key, key)) for key, count in found.fields.items()]
    told.sort(key=lambda each: -each[0])
    return [Problem(what, {"what": named, "count": count}) for count, what, named in told]


def has_open_barred(intake: Intake) -> bool:
    """Whether something is open in an intake with somebody who must not read it."""
    said = sa.select(ReaderWord.id).where(
        ReaderWord.intake_id == intake.id, ReaderWord.reader_id == Review.reviewer_id
    )
    known = sa.select(ReaderConflict.id).where(
        ReaderConflict.intake_id == intake.id, ReaderConflict.reader_id == Review.reviewer_id
    )
    rows = sa.select(Person.reference, Application.number).join(Review, Review.reviewer_id == Person.id)
    rows = rows.join(Application, Application.id == Review.application_id)
    waits = Review.state.in_([state.value for state in OPEN])
    rows = rows.where(Review.intake_id == intake.id, waits, sa.or_(said.exists(), known.exists()))
    held = {(row[0], row[1]) for row in db.session.execute(rows)}
    return bool(held and held & barred_pairs(intake))
