"""Whoever read an account's address before is told of a new password and of a new address."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import access, doors, people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.roles.actions import grants, suspending
from cohortmgr.accounts.roles.actions.grants import RoleWish
from cohortmgr.accounts.roles.rules import RoleScope
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.settings import ROOT
from tests.integration.accounts.entering import letters, sign_in_anew, sign_up
from tests.watch import SeparateClient

At = Callable[..., AbstractContextManager[None]]


def entered(contact: Contact) -> Viewer:
    """A viewer who has just entered."""
    with writing():
        account_id = doors.enter(contact, "ar").account_id
        assert account_id is not None
        token = people.open_session(account_id)
    found = viewers.viewer_of_token(token)
    assert found is not None
    return found


def told(system_app: Flask, key: str) -> list[tuple[str, str, object]]:
    return [
        (message.channel, message.language, content["address"])
        for message, content in letters(system_app, key)
    ]


def test_a_new_password_is_told(system_app: Flask) -> None:
    with system_app.app_context():
        viewer = entered(Contact("email", "a@exemple.ma"))
        with writing():
            access.choose_password(viewer, "a hash")
    assert told(system_app, "password_changed") == [("email", "ar", "a@exemple.ma")]


def test_a_new_address_is_told_at_the_old_one_and_does_not_give_the_new_one_away(system_app: Flask) -> None:
    with system_app.app_context():
        viewer = entered(Contact("email", "ancienne@exemple.ma"))
        for _twice in range(2):
            with writing():
                access.join(viewer, Contact("email", "nouvelle@exemple.ma"))
    assert told(system_app, "access_changed") == [("email", "ar", "ancienne@exemple.ma")]
    variables = letters(system_app, "access_changed")[0][1]["variables"]
    assert isinstance(variables, dict) and variables["contact"] == "no…@exemple.ma"
    message = letters(system_app, "access_changed")[0][0]
    assert message.person_id is None, "or the router would follow the person to the new address"


def test_a_new_number_is_told_by_mail_and_at_the_number_that_it_replaces(system_app: Flask) -> None:
    with system_app.app_context():
        viewer = entered(Contact("sms", "+212612345678"))
        with writing():
            access.join(viewer, Contact("email", "une@exemple.ma"))
        with writing():
            access.join(viewer, Contact("sms", "+212699999999"))
    assert told(system_app, "access_changed") == [
        ("sms", "ar", "+212612345678"),
        ("email", "ar", "une@exemple.ma"),
        ("sms", "ar", "+212612345678"),
    ]


def test_a_password_chosen_again_at_a_door_is_told_and_the_first_one_is_not(
    client: FlaskClient, app: Flask, system_app: Flask, at: At
) -> None:
    """Whoever reads one code must not keep the account's password in their pocket without a word."""
    sign_up(client, "p@exemple.ma", "une phrase assez longue")
    assert told(system_app, "password_changed") == []
    with at(clock.now() + timedelta(seconds=31)):
        sign_up(SeparateClient(app, app.response_class), "p@exemple.ma", "une autre phrase longue")
    assert told(system_app, "password_changed") == [("email", "fr", "p@exemple.ma")]


def test_a_first_password_of_an_account_that_was_entered_before_is_told(
    client: FlaskClient, system_app: Flask, at: At
) -> None:
    with system_app.app_context():
        entered(Contact("email", "p@exemple.ma"))
    with at(clock.now() + timedelta(seconds=31)):
        sign_up(client, "p@exemple.ma", "une phrase assez longue")
    assert told(system_app, "password_changed") == [("email", "ar", "p@exemple.ma")]


def test_a_password_that_a_proof_drops_is_told(client: FlaskClient, system_app: Flask) -> None:
    sign_in_anew(client, "p@exemple.ma", "une phrase assez longue", proved=False)
    with system_app.app_context():
        entered(Contact("email", "p@exemple.ma"))
    assert told(system_app, "password_dropped") == [("email", "fr", "p@exemple.ma")]


def test_who_bears_an_address_that_they_never_proved_is_told_that_it_enters_another_account(
    system_app: Flask,
) -> None:
    """Who entered by a number, and only typed an address, is not opened by it, whatever is said there."""
    with system_app.app_context():
        with writing():
            person = people.new_person({"email": "b@exemple.ma", "birth_date": date(2004, 3, 14)})
            people.new_account_of(person, None, None, "+212612345678")
        with writing():
            assert doors.answer(Contact("email", "b@exemple.ma"), "14/03/2004") == doors.WrongAnswer(4)
        with writing():
            assert doors.enter(Contact("email", "b@exemple.ma"), "ar").account_id is not None
    assert told(system_app, "access_changed") == []
    assert told(system_app, "address_elsewhere") == [("sms", "fr", "+212612345678")]


def test_sessions_that_staff_end_are_told(system_app: Flask) -> None:
    """Whatever ends every device of an account, or changes how it is entered, goes through what tells."""
    with system_app.app_context():
        viewer = entered(Contact("email", "a@exemple.ma"))
        place = RoleScope("programme", "P" * 26, "ma.inpt.mdia.", {"fr": "MDIA"}, ())
        account = viewers.account_by_email("a@exemple.ma")
        assert account is not None
        with writing():
            grants.hold(SYSTEM, account, RoleWish(Role.REVIEWER, place))
        with writing():
            suspending.sign_out(SYSTEM, viewer.reference)
    assert told(system_app, "devices_signed_out") == [("email", "ar", "a@exemple.ma")]


def test_nothing_else_changes_a_password_or_a_way_in() -> None:
    """The functions that tell are the only ones that write these columns of an account that exists."""
    written = re.compile(
        r"\b(?:account|own)\.(?:password_hash|email|phone_blind|phone_sealed)(?:, [\w.]+)* = |password_hash=pass"
    )
    found = {
        path.relative_to(ROOT).as_posix(): len(written.findall(path.read_text("utf-8")))
        for path in sorted((ROOT / "cohortmgr").rglob("*.py"))
    }
    assert {name: number for name, number in found.items() if number} == {
        # `change_password`, `enter_by`, `leave`, `_enter_by_phone`, and a new account's own.
        "cohortmgr/accounts/actions/people.py": 7,
        # The same mailbox, in the form in which it is looked for.
        "cohortmgr/accounts/actions/uniting.py": 1,
    }


def test_a_new_password_is_told_wherever_the_account_is_entered(system_app: Flask) -> None:
    with system_app.app_context():
        viewer = entered(Contact("email", "a@exemple.ma"))
        with writing():
            access.join(viewer, Contact("sms", "+212612345678"))
        with writing():
            access.choose_password(viewer, "a hash")
    assert [each[2] for each in told(system_app, "password_changed")] == ["a@exemple.ma", "+212612345678"]


def test_pages_tell_too(client: FlaskClient, system_app: Flask) -> None:
    sign_up(client, "p@exemple.ma", "une phrase assez longue")
    done = client.post("/my/sessions/password", data={"password": "une autre phrase longue"})
    assert done.status_code == 302
    assert told(system_app, "password_changed") == [("email", "fr", "p@exemple.ma")]
