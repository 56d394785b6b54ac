"""What a spreadsheet left in cells: named to staff, and not to the person, in whose place nobody is loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.models import TrayRow
from cohortmgr.base import clock
from cohortmgr.base.db import db
from tests.integration.applications.importing import sheets
from tests.integration.applications.importing.sheets import as_csv, one, words
from tests.integration.applications.importing.test_pages import asked, load
from tests.integration.applications.journey import steps
from tests.watch import rows_of


@pytest.fixture
def intake(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    """mdia, with `client` signed in as who manages its selection; the reference of the intake of 2025."""
    with clock.at(sheets.NOW):
        steps.load_mdia()
        steps.staff(client)
        yield sheets.intake().reference


def test_damage_is_named_to_staff_and_not_to_the_person(app: Flask, client: FlaskClient, intake: str) -> None:
    born = {"Date de naissance": "37313", "S2": "12-mai", "S3": "#REF!"}
    load(client, intake, as_csv(one(mail="elle@exemple.ma", rib="7,81E+21", s1="-") | born))
    row = db.session.scalars(sa.select(TrayRow)).one()
    page = words(client.get(f"/staff/tray/{row.reference}").text)
    assert "sans doute le 26/02/2002" in page and "pris ce nombre pour une date" in page
    assert "une erreur du tableur (#REF!)" in page and "Excel a remplacé" in page
    own = words(steps.browser(app).get(asked(client, row)).text)
    assert "tableur" not in own and "Excel" not in own and "37313" in own


def test_marks_of_nothing_and_averages_load(client: FlaskClient, intake: str) -> None:
    load(client, intake, as_csv(one(mail="mailto:elle@exemple.ma", phone="néant", s1="12,3333333333333")))
    found = db.session.scalars(sa.select(Application)).one()
    assert found.answers["s1"] == "12.3333333333" and "phone" not in found.answers
    person = db.session.scalars(sa.select(Person).where(Person.id == found.person_id)).one()
    assert person.email == "elle@exemple.ma"


def test_nobody_called_null_is_loaded(client: FlaskClient, intake: str) -> None:
    load(client, intake, as_csv(one(name="NULL")))
    assert rows_of(Application) == 0 and rows_of(TrayRow) == 1
