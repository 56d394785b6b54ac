"""A role at an organisation alone stays so however it is passed on, and an invited address may be several people's."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.roles import hooks
from cohortmgr.accounts.roles.actions import grants, invitations
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotPermitted, Refused
from cohortmgr.organisations.queries import by_key
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, known, sent
from tests.integration.accounts.roles.colleagues import grant_of, place
from tests.integration.accounts.roles.test_invitations import token

pytestmark = pytest.mark.usefixtures("system_context")


def ministry(role: Role, name: str) -> Viewer:
    """Somebody with a role at the ministry without the institutions below it."""
    with writing():
        root = by_key("ma")
        assert root is not None
        account = people.new_account(SYSTEM, f"{name}@exemple.ma", "no hash", {"given_name": name})
        people.grant(SYSTEM, account, role, "organisation", root.reference, "ma.", [root.id], alone=True)
    return known(f"{name}@exemple.ma")


def is_alone(viewer: Viewer, role: Role) -> bool:
    held = sa.select(RoleGrant.alone).where(RoleGrant.account_id == viewer.account_id, RoleGrant.role == role)
    return db.session.scalars(held).one()


def test_who_holds_an_organisation_alone_gives_and_lends_it_alone(app: Flask) -> None:
    sent(1)
    admin, omar, lina = (
        ministry(Role.PROGRAMME_ADMINISTRATOR, "admin"),
        ministry(Role.REVIEWER, "omar"),
        ministry(Role.TRAINER, "lina"),
    )
    assert [(scope.path, scope.alone) for scope in hooks.scopes_for(admin) if not scope.is_company] == [
        ("ma.", True)
    ]
    desk = browser(app, admin)
    page = desk.get(f"/staff/people/{omar.reference}").text
    assert "sans les établissements" in page
    wanted = {"role": "finance", "scope": place(admin, "ma.").reference}
    assert desk.post(f"/staff/people/{omar.reference}/give", data=wanted).status_code == 302
    assert is_alone(omar, Role.FINANCE)
    end = known("omar@exemple.ma")
    assert all(grant.alone for grant in end.grants) and "ma.inpt." in end.grants[0].without
    with writing():
        last = clock.today()
        grants.deputise(admin, grant_of(omar, Role.REVIEWER), lina.reference, None, last)
    assert is_alone(lina, Role.REVIEWER)
    wish = grants.wish_of(SYSTEM, Role.TRAINER, place(SYSTEM, "ma.").reference, None, None)
    with pytest.raises(NotPermitted), writing():
        grants.give(admin, omar.reference, wish)


def test_who_replaces_somebody_gets_the_organisation_alone(system_app: Flask) -> None:
    sent(1)
    omar = ministry(Role.REVIEWER, "omar")
    with writing():
        invited = Invitee(Contact("email", "autre@exemple.ma"), "Une", "Autre", "fr")
        invitations.replace_holder(SYSTEM, grant_of(omar, Role.REVIEWER), invited)
    link = token(system_app)
    with writing():
        invitations.accept(ANONYMOUS, link, "Une", "Autre", "fr")
    assert is_alone(known("autre@exemple.ma"), Role.REVIEWER)
    assert not known("omar@exemple.ma").roles


def shared(intake: Intake, email: str, number: int) -> None:
    """Let the person of a file bear an address, in place of its account's."""
    with writing():
        person = people.new_person({"email": email, "given_name": "Un", "family_name": "Autre"})
        held = sa.select(Application).where(Application.number == f"MDIA-{number:06d}")
        db.session.scalars(held).one().person_id = person.id


def invited(email: str) -> None:
    with writing():
        wish = grants.wish_of(SYSTEM, Role.OBSERVER, place(SYSTEM, ".mdia.").reference, None, None)
        invitations.invite(SYSTEM, Invitee(Contact("email", email), "Une", "Autre", "fr"), wish)


def test_an_address_of_several_people_without_account_gets_one_beside_their_files(system_app: Flask) -> None:
    intake = sent(2)
    for number in (1, 2):
        shared(intake, "famille@exemple.ma", number)
    invited("famille@exemple.ma")
    link = token(system_app)
    with writing():
        invitations.accept(ANONYMOUS, link, "Une", "Autre", "fr")
    viewer = known("famille@exemple.ma")
    assert viewer.roles == {Role.OBSERVER}
    files = db.session.scalars(sa.select(Application.person_id)).all()
    assert viewer.person_id not in files


def test_an_address_that_enters_one_of_several_asks_them_to_say_first_who_they_are(system_app: Flask) -> None:
    intake = sent(2)
    shared(intake, "c1@exemple.ma", 2)
    invited("c1@exemple.ma")
    link, holder = token(system_app), known("c1@exemple.ma")
    with pytest.raises(Refused, match="Plusieurs personnes"), writing():
        invitations.accept(ANONYMOUS, link, "Une", "Autre", "fr")
    db.session.rollback()
    assert not known("c1@exemple.ma").roles
    with writing():
        assert invitations.accept(holder, link, "Une", "Autre", "fr") == holder.account_id
    assert known("c1@exemple.ma").roles == {Role.OBSERVER}
