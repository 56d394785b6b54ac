"""The letters about slots, each in the language of whoever gets it. Their wording stands in templates/messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import in_each_language
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.interviews.models import InterviewDay, PanelMember, SlotBooking
from cohortmgr.reviews.interviews.queries.days import (
    SLOT_AWAITED,
    able_in,
    awaited_name,
    intake_of,
    recipients,
)
from cohortmgr.reviews.interviews.queries.reminders import BOOKED as BOOKED
from cohortmgr.reviews.interviews.queries.reminders import CHANGED as CHANGED
from cohortmgr.reviews.interviews.queries.reminders import PANEL_TOMORROW

CALLED_OFF = "slot_called_off"
KIND_NAMES: Mapping[PhaseKind, str] = {
    PhaseKind.TEST: N_("Épreuve"),
    PhaseKind.INTERVIEW: N_("Entretien"),
}


def title_of(phase: RubricPhase) -> dict[str, str]:
    """Return what people call a phase to which they come, in each language."""
    return dict(phase.title) if phase.title else in_each_language(KIND_NAMES[phase.kind])


def place_of(day: InterviewDay) -> str:
    """Return where one comes on a day: the link, or the address with its room."""
    return day.link if day.remote else ", ".join(filter(None, (day.address, day.room)))


def shared_by(intake: Intake, phase: RubricPhase) -> dict[str, Any]:
    """Return what every letter of a phase says."""
    return {
        "programme": dict(definition_of(intake).title),
        "intake": dict(intake.title),
        "what": title_of(phase),
    }


def tell(
    viewer: Viewer,
    key: str,
    bookings: Iterable[int],
    day: InterviewDay,
    shared: Mapping[str, Any],
    **more: Any,
) -> None:
    """Write the same letter to whoever has or had these slots of a day, as a part of the act that causes it."""
    wanted = recipients().where(SlotBooking.id.in_(sorted(bookings)))
    rows = db.session.execute(wanted.order_by(SlotBooking.id)).all()
    send_all(letter(row, key, {**shared, "place": place_of(day), **more}) for row in rows if row.reached)


def letter(row: Any, key: str, said: Mapping[str, Any], once: str | None = None) -> Letter:
    """Return one letter about a slot. Its link leads to the person's page of it."""
    variables = {
        **said,
        "name": row.name,
        "when": row.starts_at,
        "reference": row.reference,
        "booking": row.booking,
    }
    return Letter(
        key,
        row.person_reference,
        row.address,
        row.language,
        variables,
        row.institution_id,
        row.person_id,
        once=once,
    )


def slot_requests(
    intake: Intake, phase: RubricPhase, rows: Iterable[Any], asked_at: datetime
) -> list[Letter]:
    """Return the letters that ask for a slot; each is written once a day at most."""
    shared, name = shared_by(intake, phase), awaited_name(intake, phase, asked_at.date())
    return [
        Letter(
            SLOT_AWAITED,
            row.person_reference,
            row.address,
            row.language,
            {**shared, "name": row.name, "reference": row.reference, "phase": phase.key},
            intake.institution_id,
            row.person_id,
            once=f"{name}{row.person_reference}",
        )
        for row in rows
        if row.reached
    ]


def for_panel(day: InterviewDay, shared: Mapping[str, Any], people: int, first: datetime) -> list[Letter]:
    """Return the letters that tell a panel of the next day: how many come, and when the first one does."""
    return [
        Letter(
            PANEL_TOMORROW,
            row.reference,
            row.address or "",
            row.language,
            {
                **shared,
                "name": f"{row.given_name} {row.family_name}".strip(),
                "when": first,
                "place": place_of(day),
                "number": people,
                "reference": day.reference,
                "reader": row.reference,
                "day": day.day,
            },
            day.institution_id,
            row.id,
            once=f"{PANEL_TOMORROW}:{day.reference}:{day.day:%Y%m%d}:{row.reference}",
        )
        for row in _panel(day)
    ]


def _panel(day: InterviewDay) -> Sequence[Any]:
    """Those of a day's panel who may still hear somebody, with what a letter needs."""
    address = sa.func.coalesce(Account.email, Person.email).label("address")
    names = (Person.id, Person.reference, Person.given_name, Person.family_name, Person.language)
    rows = sa.select(*names, address).join(PanelMember, PanelMember.reader_id == Person.id)
    rows = rows.join(Account, Account.person_id == Person.id).where(PanelMember.day_id == day.id)
    able = able_in(intake_of(day))
    return [row for row in db.session.execute(rows.order_by(Person.id)) if row.reference in able]
