"""A guardian who comes by the ordinary door is led to the children, and not round in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.queries import get_intake
from tests.integration.applications.guardians.children import FATHER, MOTHER, NOW, open_junior
from tests.integration.applications.importing.entering import prove
from tests.watch import SeparateClient


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(NOW):
        yield


def test_the_ordinary_door_leads_a_guardian_to_the_children(
    client: FlaskClient, app: Flask, system_app: Flask
) -> None:
    with system_app.app_context():
        institution = get_intake(open_junior()).institution_id
        with writing() as session:
            child, mother, father = (
                people.new_person({"given_name": name, "phone": phone})
                for name, phone in (("Adam", None), ("Rachida", MOTHER), ("Omar", FATHER))
            )
            for guardian, ended in ((mother, None), (father, NOW)):
                row = Guardianship(
                    reference=new_reference(),
                    institution_id=institution,
                    child_id=child.id,
                    guardian_id=guardian.id,
                    capacity="parent",
                    until=date(2032, 1, 1),
                    created_at=NOW,
                    ended_at=ended,
                )
                session.add(row)
    assert prove(client, system_app, MOTHER) == "/my"
    page = client.get("/my").text
    assert 'href="/guardian"' in page and "/my/found" not in page
    assert client.get("/my/found").status_code == 404
    other = SeparateClient(app, app.response_class)
    assert prove(other, system_app, FATHER) == "/my"
    assert 'href="/guardian"' not in other.get("/my").text, "whose time is over answers for nobody"
