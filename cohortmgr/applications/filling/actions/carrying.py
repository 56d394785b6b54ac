"""Fill a draft with what its person answered in another of their files, where both ask the same."""

from __future__ import annotations

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.carried import carried
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.filling.actions.numbers import give_numbers
from cohortmgr.applications.filling.actions.saving import open_file, write_answers
from cohortmgr.base import clock
from cohortmgr.base.db import db


def carry(viewer: Viewer, reference: str, source: str) -> int:
    """Answer the questions of the viewer's own draft that have no answer yet, with the answers of another file of
    theirs (`source`, its reference). Returns how many; what the draft says already stays, and a sent file as it is.

    NotFound for a file of anybody else, Refused when the draft may not be written in."""
    other = file_queries.own(viewer, source)
    said, form = other.answers, other.definition.form
    file = open_file(viewer, reference)
    row = file.application
    if row.state != ApplicationState.DRAFT:
        return 0
    here = file.answers
    found = carried(form, file.definition.form, said, clock.today())
    fresh = {key: value for key, value in found.items() if key not in here}
    if not fresh:
        return 0
    person = db.session.get_one(Person, row.person_id)
    answers = {**here, **fresh}
    for problem in give_numbers(viewer, file, person, answers):
        answers.pop(problem.where or "")
    row.version_id = file.intake.definition_version_id
    write_answers(viewer, row, person, file.definition, answers)
    return len(answers.keys() & fresh.keys())
