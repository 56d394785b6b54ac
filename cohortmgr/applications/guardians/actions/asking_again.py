"""Ask the guardians of files that wait: once an intake is open, and as a reminder, which is one a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from cohortmgr.accounts.actions import counting
from cohortmgr.accounts.limits import DAY
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import sealed_answers
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.applications.guardians.actions.consents import ConsentRequest, ask_all, ask_named, on_hidden
from cohortmgr.applications.guardians.rules import born_on, comes_of_age, guardian_of, guardian_problems
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused
from cohortmgr.outbox.actions import open_bundle
from cohortmgr.programmes.definition.rules import Definition, GuardianTerms
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.programmes.rules import require_published

# How many guardians one act writes to; the next one goes on.
MOST_REMINDED = 500
_REMINDED = "guardian-reminded"
_AGAIN = N_("Un rappel est déjà parti depuis moins d’un jour : laissez le temps de répondre.")


def ask_waiting(viewer: Viewer, intake: Intake) -> None:
    """Ask the guardians of the files that wait in an intake: while it was in preparation, none was asked."""
    waiting = (Application.intake_id == intake.id, Application.state == ApplicationState.HELD.value)
    ask_again(
        viewer, intake, db.session.scalars(sa.select(Application).where(*waiting).order_by(Application.id))
    )


def ask_again(viewer: Viewer, intake: Intake, rows: Iterable[Application]) -> None:
    """Ask the guardians of those of the files that still wait; each gets one link for all their children."""
    definition = definition_of(intake)
    if definition.guardians is not None:
        asked = _requests(definition, definition.guardians, rows)
        ask_all(viewer, asked, definition.guardians.language, definition.title)


def remind(viewer: Viewer, intake: Intake, rows: Iterable[Application]) -> int:
    """Ask once more the guardians of those of the files that still wait, MOST_REMINDED of them at the most; whoever was
    reminded within a day, of whichever child and by whomever, is left out. Returns for how many children.

    The caller has locked the files. Refused in preparation, and if nobody is left to remind."""
    require_published(intake.state, intake.path)
    definition = definition_of(intake)
    terms = definition.guardians
    asked = _requests(definition, terms, rows) if terms is not None else []
    if terms is None or not asked:
        return 0
    by_contact: dict[str, list[ConsentRequest]] = {}
    for each in asked:
        by_contact.setdefault("|".join(each.named.contact), []).append(each)
    reminded = counting.count_first(_REMINDED, by_contact, DAY, MOST_REMINDED)
    if not reminded:
        raise Refused(_AGAIN)
    # Many SMS leave with what is written to many, so that codes keep their part of the day's.
    bundle = open_bundle(intake.institution_id) if len(reminded) > 1 else None
    chosen = [each for contact in reminded for each in by_contact[contact]]
    ask_all(viewer, chosen, terms.language, definition.title, bundle)
    return len(chosen)


def hide(viewer: Viewer, row: Application, definition: Definition, answers: Mapping[str, Answer]) -> None:
    """Hide a sent file whose answers now say that it is a child's: what higher rooms did with it is undone, and the
    guardian whom the answers name is asked. The answers are written by the caller; Refused if they name none."""
    problems = guardian_problems(definition.form, answers)
    if problems:
        raise Refused(*problems)
    row.state, row.sent_at = ApplicationState.HELD.value, None
    db.session.flush()
    for follow in on_hidden:
        follow(viewer, row)
    ask_named(viewer, row, definition, answers)


def _requests(
    definition: Definition, terms: GuardianTerms, rows: Iterable[Application]
) -> list[ConsentRequest]:
    form, asked = definition.form, []
    for row in rows:
        answers = {**row.answers, **sealed_answers(row)}
        born = born_on(form, answers)
        if row.consent == Consent.WAITING and born is not None:
            named, until = guardian_of(form, answers), comes_of_age(born, terms.under)
            asked.append(ConsentRequest(row.reference, row.person_id, row.institution_id, named, until))
    return asked
