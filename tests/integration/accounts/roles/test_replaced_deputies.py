"""Whoever replaces a deputy is one: in the same place, to the same day, and only while the role is lent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.roles.actions import grants, invitations
from cohortmgr.accounts.roles.models import Invitation
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.roles.rules import GrantState
from cohortmgr.accounts.rules import ANONYMOUS, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from tests.factories.choices import browser, known, someone
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import grant_of, staffed
from tests.integration.accounts.roles.test_invitations import stranger, token

pytestmark = pytest.mark.usefixtures("system_context")
NEW = "nora@exemple.ma"
NAMED = {"given_name": "Nora", "family_name": "Saidi"}


def in_days(number: int) -> date:
    return clock.today() + timedelta(days=number)


def replaced(begins: int | None = None, ends: int = 20) -> tuple[Viewer, Viewer, Viewer]:
    """(administrator, lina whose role is lent, omar her deputy in whose place somebody is invited)."""
    intake, admin, lina = staffed()
    omar = someone(intake, Role.TRAINER, "omar")
    first = None if begins is None else in_days(begins)
    with writing():
        grants.deputise(admin, grant_of(lina, Role.REVIEWER), omar.reference, first, in_days(ends))
    with writing():
        invited = Invitee(Contact("email", NEW), "Nora", "Saidi", "fr")
        invitations.replace_holder(admin, grant_of(omar, Role.REVIEWER), invited)
    return admin, lina, omar


def row_of(viewer: Viewer) -> RoleGrant:
    return db.session.scalars(sa.select(RoleGrant).where(RoleGrant.account_id == viewer.account_id)).one()


@pytest.mark.parametrize("begins", [None, 3])
def test_whoever_replaces_a_deputy_keeps_the_days_and_whose_role_it_is(
    app: Flask, system_app: Flask, begins: int | None
) -> None:
    _admin, lina, omar = replaced(begins)
    visitor, link = stranger(app), f"/invitations/{token(system_app)}"
    assert "jusqu’au" in (page := visitor.get(link).text) or "du " in page
    assert visitor.post(link, data=NAMED).status_code == 302
    nora = known(NEW)
    first = None if begins is None else in_days(begins)
    row = row_of(nora)
    assert (row.begins_on, row.ends_on, row.stands_for_id) == (first, in_days(20), lina.account_id)
    assert known(omar.email).roles == {Role.TRAINER}
    with clock.at(clock.instant(in_days(20), 12)):
        assert known(NEW).roles == {Role.REVIEWER}
    with clock.at(clock.instant(in_days(21), 12)):
        assert not known(NEW).roles
    told = [content["address"] for _message, content in letters(system_app, "role_lent")]
    assert told == [lina.email, lina.email], "whoever is represented learns who it is now"
    assert [each["address"] for _m, each in letters(system_app, "role_ended")] == [omar.email]


def test_the_role_of_who_replaces_a_deputy_ends_with_the_role(app: Flask, system_app: Flask) -> None:
    admin, lina, _omar = replaced()
    stranger(app).post(f"/invitations/{token(system_app)}", data=NAMED)
    assert known(NEW).roles == {Role.REVIEWER}
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    assert not known(NEW).roles and held_roles.grant_state_of(row_of(known(NEW))) is GrantState.ENDED


def test_nobody_takes_over_what_is_lent_no_longer_and_nobody_their_own(app: Flask, system_app: Flask) -> None:
    admin, lina, _omar = replaced()
    link = token(system_app)
    with pytest.raises(Refused, match="personne ne se remplace soi-même"), writing():
        invitations.accept(lina, link, "", "", "fr", attach=True)
    db.session.rollback()
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    page = stranger(app).post(f"/invitations/{link}", data=NAMED)
    assert page.status_code == 200 and "La suppléance est finie" in page.text
    with pytest.raises(Refused, match="suppléance est finie"), writing():
        invitations.accept(ANONYMOUS, link, "", "", "fr")


def test_a_role_of_ones_own_that_has_a_last_day_is_taken_over_to_that_day(
    app: Flask, system_app: Flask
) -> None:
    _intake, admin, lina = staffed()
    held = grant_of(lina, Role.REVIEWER)
    with writing():
        grants.end(admin, held, in_days(5))
    page = browser(app, admin).post(
        f"/staff/people/roles/{held}/replace", data={"email": NEW, "spoken": "fr"}
    )
    assert page.status_code == 302
    row = db.session.scalars(sa.select(Invitation)).one()
    assert (row.begins_on, row.ends_on) == (None, in_days(5))
    stranger(app).post(f"/invitations/{token(system_app)}", data=NAMED)
    assert (row_of(known(NEW)).ends_on, row_of(known(NEW)).stands_for_id) == (in_days(5), None)


def test_the_form_of_a_deputy_asks_for_the_last_day_and_does_not_call_it_optional(app: Flask) -> None:
    intake, admin, lina = staffed()
    omar = someone(intake, Role.TRAINER, "omar")
    page = f"/staff/people/roles/{grant_of(lina, Role.REVIEWER)}/deputy"
    text = browser(app, admin).get(page).text
    last = text[text.index('for="ends_on"') :]
    label, field = (
        last[: last.index("</label>")],
        last[: last.index("/>") if "/>" in last else last.index("</div>")],
    )
    assert "facultatif" not in label and "required" in field
    assert "facultatif" in text[text.index('for="begins_on"') :].split("</label>")[0]
    answer = browser(app, admin).post(page, data={"deputy": omar.reference})
    assert "Écrivez le dernier jour" in answer.text and omar.reference in answer.text
