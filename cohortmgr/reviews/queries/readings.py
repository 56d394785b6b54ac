"""Reading reviews: a reviewer's own queue, and the progress of all readings for those who manage them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries.viewers import granted, within
from cohortmgr.accounts.rules import Role, Viewer, allows
from cohortmgr.applications.desk.history import HistoryEntry
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import AGREED, NAME, File, staff_intake
from cohortmgr.applications.interests import queries as interests
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.paging import ListPlace, Page, counted_in_order, page_of
from cohortmgr.base.registries.waiting import counted_up_to, same_for_all
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import hooks
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import (
    OPEN,
    ReviewState,
)

WITHHELD = N_(
    "Conflit d’intérêts : vous êtes candidat·e à cette campagne, ou un enfant dont vous répondez, ou vous y "
    "représentez une entreprise. Ses dossiers ne vous sont pas ouverts : d’autres personnes les lisent."
)

# The readings of one page of a reader's list.
PAGE = 50
# A person with an account, and each address and number (its blind index) by which they are known.
_PEOPLE = sa.select(
    Person.id.label("person_id"),
    Person.reference,
    Person.given_name,
    Person.family_name,
    Person.email,
    Person.phone_blind,
    Account.email.label("entering_email"),
    Account.phone_blind.label("entering_phone"),
).join(Account, Account.person_id == Person.id)


def visible(viewer: Viewer) -> sa.Select[Review]:
    """Select the viewer's own readings as a reviewer, and all readings that the viewer may see as staff; none of a
    child's file without the guardian's word.

    Whoever has an interest in an intake reads no file of it, whatever was given to them before."""
    own = _own(viewer)
    barred = _barred_to(viewer) if viewer.paths("reviews.score") else ()
    if barred:
        own = sa.and_(own, Review.intake_id.not_in(sorted(barred)))
    everyone = within(viewer, "reviews.read", Intake.path)
    agreed = Review.application_id.in_(sa.select(Application.id).where(AGREED))
    chosen = sa.select(Review).join(Intake, Intake.id == Review.intake_id)
    return chosen.where(sa.or_(own, everyone), agreed)


def _own(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.and_(Review.reviewer_id == viewer.person_id, within(viewer, "reviews.score", Intake.path))


def _barred_to(viewer: Viewer) -> frozenset[int]:
    given = sa.select(Review.intake_id).where(Review.reviewer_id == viewer.person_id)
    return interests.barred_to(viewer, given)


def withheld_from(viewer: Viewer) -> Sequence[Intake]:
    """Return the intakes of which the viewer holds readings that they do not see, for they have an interest there."""
    barred = _barred_to(viewer)
    if not barred:
        return []
    held = sa.select(Review.intake_id).join(Intake, Intake.id == Review.intake_id).where(_own(viewer))
    wanted = sa.select(Intake).where(Intake.id.in_(sorted(barred)), Intake.id.in_(held))
    return db.session.scalars(wanted.order_by(Intake.id.desc())).all()


def get_for(viewer: Viewer, reference: str, *, lock: bool = False) -> Review:
    """Return the reading with this public reference. Raises NotFound if the viewer may not see it, and Refused if
    it is withheld from them.

    With `lock`, a second click waits for the first and then reads the changed row.
    """
    wanted = visible(viewer).where(Review.reference == reference)
    if lock:
        wanted = wanted.with_for_update(of=Review).execution_options(populate_existing=True)
    found = db.session.scalar(wanted)
    if found is None:
        held = sa.select(Review.intake_id).join(Intake, Intake.id == Review.intake_id).where(_own(viewer))
        if db.session.scalar(held.where(Review.reference == reference)) in _barred_to(viewer):
            raise Refused(WITHHELD)
        raise NotFound(reference)
    return found


def intake_for(viewer: Viewer, reference: str, permission: str = "reviews.read") -> Intake:
    """Return an intake in whose scope the viewer holds the permission. Raises NotFound otherwise."""
    return staff_intake(viewer, reference, permission)


def reviewers_in(path: str) -> Sequence[Any]:
    """Return the reviewers of a programme, sorted by name: `person_id`, `reference`, given and family name, and the
    addresses and numbers that are theirs."""
    return db.session.execute(
        _PEOPLE.join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role == Role.REVIEWER.value, granted(path))
        .distinct()
        .order_by(Person.family_name, Person.given_name, Person.id)
    ).all()


def person_of(viewer: Viewer) -> Sequence[Any]:
    """Return the viewer as `reviewers_in` does."""
    return db.session.execute(_PEOPLE.where(Person.id == viewer.person_id)).all()


def files_to_read(intake: Intake) -> Sequence[Any]:
    """Return (id, number, person_id) of the files that were sent and meet the conditions."""
    return db.session.execute(
        sa.select(Application.id, Application.number, Application.person_id)
        .where(Application.intake_id == intake.id, Application.state == "submitted")
        .where(Application.eligible.is_(True))
        .order_by(Application.number)
    ).all()


def held_in(intake: Intake) -> Sequence[Any]:
    """Return (number, reviewer's reference, state, id) of every reading of an intake."""
    return db.session.execute(
        sa.select(Application.number, Person.reference, Review.state, Review.id)
        .join(Application, Application.id == Review.application_id)
        .join(Person, Person.id == Review.reviewer_id)
        .where(Review.intake_id == intake.id)
    ).all()


def with_holders(people: Sequence[Any], held: Sequence[Any]) -> Sequence[Any]:
    """Return rows as `reviewers_in` does, with those of other persons who hold readings; no statement without any."""
    others = {row.reference for row in held} - {row.reference for row in people}
    if not others:
        return people
    return [*people, *db.session.execute(_PEOPLE.where(Person.reference.in_(sorted(others)))).all()]


def marked_by(readers: Collection[str], held: Sequence[Any]) -> set[int]:
    """Return the ids of readings that these persons handed in, and on which no decision rests. `held` is as of
    `held_in`."""
    theirs = {row.id: row for row in held if row.reference in readers and row.state == ReviewState.SUBMITTED}
    if not theirs:
        return set()
    rows = sa.select(Review.id, Application).join(Application, Application.id == Review.application_id)
    rows = rows.where(Review.id.in_(sorted(theirs)))
    return {number for number, file in db.session.execute(rows) if not any(hooks.frozen(file))}


def open_of(intake: Intake, reader_id: int) -> Sequence[Any]:
    """Return (Review, number) of the readings of an intake that wait for this reader, by number."""
    return db.session.execute(
        sa.select(Review, Application.number)
        .join(Application, Application.id == Review.application_id)
        .where(Review.intake_id == intake.id, Review.reviewer_id == reader_id)
        .where(Review.state.in_([state.value for state in OPEN]), Application.state == "submitted")
        .order_by(Application.number)
    ).all()


def reader_in(intake: Intake, reference: str) -> Person:
    """Return the person with this reference who reads, or has read, files of the intake. Raises NotFound."""
    reading = sa.select(Review.id).where(Review.intake_id == intake.id, Review.reviewer_id == Person.id)
    wanted = sa.select(Person).where(Person.reference == reference, reading.exists())
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound(reference)
    return found


def queue(viewer: Viewer, intake_id: int | None = None) -> Sequence[Any]:
    """Return the viewer's own readings in one statement: the open ones first, then by number."""
    order = sa.case({state.value: 0 for state in OPEN}, value=Review.state, else_=1)
    own = (
        visible(viewer)
        .with_only_columns(
            Review.reference,
            Review.state,
            Review.total_thousandths,
            Review.submitted_at,
            Application.number,
            Intake.title.label("intake_title"),
            Intake.id.label("intake_id"),
        )
        .join(Application, Application.id == Review.application_id)
        .where(Review.reviewer_id == viewer.person_id, Application.state == "submitted")
        .where(Review.state != ReviewState.RECALLED.value)
    )
    if intake_id is not None:
        own = own.where(Review.intake_id == intake_id)
    return db.session.execute(own.order_by(Review.intake_id.desc(), order, Application.number)).all()


def next_after(rows: Sequence[Any], reference: str) -> str | None:
    """Return the reference of the next open reading of a queue, or None if all are handed in.

    After the last row the search goes on at the top."""
    waiting = [row.reference for row in rows if row.state in OPEN and row.reference != reference]
    place = next((i for i, row in enumerate(rows) if row.reference == reference), -1)
    after = [row.reference for row in rows[place + 1 :] if row.reference in waiting]
    return (after or waiting or [None])[0]


def open_by_intake(viewer: Viewer) -> Sequence[sa.Row[int, Mapping[str, str], int]]:
    """Return (intake's id, its title, how many readings wait there for the viewer), the intake that opened first
    before the others."""
    mine = visible(viewer).join(Application, Application.id == Review.application_id)
    waiting = (Review.state.in_([state.value for state in OPEN]), Application.state == "submitted")
    columns = (Intake.id, Intake.title, sa.func.count().label("number"))
    counted = mine.with_only_columns(*columns).where(Review.reviewer_id == viewer.person_id, *waiting)
    grouped = counted.group_by(Intake.id, Intake.opens_at).order_by(Intake.opens_at, Intake.id)
    return db.session.execute(grouped).all()


def open_count(viewer: Viewer) -> int:
    """Return how many readings wait for the viewer."""
    return sum(number for _id, _title, number in open_by_intake(viewer))


@same_for_all
def open_in(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """How many readings of an intake are not handed in, for who reads them all."""
    waiting = Review.state.in_([state.value for state in OPEN])
    return counted_up_to(sa.select(Review.id).where(Review.intake_id == intake_id, waiting), intake_id)


def readers_of(intake: Intake) -> Sequence[Any]:
    """Return the reviewers who may read files of an intake: not those who have an interest in it."""
    able = reviewers_in(intake.path)
    concerned = interests.concerned_in(intake, able)
    return [row for row in able if row.reference not in concerned]


def of_file(viewer: Viewer, application: Application) -> Sequence[Any]:
    """Return (Review, given and family name of its reader) of the readings of a file that the viewer may see, the
    newest first, in one statement; those that were taken back or given back among them."""
    reader = aliased(Person)
    wanted = visible(viewer).where(Review.application_id == application.id)
    wanted = wanted.join(reader, reader.id == Review.reviewer_id)
    names = (reader.given_name.label("given_name"), reader.family_name.label("family_name"))
    latest = sa.func.coalesce(Review.submitted_at, Review.assigned_at)
    return db.session.execute(wanted.add_columns(*names).order_by(latest.desc(), Review.id.desc())).all()


def readings_of(viewer: Viewer, intake: Intake, reader: Person, place: ListPlace) -> Page:
    """Return a page of the readings of an intake that a reader holds or handed in, the last given first: rows of
    (Review, number, name, file's reference)."""
    theirs = (Review.intake_id == intake.id, Review.reviewer_id == reader.id)
    # Counted by the readings alone: with their files each of a thousand would be looked up.
    total = counted_in_order(sa.select(Review.id).where(*theirs).order_by(Review.id.desc()))
    wanted = (
        visible(viewer)
        .add_columns(Application.number, NAME, Application.reference.label("file_reference"))
        .join(Application, Application.id == Review.application_id)
        .where(*theirs)
        .order_by(Review.id.desc())
    )
    return page_of(wanted, place, PAGE, total)


def told_of(viewer: Viewer, application: Application) -> list[HistoryEntry]:
    """Return the readings of a file that were handed in, for the path of its person's page, to whoever reads them."""
    intake = db.session.get_one(Intake, application.intake_id)
    if not allows(viewer, "reviews.read", intake.path):
        return []
    handed_in = [row for row in of_file(viewer, application) if row[0].state == ReviewState.SUBMITTED]
    return [
        HistoryEntry(
            row[0].submitted_at,
            N_("Lecture remise"),
            f"{row.given_name} {row.family_name}".strip(),
            Problem(N_("%(mark)s sur 20"), {"mark": Decimal(row[0].total_thousandths or 0) / 1000}),
        )
        for row in handed_in
    ]


def traces(file: File) -> sa.Select[str, str]:
    """Select the readings of a file, as the trail names them."""
    kind = sa.literal(Review.__trail__, sa.String).label("kind")
    return sa.select(kind, Review.reference).where(Review.application_id == file.application.id)


def file_of(review: Review) -> Application:
    """Return the file that a reading is about."""
    return db.session.get_one(Application, review.application_id)


def documents_of(application: Application) -> Sequence[Document]:
    """Return the papers of a file that have not been replaced, in the order in which they came."""
    standing = sa.select(Document).where(Document.application_id == application.id)
    shown = (Document.replaced_at.is_(None), Document.storage_key.is_not(None))
    return db.session.scalars(standing.where(*shown).order_by(Document.id)).all()


def document_for(viewer: Viewer, review_reference: str, document_reference: str) -> Document:
    """Return a current paper of the file of a reading. Raises NotFound if the viewer may not see that reading."""
    review = get_for(viewer, review_reference)
    same = (Document.reference == document_reference, Document.application_id == review.application_id)
    shown = (Document.replaced_at.is_(None), Document.storage_key.is_not(None))
    found = db.session.scalar(sa.select(Document).where(*same, *shown))
    if found is None:
        raise NotFound(document_reference)
    return found


def reader_name(review: Review) -> str:
    """Return the name of whoever was given a reading."""
    return db.session.get_one(Person, review.reviewer_id).name


def intake_of(review: Review) -> Intake:
    """Return the intake of a reading."""
    return db.session.get_one(Intake, review.intake_id)
