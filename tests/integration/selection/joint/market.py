"""An intake of jobintech with several offerings, read and under sealed rules, whose files wish for some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.sealing import actions as sealing
from cohortmgr.selection.sealing import queries as sealed
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent
from tests.databases import build_once
from tests.factories.choices import ADMINISTRATOR, MANAGER, known, read, readers, someone

CLOSED = datetime(2027, 1, 15, 9, tzinfo=UTC)
"""After the close of the intake, before its last day of offers."""
SF, FR, FES = "salesforce-casablanca", "fullstack-rabat", "donnees-fes"
WAITING = 3
"""Places on the waiting list of each offering."""
SEATS = {FR: 2, SF: 1}
WISHES: tuple[tuple[str, ...], ...] = ((FR, SF), (FR,), (FR, SF), (FR,), (SF,), (FR, SF), (), (FES,))
"""Of each file in the order of marks: those of Rabat are full with the first two, so that the third has Salesforce. The
seventh came on paper and wishes for Rabat alone."""


def joint(
    wishes: Sequence[tuple[str, ...]] = WISHES,
    *bounds: Bound,
    seats: Mapping[str, int] = SEATS,
    right: Mapping[int, str] | None = None,
) -> Intake:
    """Make files of which the first is the best, read, under rules with these seats and one of each other offering."""
    name = f"joint {wishes} {bounds} {seats} {right}"
    build_once(name, lambda: _make(wishes, bounds, seats, right or {}), may_age=True)
    return queries.intake_of("jobintech", "2027-1")


def _make(
    wishes: Sequence[tuple[str, ...]],
    bounds: Sequence[Bound],
    seats: Mapping[str, int],
    right: Mapping[int, str],
) -> None:
    known_one = read_known("jobintech")
    terms = replace(known_one.offers, waiting_list=WAITING)
    definition = replace(known_one, rubric=read_known("mdia").rubric, offers=terms)
    with clock.at(CLOSED):
        with writing():
            programmes.load_definition(SYSTEM, definition)
            intake = queries.intake_of("jobintech", "2027-1")
            ids = {each.key: each.id for each in queries.offerings_of(intake)}
            for number, wished in enumerate(wishes, start=1):
                _file(intake, number, wished, ids.get(wished[0] if wished else FR, ids[FR]))
        someone(intake, Role.SELECTION_MANAGER)
        someone(intake, Role.PROGRAMME_ADMINISTRATOR)
        seal_jointly(intake, *bounds, seats=seats, right=right)
        read(intake, readers(intake))


def _file(intake: Intake, number: int, wished: tuple[str, ...], offering: int) -> None:
    email = f"c{number}@exemple.ma"
    account = accounts.new_account(
        SYSTEM, email, "no hash", {"given_name": "Une", "family_name": f"N{number}"}
    )
    answers: dict[str, Any] = {"situation": "salarie" if number % 2 else "emploi"}
    db.session.add(
        Application(
            reference=new_reference(),
            institution_id=intake.institution_id,
            intake_id=intake.id,
            offering_id=offering,
            version_id=intake.definition_version_id,
            person_id=account.person_id,
            number=numbered(number),
            state="submitted",
            language=("fr", "ar", "en")[number % 3],
            answers=answers | ({"wishes": list(wished)} if wished else {}),
            eligible=True,
            name=f"Une N{number}",
            email=email,
            region="MA-04",
            created_at=CLOSED,
            updated_at=CLOSED,
            sent_at=CLOSED,
        )
    )


def numbered(number: int) -> str:
    return f"JOBI-{number:06}"


def application(number: int) -> Application:
    return db.session.scalars(sa.select(Application).where(Application.number == numbered(number))).one()


def seal_jointly(
    intake: Intake, *bounds: Bound, seats: Mapping[str, int] = SEATS, right: Mapping[int, str] | None = None
) -> None:
    """Have two people seal rules with these seats, and one of each other offering."""
    start = sealed.beginning(intake, sealed.ground_of(intake))
    given = {key: seats.get(key, 1) for key in start.seats}
    entries = tuple(EntryByRight(numbered(each), why, "Article 4") for each, why in (right or {}).items())
    with writing():
        content = RulesContent(given, bounds, entries, start.ties)
        row = sealing.save(known(MANAGER), intake.reference, content, 0)
    with writing():
        row = sealing.propose(known(MANAGER), intake.reference, "", row.version)
    with writing():
        sealing.seal(known(ADMINISTRATOR), intake.reference, row.version)


def proposed(intake: Intake) -> Batch:
    with writing():
        return decisions.propose(known(MANAGER), intake.reference)


def approve(batch: Batch) -> Batch:
    with writing():
        return decisions.approve(known(ADMINISTRATOR), batch.reference, str(batch.summary["offer"]))


def held() -> dict[int, str]:
    """The key of the offering of each file that holds a seat, by its place in the order of marks."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Application.number, Offering.key)
        .join(Offer, Offer.application_id == Application.id)
        .join(Offering, Offering.id == Offer.offering_id)
        .where(Offer.state.in_(["sent", "accepted"]))
    )
    return {int(number[5:]): key for number, key in rows}


def decided() -> list[tuple[int, str, int | None]]:
    """(place in the order of marks, outcome, place on the waiting list) of each decision, as listed."""
    db.session.rollback()
    wanted = sa.select(Application.number, Decision.outcome, Decision.position)
    rows = db.session.execute(
        wanted.join(Decision, Decision.application_id == Application.id).order_by(Decision.id)
    )
    return [(int(number[5:]), outcome, position) for number, outcome, position in rows]
