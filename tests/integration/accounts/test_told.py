"""Whoever read an account's address before is told of a new password and of a new address."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts import queries
from cohortmgr.accounts.actions import access, doors, people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import writing
from tests.integration.accounts.entering import letters, sign_up


def entered(contact: Contact) -> Viewer:
    """A viewer who has just entered."""
    with writing():
        account_id = doors.enter(contact, "ar").account_id
        assert account_id is not None
        token = people.open_session(account_id)
    found = queries.viewer_of_token(token)
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


def test_pages_tell_too(client: FlaskClient, system_app: Flask) -> None:
    sign_up(client, "p@exemple.ma", "une phrase assez longue")
    done = client.post("/my/sessions/password", data={"password": "une autre phrase longue"})
    assert done.status_code == 302
    assert told(system_app, "password_changed") == [("email", "fr", "p@exemple.ma")]
