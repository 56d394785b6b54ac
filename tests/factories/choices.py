"""Makes files sent to mdia 2025, their readers and the people who decide, for tests of reviews and selection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import (
    Criterion,
    Definition,
    NoShow,
    PhaseKind,
    PointBand,
    PointKind,
    PointSource,
    ProgrammeStage,
    Rubric,
    RubricPhase,
)
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Batch
from cohortmgr.selection.scenarios import actions as scenarios
from cohortmgr.selection.scenarios.rules import ScenarioChanges
from cohortmgr.selection.sealing import actions as sealing
from cohortmgr.selection.sealing import queries as sealed
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent
from tests.databases import build_once
from tests.watch import SeparateClient

AT = datetime(2025, 7, 1, 9, tzinfo=UTC)
SEASON = datetime(2025, 7, 20, 9, tzinfo=UTC)
LANGUAGES = ("fr", "ar", "en")
MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
FLOOR = Bound({"region": "MA-08"}, 2)
"""A floor for a region of which the files are the worst: it costs."""


def sent(files: int, ineligible: int = 0, seats: int = 30) -> Intake:
    """Make mdia 2025 with `files` files to read and `ineligible` ones without a licence.

    File 1 is that of c1@exemple.ma."""
    build_once(f"sent {files} {ineligible} {seats}", lambda: _send(files, ineligible, seats), may_age=True)
    return queries.intake_of("mdia", "2025")


# A score from one to three by what a file's answer s1 says, and one of nought without it.
_POINTS = PointSource(
    PointKind.MEAN, ("s1",), bands=(PointBand(Decimal(10), 1), PointBand(Decimal(14), 3)), missing=0
)
_NAMED = {"fr": "Critère", "ar": "معيار", "en": "Criterion"}


def phased(files: int, seats: int = 30, goes_on: int | None = 3, no_show: NoShow = NoShow.ABSENT) -> Intake:
    """Make the same files in a programme of four phases: points from answers, files of which `goes_on` go on, a test
    with a weight of two, an interview."""
    name = f"phased {files} {seats} {goes_on} {no_show}"
    build_once(name, lambda: _send(files, 0, seats, phases(goes_on, no_show)), may_age=True)
    return queries.intake_of("mdia", "2025")


def phases(goes_on: int | None = 3, no_show: NoShow = NoShow.ABSENT) -> Definition:
    """The definition of that programme."""
    found = read_known("mdia")
    read = replace(found.rubric.files, goes_on=goes_on, readings=1)
    computed = RubricPhase(
        "points", (Criterion("moyenne", _NAMED, 1, 0, 3, points=_POINTS),), PhaseKind.COMPUTED, hidden=()
    )
    test = RubricPhase(
        "epreuve", (Criterion("ecrit", _NAMED, 1, 0, 20),), PhaseKind.TEST, weight=2, no_show=no_show
    )
    heard = RubricPhase("entretien", (Criterion("oral", _NAMED, 1, 0, 20),), PhaseKind.INTERVIEW, readings=1)
    stages = (*found.stages, ProgrammeStage.TEST, ProgrammeStage.INTERVIEW)
    return replace(found, rubric=Rubric((computed, read, test, heard)), stages=stages)


def _send(files: int, ineligible: int, seats: int, definition: Definition | None = None) -> None:
    with writing():
        programmes.load_definition(SYSTEM, definition or read_known("mdia"))
        intake = queries.intake_of("mdia", "2025")
        offering: Offering = queries.offerings_of(intake)[0]
        offering.seats = seats
        for number in range(1, files + ineligible + 1):
            _file(intake, number, eligible=number <= files)


def _file(intake: Intake, number: int, eligible: bool) -> None:
    email = f"c{number}@exemple.ma"
    account = accounts.new_account(
        SYSTEM, email, "no hash", {"given_name": "Une", "family_name": f"N{number}"}
    )
    db.session.add(
        Application(
            reference=new_reference(),
            institution_id=intake.institution_id,
            intake_id=intake.id,
            version_id=intake.definition_version_id,
            person_id=account.person_id,
            number=f"MDIA-{number:06d}",
            state="submitted",
            language=LANGUAGES[number % 3],
            answers={"licence": "informatique", "s1": "14.5", "motivation": "Apprendre.\nTravailler."},
            eligible=eligible,
            reasons=[] if eligible else ["licence"],
            name=f"Une N{number}",
            email=email,
            region="MA-04",
            created_at=AT,
            updated_at=AT,
            sent_at=AT,
        )
    )


def someone(intake: Intake, role: Role, name: str = "") -> Viewer:
    """Make an account that holds a role in the programme."""
    email = f"{name or role.value}@inpt.ma"
    with writing():
        account = accounts.new_account(
            SYSTEM, email, "no hash", {"given_name": "Une", "family_name": name or role.value}
        )
        accounts.grant(SYSTEM, account, role, "programme", intake.path, intake.path, [intake.institution_id])
    return known(email)


def readers(intake: Intake, number: int = 3) -> list[Viewer]:
    """Make this many reviewers."""
    return [someone(intake, Role.REVIEWER, f"r{index}") for index in range(number)]


def known(email: str) -> Viewer:
    """Return the viewer of an account that exists."""
    found = viewer_of_email(email)
    assert found is not None
    return found


def read(intake: Intake, people: list[Viewer]) -> None:
    """Assign every file and hand in every reading: file 1 gets the best marks, and later ones never get
    better.

    Each of the first fifteen files has a total of its own; after that six files share one. So files 34 and 33
    are told apart by no lot."""
    manager = known("selection_manager@inpt.ma")
    with writing():
        assignment.assign(manager, intake.reference)
    for person in people:
        with writing():
            for row in own.queue(person, intake.id):
                place = int(row.number[5:])
                lost = place if place <= 15 else 15 + (place - 10) // 6
                keys = ("resultats", "bases", "projet", "langues")
                scores = {key: max(0, 5 - (lost + index) // 4) for index, key in enumerate(keys)}
                reading.score(person, row.reference, scores)


def decided(files: int, seats: int, ineligible: int = 0, approve: bool = True) -> tuple[Intake, Batch]:
    """Make a batch on files that were read, proposed by a manager and approved by an administrator."""
    name = f"decided {files} {seats} {ineligible} {approve}"
    build_once(name, lambda: _decide(files, seats, ineligible, approve), may_age=True)
    return queries.intake_of("mdia", "2025"), db.session.scalars(sa.select(Batch)).one()


def _decide(files: int, seats: int, ineligible: int, approve: bool) -> None:
    intake = sent(files, ineligible, seats)
    manager = someone(intake, Role.SELECTION_MANAGER)
    administrator = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    read(intake, readers(intake))
    seen = (
        intake.closes_at
    )  # a test whose clock is earlier chooses while the intake is open, and both know it
    with writing():
        batch = decisions.propose(manager, intake.reference, open_until=seen)
    if approve:
        # Offers are made up to the first day of the training: a test whose clock is later approves in the season.
        with clock.at(min(clock.now(), SEASON)), writing():
            decisions.approve(administrator, batch.reference, str(min(seats, files)), open_until=seen)


def chosen(
    files: int = 14, seats: int = 5, approve: bool = True, ineligible: int = 0, right: bool = False
) -> tuple[Intake, Batch]:
    """Make a batch chosen under a sealed floor that binds: the last four of so many files are of another region. With
    `right` the worst file has a seat whatever its mark."""
    name = f"chosen {files} {seats} {approve} {ineligible} {right}"
    build_once(name, lambda: _choose(files, seats, approve, ineligible, right), may_age=True)
    return queries.intake_of("mdia", "2025"), db.session.scalars(sa.select(Batch)).one()


def _choose(files: int, seats: int, approve: bool, ineligible: int, right: bool) -> None:
    intake = sent(files, ineligible, seats)
    manager = someone(intake, Role.SELECTION_MANAGER)
    administrator = someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    last = [f"MDIA-{number:06d}" for number in range(files - 3, files + 1)]
    with writing():
        table = table_of(Application)
        for row in db.session.execute(sa.select(table.c.id, table.c.number, table.c.answers)).all():
            region = "MA-08" if row.number in last else "MA-04"
            changed = {"region": region, "answers": {**row.answers, "region": region}}
            db.session.execute(sa.update(table).where(table.c.id == row.id).values(**changed))
    seal(intake, FLOOR, right=(EntryByRight(last[-1], "Lauréate", "Décision 12"),) if right else ())
    read(intake, readers(intake))
    with writing():
        batch = decisions.propose(manager, intake.reference, open_until=intake.closes_at)
    if approve:
        with clock.at(min(clock.now(), SEASON)), writing():
            offers = batch.summary["offer"]
            decisions.approve(administrator, batch.reference, str(offers), open_until=intake.closes_at)


def seal(intake: Intake, *bounds: Bound, right: tuple[EntryByRight, ...] = ()) -> None:
    """Have two people seal these rules for an intake without any."""
    start = sealed.beginning(intake, sealed.ground_of(intake))
    content = RulesContent(start.seats, bounds, right, start.ties)
    with writing():
        row = sealing.save(known(MANAGER), intake.reference, content, 0)
    with writing():
        row = sealing.propose(known(MANAGER), intake.reference, "", row.version)
    with writing():
        sealing.seal(known(ADMINISTRATOR), intake.reference, row.version)


def kept_scenario(viewer: Viewer, intake: str, seats: int) -> dict[str, str]:
    """Keep a scenario of an intake with so many seats; returns its reference, as `scenario`."""
    with writing():
        found = scenarios.keep(viewer, intake, None, "Autant de places", ScenarioChanges(seats))
    return {"scenario": found.reference}


def browser(app: Flask, viewer: Viewer) -> FlaskClient:
    """Return a client of its own in which the viewer is signed in; it sends forms without their token."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = SeparateClient
    client = app.test_client()
    assert viewer.account_id is not None
    with writing():
        token = accounts.open_session(viewer.account_id)
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return client
