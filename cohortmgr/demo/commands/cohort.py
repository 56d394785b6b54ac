"""The demonstration's cohort: enrolment, placements, the first stipends; and the first files of the next intake."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from cohortmgr.accounts.actions import codes, doors, people
from cohortmgr.accounts.contacts import SMS, Contact
from cohortmgr.accounts.limits import Caller
from cohortmgr.accounts.queries import viewers as account_queries
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound
from cohortmgr.cohorts import actions as cohorts
from cohortmgr.cohorts import queries as enrolments
from cohortmgr.demo.commands.choice import SEED
from cohortmgr.demo.commands.setting import INTAKE, OPEN_INTAKE, PROGRAMME, alike, by_role, file_of, viewer
from cohortmgr.demo.people import BEGINNER, BY_TELEPHONE, COMPANIES, PASSWORD
from cohortmgr.messages.helpdesk.actions import handling, questions
from cohortmgr.messages.helpdesk.actions.questions import NewHelpRequest
from cohortmgr.messages.helpdesk.rules import Topic
from cohortmgr.placements.actions import positions as placements
from cohortmgr.placements.actions import runs
from cohortmgr.placements.queries import placements as placement_queries
from cohortmgr.programmes import queries as programmes
from cohortmgr.reports import actions as reports
from cohortmgr.stipends.actions import runs as stipends

FIRST_MONTH = date(2026, 1, 1)


def is_finished() -> bool:
    """Whether the last step was done."""
    try:
        programmes.intake_of(PROGRAMME, OPEN_INTAKE)
    except NotFound:
        return False
    return account_queries.account_by_email(BEGINNER) is not None


def open_cohort() -> None:
    """Open the cohort of those who accepted and confirm their enrolment."""
    manager = by_role(Role.CENTRE_MANAGER)[0]
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    with alike("cohort", enrolments.of_intake(intake.id) is None), writing():
        cohort = cohorts.open_cohort(manager, intake.reference)
        cohorts.confirm(manager, cohort.reference)


def place() -> Iterator[float]:
    """Let apprentices rank the four companies and companies score them; run the matching and have it approved."""
    manager, administrator = by_role(Role.CENTRE_MANAGER)[0], by_role(Role.PROGRAMME_ADMINISTRATOR)[0]
    cohort = enrolments.of_intake(programmes.intake_of(PROGRAMME, INTAKE).id)
    if cohort is None:
        raise LookupError("the cohort is not open")
    with alike("positions"), writing():
        placements.open_positions(manager, cohort.reference)
    yield from _wishes(manager, cohort.id)
    for colleague in COMPANIES:
        if colleague.role is Role.COMPANY_CONTACT:
            with clock.at(clock.now() + timedelta(days=7)):
                _score(viewer(colleague.email))
    with clock.at(clock.now() + timedelta(days=14)), writing():
        run = runs.run_matching(manager, cohort.reference)
    with clock.at(clock.now() + timedelta(days=15)), writing():
        runs.approve_matching(administrator, run.reference, str(len(run.certificate["assignment"])))


def _wishes(manager: Viewer, cohort_id: int) -> Iterator[float]:
    chance = random.Random(SEED)
    open_ones = [row.Position.reference for row in placement_queries.positions_of(cohort_id)]
    members = enrolments.members(cohort_id)
    for number, member in enumerate(members, start=1):
        ranked = sorted(
            open_ones, key=lambda reference: open_ones.index(reference) * 0.8 + chance.random() * 3
        )
        email = file_of(manager, member.application_reference)[1]
        with writing():
            placements.state_wishes(viewer(email), member.Enrolment.reference, ranked)
        yield 0.8 * number / len(members)


def _score(contact: Viewer) -> None:
    """Let a company score its candidates: the average of the file, and an interview that nobody else saw."""
    for row in placement_queries.company_positions(contact):
        chance = random.Random(f"{SEED}|{contact.email}")
        typed = {
            each.reference: str(
                min(20, max(0, round((each.average_thousandths or 12000) / 1000 + chance.gauss(0, 2))))
            )
            for each in placement_queries.candidates_of(row.Position.id)
        }
        with writing():
            placements.give_scores(contact, row.Position.reference, typed, row.Position.version)


def pay() -> None:
    """Pay the first month: finance opens and computes it, the administrator approves it.

    The administrator types the number of payments to approve."""
    finance, administrator = by_role(Role.FINANCE)[0], by_role(Role.PROGRAMME_ADMINISTRATOR)[0]
    cohort = enrolments.of_intake(programmes.intake_of(PROGRAMME, INTAKE).id)
    if cohort is None:
        raise LookupError("the cohort is not open")
    with writing():
        run = stipends.open_run(finance, cohort.reference, FIRST_MONTH)
        run = stipends.compute(finance, run.reference)
    with clock.at(clock.now() + timedelta(hours=3)), writing():
        stipends.approve(administrator, run.reference, str(run.lines), run.version)


def look_ahead() -> None:
    """Ask the worker for a report, and let two new candidates begin a file in the open intake."""
    with writing():
        reports.ask_report(
            by_role(Role.PROGRAMME_ADMINISTRATOR)[0], programmes.intake_of(PROGRAMME, INTAKE).reference
        )
    _begin_by_telephone()
    if account_queries.account_by_email(BEGINNER) is None:
        hashed = people.prepare_password(PASSWORD, BEGINNER)
        with writing():
            people.new_account(SYSTEM, BEGINNER, hashed, {"language": "fr"})
            beginner = account_queries.viewer_of_email(BEGINNER)
            if beginner is None:
                raise LookupError("the account is not there")
            sending.start(beginner, programmes.intake_of(PROGRAMME, OPEN_INTAKE).reference)
    db.session.rollback()


def _begin_by_telephone() -> None:
    """Let a person who has only a telephone begin a file and ask a question, which staff answer by SMS."""
    contact = Contact(SMS, BY_TELEPHONE)
    if account_queries.account_by_contact(contact) is not None:
        return
    with writing():
        codes.ask("enter", contact, "ar", Caller("192.0.2.9"))
        entered = doors.enter(contact, "ar")
        if entered.account_id is None:
            raise LookupError("a number that nobody bears asks nothing")
        token = people.open_session(entered.account_id)
    candidate = account_queries.viewer_of_token(token)
    if candidate is None:
        raise LookupError("the session is not open")
    with writing():
        intake = programmes.intake_of(PROGRAMME, OPEN_INTAKE)
        reference = sending.start(candidate, intake.reference).reference
    with writing():
        text = "السلام عليكم، هل يمكنني إرسال كشف النقط فيما بعد؟"
        asked = questions.ask_on_file(
            candidate, reference, NewHelpRequest(Topic.DOCUMENTS, text, "ar", "demo-sms")
        )
    with writing():
        answer = "نعم، إلى غاية نهاية الترشيحات."
        handling.answer(by_role(Role.SELECTION_MANAGER)[0], asked.reference, answer, "demo-sms-answer")
    with writing():
        people.close_session(candidate)
