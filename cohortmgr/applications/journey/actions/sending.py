"""What a candidate does with an application: start it, check it, send it, withdraw it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.actions.codes import CodeRequest
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.conditions import counted, hidden
from cohortmgr.applications.deadlines.actions import late_starts
from cohortmgr.applications.deadlines.models import LateStart
from cohortmgr.applications.documents.rules import papers_of
from cohortmgr.applications.eligibility.queries import circumstances_of
from cohortmgr.applications.eligibility.rules import Assessment, assess, closing
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import about_file, require_open
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import (
    HIDDEN,
    NOT_A_DRAFT,
    ApplicationState,
    asked,
    number_prefix,
    split_sealed,
)
from cohortmgr.applications.file.words import words_of
from cohortmgr.applications.filling.actions.numbers import tell_contradictions
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.guardians.rules import consent_after, is_child, lacking
from cohortmgr.applications.journey.actions.helped_sending import require_confirmed
from cohortmgr.audit.actions import record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused, Stale
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import new_reference, new_short_code
from cohortmgr.outbox.actions import send
from cohortmgr.programmes.definition.rules import EligibilityRule
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of
from cohortmgr.programmes.rules import require_questions

# Higher rooms register here what a withdrawal undoes in them; it runs in the same transaction, after the
# change.
on_withdrawal: Hook[[Viewer, Application], None] = Hook()

_SENT = (ApplicationState.HELD, ApplicationState.SUBMITTED)


def start(viewer: Viewer, intake_reference: str) -> Application:
    """The viewer's draft in an intake, made if there is none; starting again returns the same one.

    Refused before the opening and after the close, with the moment. A file that exists is returned in any
    case.
    """
    if viewer.person_id is None:
        raise NotPermitted("applications.start")
    intake, known, free = file_queries.intake_with_mine(viewer, intake_reference)
    if known is not None:
        return known
    require_questions(len(asked(definition_of(intake).form)), intake.path)
    late = _late(viewer, intake)
    require_open(viewer, intake, free, late.until if late else None)
    row = _new_draft(viewer, intake, viewer.person_id)
    if late is not None:
        late_starts.take_up(viewer, late, row)
    return row


def closes_for(viewer: Viewer, intake: Intake) -> datetime:
    """The moment until which the viewer, who has no file there, may begin one and send it."""
    late = _late(viewer, intake)
    return late.until if late else intake.closes_at


def _late(viewer: Viewer, intake: Intake) -> LateStart | None:
    return None if clock.arrived() < intake.closes_at else late_starts.open_to(viewer, intake)


def _new_draft(viewer: Viewer, intake: Intake, person_id: int) -> Application:
    definition = definition_of(intake)
    alone = sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id)
    moment = clock.now()
    for _ in range(3):
        number = f"{number_prefix(definition.key)}-{new_short_code()}"
        row = Application(
            reference=new_reference(),
            institution_id=intake.institution_id,
            person_id=person_id,
            intake_id=intake.id,
            offering_id=alone.having(sa.func.count() == 1).scalar_subquery(),
            version_id=intake.definition_version_id,
            number=number,
            search_text=words_of((), number),
            language=viewer.language,
            created_at=moment,
            updated_at=moment,
        )
        try:
            with db.session.begin_nested():
                db.session.add(row)
            return row
        except IntegrityError:  # the same person started twice at once, or the number is taken
            _, known, _ = file_queries.intake_with_mine(viewer, intake.reference)
            if known is not None:
                return known
    raise Stale(intake.reference)


def check(viewer: Viewer, file: File) -> tuple[list[Problem], Assessment]:
    """The problems of what is still missing, and whether the answers meet the conditions today."""
    definition = file.definition
    answers = counted(definition.form, file.working)
    return (
        lacking(definition, answers, papers_of(file.documents), clock.today()),
        assess(definition.eligibility, answers, clock.today(), circumstances_of(file)),
    )


def closed(viewer: Viewer, file: File) -> list[EligibilityRule]:
    """The conditions that keep the file from being sent: those that its answers fail already, and once nothing else is
    missing every one that is not met."""
    absent, assessment = check(viewer, file)
    rules, form = file.definition.eligibility, file.definition.form
    if assessment.waits:
        return []
    if not absent:
        return [rule for rule in rules if rule.key in assessment.reasons]
    shown = {each.key for each in asked(form)} - hidden(form, file.working)
    return closing(rules, counted(form, file.working), shown, circumstances_of(file))


def reasons(viewer: Viewer, file: File, keys: Iterable[str]) -> list[Problem]:
    """The reason and the advice of each rule that is not met."""
    wanted = set(keys)
    return [
        Problem(N_("%(reason)s %(advice)s"), {"reason": rule.reason, "advice": rule.advice}, rule.question)
        for rule in file.definition.eligibility
        if rule.key in wanted
    ]


def submit(viewer: Viewer, reference: str, proof: CodeRequest | None = None) -> Application:
    """Send a draft. If it was sent already, the file is returned, and nothing happens twice. A child's file
    is held until the guardian, who is asked now, has agreed.

    Raises Refused when something is missing, when a condition is not met (with reasons and advice), when the
    intake is closed, or when somebody helped and `proof` was not given by the person for this file. The state
    changes by one conditional UPDATE, so that of two requests at once only one sends.
    """
    file = file_queries.own(viewer, reference)
    row = file.application
    if row.state in _SENT:
        return row
    if row.state != ApplicationState.DRAFT:
        raise Refused(NOT_A_DRAFT)
    require_open(viewer, file.intake, closes_at=file.closes_at)
    require_questions(len(asked(file.definition.form)), file.intake.path)
    absent, assessment = check(viewer, file)
    if absent or not assessment.sendable:
        raise Refused(*absent, *reasons(viewer, file, assessment.reasons))
    require_confirmed(viewer, row, proof)
    moment = clock.now()
    # The file was just checked against this version, which may be newer than the one it was last saved under.
    values: dict[str, Any] = {"version_id": file.intake.definition_version_id, **_without_hidden(file)}
    consent = consent_after(row.consent, is_child(file.definition, file.answers, clock.today()))
    after = ApplicationState.HELD if consent.value in HIDDEN else ApplicationState.SUBMITTED
    values |= {"eligible": assessment.verdict, "reasons": list(assessment.reasons)}
    values |= {"updated_at": moment, "consent": consent.value}
    values["offering_id"] = file_queries.chosen_offering(row, file.definition.form, file.answers)
    values["sent_at"] = None if after is ApplicationState.HELD else moment
    if not move(viewer, row, ApplicationState.DRAFT, after, values):
        return _sent_meanwhile(viewer, reference)
    record(
        viewer,
        "applications.submit",
        about_file(viewer, row),
        before={"state": ApplicationState.DRAFT},
        after={"state": after},
    )
    if after is ApplicationState.HELD:
        consents.ask_one(viewer, file)
    else:
        tell_contradictions(viewer, file, {}, counted(file.definition.form, file.answers))
        confirm(viewer, file)
    return row


def _without_hidden(file: File) -> dict[str, Any]:
    """The columns without the answers to hidden questions, which nobody asked for; empty if no question is
    hidden."""
    form, answers = file.definition.form, file.answers
    if not hidden(form, answers):
        return {}
    opened, sealed = split_sealed(form, counted(form, answers))
    return {
        "answers": opened,
        "sealed_answers": file_queries.seal_answers(sealed, file.application.reference),
    }


def move(
    viewer: Viewer,
    row: Application,
    before: ApplicationState,
    after: ApplicationState,
    values: dict[str, Any],
) -> bool:
    """Move the row to another state, if it is still as it was read. Returns whether this transaction did so."""
    same = (Application.id == row.id, Application.state == before, Application.version == row.version)
    changed = {**values, "state": after.value, "version": row.version + 1}
    moved = sa.update(Application).where(*same).values(changed)
    if not db.session.execute(moved.execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        return False
    for name, value in changed.items():
        sa.orm.attributes.set_committed_value(row, name, value)
    return True


def _sent_meanwhile(viewer: Viewer, reference: str) -> Application:
    row = file_queries.own(viewer, reference).application
    if row.state not in _SENT:
        raise Stale(reference)
    return row


def confirm(viewer: Viewer, file: File, *, again: bool = False) -> None:
    """Write to the person that the file arrived, or, sent `again`, that the changes did."""
    row, intake = file.application, file.intake
    variables: dict[str, Any] = {
        "name": row.name,
        "number": row.number,
        "programme": dict(file.definition.title),
        "intake": dict(intake.title),
        "reference": row.reference,
    }
    address = row.email or viewer.email
    whom = (viewer.person_reference or "", address, row.language)
    if again:
        send("correction_done", *whom, variables, row.institution_id, row.person_id)
    else:
        variables["decision_by"] = intake.decision_by
        send("application_received", *whom, variables, row.institution_id, row.person_id)


def withdraw(viewer: Viewer, reference: str) -> Application:
    """Withdraw a sent application; nothing happens if that was done already. What it frees in higher rooms
    follows at once."""
    row = file_queries.own(viewer, reference).application
    if row.state == ApplicationState.WITHDRAWN:
        return row
    if row.state != ApplicationState.SUBMITTED:
        raise Refused(N_("Seule une candidature envoyée se retire."))
    moment = clock.now()
    if not move(
        viewer,
        row,
        ApplicationState.SUBMITTED,
        ApplicationState.WITHDRAWN,
        {"withdrawn_at": moment, "updated_at": moment},
    ):
        return file_queries.own(viewer, reference).application
    record(
        viewer,
        "applications.withdraw",
        about_file(viewer, row),
        before={"state": ApplicationState.SUBMITTED},
        after={"state": ApplicationState.WITHDRAWN},
    )
    for follow in on_withdrawal:
        follow(viewer, row)
    return row
