"""`flask accounts` does what the page of people does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.roles.actions import invitations
from cohortmgr.accounts.rules import ANONYMOUS, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.integration.accounts.entering import letters

SCOPE = ["--role", "reviewer", "--scope", "ma.inpt.mdia."]
PASSWORD = "une phrase assez longue\n" * 2


@pytest.fixture(autouse=True)
def _loaded(runner: FlaskCliRunner) -> None:
    run(runner, "programmes", "load", "mdia")
    for email in ("lina@inpt.ma", "omar@inpt.ma"):
        run(
            runner,
            "accounts",
            "create",
            email,
            *(SCOPE if email[0] == "l" else ["--role", "trainer", *SCOPE[2:]]),
        )


def run(runner: FlaskCliRunner, *arguments: str, fails: bool = False) -> str:
    done = runner.invoke(args=list(arguments), input=PASSWORD)
    assert (done.exit_code != 0) is fails and "Traceback" not in done.output, done.output
    return done.output


def viewer(system_app: Flask, email: str = "lina@inpt.ma") -> Viewer:
    with system_app.app_context():
        db.session.rollback()
        found = viewers.viewer_of_email(email)
    assert found is not None
    return found


def test_a_role_is_ended_now_or_after_a_day(runner: FlaskCliRunner, system_app: Flask) -> None:
    last = clock.today() + timedelta(days=3)
    run(runner, "accounts", "end", "lina@inpt.ma", *SCOPE, "--on", last.isoformat())
    assert viewer(system_app).roles == {Role.REVIEWER}
    assert last.isoformat() in run(runner, "accounts", "list")
    run(runner, "accounts", "end", "lina@inpt.ma", *SCOPE)
    assert viewer(system_app).roles == frozenset()
    said = run(runner, "accounts", "end", "lina@inpt.ma", *SCOPE, fails=True)
    assert "does not hold reviewer" in said
    assert len(letters(system_app, "role_ended")) == 2


def test_an_account_is_suspended_opened_and_signed_out(runner: FlaskCliRunner, system_app: Flask) -> None:
    run(runner, "accounts", "suspend", "lina@inpt.ma")
    assert "suspended" in run(runner, "accounts", "list")
    assert "suspendu" in run(runner, "accounts", "suspend", "lina@inpt.ma", fails=True)
    run(runner, "accounts", "reopen", "lina@inpt.ma")
    run(runner, "accounts", "sign-out", "lina@inpt.ma")
    assert "no account" in run(runner, "accounts", "suspend", "personne@inpt.ma", fails=True)
    keys = ("account_suspended", "account_reopened", "devices_signed_out")
    assert [len(letters(system_app, key)) for key in keys] == [1, 1, 1]


def test_a_deputy_is_named_until_a_day(runner: FlaskCliRunner, system_app: Flask) -> None:
    last = clock.today() + timedelta(days=3)
    given = [*SCOPE, "--until", last.isoformat()]
    run(runner, "accounts", "deputise", "lina@inpt.ma", "omar@inpt.ma", *given)
    assert viewer(system_app, "omar@inpt.ma").roles == {Role.REVIEWER, Role.TRAINER}
    with clock.at(clock.instant(last + timedelta(days=1))):
        assert viewer(system_app, "omar@inpt.ma").roles == {Role.TRAINER}


def test_a_role_is_given_anew_by_the_command_once_it_is_over(
    runner: FlaskCliRunner, system_app: Flask
) -> None:
    last = clock.today() + timedelta(days=3)
    create = ["accounts", "create", "lina@inpt.ma", *SCOPE]
    assert "had an account" in run(runner, *create), "done again, it changes nothing"
    run(runner, "accounts", "end", "lina@inpt.ma", *SCOPE, "--on", last.isoformat())
    assert "a déjà ce rôle" in run(runner, *create, fails=True), "it says no role is for good that ends"
    with clock.at(clock.instant(last + timedelta(days=1))):
        assert viewer(system_app).roles == frozenset()
        run(runner, *create)
        assert viewer(system_app).roles == {Role.REVIEWER}
    with clock.at(clock.instant(last + timedelta(days=300))):
        assert viewer(system_app).roles == {Role.REVIEWER}
    assert len(letters(system_app, "role_given")) == 3, "to both at first, and to her again"


def test_a_deputy_is_not_told_to_hold_for_good_what_they_hold_for_a_while(
    runner: FlaskCliRunner, system_app: Flask
) -> None:
    last = clock.today() + timedelta(days=3)
    create = ["accounts", "create", "omar@inpt.ma", *SCOPE]
    run(runner, "accounts", "deputise", "lina@inpt.ma", "omar@inpt.ma", *SCOPE, "--until", last.isoformat())
    assert "a déjà ce rôle" in run(runner, *create, fails=True)
    run(runner, "accounts", "end", "omar@inpt.ma", *SCOPE)
    run(runner, *create)
    run(runner, "accounts", "end", "lina@inpt.ma", *SCOPE)
    with clock.at(clock.instant(last + timedelta(days=9))):
        assert viewer(system_app, "omar@inpt.ma").roles == {Role.REVIEWER, Role.TRAINER}


def test_people_are_invited_and_replaced(runner: FlaskCliRunner, system_app: Flask) -> None:
    run(runner, "accounts", "invite", "Neuve@inpt.ma", *SCOPE, "--language", "en")
    assert "attend déjà" in run(runner, "accounts", "invite", "neuve@inpt.ma", *SCOPE, fails=True)
    run(runner, "accounts", "replace", "lina@inpt.ma", "0612345678", *SCOPE)
    assert viewer(system_app).roles == {Role.REVIEWER}
    message, content = letters(system_app, "role_invitation")[-1]
    variables = content["variables"]
    assert message.channel == "sms" and isinstance(variables, dict)
    assert variables["by"] == "L’administration du site"
    english = letters(system_app, "role_invitation")[0][1]["variables"]
    assert isinstance(english, dict) and english["by"] == "The site’s administration"
    with system_app.app_context(), writing():
        invitations.accept(ANONYMOUS, variables["token"], "Une", "Neuve", "fr")
    assert viewer(system_app).roles == frozenset()


def test_an_organisation_is_given_alone_by_an_invitation_as_by_an_account(
    runner: FlaskCliRunner, system_app: Flask
) -> None:
    at = ["--role", "observer", "--scope", "ma."]
    assert "observer at ma. alone" in run(runner, "accounts", "invite", "Neuve@inpt.ma", *at, "--alone")
    _message, content = letters(system_app, "role_invitation")[-1]
    variables = content["variables"]
    assert isinstance(variables, dict) and "sans les établissements" in str(variables["place"])
    with system_app.app_context(), writing():
        invitations.accept(ANONYMOUS, variables["token"], "Une", "Neuve", "fr")
    [held] = viewer(system_app, "neuve@inpt.ma").grants
    assert held.alone and not held.scope.holds("ma.inpt.") and held.scope.holds("ma.")
    assert "nothing of its own" in run(
        runner, "accounts", "invite", "x@inpt.ma", "--role", "observer", "--scope", "", "--alone", fails=True
    )


def test_a_role_that_a_command_gives_is_told_once(runner: FlaskCliRunner, system_app: Flask) -> None:
    before = len(letters(system_app, "role_given"))
    for _twice in range(2):
        run(runner, "accounts", "create", "lina@inpt.ma", "--role", "trainer", *SCOPE[2:])
    told = letters(system_app, "role_given")[before:]
    assert [content["address"] for _message, content in told] == ["lina@inpt.ma"]


def test_a_company_s_contact_is_made_with_what_the_role_opens(
    runner: FlaskCliRunner, system_app: Flask
) -> None:
    run(runner, "accounts", "create", "c@b.ma", "--role", "company_contact", "--scope", "ma.managem.")
    assert len(viewer(system_app, "c@b.ma").institutions) == 1
    said = run(
        runner, "accounts", "invite", "d@b.ma", "--role", "reviewer", "--scope", "ma.managem.", fails=True
    )
    assert "entreprise" in said
