"""An invitation that is opened while somebody is signed in says so, asks with which account, and leaves one session."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Account, Person, SignInSession
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base.db import db, writing
from tests.factories.choices import browser, known
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import acts, staffed
from tests.integration.accounts.roles.test_invitations import NAMED, invite, stranger, token
from tests.watch import rows_of

pytestmark = pytest.mark.usefixtures("system_context")
PRIVATE = "lina.perso@exemple.ma"


def opened(app: Flask, system_app: Flask, email: str = PRIVATE) -> tuple[Viewer, FlaskClient, str]:
    """(lina, her browser, the address of an invitation that went to another address)."""
    _intake, admin, lina = staffed()
    invite(app, admin, email, role="observer")
    return lina, browser(app, lina), f"/invitations/{token(system_app)}"


def open_sessions(viewer: Viewer) -> list[bool]:
    """Whether each session of an account that is open is on a shared device."""
    db.session.rollback()
    held = sa.select(SignInSession.shared).where(
        SignInSession.account_id == viewer.account_id, SignInSession.revoked_at.is_(None)
    )
    return list(db.session.scalars(held))


def test_the_page_says_who_is_signed_in_and_makes_no_second_person(app: Flask, system_app: Flask) -> None:
    lina, hers, link = opened(app, system_app)
    page = hers.get(link).text
    assert lina.name in page and PRIVATE in page and "Accepter avec ce compte" in page
    before = rows_of(Person), rows_of(Account)
    unsaid = hers.post(link, data=NAMED)
    assert "avec quel compte" in unsaid.text and (rows_of(Person), rows_of(Account)) == before
    assert hers.post(link, data={**NAMED, "as": "mine"}).status_code == 302
    assert (rows_of(Person), rows_of(Account)) == before
    assert known("lina@inpt.ma").roles == {Role.REVIEWER, Role.OBSERVER}
    assert accounts.account_by_email(PRIVATE) is None
    assert len(open_sessions(lina)) == 1, "the session that it replaces ended"
    assert [name for name, _values in acts("accounts.accept_invitation")] == ["accounts.accept_invitation"]
    assert letters(system_app, "role_given")[-1][1]["address"] == "lina@inpt.ma"


def test_whoever_enters_as_another_leaves_no_session_behind(app: Flask, system_app: Flask) -> None:
    lina, hers, link = opened(app, system_app)
    assert hers.post(link, data={**NAMED, "as": "another"}).status_code == 302
    assert known(PRIVATE).roles == {Role.OBSERVER} and known("lina@inpt.ma").roles == {Role.REVIEWER}
    assert open_sessions(lina) == [] and len(open_sessions(known(PRIVATE))) == 1
    assert PRIVATE in hers.get("/my/sessions").text


def test_an_address_of_another_account_gives_its_role_there_alone(app: Flask, system_app: Flask) -> None:
    _lina, hers, link = opened(app, system_app, "c1@exemple.ma")
    assert "dans un autre compte" in hers.post(link, data={**NAMED, "as": "mine"}).text
    assert known("lina@inpt.ma").roles == {Role.REVIEWER}
    assert hers.post(link, data={**NAMED, "as": "another"}).status_code == 302
    assert known("c1@exemple.ma").roles == {Role.OBSERVER}


def test_whoever_reads_their_own_address_is_asked_nothing(app: Flask, system_app: Flask) -> None:
    lina, hers, link = opened(app, system_app, "lina@inpt.ma")
    page = hers.get(link).text
    assert "Accepter et entrer" in page and "Accepter avec ce compte" not in page
    assert hers.post(link, data=NAMED).status_code == 302
    assert known("lina@inpt.ma").roles == {Role.REVIEWER, Role.OBSERVER}
    assert len(open_sessions(lina)) == 1


def test_a_shared_device_stays_one_and_a_visitor_may_say_that_it_is(app: Flask, system_app: Flask) -> None:
    lina, hers, link = opened(app, system_app, "lina@inpt.ma")
    with writing():
        db.session.execute(sa.update(SignInSession).values(shared=True))
    assert "Cet appareil est partagé" not in hers.get(link).text, "it is known"
    hers.post(link, data=NAMED)
    assert open_sessions(lina) == [True]
    invite(app, known("admin@inpt.ma"), "neuve@inpt.ma")
    visitor, link = stranger(app), f"/invitations/{token(system_app)}"
    assert "Cet appareil est partagé" in visitor.get(link).text
    visitor.post(link, data={**NAMED, "shared": "y"})
    assert open_sessions(known("neuve@inpt.ma")) == [True]
