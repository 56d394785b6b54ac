"""Which questions are asked after a seat is accepted, and who has not answered them yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.documents.rules import DocumentState, papers_of
from cohortmgr.applications.file.hooks import ended, joins
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import File, sealed_answers
from cohortmgr.applications.file.rules import ApplicationState, asked_later, owed_later
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Definition, Question
from cohortmgr.programmes.models import DefinitionVersion, Intake
from cohortmgr.programmes.queries import definition_of


def questions_of(file: File) -> tuple[Question, ...]:
    """The questions asked of the person now, in the order of the form; none without an accepted seat."""
    if file.application.state != ApplicationState.SUBMITTED or asks_nothing(file.definition):
        return ()
    return asked_later(file.definition.form, file.answers) if joins(file.application) else ()


def asks_nothing(definition: Definition) -> bool:
    """Whether the form asks everything at the application, and nothing later."""
    return all(question.asked_at_application for question in definition.form.questions)


def owed(file: File) -> tuple[Question, ...]:
    """What the person must still give. The caller has checked that they hold a seat."""
    return owed_later(file.definition.form, file.answers, papers_of(file.documents))


def owed_by(applications: Collection[int]) -> dict[int, tuple[Question, ...]]:
    """What each person who holds an accepted seat must still give, by application; no key if nothing is
    missing.

    The caller has checked that the viewer may see these files. Takes three statements (one where nothing is
    asked later), and a reading of each definition that is not in memory. Sealed answers are opened only to
    see whether they are there; their content goes to nobody.
    """
    if not applications:
        return {}
    wanted: sa.Select[*tuple[Any, ...]] = (
        sa.select(Application, Intake.key, DefinitionVersion.fingerprint)
        .join(Intake, Intake.id == Application.intake_id)
        .join(DefinitionVersion, DefinitionVersion.id == Application.version_id)
        .where(Application.id.in_(applications), Application.state == ApplicationState.SUBMITTED.value)
    )
    rows = db.session.execute(wanted)
    asked = [(row[0], definition_of(row).of_intake(row.key)) for row in rows.all()]
    asked = [(application, definition) for application, definition in asked if not asks_nothing(definition)]
    papers, done = _papers([application.id for application, _ in asked]), ended([row.id for row, _ in asked])
    found = {}
    for application, definition in asked:
        answers = {**application.answers, **sealed_answers(application)}
        missing = owed_later(definition.form, answers, papers[application.id])
        if missing and application.id not in done:
            found[application.id] = missing
    return found


def _papers(applications: Sequence[int]) -> Mapping[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    if not applications:
        return found
    good = (Document.replaced_at.is_(None), Document.state != DocumentState.REFUSED.value)
    wanted = sa.select(Document.application_id, Document.question)
    for number, question in db.session.execute(
        wanted.where(Document.application_id.in_(applications), *good)
    ):
        found[number].add(question)
    return found
