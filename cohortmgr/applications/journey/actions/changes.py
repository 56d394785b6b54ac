"""Lets people change a sent file until the close. What they sent counts until they send again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.actions.codes import CodeRequest
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.conditions import counted
from cohortmgr.applications.eligibility.queries import override_of
from cohortmgr.applications.file import actions as file_actions
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Application, UnsentChange
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.filling.actions.numbers import give_numbers, tell_contradictions
from cohortmgr.applications.filling.actions.saving import write_answers
from cohortmgr.applications.journey.actions import sending
from cohortmgr.applications.journey.actions.helped_sending import require_confirmed
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused, Stale
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.definition.rules import Window, window_of

# Higher rooms register here what closes a sent file to changes: a decision that its person was told of.
decided: Hook[[Viewer, Application], bool] = Hook()

_NO_MORE = N_("Cette candidature ne se modifie plus : elle a été retirée, ou le programme a déjà répondu.")
_ANSWERED = N_("Le programme a déjà répondu à cette candidature : elle ne se recommence plus.")
_ASKED = N_("Une correction vous est demandée : répondez-y d’abord.")


def may_change(viewer: Viewer, file: File) -> bool:
    """Whether the file itself still allows changes. A decision that was told closes it too, but is not looked
    at here."""
    if file.application.state != ApplicationState.SUBMITTED or file.reopened_until is not None:
        return False
    return is_open(viewer, file)


def is_open(viewer: Viewer, file: File) -> bool:
    """Whether the file's intake takes applications now, or this one still."""
    return window_of(file.intake.opens_at, file.closes_at, clock.arrived()) is Window.OPEN


def _why_not(viewer: Viewer, file: File) -> str | None:
    if file.application.state != ApplicationState.SUBMITTED:
        return _NO_MORE
    if file.reopened_until is not None:
        return _ASKED
    return _NO_MORE if any(told(viewer, file.application) for told in decided) else None


def begin(viewer: Viewer, reference: str) -> None:
    """Open a sent file to changes; nothing happens if it is open already. Refused once a decision was told,
    or after the close."""
    file = _held(viewer, reference)
    if file.change is not None:
        return
    row, moment = file.application, clock.now()
    change = UnsentChange(
        reference=new_reference(),
        institution_id=row.institution_id,
        person_id=row.person_id,
        application_id=row.id,
        begun_at=moment,
        updated_at=moment,
    )
    try:
        with db.session.begin_nested():
            db.session.add(change)
    except IntegrityError:
        return  # another window was faster


def drop(viewer: Viewer, reference: str) -> None:
    """Drop the changes that were not sent again."""
    change = file_queries.own_held(viewer, reference).change
    if change is not None:
        db.session.execute(sa.delete(UnsentChange).where(UnsentChange.id == change.id))


def send_again(viewer: Viewer, reference: str, proof: CodeRequest | None = None) -> Application:
    """Put the changes into the sent file, all or none. If nothing is to be sent, the file is returned as it
    is.

    Raises Refused for the same reasons as a first sending: something is missing, a condition is not met, or
    the intake is closed. The file keeps its number and the moment at which it was first sent; `resent_at` says when
    this was, if anything was changed.
    """
    file = _held(viewer, reference)
    row, changed = file.application, file_queries.changes(file.change)
    if file.change is None:
        return row
    absent, assessment = sending.check(viewer, file)
    closed = () if assessment.sendable else assessment.reasons
    problems = [*absent, *sending.reasons(viewer, file, closed)]
    if problems:
        raise Refused(*problems)
    require_confirmed(viewer, row, proof)
    answers = counted(file.definition.form, file.working)
    person = db.session.get_one(Person, row.person_id)
    taken = give_numbers(viewer, file, person, answers)
    if taken:
        raise Refused(*taken)
    tell_contradictions(viewer, file, file.answers, answers)
    write_answers(viewer, row, person, file.definition, answers)
    held = override_of(row) if assessment.waits else None  # what a person decided is not asked again
    row.eligible = held.eligible if held is not None else assessment.verdict
    row.reasons = list(assessment.reasons)
    db.session.execute(sa.delete(UnsentChange).where(UnsentChange.id == file.change.id))
    if changed:
        row.resent_at = clock.now()
        record(
            viewer,
            "applications.change",
            about(row, viewer.person_reference),
            before={},
            after={"questions": sorted(changed)},
        )
        sending.confirm(viewer, file, again=True)
    return row


def may_return(viewer: Viewer, file: File) -> bool:
    """Whether a withdrawn file can be begun again: its intake is open to it, and no answer was told."""
    if file.application.state != ApplicationState.WITHDRAWN:
        return False
    return is_open(viewer, file) and not any(told(viewer, file.application) for told in decided)


def begin_again(viewer: Viewer, reference: str) -> Application:
    """Make a draft of a withdrawn file, with all its answers and papers; nothing happens to a file in another
    state. Refused after the close, without a free seat, and once a decision was told."""
    file = file_queries.own_held(viewer, reference)
    row = file.application
    if row.state != ApplicationState.WITHDRAWN:
        return row
    if any(told(viewer, row) for told in decided):
        raise Refused(_ANSWERED)
    _, _, free = file_queries.intake_with_mine(viewer, file.intake.reference)
    file_actions.require_open(viewer, file.intake, free, file.closes_at)
    before, after = ApplicationState.WITHDRAWN, ApplicationState.DRAFT
    values: dict[str, Any] = {"withdrawn_at": None, "sent_at": None, "eligible": None}
    if not sending.move(viewer, row, before, after, {**values, "updated_at": clock.now()}):
        raise Stale(reference)
    what = about(row, viewer.person_reference)
    record(viewer, "applications.begin_again", what, before={"state": before}, after={"state": after})
    held: UnsentChange | None = file.read.UnsentChange
    if held is not None:
        # It was typed before the withdrawal and not sent again: it is the person's last word.
        said = {**file.answers, **file_queries.changes(held)}
        answers = counted(file.definition.form, {key: each for key, each in said.items() if each is not None})
        write_answers(viewer, row, db.session.get_one(Person, row.person_id), file.definition, answers)
        db.session.execute(sa.delete(UnsentChange).where(UnsentChange.id == held.id))
    return row


def _held(viewer: Viewer, reference: str) -> File:
    file = file_queries.own_held(viewer, reference)
    reason = _why_not(viewer, file)
    if reason is not None:
        raise Refused(reason)
    file_actions.require_open(viewer, file.intake, closes_at=file.closes_at)
    return file
