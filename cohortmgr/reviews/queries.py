"""Reading readings: what a viewer sees of them, of whom a file was read, and who reads in a programme."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries.viewers import colleagues_with, granted, granted_below, within
from cohortmgr.accounts.rules import Role, Viewer, allows
from cohortmgr.applications.desk.history import HistoryEntry
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.applications.file.queries import AGREED, NAME, File, staff_intake
from cohortmgr.applications.file.rules import HIDDEN, ApplicationState
from cohortmgr.applications.interests import queries as interests
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Withheld
from cohortmgr.base.paging import ListPlace, Page, counted_in_order, page_of
from cohortmgr.base.registries.waiting import OfIntake
from cohortmgr.programmes.definition.rubric import HiddenPart
from cohortmgr.programmes.definition.rules import IntakeState, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import hooks
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import HOLDING, MOST_AT_ONCE, OPEN, ReviewState

WITHHELD = N_(
    "Conflit d’intérêts : vous êtes candidat·e à cette campagne, ou un enfant dont vous répondez, ou vous y "
    "représentez une entreprise. Ses dossiers ne vous sont pas ouverts : d’autres personnes les lisent."
)
WITHHELD_CHOICE = N_(
    "Conflit d’intérêts : vous êtes candidat·e à cette campagne, ou un enfant dont vous répondez, ou vous y "
    "représentez une entreprise. Ses lectures, ses entretiens et ses décisions ne vous sont pas ouverts, et leurs "
    "chiffres non plus : d’autres personnes s’en chargent."
)
_INSTEAD = N_("Pour cette campagne, adressez-vous à : %(names)s.")
_NOBODY_ELSE = N_(
    "Personne d’autre n’a encore ce rôle ici : l’administration du programme doit le confier à quelqu’un qui n’y a "
    "pas d’intérêt."
)


GONE = N_("Ce dossier a été retiré : il ne se lit plus, et ses notes ne comptent pas.")

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

    What waits for its reader is not seen once its file was withdrawn, or taken the place of. Whoever has an interest in
    an intake sees no reading of it, whatever was given to them before and whatever they manage. Whoever follows the
    readings and reads files too sees others' marks of a file in a phase once they have handed in their own."""
    still_read = Review.application_id.in_(sa.select(Application.id).where(_IS_READ))
    own = sa.and_(_own(viewer), sa.or_(Review.state.not_in([state.value for state in OPEN]), still_read))
    everyone = within(viewer, "reviews.read", Intake.path)
    if viewer.person_id is not None and viewer.paths("reviews.score") and viewer.paths("reviews.read"):
        unread = aliased(Review)
        waiting = (unread.reviewer_id == viewer.person_id, unread.state.in_([state.value for state in OPEN]))
        in_hand = sa.select(unread.application_id, unread.phase).where(*waiting)
        everyone = sa.and_(everyone, sa.tuple_(Review.application_id, Review.phase).not_in(in_hand))
    agreed = Review.application_id.in_(sa.select(Application.id).where(AGREED))
    chosen = sa.select(Review).join(Intake, Intake.id == Review.intake_id)
    concerned = viewer.paths("reviews.score") or viewer.paths("reviews.read")
    barred = [Review.intake_id.not_in(sorted(found))] if concerned and (found := barred_to(viewer)) else []
    return chosen.where(sa.or_(own, everyone), agreed, *barred)


_IS_READ = Application.state == ApplicationState.SUBMITTED.value


def is_read(file: Application) -> bool:
    """Whether a file is read: it is sent, and was neither withdrawn nor taken the place of."""
    return file.state == ApplicationState.SUBMITTED


def _own(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.and_(Review.reviewer_id == viewer.person_id, within(viewer, "reviews.score", Intake.path))


def barred_to(viewer: Viewer) -> frozenset[int]:
    """Return the ids of the intakes of which the viewer neither reads files nor sees or does what is chosen there, for
    they have an interest in it. Looked up once a transaction; for almost everybody in one statement."""
    given = sa.select(Review.intake_id).where(Review.reviewer_id == viewer.person_id)
    return interests.barred_to(viewer, given)


def followed(viewer: Viewer, permission: str) -> sa.ColumnElement[bool]:
    """Whether the viewer holds a permission in the intake of the statement, and has no interest in it."""
    inside, barred = within(viewer, permission, Intake.path), barred_to(viewer)
    return sa.and_(inside, Intake.id.not_in(sorted(barred))) if barred else inside


def require_unconcerned(viewer: Viewer, intake: Intake, permission: str = "reviews.assign") -> None:
    """Raise Withheld if the viewer has an interest in an intake, with the names of others who hold the permission by
    which it is done: who chooses there is none of those among whom is chosen, nor theirs."""
    if intake.id in barred_to(viewer):
        names = colleagues_with(permission, intake.path, [viewer.reference])
        instead = Problem(_INSTEAD, {"names": ", ".join(names)}) if names else Problem(_NOBODY_ELSE)
        raise Withheld(Problem(WITHHELD_CHOICE), instead)


def counted_for(count: OfIntake) -> OfIntake:
    """Return a figure of an intake as it stands beside it: none for who has a file there, or a child with one. It is
    asked in the statement that counts, by the rows of persons alone."""

    def asked(viewer: Viewer, intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[Any]:
        if viewer.person_id is None:
            return count(viewer, intake_id)
        return sa.case(
            (interests.has_file_in(viewer.person_id, intake_id), sa.null()), else_=count(viewer, intake_id)
        )

    return asked


def withheld_from(viewer: Viewer) -> Sequence[Intake]:
    """Return the intakes of which the viewer holds readings that they do not see, for they have an interest there."""
    barred = barred_to(viewer)
    if not barred:
        return []
    held = sa.select(Review.intake_id).join(Intake, Intake.id == Review.intake_id).where(_own(viewer))
    wanted = sa.select(Intake).where(Intake.id.in_(sorted(barred)), Intake.id.in_(held))
    return db.session.scalars(wanted.order_by(Intake.id.desc())).all()


def get_for(viewer: Viewer, reference: str, *, lock: bool = False) -> Review:
    """Return the reading with this public reference. Raises NotFound if the viewer may not see it, and Withheld if
    they have an interest in its intake, and Refused if its file was withdrawn before they handed it in.

    With `lock`, a second click waits for the first and then reads the changed row.
    """
    wanted = visible(viewer).where(Review.reference == reference)
    if lock:
        wanted = wanted.with_for_update(of=Review).execution_options(populate_existing=True)
    found = db.session.scalar(wanted)
    if found is None:
        _require_open_to(viewer, reference)
        raise NotFound(reference)
    return found


def _require_open_to(viewer: Viewer, reference: str) -> None:
    """Say why a reading is not seen by whoever else would see it."""
    held = sa.select(_own(viewer).label("own"), Intake, Application).select_from(Review)
    held = held.join(Intake, Intake.id == Review.intake_id)
    held = held.join(Application, Application.id == Review.application_id)
    held = held.where(sa.or_(_own(viewer), within(viewer, "reviews.read", Intake.path)))
    row = db.session.execute(held.where(Review.reference == reference)).one_or_none()
    if row is None:
        return
    if row.own and row.Intake.id in barred_to(viewer):
        raise Withheld(WITHHELD)
    require_unconcerned(viewer, row.Intake)
    if row.own and not is_read(row.Application):
        raise Refused(GONE)


def readings_beside(viewer: Viewer, reference: str) -> Sequence[Review]:
    """Return the readings of the file of one's own reading in its phase, itself among them, and lock them in one order:
    of two who hand in at once, the second sees what the first did. Nothing of it is for anybody's eyes."""
    mine = (Review.reference == reference, Review.reviewer_id == viewer.person_id)
    own = sa.select(Review.application_id).where(*mine).scalar_subquery()
    phase = sa.select(Review.phase).where(*mine).scalar_subquery()
    wanted = sa.select(Review).where(Review.application_id == own, Review.phase == phase).order_by(Review.id)
    locked = wanted.with_for_update(of=Review).execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def intake_for(viewer: Viewer, reference: str, permission: str = "reviews.read") -> Intake:
    """Return an intake in whose scope the viewer holds the permission. Raises NotFound otherwise, and Withheld from
    whoever has an interest in it."""
    intake = staff_intake(viewer, reference, permission)
    require_unconcerned(viewer, intake)
    return intake


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


def readers_of(intake: Intake) -> Sequence[Any]:
    """Return the reviewers who may read files of an intake: not those who have an interest in it."""
    able = reviewers_in(intake.path)
    concerned = interests.concerned_in(intake, able)
    return [row for row in able if row.reference not in concerned]


def to_read_in(intake_id: Any) -> sa.Select[int]:
    """Select how many files of an intake were sent, may be read and meet the conditions, by the counters."""
    counted = table_of(IntakeCount).c
    of_kind = (counted.state == "submitted", counted.eligible == "yes", counted.consent.not_in(HIDDEN))
    return sa.select(sa.func.sum(counted.files)).where(counted.intake_id == intake_id, *of_kind)


def reader_in(intake: Intake, reference: str) -> Person:
    """Return the person with this reference who reads, has read, or may be given files of the intake, as the overview
    names them. Raises NotFound."""
    reading = sa.select(Review.id).where(Review.intake_id == intake.id, Review.reviewer_id == Person.id)
    able = sa.select(RoleGrant.id).join(Account, Account.id == RoleGrant.account_id)
    able = able.where(Account.person_id == Person.id, RoleGrant.role == Role.REVIEWER.value)
    may_read = able.where(granted(intake.path)).exists()
    wanted = sa.select(Person).where(Person.reference == reference, sa.or_(reading.exists(), may_read))
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound(reference)
    return found


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
    (Review, number, name, file's reference, whether it is late)."""
    theirs = (Review.intake_id == intake.id, Review.reviewer_id == reader.id)
    # Counted by the readings alone: with their files each of a thousand would be looked up.
    total = counted_in_order(sa.select(Review.id).where(*theirs).order_by(Review.id.desc()))
    wanted = (
        visible(viewer)
        .add_columns(Application.number, NAME, Application.reference.label("file_reference"))
        .add_columns(sa.case((sa.and_(*late()), 1), else_=0).label("late"))
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


def reader_name(review: Review) -> str:
    """Return the name of whoever was given a reading."""
    return db.session.get_one(Person, review.reviewer_id).name


def intake_of(review: Review) -> Intake:
    """Return the intake of a reading."""
    return db.session.get_one(Intake, review.intake_id)


def phase_of(review: Review) -> RubricPhase:
    """Return the phase of a reading. One that the rubric no longer names is read as files are."""
    rubric = definition_of(intake_of(review)).rubric
    return next((each for each in rubric.phases if each.key == review.phase), rubric.files)


def hidden_in(review: Review) -> frozenset[HiddenPart]:
    """Return what the reader of a reading does not see of its file: what its phase hides, and what another one does in
    which the same file still waits for them. No statement where people read in one phase alone."""
    phase = phase_of(review)
    others = [each for each in definition_of(intake_of(review)).rubric.phases if each.is_read]
    others = [each for each in others if each.key != phase.key and not set(each.hidden) <= set(phase.hidden)]
    theirs = sa.select(Review.phase).where(
        Review.application_id == review.application_id,
        Review.reviewer_id == review.reviewer_id,
        Review.phase.in_([each.key for each in others]),
        Review.state.in_([state.value for state in OPEN]),
    )
    waiting = set(db.session.scalars(theirs)) if others else ()
    parts = (each.hidden for each in others if each.key in waiting)
    return frozenset(phase.hidden).union(*parts)


def of_files(intake: Intake) -> sa.ColumnElement[bool]:
    """Whether a reading is of the phase in which the files of this intake are read."""
    return Review.phase == definition_of(intake).rubric.files.key


def frozen_file() -> sa.ColumnElement[bool]:
    """Whether decisions rest on the readings of a file of the statement: they are proposed, or made."""
    return sa.or_(sa.false(), *hooks.frozen())


def is_frozen(file: Application) -> bool:
    """Whether decisions rest on the readings of a file."""
    return (
        db.session.scalar(sa.select(Application.id).where(Application.id == file.id, frozen_file()))
        is not None
    )


def may_read() -> sa.ColumnElement[bool]:
    """Whether the reader of a reading of the statement, beside its intake, has the role in that programme today."""
    grants = sa.select(RoleGrant.id).join(Account, Account.id == RoleGrant.account_id)
    theirs = (Account.person_id == Review.reviewer_id, RoleGrant.role == Role.REVIEWER.value)
    return grants.where(*theirs, granted_below(Intake.path)).correlate(Review, Intake).exists()


def owed() -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a reading of the statement, beside its file and its intake, is awaited from its
    reader. None is once a decision rests on the file or the intake is archived, none of a child's file without the
    guardian's word, and none from somebody whose role has ended."""
    return (
        Review.state.in_([state.value for state in OPEN]),
        Application.state == "submitted",
        AGREED,
        Intake.state != IntakeState.ARCHIVED.value,
        ~frozen_file(),
        may_read(),
    )


def late() -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a reading is awaited though the day by which it was due is over."""
    return (Review.due_on < clock.today(), *owed())


def has_its_readers(review: Review) -> bool:
    """Whether as many people read the file of a reading in its phase, or have, as the programme asks for at least."""
    held = sa.select(sa.func.count()).select_from(Review).join(Intake, Intake.id == Review.intake_id)
    holds = Review.state.in_([state.value for state in HOLDING])
    able = sa.or_(Review.state == ReviewState.SUBMITTED.value, may_read())
    same = (Review.application_id == review.application_id, Review.phase == review.phase)
    number = db.session.scalar(held.where(*same, holds, able)) or 0
    return number >= phase_of(review).readings


def has_many(intake: Intake) -> bool:
    """Whether an intake has so many files to read that no page compares the readings of all, by the counters."""
    return int(db.session.scalar(to_read_in(intake.id)) or 0) > MOST_AT_ONCE
