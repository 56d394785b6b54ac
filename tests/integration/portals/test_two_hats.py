"""Who has two hats finds both homes; whose role ended is told so; one auditor may read all that was done."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.roles.actions import suspending
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.i18n import day, speaking
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, known, sent, someone
from tests.integration.portals.test_navigation import places

pytestmark = pytest.mark.usefixtures("system_context")


def also(viewer: Viewer, role: Role, path: str, institutions: list[int]) -> Viewer:
    """The same person with one more role."""
    account = viewers.account_by_email(viewer.email)
    assert account is not None
    with writing():
        people.grant(SYSTEM, account, role, "organisation", f"also-{role.value}", path, institutions)
    return known(viewer.email)


@pytest.mark.parametrize("hat", [Role.REVIEWER, Role.AUDITOR])
def test_a_company_s_contact_with_a_role_in_the_team_keeps_both_homes(app: Flask, hat: Role) -> None:
    intake = sent(1)
    contact = someone(intake, hat)
    both = browser(app, also(contact, Role.COMPANY_CONTACT, "ma.inpt.", []))
    assert both.get("/staff").status_code == both.get("/company").status_code == 200
    assert "/company/apprentices" in str(places(both, "/company")) and "/staff" in str(places(both, "/staff"))
    for page in ("/staff", "/company"):
        menu = both.get(page).text
        assert all(f'<a href="{home}">' in menu for home in ("/staff", "/company", "/my"))


def test_a_candidate_who_reads_files_too_finds_their_own(app: Flask) -> None:
    sent(1)
    candidate = known("c1@exemple.ma")
    assert '<a href="/staff">' not in browser(app, candidate).get("/my").text
    reader = browser(app, also(candidate, Role.REVIEWER, "ma.inpt.mdia.", []))
    page = reader.get("/staff").text
    assert '<a href="/my">' in page and '<a href="/company">' not in page
    assert "MDIA-000001" in reader.get("/my").text


@pytest.mark.parametrize(("role", "home"), [(Role.REVIEWER, "/staff"), (Role.COMPANY_CONTACT, "/company")])
def test_whose_role_ended_is_told_and_who_never_had_one_is_not(app: Flask, role: Role, home: str) -> None:
    intake = sent(1)
    desk = browser(app, also(known("c1@exemple.ma"), role, intake.path, []))
    assert desk.get(home).status_code == 200
    with writing() as session:
        session.execute(sa.update(RoleGrant).values(revoked_at=clock.now()))
    answer = desk.get(home)
    assert answer.status_code == 404 and "Votre rôle ici est fini" in answer.text
    assert "n’existe pas" not in answer.text and "n’existe pas" in desk.get("/staff/nothing-here").text
    assert "Votre rôle" not in desk.get("/staff/nothing-here").text
    other = "/company" if home == "/staff" else "/staff"
    assert "Votre rôle" not in desk.get(other).text


@pytest.mark.parametrize("how", ["ended", "last day", "lent"])
def test_whose_role_ended_is_told_since_when_and_whom_to_ask(app: Flask, how: str) -> None:
    intake = sent(1)
    admin, lina = (
        someone(intake, Role.PROGRAMME_ADMINISTRATOR, "Berrada"),
        someone(intake, Role.REVIEWER, "lina"),
    )
    held = sa.update(RoleGrant).where(RoleGrant.account_id == lina.account_id)
    with writing() as session:
        if how == "ended":
            session.execute(held.values(revoked_at=clock.now() - timedelta(3)))
        elif how == "last day":
            session.execute(held.values(ends_on=clock.today() - timedelta(3)))
        else:  # by somebody whose own role is over
            lender = someone_without_role(intake)
            session.execute(held.values(stands_for_id=lender, ends_on=clock.today() + timedelta(9)))
    answer = browser(app, lina).get("/staff")
    assert answer.status_code == 404 and admin.name in answer.text and "Évaluateur" in answer.text
    assert (i18n_day(clock.today() - timedelta(3)) in answer.text) is (how != "lent")


def someone_without_role(intake: Intake) -> int:
    account = people.new_account(SYSTEM, "partie@inpt.ma", "no hash", {"given_name": "Partie"})
    return account.id


def i18n_day(wanted: date) -> str:
    with speaking("fr"):
        return day(wanted)


def test_an_auditor_of_the_whole_tree_reads_what_concerns_no_institution_and_others_do_not(
    app: Flask,
) -> None:
    intake = sent(1)
    closed, here = someone(intake, Role.REVIEWER), someone(intake, Role.AUDITOR, "ici")
    with writing():
        account = people.new_account(
            SYSTEM, "partout@inpt.ma", people.prepare_password("quatre mots pour entrer", ""), {}
        )
        people.grant(SYSTEM, account, Role.AUDITOR, "organisation", "tree", "", [intake.institution_id])
        suspending.suspend(SYSTEM, closed.reference)
    whole = browser(app, known("partout@inpt.ma"))
    for act in ("accounts.suspend", "accounts.grant"):
        found = whole.get(f"/staff/audit?action={act}").text
        assert found.count("Maillon") > 1, act
    assert browser(app, here).get("/staff/audit?action=accounts.suspend").text.count("Maillon") < 2
    db.session.rollback()
