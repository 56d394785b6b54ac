"""Nobody comes to a role by an invitation that they sent: not by another address, nor in somebody's place."""

from __future__ import annotations

import pytest
from flask import Flask

from cohortmgr.accounts.actions import access, people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.queries.viewers import viewer_of_token
from cohortmgr.accounts.roles.actions import grants, invitations
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.rules import ANONYMOUS, Role, Viewer
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from tests.factories.choices import browser, known, someone
from tests.integration.accounts.roles.colleagues import grant_of, place, staffed
from tests.integration.accounts.roles.test_invitations import invite, stranger, token

pytestmark = pytest.mark.usefixtures("system_context")
NUMBER, PRIVATE = Contact("sms", "+212661999888"), Contact("email", "moi.perso@exemple.ma")
SELF = "Personne ne change ses propres"


def entered(viewer: Viewer) -> Viewer:
    """The same person in a session of a moment ago, which may change how their account is entered."""
    assert viewer.account_id is not None
    with writing():
        held = people.open_session(viewer.account_id)
    found = viewer_of_token(held)
    assert found is not None
    return found


def take_on(viewer: Viewer, contact: Contact) -> None:
    fresh = entered(viewer)
    with writing():
        access.join(fresh, contact)


def test_an_own_number_or_address_is_not_invited(app: Flask) -> None:
    _intake, admin, lina = staffed()
    take_on(admin, NUMBER)
    assert "personne ne se donne" in invite(app, admin, "0661 999 888", role="finance")
    assert "personne ne se donne" in invite(app, admin, admin.email.upper(), role="finance")
    held = grant_of(lina, Role.REVIEWER)
    replaced = browser(app, admin).post(
        f"/staff/people/roles/{held}/replace", data={"email": "0661999888", "spoken": "fr"}
    )
    assert "personne ne se donne" in replaced.text
    wish = grants.wish_of(admin, Role.FINANCE, place(admin, ".mdia.").reference, None, None)
    with pytest.raises(Refused, match="personne ne se donne"), writing():
        invitations.invite(admin, Invitee(NUMBER, "", "", "fr"), wish)


def test_an_address_that_becomes_ones_own_later_gives_nothing(app: Flask, system_app: Flask) -> None:
    _intake, admin, _lina = staffed()
    invite(app, admin, PRIVATE.address, role="finance")
    link = token(system_app)
    take_on(admin, PRIVATE)
    hers = browser(app, known(PRIVATE.address))
    assert SELF in hers.post(f"/invitations/{link}", data={"given_name": "A", "family_name": "B"}).text
    visitor = stranger(app)
    assert SELF in visitor.post(f"/invitations/{link}", data={"given_name": "A", "family_name": "B"}).text
    assert known(PRIVATE.address).roles == {Role.PROGRAMME_ADMINISTRATOR}


def test_nobody_takes_a_colleague_s_place_by_their_own_invitation(app: Flask, system_app: Flask) -> None:
    intake, admin, _lina = staffed()
    boss = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "boss")
    with writing():
        invitations.replace_holder(
            admin, grant_of(boss, Role.PROGRAMME_ADMINISTRATOR), Invitee(NUMBER, "", "", "fr")
        )
    link = token(system_app)
    take_on(admin, NUMBER)
    for viewer in (ANONYMOUS, admin):
        with pytest.raises(Refused, match=SELF), writing():
            invitations.accept(viewer, link, "", "", "fr")
        db.session.rollback()
    assert known(boss.email).roles == {Role.PROGRAMME_ADMINISTRATOR}, "who would be replaced keeps the role"


def test_the_one_writer_of_roles_gives_nobody_their_own(app: Flask) -> None:
    intake, admin, _lina = staffed()
    account = db.session.get_one(Account, admin.account_id)
    spot = place(admin, ".mdia.")
    where = (spot.kind, spot.reference, spot.path, spot.institutions)
    with pytest.raises(Refused, match=SELF), writing():
        people.grant(admin, account, Role.FINANCE, *where)
    with pytest.raises(Refused, match=SELF), writing():
        grants.hold(admin, account, grants.RoleWish(Role.FINANCE, spot))
