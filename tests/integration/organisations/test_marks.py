"""A company's own telephone, address and mark: who keeps them, and where they stand."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, writing
from cohortmgr.organisations.letterheads import queries as letterheads
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.queries import by_key
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, known, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
PATH = "/staff/organisations"


@pytest.fixture
def intake() -> Intake:
    """mdia with one file; inwi is one of its partners."""
    return sent(1)


@pytest.fixture
def keeper(app: Flask, intake: Intake) -> FlaskClient:
    """Who manages the installation."""
    with writing():
        name = {"given_name": "Une", "family_name": "S"}
        account = accounts.new_account(SYSTEM, "systeme@exemple.ma", "no hash", name)
        told = ("installation", "installation", "", [0, intake.institution_id])
        accounts.grant(SYSTEM, account, Role.SYSTEM_ADMINISTRATOR, *told)
    return browser(app, known("systeme@exemple.ma"))


def company(key: str = "inwi") -> Organisation:
    db.session.rollback()
    found = by_key(key)
    assert found is not None
    return found


def drawn(colour: str = "red") -> io.BytesIO:
    held = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(held, "PNG")
    held.seek(0)
    return held


def put(client: FlaskClient, picture: io.BytesIO | None, key: str = "inwi") -> int:
    row = company(key)
    data: dict[str, object] = {"version": str(row.version)}
    if picture is not None:
        data["mark"] = (picture, "logo.png")
    return client.post(f"{PATH}/{row.reference}/mark", data=data).status_code


def test_a_mark_is_made_small_stands_on_the_programmes_page_and_goes(keeper: FlaskClient) -> None:
    assert put(keeper, drawn()) == 302
    digest = company().mark_digest
    letterheads.shelf().forget()
    seen = keeper.get(f"/marks/{digest}.webp")
    with Image.open(io.BytesIO(seen.data)) as shown:
        assert (shown.format, max(shown.size)) == ("WEBP", 96)
    assert f"/marks/{digest}.webp" in keeper.get("/programmes/mdia").text
    assert f"/marks/{digest}.webp" in keeper.get(f"{PATH}/{company().reference}").text
    assert put(keeper, drawn("blue")) == 302 and company().mark_digest not in ("", digest)
    assert keeper.get(f"/marks/{digest}.webp").status_code == 404
    assert put(keeper, None) == 302 and company().mark_digest == ""
    letterheads.shelf().forget()
    assert "/marks/" not in keeper.get("/programmes/mdia").text
    acts = db.session.scalars(sa.select(Event.action)).all()
    assert acts.count("organisations.mark") == 3


def test_what_is_no_picture_or_was_seen_before_another_changed_it_changes_nothing(
    keeper: FlaskClient,
) -> None:
    assert put(keeper, io.BytesIO(b"%PDF-1.7 not a picture")) == 422
    assert put(keeper, drawn()) == 302
    row = company()
    late = keeper.post(
        f"{PATH}/{row.reference}/mark",
        data={"version": str(row.version - 1), "mark": (drawn("blue"), "b.png")},
    )
    assert late.status_code == 409 and company().mark_digest == row.mark_digest


def test_a_telephone_and_an_address_are_kept_as_people_read_them(keeper: FlaskClient) -> None:
    path = f"{PATH}/{company().reference}/contact"
    given = {"telephone": "٠٥٢٢٠٠٠٠٠٠", "email": "rh@inwi.example", "version": str(company().version)}
    assert keeper.post(path, data=given).status_code == 302
    assert (company().telephone, company().email) == ("05 22 00 00 00", "rh@inwi.example")
    wrong = keeper.post(path, data={"telephone": "05", "email": "rh", "version": str(company().version)})
    assert wrong.status_code == 422
    assert 'href="#telephone"' in wrong.text and 'href="#email"' in wrong.text and 'value="rh"' in wrong.text
    assert company().email == "rh@inwi.example"


def test_a_host_has_a_letterhead_and_nobody_else_keeps_a_company(app: Flask, keeper: FlaskClient) -> None:
    assert put(keeper, drawn(), "inpt") == 422 and company("inpt").mark_digest == ""
    assert "mark-of" not in keeper.get(f"{PATH}/{company('inpt').reference}").text
    intake = db.session.scalars(sa.select(Intake)).first()
    assert intake is not None
    other = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))
    assert put(other, drawn()) == 404 and company().mark_digest == ""
    assert "mark-of" not in other.get(f"{PATH}/{company().reference}").text
