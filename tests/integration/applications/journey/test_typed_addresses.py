"""An address that somebody typed and never proved opens nothing of theirs: its owner has an account of her own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Account, Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import last_code, letters
from tests.integration.applications.importing.entering import prove, say
from tests.integration.applications.journey import steps
from tests.watch import SeparateClient, rows_of

At = Callable[..., AbstractContextManager[None]]
PHONE, OTHER, TYPED = "+212661777888", "hamza@exemple.ma", "famille@exemple.org"
AGAIN = timedelta(seconds=31)


@pytest.fixture(autouse=True)
def _during() -> Iterator[None]:
    with clock.at(steps.DURING):
        yield


@pytest.fixture
def intake(system_app: Flask) -> str:
    with system_app.app_context():
        return steps.load_mdia()


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    """A second browser."""
    return SeparateClient(app, app.response_class)


def sent(client: FlaskClient, system_app: Flask, intake: str, **typed: str) -> tuple[str, str]:
    """A file that was sent; its reference and number."""
    reference = steps.begin(client, intake)
    steps.fill(client, reference, steps.answers(**typed))
    with system_app.app_context():
        steps.examine()
    answer = client.post(f"/my/applications/{reference}/check")
    assert answer.status_code == 302, answer.text
    with system_app.app_context():
        number = db.session.scalars(
            sa.select(Application.number).where(Application.reference == reference)
        ).one()
    return reference, number


@pytest.mark.parametrize(
    ("entered", "typed", "way"),
    [(PHONE, TYPED, "email"), (OTHER, PHONE, "phone"), (OTHER, TYPED, "email")],
)
def test_a_typed_address_opens_nothing_and_its_owner_gets_an_account_of_her_own(
    client: FlaskClient,
    another: FlaskClient,
    system_app: Flask,
    intake: str,
    at: At,
    entered: str,
    typed: str,
    way: str,
) -> None:
    prove(client, system_app, entered)
    reference, number = sent(client, system_app, intake, **{way: typed})
    with at(clock.now() + AGAIN):
        assert prove(another, system_app, typed) == "/my", "nothing is asked that a mail has told"
        assert another.get(f"/my/applications/{reference}").status_code == 404
        page = another.get("/my").text
        assert number not in page and "Zoé" not in page and "s’ouvre par un autre accès" in page
        assert "s’ouvre par un autre accès" in another.get("/my/found").text
        assert (
            say(another, number) == "/my" and another.get(f"/my/applications/{reference}").status_code == 404
        )
    told = letters(system_app, "address_elsewhere")
    assert [(message.channel, content["address"]) for message, content in told] == [
        ("sms" if entered == PHONE else "email", entered)
    ]
    assert typed not in str(told[0][1]["variables"])
    with system_app.app_context():
        assert (rows_of(Account), rows_of(Person)) == (2, 2)
    with at(clock.now() + 2 * AGAIN):
        assert prove(another, system_app, typed) == "/my"
        own = steps.begin(another, intake)
    assert own != reference and len(letters(system_app, "address_elsewhere")) == 1


def test_whoever_typed_their_own_address_adds_it_from_within_and_an_empty_double_gives_way(
    client: FlaskClient, another: FlaskClient, system_app: Flask, intake: str, at: At
) -> None:
    prove(client, system_app, PHONE)
    reference, _number = sent(client, system_app, intake, email=TYPED)
    with at(clock.now() + AGAIN):
        prove(another, system_app, TYPED)
    with at(clock.now() + 2 * AGAIN):
        assert client.post("/my/sessions/contact", data={"email": TYPED}).location == "/my/sessions/code"
        code = {"code": last_code(system_app)}
        assert client.post("/my/sessions/code", data=code).location == "/my/sessions"
    assert another.get("/my").status_code == 302, "the double's sessions end"
    with at(clock.now() + 3 * AGAIN):
        assert prove(another, system_app, TYPED) == "/my"
        assert another.get(f"/my/applications/{reference}").status_code == 200


def test_an_account_by_which_something_was_done_gives_no_address_up(
    client: FlaskClient, another: FlaskClient, system_app: Flask, intake: str, at: At
) -> None:
    prove(client, system_app, PHONE)
    sent(client, system_app, intake, email=TYPED)
    with at(clock.now() + AGAIN):
        prove(another, system_app, TYPED)
        steps.begin(another, intake)
    with at(clock.now() + 2 * AGAIN):
        client.post("/my/sessions/contact", data={"email": TYPED})
        page = client.post("/my/sessions/code", data={"code": last_code(system_app)}).text
    assert "Un autre compte entre déjà" in page
    assert another.get("/my").status_code == 200


def test_a_number_that_was_mailed_to_the_address_is_no_secret(
    client: FlaskClient, app: Flask, another: FlaskClient, system_app: Flask, intake: str, at: At
) -> None:
    """Two share an address: whoever reads the mails of one does not enter by their number."""
    prove(client, system_app, TYPED)
    reference, number = sent(client, system_app, intake, email=TYPED)
    with at(clock.now() + AGAIN):
        prove(another, system_app, PHONE)
        sent(
            another,
            system_app,
            intake,
            email=TYPED,
            cin="CD654321",
            massar="R987654321",
            birth_date="02/05/2006",
        )
    with system_app.app_context(), writing():
        account = db.session.scalars(sa.select(Account).where(Account.email.is_(None))).one()
        account.phone_blind = account.phone_sealed = None  # as who was found at a shared address has it
    with at(clock.now() + 2 * AGAIN):
        third = SeparateClient(app, app.response_class)
        assert prove(third, system_app, TYPED) == "/code/which"
        for typed in (number, number.rpartition("-")[2].lower()):
            assert "est dans les messages de cette adresse" in say(third, typed)
        assert third.get(f"/my/applications/{reference}").status_code == 302
        assert say(third, "26/02/2004") == "/my"
        assert third.get(f"/my/applications/{reference}").status_code == 200
