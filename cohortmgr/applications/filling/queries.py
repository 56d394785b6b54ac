"""Read what else is known of the person who fills in a form: their numbers, their proved contacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Identifier
from cohortmgr.accounts.queries.known_people import contacts_shown
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState, identity_numbers, person_values
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Question


def contradicted(file: File, answers: Mapping[str, Answer]) -> list[str]:
    """Return the kinds of the answers' identity numbers that are not those of the file's person. One statement, and
    none for a form that asks for no such number."""
    numbers = identity_numbers(file.definition.form, answers)
    if not numbers:
        return []
    chosen = sa.select(Identifier.kind, Identifier.blind).where(
        Identifier.person_id == file.application.person_id, Identifier.kind.in_(numbers)
    )
    known: dict[str, set[str]] = {}
    for kind, blind in db.session.execute(chosen):
        known.setdefault(kind, set()).add(blind)
    return sorted(kind for kind in known if crypto.blind_index(kind, numbers[kind]) not in known[kind])


_CONTACTS = {"person.email": EMAIL, "person.phone": SMS}


def proved(viewer: Viewer, file: File, asked: Iterable[Question]) -> dict[str, Answer]:
    """Return the address and number by which the viewer enters, as answers to those questions of their draft that ask
    for one and have no answer yet: nobody types again what a code proved. One statement where there is one."""
    if file.application.state != ApplicationState.DRAFT:
        return {}
    answers = file.working
    open_still = {
        _CONTACTS[question.target]: question.key
        for question in asked
        if question.target in _CONTACTS and question.key not in answers
    }
    known = contacts_shown(viewer) if open_still else []
    return {open_still[each.channel]: each.address for each in known if each.channel in open_still}


@dataclass(frozen=True)
class UnprovedContact:
    """A contact of a sent file that no code proved yet, and those by which its person enters, which are proved."""

    contact: Contact
    entered_by: tuple[Contact, ...]

    @property
    def rings(self) -> bool:
        """Whether letters for that address go to the proved number meanwhile."""
        return self.contact.channel == EMAIL and all(each.channel == SMS for each in self.entered_by)

    @property
    def read_elsewhere(self) -> str:
        """The proved address to which letters for that one go meanwhile; empty if there is none."""
        return self.replaced if self.contact.channel == EMAIL else ""

    @property
    def replaced(self) -> str:
        """The address or number in whose place it will enter; empty if there is none of its kind."""
        return next((each.address for each in self.entered_by if each.channel == self.contact.channel), "")


def unproved(viewer: Viewer, file: File) -> UnprovedContact | None:
    """Return the contact to which a sent file's answer goes, if nobody proved it: the address, else the number. None
    where it is proved, and for a file that names none. One statement, and none where it is the address that enters the
    viewer's account: nobody has one before a code or a link proved it."""
    said = person_values(file.definition.form, file.answers)
    named = [
        Contact(kind, str(said[part])) for part, kind in (("email", EMAIL), ("phone", SMS)) if said.get(part)
    ]
    if not named or named[0] == Contact(EMAIL, viewer.email):
        return None
    known = tuple(contacts_shown(viewer))
    return None if named[0] in known or not known else UnprovedContact(named[0], known)


def has_sent_another(file: File) -> bool:
    """Whether the person has another file that was ever sent, on paper or by others too."""
    row = file.application
    others = sa.select(Application.id).where(
        Application.person_id == row.person_id,
        Application.id != row.id,
        Application.state != ApplicationState.DRAFT.value,
    )
    return db.session.scalar(others.limit(1)) is not None


def name_before(file: File) -> str:
    """Return the name that the person's last other file at the same institution gives; empty without one: what
    another institution knows of them is not this one's to learn."""
    row = file.application
    others = sa.select(Application.name).where(
        Application.person_id == row.person_id,
        Application.institution_id == row.institution_id,
        Application.id != row.id,
        Application.state != ApplicationState.DRAFT.value,
    )
    return db.session.scalar(others.order_by(Application.id.desc()).limit(1)) or ""
