"""Load the applications that a viewer may see: their own, and those of the programmes that they may read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.models import (
    Application,
    Correction,
    Document,
    Extension,
    IntakeCount,
    UnsentChange,
)
from cohortmgr.applications.file.rules import HIDDEN, ApplicationState, Consent, first_choice
from cohortmgr.base import crypto
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import NotFound
from cohortmgr.base.registries.waiting import same_for_all
from cohortmgr.programmes.definition.rules import Definition, Form, IntakeState, QuestionKind
from cohortmgr.programmes.models import DefinitionVersion, Intake, Offering
from cohortmgr.programmes.queries import definition_of

READ = "applications.read"
MANAGE = "applications.manage"
# This one condition hides a child's file from all but the child as long as the guardian has not agreed.
AGREED = Application.consent.not_in(HIDDEN)
# And this one hides from people the files that staff loaded into a programme in preparation.
PUBLIC = Intake.state != IntakeState.DRAFT.value
# Of the counters nothing is changed here: their table, for the mapper's part costs as much as the statement.
_COUNTS = table_of(IntakeCount).c
# A file's name for lists that must keep its row, such as the decisions taken: empty without that agreement.
NAME = sa.case((AGREED, Application.name), else_="").label("name")


@dataclass(frozen=True)
class File:
    """An application with its intake, its documents by question, and the definition it answers to."""

    application: Application
    intake: Intake
    documents: Mapping[str, Document]
    read: sa.Row[Any]

    @property
    def definition(self) -> Definition:
        """The intake's present definition for a draft; for a sent file, the one that it was sent under."""
        if self.application.state == ApplicationState.DRAFT:
            return definition_of(self.intake)
        return definition_of(self.read).of_intake(self.intake.key)

    @property
    def closes_at(self) -> datetime:
        """Until when the file may be filled in and sent: the intake's close, or later if given more time."""
        extended: datetime | None = self.read.extended
        return self.intake.closes_at if extended is None else max(self.intake.closes_at, extended)

    @property
    def reopened_until(self) -> datetime | None:
        """Until when some answers may be corrected, if staff asked for that and it is not done; else None."""
        until: datetime | None = self.read.reopened_until
        return until

    @property
    def answers(self) -> dict[str, Answer]:
        """All answers, sealed ones opened: for the person themselves, or for an action that notes it."""
        return {**self.application.answers, **sealed_answers(self.application)}

    @property
    def change(self) -> UnsentChange | None:
        """What the person is changing in their sent file, or None; loaded by `own` and `own_held` only."""
        held: UnsentChange | None = getattr(self.read, "UnsentChange", None)
        return held if self.application.state == ApplicationState.SUBMITTED else None

    @property
    def is_open(self) -> bool:
        """Whether its person is writing in it: it is a draft, or a sent file that they are changing."""
        return self.application.state == ApplicationState.DRAFT or self.change is not None

    @property
    def working(self) -> dict[str, Answer]:
        """The answers as their person left them: the file's, with the changes that are not sent again yet."""
        found = {**self.answers, **changes(self.change)}
        return {key: answer for key, answer in found.items() if answer is not None}


def visible(viewer: Viewer) -> sa.Select[Application, Intake]:
    """A query for (application, intake): the viewer's own, and those below the paths that they may read."""
    inside = sa.and_(AGREED, within(viewer, READ))
    own = [] if viewer.person_id is None else [sa.and_(PUBLIC, Application.person_id == viewer.person_id)]
    return (
        sa.select(Application, Intake)
        .join(Intake, Intake.id == Application.intake_id)
        .where(sa.or_(inside, *own))
    )


def own(viewer: Viewer, reference: str) -> File:
    """The viewer's own application, as the candidate's pages show it; NotFound otherwise."""
    return _read(_OWN, {"reference": reference, "person": viewer.person_id})


def own_held(viewer: Viewer, reference: str) -> File:
    """As `own`, its row locked until the end of the transaction: each of several saves sees the one before.

    The person is loaded with it, into the session.
    """
    return _read(_OWN_HELD, {"reference": reference, "person": viewer.person_id})


def read_by_staff(viewer: Viewer, reference: str) -> File:
    """An application of a programme that the viewer reads as staff, not as its candidate; else NotFound."""
    return _file(_inside(viewer), reference)


def _inside(viewer: Viewer) -> sa.Select[Application, Intake]:
    chosen = sa.select(Application, Intake).join(Intake, Intake.id == Application.intake_id)
    return chosen.where(AGREED, within(viewer, READ))


# Until when a file was given more time.
EXTENDED = (
    sa.select(Extension.until)
    .where(Extension.application_id == Application.id, Extension.revoked_at.is_(None))
    .scalar_subquery()
)
# The state is a literal: it is the condition of an index, and SQLite would plan anew each time it is bound.
_REOPENED = (
    sa.select(Correction.until)
    .where(Correction.application_id == Application.id, Correction.state == sa.literal_column("'asked'"))
    .scalar_subquery()
)


def _whole(query: sa.Select[Application, Intake]) -> sa.Select[*tuple[Any, ...]]:
    """The query for the application with the bound `reference`, with all that `File` needs: current
    documents, the version's fingerprint, until when it has more time and until when a correction is asked."""
    standing = sa.and_(Document.application_id == Application.id, Document.replaced_at.is_(None))
    return (
        query.add_columns(
            Document,
            DefinitionVersion.fingerprint.label("fingerprint"),
            EXTENDED.label("extended"),
            _REOPENED.label("reopened_until"),
        )
        .join(DefinitionVersion, DefinitionVersion.id == Application.version_id)
        .outerjoin(Document, standing)
        .where(Application.reference == sa.bindparam("reference"))
        .order_by(Document.id)
        .execution_options(populate_existing=True)
    )


# Built once, since every page of a candidate runs this query and building it costs more than running it.
_OWN = (
    _whole(
        sa.select(Application, Intake)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Application.person_id == sa.bindparam("person"), PUBLIC)
    )
    .add_columns(UnsentChange)
    .outerjoin(UnsentChange, UnsentChange.application_id == Application.id)
)
# Loads the person too, since saving also writes the person's row.
_OWN_HELD = (
    _OWN.add_columns(Person).join(Person, Person.id == Application.person_id).with_for_update(of=Application)
)


def _file(query: sa.Select[Application, Intake], reference: str) -> File:
    return _read(_whole(query), {"reference": reference})


def _read(statement: sa.Select[*tuple[Any, ...]], values: dict[str, Any]) -> File:
    rows = db.session.execute(statement, values).all()
    if not rows:
        raise NotFound(str(values["reference"]))
    documents = {row[2].question: row[2] for row in rows if row[2] is not None}
    return File(rows[0][0], rows[0][1], documents, rows[0])


def sealed_answers(application: Application) -> dict[str, Answer]:
    """The sealed answers, opened. Staff read them through `desk.actions.notes.unseal`, which notes it."""
    if not application.sealed_answers:
        return {}
    place = ("applications", "sealed_answers", application.reference)
    opened: dict[str, Answer] = json.loads(crypto.unseal(application.sealed_answers, *place))
    return opened


def seal_answers(answers: Mapping[str, Answer], reference: str) -> bytes | None:
    """The inverse of `sealed_answers`; None when there is nothing to seal."""
    if not answers:
        return None
    text = json.dumps(answers, ensure_ascii=False, sort_keys=True)
    return crypto.seal(text, "applications", "sealed_answers", reference)


def changes(change: UnsentChange | None) -> dict[str, Answer]:
    """What the person has written since sending, question to answer; None for an answer taken out."""
    if change is None or not change.sealed:
        return {}
    text = crypto.unseal(change.sealed, "application_changes", "sealed", change.reference)
    found: dict[str, Answer] = json.loads(text)
    return found


def chosen_offering(application: Application, form: Form, answers: Mapping[str, Answer]) -> int | None:
    """The id of the offering under which lists show a file: the person's first rank, else the one it has.

    One statement if the form has a ranking, none otherwise.
    """
    if all(question.kind is not QuestionKind.RANKING for question in form.questions):
        return application.offering_id
    rows = sa.select(Offering.key, Offering.id).where(Offering.intake_id == application.intake_id)
    offered = {row.key: row.id for row in db.session.execute(rows)}
    key = first_choice(form, answers, offered)
    return application.offering_id if key is None else offered[key]


def mine(viewer: Viewer) -> Sequence[sa.Row[Application, Intake, datetime | None, datetime | None]]:
    """The viewer's own applications for their home page, newest first, with intake, extended close, and until when
    answers may be corrected."""
    return db.session.execute(
        sa.select(Application, Intake, EXTENDED, _REOPENED)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Application.person_id == viewer.person_id, PUBLIC)
        .order_by(Application.created_at.desc(), Application.id.desc())
    ).all()


def intake_with_mine(viewer: Viewer, reference: str) -> tuple[Intake, Application | None, int]:
    """A published intake, the viewer's application in it if there is one, and how many seats are free.

    NotFound without the intake.
    """
    free = sa.select(sa.func.coalesce(sa.func.sum(Offering.seats - Offering.taken), 0))
    free = free.where(Offering.intake_id == Intake.id)
    same = sa.and_(Application.intake_id == Intake.id, Application.person_id == viewer.person_id)
    row = db.session.execute(
        sa.select(Intake, Application, free.scalar_subquery())
        .outerjoin(Application, same)
        .where(Intake.reference == reference, Intake.state == "published")
    ).first()
    if row is None:
        raise NotFound(reference)
    return row[0], row[1], row[2]


def person_reference(application: Application) -> str:
    """The public reference of the person whose file it is, for the trail, messages and links."""
    return db.session.get_one(Person, application.person_id).reference


def within(
    viewer: Viewer, permission: str, path: sa.SQLColumnExpression[str] = Intake.path
) -> sa.ColumnElement[bool]:
    """The condition that a path (by default the intake's) lies below one where the viewer may do this."""
    return accounts.within(viewer, permission, path)


def staff_intake(viewer: Viewer, reference: str, permission: str = READ) -> Intake:
    """An intake in which the viewer holds a permission over applications; NotFound otherwise."""
    wanted = sa.select(Intake).where(Intake.reference == reference, within(viewer, permission))
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound(reference)
    return found


_ELIGIBLE = sa.case(
    (Application.eligible.is_(True), "yes"), (Application.eligible.is_(False), "no"), else_="open"
)
_KIND = (
    Application.intake_id,
    Application.institution_id,
    Application.state,
    _ELIGIBLE.label("eligible"),
    Application.consent,
    Application.source,
    sa.func.coalesce(Application.region, "").label("region"),
    sa.func.coalesce(Application.offering_id, 0).label("offering_id"),
)


def miscounted() -> list[dict[str, Any]]:
    """Return what the counters lack or have too much, by kind: the kind's columns, then `files`, negative if too many
    are counted. Reads every file, in one statement, so that acts that go on beside it are in both sums or in neither.
    For the system only."""
    table = table_of(IntakeCount)
    names = [column.name for column in sa.select(*_KIND).selected_columns]
    counted = sa.select(*(table.c[name] for name in names), (-table.c.files).label("n"))
    there = sa.select(*_KIND, sa.literal_column("1", sa.Integer).label("n"))
    both = sa.union_all(there, counted).subquery()
    kinds = [both.c[name] for name in names]
    files = sa.func.sum(both.c.n)
    query = sa.select(*kinds, files.label("files")).group_by(*kinds).having(files != 0)
    found = db.session.execute(query.order_by(*kinds)).mappings()
    return [{**row, "files": int(row["files"])} for row in found]


def counts(intake_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """For each intake: how many files of each state, and how many sent ones are `eligible`, `ineligible`
    and `undecided`, which wait for a person's word.

    A child's file without the guardian's agreement counts as none of these; `refused` counts those to which the
    guardian said no, `awaited` those of which nothing was said. One statement over counters; the caller chooses
    intakes that the viewer may see.
    """
    columns = (_COUNTS.intake_id, _COUNTS.state, _COUNTS.eligible, _COUNTS.consent)
    summed = sa.select(*columns, sa.func.sum(_COUNTS.files)).where(_COUNTS.intake_id.in_(intake_ids))
    found = {number: dict.fromkeys(_COUNTED, 0) for number in intake_ids}
    for intake_id, state, eligible, consent, files in db.session.execute(summed.group_by(*columns)):
        count = int(files)
        if consent in HIDDEN:
            if consent == Consent.WITHDRAWN or state == "held":
                found[intake_id]["refused" if consent == Consent.WITHDRAWN else "awaited"] += count
            continue
        found[intake_id][state] += count
        if state == "submitted":
            found[intake_id][_JUDGED[eligible]] += count
    return found


def counted_files(intake_id: int, kind: Mapping[str, Any]) -> int:
    """How many files of an intake that staff may read are of a kind, by the counters. `kind` are columns of IntakeCount
    with their values; no region is empty, and no offering 0."""
    summed = sa.select(sa.func.sum(_COUNTS.files)).where(_COUNTS.intake_id == intake_id)
    of_kind = [_COUNTS[name] == value for name, value in kind.items()]
    return int(db.session.scalar(summed.where(_COUNTS.consent.not_in(HIDDEN), *of_kind)) or 0)


@same_for_all
def sent_in(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    """How many files of an intake were sent and may be read, by the counters, for who reads its files."""
    sent = (_COUNTS.state == ApplicationState.SUBMITTED.value, _COUNTS.consent.not_in(HIDDEN))
    summed = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(_COUNTS.files), 0), sa.BigInteger))
    return summed.where(_COUNTS.intake_id == intake_id, *sent).scalar_subquery()


def undecided(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """(id, reference, title, number) of the intakes in which the viewer manages files and sent ones wait until a person
    says whether they meet the conditions, by the counters; the intake that closed first comes first."""
    # A sum of such numbers is no integer on PostgreSQL, and a plural needs one.
    number = sa.cast(sa.func.sum(_COUNTS.files), sa.BigInteger)
    waiting = (
        _COUNTS.state == ApplicationState.SUBMITTED.value,
        _COUNTS.eligible == "open",
        _COUNTS.consent.not_in(HIDDEN),
    )
    return db.session.execute(
        sa.select(Intake.id, Intake.reference, Intake.title, number.label("number"))
        .join(table_of(IntakeCount), _COUNTS.intake_id == Intake.id)
        .where(within(viewer, MANAGE), *waiting)
        .group_by(Intake.id, Intake.reference, Intake.title, Intake.closes_at)
        .having(number > 0)
        .order_by(Intake.closes_at, Intake.id)
    ).all()


_JUDGED = {"yes": "eligible", "no": "ineligible", "open": "undecided"}
_COUNTED = ("draft", "held", "submitted", "withdrawn", "superseded", *_JUDGED.values(), "refused", "awaited")


def latest_of(viewer: Viewer, persons: Collection[int]) -> dict[int, str]:
    """Return by person the reference of the newest of their files that the viewer may open as staff; one statement,
    none for nobody. Lists of people lead by it to each person's page."""
    if not persons:
        return {}
    newest = sa.select(sa.func.max(Application.id)).join(Intake, Intake.id == Application.intake_id)
    readable = newest.where(Application.person_id.in_(persons), AGREED, within(viewer, READ))
    rows = sa.select(Application.person_id, Application.reference)
    chosen = rows.where(Application.id.in_(readable.group_by(Application.person_id)))
    return {row.person_id: row.reference for row in db.session.execute(chosen)}


def opened_by(viewer: Viewer, ids: Collection[int]) -> dict[int, str]:
    """Return by id the references of those of some files that the viewer may open as staff; one statement, none for
    none."""
    if not ids:
        return {}
    chosen = sa.select(Application.id, Application.reference).join(Intake, Intake.id == Application.intake_id)
    rows = db.session.execute(chosen.where(Application.id.in_(ids), AGREED, within(viewer, READ)))
    return {row.id: row.reference for row in rows}


def numbers_of(person_id: int) -> list[str]:
    """The numbers of all of a person's files, for whoever asks at a door who they are. The caller reads for
    that person."""
    return list(db.session.scalars(sa.select(Application.number).where(Application.person_id == person_id)))
