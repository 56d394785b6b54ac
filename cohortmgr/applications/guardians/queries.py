"""Find the children that a guardian answers for, what the guardian allowed, and who answers for a child."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import PUBLIC
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.applications.guardians.models import ConsentAnswer, Guardianship
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import acting_in, db, present
from cohortmgr.base.errors import NotFound
from cohortmgr.organisations import queries as organisations
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.rules import MessageState
from cohortmgr.programmes.definition.rules import Definition, GuardianTerms, Option, QuestionKind
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

CHILD = sa.orm.aliased(Person)
# The states of a file in which its guardian is asked, or may change their mind.
ASKED = (ApplicationState.HELD.value, ApplicationState.SUBMITTED.value)


@dataclass(frozen=True)
class Guarded:
    """A child to whom no letter goes: the child's name, and the guardian if one has been named yet."""

    name: str
    guardian: Person | None


@dataclass(frozen=True)
class Child:
    """One child's file as its guardian sees it; `said` are the answers that hold already, by purpose."""

    application: Application
    intake: Intake
    guardianship: Guardianship
    given_name: str
    said: Mapping[str, ConsentAnswer]

    @property
    def definition(self) -> Definition:
        """The definition under which the guardian agrees: the intake's present one."""
        return definition_of(self.intake)

    @property
    def terms(self) -> GuardianTerms:
        """The purposes and the age. LookupError for a programme that asks no guardian any longer."""
        terms = self.definition.guardians
        if terms is None:
            raise LookupError(self.intake.reference)
        return terms

    @property
    def answers(self) -> dict[str, bool]:
        """The answers that hold, by purpose."""
        return {purpose: row.answer for purpose, row in self.said.items()}

    def is_new(self, purpose: str, answer: bool, capacity: str, signed: str, signed_on: date | None) -> bool:
        """Whether an answer, on a paper of that day or the guardian's own, says more than the one that holds. Whoever
        says themselves what a paper said before has said it: no paper replaces it from then on."""
        held = self.said.get(purpose)
        if held is None or held.answer is not answer:
            return True
        if signed_on is None:
            return held.received_by is not None
        return (held.capacity, held.signed, held.signed_on) != (capacity, signed, signed_on)

    @property
    def place(self) -> str:
        """The school or club with which the child is enrolled, as their file names it; empty if it does not."""
        for question in self.definition.form.questions:
            if question.target == "child.place":
                return str(self.application.answers.get(question.key) or "")
        return ""

    @property
    def capacities(self) -> Sequence[Option]:
        """The capacities in which a guardian may answer."""
        for question in self.definition.form.questions:
            if question.target == "guardian.capacity" and question.kind is QuestionKind.CHOICE:
                return question.options
        return ()


def guardian(reference: str) -> Person:
    """The guardian of that reference; NotFound for a person who is none."""
    chosen = sa.select(Person).where(
        Person.reference == reference, Person.id.in_(sa.select(Guardianship.guardian_id))
    )
    found = db.session.scalar(chosen)
    if found is None:
        raise NotFound(reference)
    return found


def contact_of(person: Person) -> Contact:
    """How a guardian is reached: by telephone, else by e-mail."""
    if person.phone_sealed is not None:
        return Contact(SMS, crypto.unseal(person.phone_sealed, "persons", "phone", person.reference))
    return Contact(EMAIL, person.email or "")


def masked(contact: Contact) -> str:
    """Enough of a number or an address to recognise one's own."""
    if contact.channel == SMS:
        return f"•••• {contact.address[-2:]}"
    name, _, host = contact.address.partition("@")
    return f"{name[:1]}•••@{host}"


def same_contact(person: Person) -> sa.ColumnElement[bool]:
    """The condition for persons with the same contact: a telephone may have been given under two names."""
    if person.phone_blind is not None:
        return Person.phone_blind == person.phone_blind
    return sa.and_(Person.phone_blind.is_(None), Person.email == person.email)


def answers_by(contact: Contact) -> bool:
    """Whether an address or number is that of somebody who answers for a child."""
    if contact.channel == EMAIL:
        theirs = Person.email == contact.address
    else:
        theirs = Person.phone_blind == crypto.blind_index("phone", contact.address)
    live = (theirs, Guardianship.ended_at.is_(None), Guardianship.until > clock.today())
    held = sa.select(Guardianship.id).join(Person, Person.id == Guardianship.guardian_id).where(*live)
    return db.session.scalar(held.limit(1)) is not None


def guardianships(person: Person) -> Sequence[Guardianship]:
    """The guardianships that hold today, of everybody with the same contact as that guardian."""
    present(person.phone_blind or person.email or "")
    same = sa.select(Person.id).where(same_contact(person))
    live = (Guardianship.ended_at.is_(None), Guardianship.until > clock.today())
    return db.session.scalars(
        sa.select(Guardianship).where(Guardianship.guardian_id.in_(same), *live).order_by(Guardianship.id)
    ).all()


@contextmanager
def acting_for(held: Sequence[Guardianship]) -> Iterator[None]:
    """Let the code within reach the rows of the institutions in which these children have a file."""
    with ExitStack() as stack:
        for institution in sorted({row.institution_id for row in held}):
            stack.enter_context(acting_in(institution))
        yield


def children(held: Sequence[Guardianship], *, lock: bool = False) -> list[Child]:
    """These children's files that wait for an answer or have one. Two statements, within `acting_for`."""
    by_child = {(row.child_id, row.institution_id): row for row in held}
    query = (
        sa.select(Application, Intake, Person.given_name)
        .join(Intake, Intake.id == Application.intake_id)
        .join(Person, Person.id == Application.person_id)
        .where(Application.person_id.in_({child for child, _ in by_child}))
        .where(Application.state.in_(ASKED), Application.consent != Consent.NONE.value, PUBLIC)
        .order_by(Person.given_name, Application.id)
        .execution_options(populate_existing=True)
    )
    rows = db.session.execute(query.with_for_update(of=Application) if lock else query).all()
    said = standing([row[0].id for row in rows])
    return [
        Child(
            row[0], row[1], by_child[row[0].person_id, row[0].institution_id], row[2], said.get(row[0].id, {})
        )
        for row in rows
        if (row[0].person_id, row[0].institution_id) in by_child
        and definition_of(row[1]).guardians is not None
    ]


def organisers(held: Sequence[Child]) -> dict[str, Mapping[str, str]]:
    """The names of those who host the children's programmes, by the key of the host. One statement."""
    rows = organisations.by_keys({child.definition.host for child in held})
    return {key: row.name for key, row in rows.items()}


def standing(applications: Sequence[int]) -> dict[int, dict[str, ConsentAnswer]]:
    """For each file the answers that hold, by purpose."""
    found: dict[int, dict[str, ConsentAnswer]] = {}
    chosen = sa.select(ConsentAnswer).where(
        ConsentAnswer.application_id.in_(applications), ConsentAnswer.withdrawn_at.is_(None)
    )
    for row in db.session.scalars(chosen.execution_options(populate_existing=True)):
        found.setdefault(row.application_id, {})[row.purpose] = row
    return found


def answered_through(application: Application) -> set[str | None]:
    """The accounts through which a file's guardian ever answered, by what they signed on paper; None stands for the
    guardian themselves."""
    through = sa.select(ConsentAnswer.received_by).where(ConsentAnswer.application_id == application.id)
    return set(db.session.scalars(through.distinct()))


def asked_of(application: Application) -> sa.Row[Person, Guardianship] | None:
    """The guardian last asked about a file, with the guardianship (capacity and moment); or None."""
    chosen = (
        sa.select(Person, Guardianship)
        .join(Guardianship, Guardianship.guardian_id == Person.id)
        .where(Guardianship.child_id == application.person_id, Guardianship.ended_at.is_(None))
        .where(Guardianship.institution_id == application.institution_id)
        .order_by(Guardianship.id.desc())
    )
    with acting_in(application.institution_id):  # a child sees no other person
        return db.session.execute(chosen).first()


def letter_leaves_at(application: Application, guardian: Person) -> datetime | None:
    """When the last letter to the guardian of a file leaves that has not left yet and waits for an hour, as a short
    message does by night; None if it left, or leaves now."""
    letters = sa.select(Message.state, Message.due).where(
        Message.subject == guardian.reference,
        Message.person_id.is_(None),
        Message.institution_id == application.institution_id,
    )
    with acting_in(application.institution_id):
        last = db.session.execute(letters.order_by(Message.id.desc()).limit(1)).first()
    if last is None or last.state != MessageState.WAITING or last.due <= clock.now():
        return None
    return last.due


def children_named(values: Sequence[Any], column: sa.orm.InstrumentedAttribute[Any]) -> dict[Any, Guarded]:
    """The children to whom no letter goes, by the value that names them in `CHILD`'s column. One
    statement."""
    live = sa.and_(
        Guardianship.child_id == Application.person_id,
        Guardianship.ended_at.is_(None),
        Guardianship.until > clock.today(),
    )
    rows = db.session.execute(
        sa.select(column, Application.consent, CHILD.given_name, Guardianship.id, Person)
        .select_from(Application)
        .join(CHILD, CHILD.id == Application.person_id)
        .outerjoin(Guardianship, live)
        .outerjoin(Person, Person.id == Guardianship.guardian_id)
        .where(column.in_(values), Application.consent != Consent.NONE.value)
        .order_by(Application.id, Guardianship.id)
    )
    found: dict[Any, Guarded] = {}
    for value, consent, name, guardianship, guardian in rows:
        # The child, who does not see who the guardian is, has one nevertheless.
        if guardianship is not None or consent == Consent.WAITING:
            held = found.get(value)
            found[value] = Guarded(name, guardian or (held.guardian if held else None))
    return found


def is_read_by_guardian(application: Application) -> bool:
    """Whether only the guardian reads what adults write about a file; no statement if it needs no consent."""
    if application.consent == Consent.NONE:
        return False
    return application.person_id in children_named([application.person_id], CHILD.id)


def has_guardian(person_id: int | None, email: str | None = None) -> bool:
    """The same for a person, given by id or e-mail address, who has a file anywhere within reach."""
    if person_id is not None:
        return person_id in children_named([person_id], CHILD.id)
    return email is not None and email in children_named([email], CHILD.email)


def guardians_by_contact(contacts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Person]:
    """Return the guardian known by each contact; a person who applied with the same number is not taken for one."""
    phones = {
        crypto.blind_index("phone", address): address for channel, address in contacts if channel == "sms"
    }
    emails = [address for channel, address in contacts if channel == "email"]
    are = Person.id.in_(sa.select(Guardianship.guardian_id))
    found: dict[tuple[str, str], Person] = {}
    for part in in_parts(phones):
        present(*part)
        for person in db.session.scalars(sa.select(Person).where(are, Person.phone_blind.in_(part))):
            found["sms", phones[str(person.phone_blind)]] = person
    for part in in_parts(emails):
        present(*part)
        same = (are, Person.phone_blind.is_(None), Person.email.in_(part))
        for person in db.session.scalars(sa.select(Person).where(*same)):
            found["email", str(person.email)] = person
    return found
