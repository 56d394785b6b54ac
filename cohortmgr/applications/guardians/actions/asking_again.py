"""Ask the guardians of files that wait: once an intake is open, and as a reminder."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.applications.guardians.actions.consents import ConsentRequest, ask_all
from cohortmgr.applications.guardians.rules import born_on, comes_of_age, guardian_of
from cohortmgr.base.db import db
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of


def ask_waiting(viewer: Viewer, intake: Intake) -> None:
    """Ask the guardians of the files that wait in an intake: while it was in preparation, none was asked."""
    waiting = (Application.intake_id == intake.id, Application.state == ApplicationState.HELD.value)
    ask_again(
        viewer, intake, db.session.scalars(sa.select(Application).where(*waiting).order_by(Application.id))
    )


def ask_again(viewer: Viewer, intake: Intake, rows: Iterable[Application]) -> None:
    """Ask the guardians of those of the files that still wait; each gets one link for all their children."""
    definition = definition_of(intake)
    terms, form = definition.guardians, definition.form
    if terms is None:
        return
    asked = []
    for row in rows:
        answers = {**row.answers, **sealed_answers(row)}
        born = born_on(form, answers)
        if row.consent == Consent.WAITING and born is not None:
            named, until = guardian_of(form, answers), comes_of_age(born, terms.under)
            asked.append(ConsentRequest(row.reference, row.person_id, row.institution_id, named, until))
    ask_all(viewer, asked, terms.language, definition.title)
