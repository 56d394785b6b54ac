"""The letters that selection sends, each in the language of the person's file.

Their wording stands in templates/messages/selection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.actions import Letter
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.models import Decision, Offer
from cohortmgr.selection.rules import GRACE, OfferState, Outcome

OFFER_MADE, WAITING_LISTED, REFUSED = "offer_made", "waiting_listed", "refused"
OFFER_ACCEPTED, OFFER_DECLINED, OFFER_EXPIRED = "offer_accepted", "offer_declined", "offer_expired"
OFFER_REMINDER = "offer_reminder"
OFFER_EXTENDED, OFFER_WITHDRAWN = "offer_extended", "offer_withdrawn"
OFFER_LATE = "offer_late"


def recipients() -> sa.Select[Any]:
    """Select decisions with what a letter about them needs, one row each; the caller says which decisions."""
    return (
        sa.select(
            Decision.id.label("decision_id"),
            Decision.reference,
            Decision.outcome,
            Decision.rank,
            Decision.position,
            Decision.waiting_state,
            Decision.reasons,
            Decision.offering_id,
            Decision.wishes,
            Decision.institution_id,
            Decision.application_id,
            Decision.person_id,
            Person.reference.label("person_reference"),
            sa.func.coalesce(Application.email, Person.email, "").label("address"),
            Person.phone_sealed.is_not(None).label("has_phone"),
            Application.language,
            Application.name,
            Application.number,
            Application.state.label("application_state"),
        )
        .join(Application, Application.id == Decision.application_id)
        .join(Person, Person.id == Decision.person_id)
    )


def recipient_of(decision_id: int) -> sa.Row[Any]:
    """Return the row of one decision."""
    return db.session.execute(recipients().where(Decision.id == decision_id)).one()


def letter(row: sa.Row[Any], key: str, shared: Mapping[str, Any], **more: Any) -> Letter:
    """Return one letter. Its link, by the decision's reference, leads to the person's page of the decision."""
    variables = {**shared, "name": row.name, "number": row.number, "reference": row.reference, **more}
    return Letter(
        key,
        row.person_reference,
        row.address,
        row.language,
        variables,
        row.institution_id,
        row.person_id,
    )


def reachable(row: sa.Row[Any]) -> bool:
    """Whether the person can be told: by mail, or by telephone if there is no address."""
    return bool(row.address or row.has_phone)


SharedWords = Callable[[sa.Row[Any]], Mapping[str, Any]]
"""What letters say that many have in common, by the row that one is about."""


def for_decisions(rows: Iterable[sa.Row[Any]], shared: SharedWords, deadline: datetime) -> list[Letter]:
    """Return the letters of a batch.

    People who withdrew meanwhile, or who have neither address nor telephone, get none."""
    found = []
    for row in rows:
        if row.application_state != "submitted" or not reachable(row):
            continue
        match row.outcome:
            case "offer":
                found.append(letter(row, OFFER_MADE, shared(row), deadline=deadline))
            case "waiting":
                found.append(letter(row, WAITING_LISTED, shared(row), position=row.position))
            case _:
                found.append(letter(row, REFUSED, shared(row), reasons=row.reasons))
    return found


def reminders(
    rows: Iterable[sa.Row[Any]],
    shared: SharedWords,
    deadline: datetime,
    hours: Iterable[int],
    sent_at: datetime,
) -> list[Letter]:
    """Return the reminders of an offer, sent `hours` before its deadline but never before the offer itself, and the
    letter that says, once the deadline has passed, that a day of grace is left.

    Each holds the moment at which the next replaces it, so that a worker that was down for a day does not
    send two at once.
    """
    moments = sorted(
        {moment for each in hours if (moment := deadline - timedelta(hours=each)) > sent_at}, reverse=True
    )
    spans = [(OFFER_REMINDER, *each) for each in zip(moments, [deadline, *moments], strict=False)]
    spans.append((OFFER_LATE, deadline, deadline + GRACE))
    return [
        replace(letter(row, key, shared(row), deadline=deadline, until=until), due=due)
        for row in rows
        if reachable(row)
        for key, due, until in spans
    ]


def in_bundle(found: Iterable[Letter], bundle: str) -> list[Letter]:
    """Return letters that leave with a bundle, each under a name of its own: written twice, it is one letter."""
    return [
        replace(each, bundle=bundle, once=f"{bundle}:{each.variables['reference']}:{each.key}:{_hour(each)}")
        for each in found
    ]


def _hour(letter: Letter) -> str:
    return f"{letter.due:%Y%m%d%H%M}" if letter.due else ""


def not_withdrawn(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each letter that tells a decision is still to be sent, in one statement for all: not to who withdrew
    after it was written."""
    names = sorted({str(variables.get("reference", "")) for variables in asked})
    gone = set(
        db.session.scalars(
            sa.select(Decision.reference)
            .join(Application, Application.id == Decision.application_id)
            .where(Decision.reference.in_(names), Application.state != "submitted")
        )
    )
    return [variables.get("reference") not in gone for variables in asked]


def awaits_answer(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each reminder is still to be sent, in one statement for all.

    It is, if its offer is unanswered, the deadline that it names still stands and has not passed, and the next
    reminder is not yet due."""
    return _is_timely(asked, Offer.deadline > clock.now())


def may_still_answer(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each letter of a day of grace is still to be sent, in one statement for all: the deadline that it names
    still stands, nobody answered, and staff do not hold the offer."""
    return _is_timely(asked, Offer.held_at.is_(None))


def _is_timely(asked: Sequence[Mapping[str, Any]], also: sa.ColumnElement[bool]) -> list[bool]:
    moment = clock.now()
    names = sorted({variables["reference"] for variables in asked})
    offers = sa.select(Decision.reference, Offer.deadline).join(Offer, Offer.decision_id == Decision.id)
    unanswered = (Offer.state == OfferState.SENT.value, also)
    rows = db.session.execute(offers.where(Decision.reference.in_(names), *unanswered))
    ends: dict[str, datetime] = {row.reference: row.deadline for row in rows}
    return [
        moment < each["until"] and each["reference"] in ends and each["deadline"] == ends[each["reference"]]
        for each in asked
    ]


def shared_by(intake: Intake, offering: Offering, *, named: bool = False) -> dict[str, Any]:
    """Return what every letter of an offering says: programme, intake, offering and first day. With `named` the intake
    is called by the offering too: of several it is the one in which somebody has a seat."""
    definition = programmes.definition_of(intake)
    offered = dict(definition.intake(intake.key).named.get(offering.key, offering.title))
    title = dict(intake.title)
    if named:
        title = {language: f"{offered.get(language, '')} · {text}" for language, text in title.items()}
    return {
        "programme": dict(definition.title),
        "intake": title,
        "offering": offered,
        "starts_on": intake.starts_on,
    }


class SharedByOffering:
    """What letters of an intake say, by the offering that a row is about: that of its seat, else the dearest wish, else
    that of the batch. Each is made once."""

    def __init__(self, intake: Intake, offering: Offering | None) -> None:
        self._intake, self._offering = intake, offering
        self._offerings = [offering] if offering is not None else list(programmes.offerings_of(intake))
        self._made: dict[tuple[int, bool], dict[str, Any]] = {}

    def __call__(self, row: sa.Row[Any]) -> Mapping[str, Any]:
        offering = self._of(row)
        named = self._offering is None and row.outcome == Outcome.OFFER
        key = offering.id, named
        if key not in self._made:
            self._made[key] = shared_by(self._intake, offering, named=named)
        return self._made[key]

    def _of(self, row: sa.Row[Any]) -> Offering:
        if self._offering is not None:
            return self._offering
        wished = row.wishes[0] if row.wishes else ""
        found = (each for each in self._offerings if each.id == row.offering_id)
        dearest = (each for each in self._offerings if each.key == wished)
        return next(found, None) or next(dearest, None) or self._offerings[0]
