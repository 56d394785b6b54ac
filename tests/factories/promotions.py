"""Makes people who accepted a seat of mdia 2025, and staff, for tests of cohorts, placements and stipends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.bank import rib_key
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries import viewers as account_queries
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import seal_answers
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.cohorts import actions as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.organisations.queries import by_key
from cohortmgr.placements.actions import positions as placements
from cohortmgr.placements.actions import runs
from cohortmgr.placements.models import MatchingRun
from cohortmgr.placements.queries import placements as placement_queries
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import Definition, Form
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.models import Batch, Decision, Offer, Release
from tests.databases import build_once
from tests.watch import SeparateClient

AT = datetime(2025, 9, 1, 9, tzinfo=UTC)
JANUARY = date(2026, 1, 1)
COMPANIES = ("attijariwafa-bank", "inwi", "managem", "nareva")
LANGUAGES = ("fr", "ar", "en")


def rib(number: int) -> str:
    """Return a valid RIB."""
    account = f"007780{number:016d}"
    return account + rib_key(account)


def asking_later(*keys: str) -> Definition:
    """Return the definition of mdia with these questions asked only after a seat is accepted."""
    definition = read_known("mdia")
    sections = tuple(
        replace(
            section,
            questions=tuple(
                replace(q, asked_at_application=q.key not in keys, application_intakes=())
                for q in section.questions
            ),
        )
        for section in definition.form.sections
    )
    return replace(definition, form=Form(sections))


def accepted(
    people: int,
    without_rib: Sequence[int] = (),
    state: str = "accepted",
    definition: Definition | None = None,
) -> Intake:
    """Make mdia 2025 with offers to this many people, all in `state`; person number 1 is p1@exemple.ma."""
    with writing():
        programmes.load_definition(SYSTEM, definition or read_known("mdia"))
        intake = queries.intake_of("mdia", "2025")
        offering = queries.offerings_of(intake)[0]
        common = {"institution_id": intake.institution_id, "intake_id": intake.id}
        batch = Batch(**common, offering_id=offering.id, state="approved", seats=30, waiting=0)
        batch.seed, batch.certificate, batch.proposed_by, batch.proposed_at = "s", {}, "a", AT
        db.session.add(batch)
        db.session.flush()
        db.session.add(Release(institution_id=batch.institution_id, batch_id=batch.id, published_at=AT))
        for number in range(1, people + 1):
            application = _application(intake, number, None if number in without_rib else rib(number))
            decision = Decision(
                **common, batch_id=batch.id, application_id=application.id, person_id=application.person_id
            )
            decision.outcome = "offer"
            db.session.add(decision)
            db.session.flush()
            offer = Offer(**common, application_id=application.id, decision_id=decision.id, state=state)
            offer.person_id, offer.offering_id = application.person_id, offering.id
            offer.sent_at = offer.deadline = AT
            db.session.add(offer)
    return intake


def _application(intake: Intake, number: int, account: str | None) -> Application:
    values = {"given_name": "Prénom", "family_name": f"Nom {number:02d}", "email": f"p{number}@exemple.ma"}
    person = accounts.new_person({**values, "language": LANGUAGES[number % 3]})
    reference = new_reference()
    application = Application(
        reference=reference,
        institution_id=intake.institution_id,
        intake_id=intake.id,
        version_id=intake.definition_version_id,
        person_id=person.id,
        number=f"MDIA-{number:06d}",
        state="submitted",
        sealed_answers=seal_answers({"rib": account} if account else {}, reference),
        name=f"Prénom Nom {number:02d}",
        sort_name=f"nom {number:02d} prenom",
        email=f"p{number}@exemple.ma",
        region="MA-04",
        diploma="informatique",
        average_thousandths=12_000 + number * 100,
        created_at=AT,
        updated_at=AT,
        sent_at=AT,
    )
    db.session.add(application)
    db.session.flush()
    return application


def someone(role: Role, path: str, institution_id: int, name: str = "") -> Viewer:
    """Make an account that holds a role over a path, in a system context. Returns its viewer."""
    email = f"{name or role.value}@exemple.ma"
    with writing():
        account = accounts.new_account(
            SYSTEM, email, "no hash", {"given_name": "Une", "family_name": name or role.value}
        )
        accounts.grant(SYSTEM, account, role, "scope", f"scope {path}"[:26], path, [institution_id])
    return viewer_of(email)


def staff(intake: Intake, role: Role, name: str = "") -> Viewer:
    """Make one of the programme's people."""
    return someone(role, intake.path, intake.institution_id, name)


def contact(intake: Intake, key: str, role: Role = Role.COMPANY_CONTACT) -> Viewer:
    """Make a contact, or a tutor, of one of the companies."""
    company = by_key(key)
    assert company is not None
    return someone(role, company.path, intake.institution_id, f"{role.value}-{key}")


def candidate(number: int) -> Viewer:
    """Return the viewer of the person of this number, with an account."""
    email = f"p{number}@exemple.ma"
    if account_queries.account_by_email(email) is None:
        with writing():
            person = db.session.scalars(sa.select(Person).where(Person.email == email)).one()
            accounts.new_account_of(person, email, "no hash")
    return viewer_of(email)


def viewer_of(email: str) -> Viewer:
    """Return the viewer of an account that exists."""
    found = account_queries.viewer_of_email(email)
    assert found is not None
    return found


def browser(app: Flask, viewer: Viewer) -> FlaskClient:
    """Return a client of its own in which the viewer is signed in; it sends forms without their token."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = SeparateClient
    client = app.test_client()
    with writing():
        assert viewer.account_id is not None
        token = accounts.open_session(viewer.account_id)
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return client


def enrolled(people: int, without_rib: Sequence[int] = ()) -> Cohort:
    """Make a cohort in which everyone is confirmed."""
    intake = accepted(people, without_rib)
    with writing():
        cohort = cohorts.open_cohort(SYSTEM, intake.reference)
        cohorts.confirm(SYSTEM, cohort.reference)
    return cohort


def enrolments_of(cohort: Cohort) -> list[Enrolment]:
    """Return the enrolments of a cohort; that of person number 1 comes first."""
    rows = sa.select(Enrolment).where(Enrolment.cohort_id == cohort.id).order_by(Enrolment.id)
    return list(db.session.scalars(rows))


def wished(people: int) -> Cohort:
    """Make a cohort with open positions, wishes of everyone (each begins with another company), and all scores."""
    cohort = enrolled(people)
    with writing():
        placements.open_positions(SYSTEM, cohort.reference)
    positions = [row.Position.reference for row in placement_queries.positions_of(cohort.id)]
    for number, enrolment in enumerate(enrolments_of(cohort), start=1):
        turn = number % len(positions)
        with writing():
            viewer = Viewer("candidate", enrolment.person_id, f"person {number}")
            placements.state_wishes(viewer, enrolment.reference, positions[turn:] + positions[:turn])
    for place, row in enumerate(placement_queries.company_positions(SYSTEM)):
        found = placement_queries.candidates_of(row.Position.id)
        typed = {each.reference: str((7 * index + 3 * place) % 21) for index, each in enumerate(found)}
        with writing():
            placements.give_scores(SYSTEM, row.Position.reference, typed, row.Position.version)
    return cohort


def matched(people: int, runner: Viewer = SYSTEM) -> tuple[Cohort, MatchingRun]:
    """Make the same, with a matching that waits for approval."""
    cohort = wished(people)
    with writing():
        run = runs.run_matching(runner, cohort.reference)
    return cohort, run


def placed(people: int) -> Cohort:
    """Make the same, with the matching approved by a second person."""
    build_once(f"placed {people}", lambda: _place(people), may_age=True)
    return db.session.scalars(sa.select(Cohort)).one()


def _place(people: int) -> None:
    _cohort, run = matched(people)
    second = Viewer("second", is_system=True)
    with writing():
        runs.approve_matching(second, run.reference, str(len(run.certificate["assignment"])))
