"""People are written to in the language that they use: the one they entered in first, and the one they turn to."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from tests.integration.applications.importing.entering import MAIL, bring, prove, somebody
from tests.integration.applications.journey import steps

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def _files(system_app: Flask) -> None:
    with system_app.app_context():
        steps.load_mdia()
    bring(system_app, somebody(1), somebody(2, mail="autre@exemple.ma"))


def spoken(system_app: Flask) -> list[tuple[str, str]]:
    """The language of each person and of their file."""
    with system_app.app_context():
        joined = sa.select(Person.language, Application.language).join(
            Application, Application.person_id == Person.id
        )
        return [(row[0], row[1]) for row in db.session.execute(joined.order_by(Person.id))]


def test_who_was_imported_and_enters_in_arabic_is_written_to_in_arabic(
    client: FlaskClient, system_app: Flask
) -> None:
    assert spoken(system_app) == [("fr", "fr")] * 2
    client.get("/language/ar")
    assert prove(client, system_app, MAIL) == "/my"
    assert spoken(system_app) == [("ar", "ar"), ("fr", "fr")]


def test_a_switch_while_signed_in_is_kept_and_only_if_it_was_pressed_here(
    client: FlaskClient, system_app: Flask
) -> None:
    client.get("/language/ar", headers=HERE)
    assert spoken(system_app) == [("fr", "fr")] * 2, "nobody is signed in"
    client.get("/language/fr")
    prove(client, system_app, MAIL)
    for headers in (
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": "https://mal.example/"},
        {**HERE, "Sec-Purpose": "prefetch"},
    ):
        assert client.get("/language/ar", headers=headers).status_code == 302
        assert spoken(system_app)[0] == ("fr", "fr"), headers
    client.get("/language/ar", headers=HERE)
    assert spoken(system_app) == [("ar", "ar"), ("fr", "fr")]
    client.get("/language/en", headers={"Referer": "http://localhost/my"})
    assert spoken(system_app) == [("en", "en"), ("fr", "fr")]


def test_a_later_entrance_in_another_language_does_not_undo_what_was_chosen(
    client: FlaskClient, app: Flask, system_app: Flask
) -> None:
    prove(client, system_app, MAIL)
    again = steps.browser(app)
    again.get("/language/ar")
    again.set_cookie("language", "ar")
    assert prove(again, system_app, "autre@exemple.ma") == "/my"
    assert spoken(system_app) == [("fr", "fr"), ("ar", "ar")]
