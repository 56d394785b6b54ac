"""A role in a part of the tree reaches what is added to it later, for pages and behind the database's walls."""

from __future__ import annotations

import pytest
from flask.ctx import AppContext
from flask.testing import FlaskClient, FlaskCliRunner

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer, allows
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import writing
from cohortmgr.organisations import actions
from cohortmgr.organisations.queries import by_key, institutions_below
from cohortmgr.placements.queries.around import people_with
from cohortmgr.reviews.queries import reviewers_in
from tests.factories.lives import lived_intake
from tests.factories.promotions import someone
from tests.watch import rows_of

EMAIL = "nationale@exemple.ma"


def at_the_root(role: Role, *, alone: bool = False) -> str:
    """Give a role at the root of a tree that has nothing below it yet. Returns the token of a session."""
    with writing():
        root = actions.ensure_host(SYSTEM, "ma")
        names = {"given_name": "Une", "family_name": "Nationale"}
        account = people.new_account(SYSTEM, EMAIL, "no hash", names)
        reached = (root.id,) if alone else institutions_below("ma.")
        people.grant(SYSTEM, account, role, "organisation", root.reference, "ma.", reached, alone=alone)
        return people.open_session(account.id)


def entered(client: FlaskClient, token: str) -> FlaskClient:
    with client.session_transaction() as session:
        session.update({"_user_id": token, "_fresh": True})
    return client


def known() -> Viewer:
    found = viewer_of_email(EMAIL)
    assert found is not None
    return found


def test_the_national_observer_sees_an_institution_added_later_and_its_report(
    system_context: AppContext, client: FlaskClient
) -> None:
    token = at_the_root(Role.OBSERVER)
    intake = lived_intake()
    page = entered(client, token)
    assert intake.institution_id in known().institutions
    assert f"/staff/intakes/{intake.reference}" in page.get("/staff").text
    reports = f"/staff/intakes/{intake.reference}/reports"
    assert page.get(reports).status_code == 200
    asked = page.post(reports)
    assert asked.status_code == 302
    assert page.get(asked.location).status_code == 200


def test_files_of_an_institution_added_later_stand_in_its_lists(
    system_context: AppContext, client: FlaskClient
) -> None:
    token = at_the_root(Role.PROGRAMME_ADMINISTRATOR)
    intake = lived_intake()
    assert rows_of(Application) > 50
    page = entered(client, token).get(f"/staff/intakes/{intake.reference}/applications")
    assert page.status_code == 200 and "/staff/applications/" in page.text
    with writing():  # and may give roles there
        account = people.new_account(
            SYSTEM, "nouvelle@exemple.ma", "no hash", {"given_name": "N", "family_name": "N"}
        )
        people.grant(known(), account, Role.REVIEWER, "programme", "p", intake.path, [intake.institution_id])


@pytest.mark.parametrize("alone", [False, True])
def test_the_root_alone_does_not_open_the_institutions_below_it(
    system_context: AppContext, client: FlaskClient, alone: bool
) -> None:
    token = at_the_root(Role.PROGRAMME_ADMINISTRATOR, alone=alone)
    intake = lived_intake()
    viewer, page = known(), entered(client, token)
    assert (intake.institution_id in viewer.institutions) is not alone
    assert allows(viewer, "cohorts.manage", intake.path) is not alone
    assert allows(viewer, "cohorts.manage", "ma.national."), "a programme of the ministry itself"
    assert (intake.reference in page.get("/staff").text) is not alone
    for place in ("", "/applications", "/reports", "/reviews"):
        status = page.get(f"/staff/intakes/{intake.reference}{place}").status_code
        assert status == (404 if alone else 200), place
    names = {row.family_name for row in people_with([Role.PROGRAMME_ADMINISTRATOR], intake.path)}
    assert ("Nationale" in names) is not alone
    own = {row.family_name for row in people_with([Role.PROGRAMME_ADMINISTRATOR], "ma.national.")}
    assert "Nationale" in own


@pytest.mark.parametrize("alone", [False, True])
def test_a_reader_of_the_ministry_alone_is_not_offered_for_an_institution_s_files(
    system_context: AppContext, alone: bool
) -> None:
    at_the_root(Role.REVIEWER, alone=alone)
    assert bool(reviewers_in("ma.inpt.mdia.")) is not alone
    assert len(reviewers_in("ma.national.")) == 1


def test_a_role_in_a_programme_costs_no_statement_more(
    system_context: AppContext, statements: object
) -> None:
    assert callable(statements)
    with writing():
        host = actions.ensure_host(SYSTEM, "inpt")
    with writing():
        account = people.new_account(SYSTEM, EMAIL, "no hash", {"given_name": "N", "family_name": "N"})
        people.grant(SYSTEM, account, Role.REVIEWER, "programme", "p", "ma.inpt.mdia.", [host.id])
    with statements() as seen:
        assert known().institutions == (host.id,)
    assert len(seen) == 1
    someone(Role.AUDITOR, "ma.", host.id)
    with statements() as seen:
        assert viewer_of_email("auditor@exemple.ma")
    assert len(seen) == 2


def test_the_command_gives_an_organisation_alone(runner: FlaskCliRunner, system_context: AppContext) -> None:
    with writing():
        actions.ensure_host(SYSTEM, "inpt")
    words = ["accounts", "create", EMAIL, "--role", "centre_manager", "--alone", "--scope"]
    done = runner.invoke(args=[*words, ""], input="une phrase assez longue\n" * 2)
    assert done.exit_code == 1 and "organisation's path" in done.output
    done = runner.invoke(args=[*words, "ma."], input="une phrase assez longue\n" * 2)
    assert done.exit_code == 0 and "centre_manager at ma. alone" in done.output
    root = by_key("ma")
    assert root is not None and known().institutions == (root.id,)
    assert not allows(known(), "cohorts.manage", "ma.inpt.")
