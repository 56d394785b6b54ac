"""Makes an intake whose files reached every stage, written row by row, for the tests of reports."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.organisations.queries import by_key
from cohortmgr.placements.models import MatchingRun, Placement, Position
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.stipends.models import StipendLine, StipendRun

AT = datetime(2025, 7, 1, 9, tzinfo=UTC)
DAY = date(2025, 9, 22)
REGIONS = ("MA-04", "MA-06", "MA-06", "MA-08", None)
LICENCES = ("informatique", "mathematiques", "chimie")
OFFERED, ACCEPTED, PLACED, PAID = 20, 17, 15, 13


def lived_intake(files: int = 60) -> Intake:
    """Make mdia 2025 with `files` files sent, 20 offers, 17 accepted, 15 placed, 13 paid, and one draft."""
    with writing():
        programmes.load_definition(SYSTEM, read_known("mdia"))
        intake = queries.intake_of("mdia", "2025")
        people = [_person(number) for number in range(files + 1)]
        readers = [_person(900 + number) for number in range(2)]
        db.session.add_all([*people, *readers])
        db.session.flush()
        applications = [_application(intake, person, number) for number, person in enumerate(people)]
        applications[-1].state, applications[-1].sent_at = "draft", None
        db.session.add_all(applications)
        db.session.flush()
        _read(intake, applications[:-1], readers)
        _choose(intake, applications[:OFFERED])
        _place_and_pay(intake, applications[:ACCEPTED])
    return intake


def _person(number: int) -> Person:
    email = f"life{number}@exemple.ma"
    return Person(
        given_name="Une", family_name=f"Vie {number}", sex="fm"[number % 2], email=email, created_at=AT
    )


def _application(intake: Intake, person: Person, number: int) -> Application:
    return Application(
        institution_id=intake.institution_id,
        intake_id=intake.id,
        version_id=intake.definition_version_id,
        person_id=person.id,
        number=f"MDIA-{number:06d}",
        state="submitted",
        eligible=number % 10 != 9,
        region=REGIONS[number % 5],
        diploma=LICENCES[number % 3],
        created_at=AT,
        updated_at=AT,
        sent_at=AT,
    )


def _read(intake: Intake, applications: list[Application], readers: list[Person]) -> None:
    for number, application in enumerate(applications):
        for place, reader in enumerate(readers):
            if application.eligible and not (number == 50 and place):  # one file has a single reading
                total = 8_000 + 190 * number + 333 * place
                db.session.add(
                    Review(
                        institution_id=intake.institution_id,
                        intake_id=intake.id,
                        application_id=application.id,
                        reviewer_id=reader.id,
                        state="submitted",
                        total_thousandths=total,
                        assigned_at=AT,
                        submitted_at=AT,
                    )
                )


def _choose(intake: Intake, chosen: list[Application]) -> None:
    offering = queries.offerings_of(intake)[0]
    common = {"institution_id": intake.institution_id, "intake_id": intake.id}
    batch = Batch(
        **common,
        offering_id=offering.id,
        state="approved",
        seats=30,
        waiting=0,
        seed="s",
        certificate={},
        proposed_by="a",
        proposed_at=AT,
    )
    db.session.add(batch)
    db.session.flush()
    for number, application in enumerate(chosen):
        decision = Decision(
            **common,
            batch_id=batch.id,
            application_id=application.id,
            person_id=application.person_id,
            outcome="offer",
            mean_thousandths=8_166 + 190 * number,
        )
        db.session.add(decision)
        db.session.flush()
        state = "accepted" if number < ACCEPTED else "declined" if number < ACCEPTED + 2 else "expired"
        db.session.add(
            Offer(
                **common,
                application_id=application.id,
                decision_id=decision.id,
                person_id=application.person_id,
                offering_id=offering.id,
                state=state,
                sent_at=AT,
                deadline=AT,
            )
        )


def _place_and_pay(intake: Intake, accepted: list[Application]) -> None:
    host = {"institution_id": intake.institution_id}
    cohort = Cohort(**host, intake_id=intake.id, name={"fr": "2025"}, starts_on=DAY, path=intake.path)
    db.session.add(cohort)
    db.session.flush()
    matching = MatchingRun(
        **host, cohort_id=cohort.id, state="approved", seed="s", certificate={}, run_by="a", run_at=AT
    )
    run = StipendRun(
        **host, cohort_id=cohort.id, month=date(2026, 1, 1), pay_on=date(2026, 2, 5), state="approved"
    )
    companies = [by_key(key) for key in ("inwi", "nareva")]
    positions = [
        Position(**host, cohort_id=cohort.id, company_id=company.id, title={}, seats=9, state="open")
        for company in companies
        if company is not None
    ]
    db.session.add_all([matching, run, *positions])
    db.session.flush()
    for number, application in enumerate(accepted):
        mine = {**host, "person_id": application.person_id}
        enrolment = Enrolment(
            **mine,
            cohort_id=cohort.id,
            application_id=application.id,
            state="active",
            enrolled_at=AT,
            starts_on=DAY,
        )
        db.session.add(enrolment)
        db.session.flush()
        if number < PLACED:
            position = positions[0 if number < 12 else 1]
            db.session.add(
                Placement(
                    **mine,
                    enrolment_id=enrolment.id,
                    position_id=position.id,
                    company_id=position.company_id,
                    run_id=matching.id,
                    state="confirmed",
                    starts_on=DAY,
                    placed_at=AT,
                )
            )
        db.session.add(
            StipendLine(
                **mine,
                run_id=run.id,
                enrolment_id=enrolment.id,
                month=run.month,
                pay_on=run.pay_on,
                gross_cents=400_000,
                net_cents=400_000 - 18_181 * (number == 0),
                items=[],
                state="payable" if number < PAID else "set_aside",
            )
        )


def signed_in(client: FlaskClient, role: Role, intake: Intake, path: str | None = None) -> FlaskClient:
    """Sign a new account in, which holds a role over the intake's programme (or `path`). Returns the client."""
    with writing():
        email = f"{role.value}@exemple.ma"
        account = accounts.new_account(
            SYSTEM, email, "no hash", {"given_name": "Une", "family_name": "Personne"}
        )
        db.session.flush()
        scope = ("programme", intake.reference, intake.path if path is None else path)
        accounts.grant(SYSTEM, account, role, *scope, [intake.institution_id])
        token = accounts.open_session(account.id)
    with client.session_transaction() as session:
        session.clear()
        session["_user_id"] = token
        session["_fresh"] = True
    return client
