"""A letter to an address that somebody typed goes to the one that its person proved: a slip is a stranger's address."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.messages.preferences.queries.routing import route_all
from cohortmgr.messages.undelivered import actions as undelivered
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.hooks import Route
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.selection.actions import letters
from tests.factories.choices import decided, known

pytestmark = pytest.mark.usefixtures("system_context")

PROVED, TYPED, OLDER = "c1@exemple.ma", "c1@gmial.com", "c1@vieux.ma"


@pytest.fixture
def person(system_context: object) -> Person:
    """Who enters by an address that they proved, and typed another one in their form."""
    decided(3, 1)
    found = db.session.get_one(Person, known(PROVED).person_id)
    with writing():
        set_person(found, {"email": TYPED})
        _proved(found, PROVED)
        db.session.execute(
            sa.update(Application).where(Application.person_id == found.id).values(email=TYPED)
        )
    return found


def _proved(person: Person, address: str) -> None:
    theirs = sa.update(Account).where(Account.person_id == person.id)
    db.session.execute(theirs.values(email=address, proved_at=clock.now()))


def _way(person: Person, address: str, key: str = letters.REFUSED) -> Any:
    """Where a letter leaves that was written to this address."""
    with writing():
        send_all([Letter(key, person.reference, address, "fr", {}, None, person.id)])
    db.session.rollback()
    message = db.session.scalars(sa.select(Message).order_by(Message.id.desc()).limit(1)).one()
    return route_all([message], opened([message]))[0]


@pytest.mark.parametrize(
    "key", [letters.OFFER_MADE, letters.REFUSED, "correction_asked", "application_received"]
)
@pytest.mark.parametrize("address", [TYPED, ""])
def test_a_letter_goes_to_the_proved_address_and_not_beside_it(
    person: Person, key: str, address: str
) -> None:
    assert _way(person, address, key) == Route("email", PROVED)


def test_another_file_s_address_is_typed_too(person: Person) -> None:
    with writing():
        db.session.execute(
            sa.update(Application).where(Application.person_id == person.id).values(email=OLDER)
        )
    assert _way(person, OLDER) == Route("email", PROVED)


def test_once_it_is_proved_letters_go_to_the_typed_one(person: Person) -> None:
    with writing():
        _proved(person, TYPED)
    assert _way(person, TYPED) == Route("email", TYPED)


def test_who_proved_nothing_is_written_to_as_the_file_says(person: Person) -> None:
    with writing():
        db.session.execute(sa.update(Account).where(Account.person_id == person.id).values(proved_at=None))
    assert _way(person, TYPED) == Route("email", TYPED)


def test_a_key_and_what_names_another_address_go_where_they_were_written(person: Person) -> None:
    assert _way(person, TYPED, "claim_file") == Route("email", TYPED)
    assert _way(person, "quelquun@exemple.ma") == Route("email", "quelquun@exemple.ma")


def test_what_a_colleague_corrected_after_a_return_is_not_sent_back_to_the_address_that_returned(
    person: Person,
) -> None:
    _way(person, TYPED)
    message = db.session.scalars(sa.select(Message).order_by(Message.id.desc()).limit(1)).one()
    file = db.session.scalars(sa.select(Application).where(Application.person_id == person.id)).one()
    with writing() as session:
        trouble = DeliveryTrouble(
            institution_id=file.institution_id,
            person_id=person.id,
            path="",
            application_id=file.id,
            message_reference=message.reference,
            kind=DeliveryTroubleKind.UNREACHABLE.value,
            at=clock.now(),
        )
        session.add(trouble)
    with writing():
        undelivered.correct(SYSTEM, trouble.reference, "c1@neuf.ma")
    assert _way(person, "c1@neuf.ma") == Route("email", "c1@neuf.ma")
