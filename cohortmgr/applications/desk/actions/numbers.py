"""Know a person by the identity number that their file says, once staff have looked at the card."""

from __future__ import annotations

from cohortmgr.accounts.actions.numbers import replace_identifier
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import about_file
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState, identity_numbers
from cohortmgr.applications.filling.queries import contradicted
from cohortmgr.audit.actions import record
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused

_NOT_SENT = N_("Seul un dossier envoyé dit par quel numéro sa personne est connue.")


def take_number(viewer: Viewer, reference: str, kind: str) -> File:
    """Replace the number of a kind by which a file's person is known by the one that the file says. Done already,
    nothing happens. Raises Refused if another person has it."""
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    row = file.application
    if row.state == ApplicationState.DRAFT:
        raise Refused(_NOT_SENT)
    if kind not in contradicted(file, file.answers):
        return file
    person = db.session.get_one(Person, row.person_id)
    replace_identifier(viewer, person, kind, identity_numbers(file.definition.form, file.answers)[kind])
    record(viewer, "applications.take_number", about_file(viewer, row), after={"kind": kind})
    return file
