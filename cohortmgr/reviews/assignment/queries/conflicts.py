"""Reading whom readers know: whom they may tick, what is barred to them, and who has not said it yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED, NAME, staff_intake
from cohortmgr.applications.interests import queries as interests
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound, Withheld
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment.acquaintance import MOST_LISTED
from cohortmgr.reviews.assignment.models import ReaderConflict, ReaderDeclaration
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.reviews.queries import WITHHELD, person_of, readers_of, to_read_in

_TO_READ = (Application.state == "submitted", Application.eligible.is_(True), AGREED)
GROWN_UP = 18


@dataclass(frozen=True)
class KnowableFile:
    """A candidate as a reader may tick them: by name, and by a token that tells nothing of the file."""

    token: str
    name: str
    known: bool
    application_id: int


def intake_to_know(viewer: Viewer, reference: str) -> Intake:
    """Return an intake of which the viewer is to say whom they know: one that has closed and is not decided. Raises
    NotFound at any other time and for who does not read there, and Withheld for who has an interest in it: they read
    none of its files."""
    intake = _read_in(viewer, reference)
    if db.session.scalar(sa.select(Intake.id).where(Intake.id == intake.id, *_is_said_now())) is None:
        raise NotFound(reference)
    if interests.concerned_in(intake, person_of(viewer)):
        raise Withheld(WITHHELD)
    return intake


def intake_said(viewer: Viewer, reference: str) -> tuple[Intake, ReaderDeclaration]:
    """Return an intake of which the viewer has said whom they know, and when: they may read it ever after. Raises
    NotFound if they have not."""
    intake = _read_in(viewer, reference)
    declaration = declaration_of(intake, viewer.person_id or 0)
    if declaration is None:
        raise NotFound(reference)
    return intake, declaration


def _read_in(viewer: Viewer, reference: str) -> Intake:
    intake = staff_intake(viewer, reference, "reviews.score")
    if viewer.person_id is None or not definition_of(intake).rubric.is_read:
        raise NotFound(reference)
    return intake


def _is_said_now() -> tuple[sa.ColumnElement[bool], ...]:
    """Whether readers say now whom they know in an intake of the statement: it has closed, with something to read, and
    is not decided."""
    number = sa.cast(to_read_in(Intake.id).scalar_subquery(), sa.BigInteger)
    running = Intake.state.not_in([IntakeState.DRAFT.value, IntakeState.ARCHIVED.value])
    return (running, Intake.closes_at <= clock.now(), Intake.decision_by >= clock.today(), number > 0)


def listed_for(viewer: Viewer, intake: Intake) -> Sequence[KnowableFile]:
    """Return the adults whom a reader may tick, by name: none if there are more files than a person reads through.
    Minors are never listed."""
    if _has_too_many(intake):
        return []
    return [each for each in files_for(viewer, intake, _is_adult()) if each.name]


def _is_adult() -> sa.ColumnElement[bool]:
    """Whether the person of a file is known to be of age today: without a birth date they are not listed."""
    today = clock.today()
    # Of the last days of a month the 28th stands for all: who comes of age then is listed some days later.
    born_by = date(today.year - GROWN_UP, today.month, min(today.day, 28))
    grown = sa.select(Person.id).where(Person.id == Application.person_id, Person.birth_date <= born_by)
    return sa.and_(Application.consent == "none", grown.exists())


def _has_too_many(intake: Intake) -> bool:
    """Whether an intake has more files to read than a person reads through, by the counters."""
    return int(db.session.scalar(to_read_in(intake.id)) or 0) > MOST_LISTED


def files_for(viewer: Viewer, intake: Intake, *conditions: sa.ColumnElement[bool]) -> Sequence[KnowableFile]:
    """Return the files of an intake that are to be read, as one reader may say that they know their persons."""
    mine = sa.and_(
        ReaderConflict.application_id == Application.id, ReaderConflict.reader_id == viewer.person_id
    )
    known = sa.and_(ReaderConflict.id.is_not(None), ReaderConflict.lifted_at.is_(None))
    rows = sa.select(Application.id, Application.reference, Application.name, known)
    rows = rows.outerjoin(ReaderConflict, mine).where(
        Application.intake_id == intake.id, *_TO_READ, *conditions
    )
    salt = f"{intake.reference} {viewer.person_reference}"
    return [
        KnowableFile(crypto.blind_index("acquaintance", f"{salt} {row[1]}"), row[2], bool(row[3]), row[0])
        for row in db.session.execute(rows.order_by(Application.sort_name, Application.id))
    ]


def files_named(intake: Intake, names: Collection[str]) -> set[int]:
    """Return the ids of the files to read whose person bears one of these names, which are kept as blind words."""
    if not names:
        return set()
    numbers = bars.named_in(intake, names)
    return set(files_by_number(intake, numbers).values()) if numbers else set()


def conflicts_of(intake: Intake, reader_id: int) -> Sequence[Any]:
    """Return (ReaderConflict, the file's number, name and reference) of a reader in an intake, by number."""
    rows = sa.select(ReaderConflict, Application.number, NAME, Application.reference.label("file_reference"))
    rows = rows.join(Application, Application.id == ReaderConflict.application_id)
    mine = (ReaderConflict.intake_id == intake.id, ReaderConflict.reader_id == reader_id)
    standing = rows.where(*mine, ReaderConflict.lifted_at.is_(None))
    return db.session.execute(standing.order_by(Application.number)).all()


def namesakes_of(intake: Intake, reader: Person) -> Sequence[Any]:
    """Return (number, name, reference) of the files whose person bears a reader's family name. It may mean nothing."""
    same = sa.func.lower(Person.family_name) == reader.family_name.lower()
    rows = sa.select(Application.number, NAME, Application.reference.label("file_reference"))
    rows = rows.join(Person, Person.id == Application.person_id)
    rows = rows.where(Application.intake_id == intake.id, *_TO_READ, same).order_by(Application.number)
    return db.session.execute(rows.limit(50)).all() if reader.family_name.strip() else []


def unsaid_in(intake: Intake) -> Sequence[str]:
    """Return the names of those who may read in an intake and have not said whom they know, sorted."""
    said = sa.select(ReaderDeclaration.reader_id).where(ReaderDeclaration.intake_id == intake.id)
    known = set(db.session.scalars(said))
    return [
        f"{row.given_name} {row.family_name}".strip()
        for row in readers_of(intake)
        if row.person_id not in known
    ]


def to_be_said(viewer: Viewer) -> Sequence[Intake]:
    """Return the intakes that have closed and are not decided, of which the viewer has not said whom they know."""
    said = sa.select(ReaderDeclaration.id).where(
        ReaderDeclaration.intake_id == Intake.id, ReaderDeclaration.reader_id == viewer.person_id
    )
    rows = sa.select(Intake).where(
        within(viewer, "reviews.score", Intake.path), ~said.exists(), *_is_said_now()
    )
    return [
        each for each in db.session.scalars(rows.order_by(Intake.id)) if definition_of(each).rubric.is_read
    ]


def declaration_of(intake: Intake, reader_id: int) -> ReaderDeclaration | None:
    """Return when a reader last said whom they know; None if never."""
    mine = (ReaderDeclaration.intake_id == intake.id, ReaderDeclaration.reader_id == reader_id)
    return db.session.scalar(sa.select(ReaderDeclaration).where(*mine))


def files_by_number(intake: Intake, numbers: Collection[str]) -> dict[str, int]:
    """Return the ids of files of an intake that were sent, by number."""
    rows = sa.select(Application.number, Application.id).where(Application.intake_id == intake.id)
    rows = rows.where(Application.number.in_(sorted(numbers)), Application.state == "submitted")
    return {row[0]: row[1] for row in db.session.execute(rows)}
