"""The trail as auditors read it: by name, narrowed, with what changed, and taken away as a file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask

from cohortmgr.accounts.roles.actions import grants
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.actions import About, destroy_key, record
from cohortmgr.audit.rules import Change, changes
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from tests.factories.choices import browser, known, someone
from tests.integration.accounts.roles.colleagues import acts, grant_of, staffed

pytestmark = pytest.mark.usefixtures("system_context")


def test_acts_are_read_by_name_narrowed_and_exported(app: Flask) -> None:
    intake, admin, lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    desk = browser(app, known("amal@inpt.ma"))
    page = desk.get("/staff/audit?action=accounts.end_role").text
    assert "Une admin" in page and "Une lina" in page and "reviewer" in page
    assert page.count("Maillon") == 2, "one head and one row"
    today = clock.today()
    for query, seen in (
        ("person=lina", True),
        ("person=LINA%40inpt.ma", True),
        ("person=personne+de+ce+nom", False),
        (f"kind=account&reference={lina.reference[:8].lower()}", True),
        ("kind=intake", False),
        (f"first={today}&last={today}", True),
        (f"first={today + timedelta(days=1)}", False),
        (f"last={today - timedelta(days=1)}", False),
    ):
        found = desk.get(f"/staff/audit?action=accounts.end_role&{query}").text
        assert ("Une lina" in found) is seen, query
    for wrong in ("first=hier", "last=9999-12-31", "action=x", f"reference={'A' * 27}"):
        assert "error-summary" in desk.get(f"/staff/audit?{wrong}").text
    sent = desk.post("/staff/audit/export.csv?action=accounts.end_role")
    assert sent.status_code == 200 and sent.headers["Cache-Control"] == "no-store"
    header, row = csv.reader(io.StringIO(sent.get_data().decode("utf-8-sig")))
    told = dict(zip(header, row, strict=True))
    assert (
        told["Par"] == "Une admin" and told["Concerne"] == "Une lina" and "ends_on" in told["Ce qui a changé"]
    )
    [(_act, values)] = acts("audit.export")
    assert values and values["after"] == {"action": "accounts.end_role", "events": 1}
    assert desk.post("/staff/audit/export.csv?first=hier").status_code == 422
    assert len(acts("audit.export")) == 1


def test_the_trail_of_another_institution_stays_closed(app: Flask) -> None:
    intake, admin, lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    with writing():
        record(SYSTEM, "accounts.grant", About("account", lina.reference, intake.institution_id + 900))
    page = browser(app, known("amal@inpt.ma")).get(f"/staff/audit?reference={lina.reference}").text
    assert page.count("<tr>") == 2, "the head, and the role that was given in her institution"
    assert browser(app, admin).get("/staff/audit").status_code == 404
    assert browser(app, admin).post("/staff/audit/export.csv").status_code == 404


def test_of_an_erased_person_the_act_stays_and_nothing_else(app: Flask) -> None:
    intake, admin, lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    with writing():
        destroy_key(SYSTEM, lina.person_reference or "")
    page = browser(app, known("amal@inpt.ma")).get("/staff/audit?action=accounts.end_role").text
    assert "Rôle fini" in page and "ends_on" not in page


def test_answers_are_named_and_not_shown() -> None:
    values = {
        "before": {"answers": {"s1": "12"}, "state": "a", "same": 1},
        "after": {"answers": {"s1": "14"}, "same": 1},
    }
    assert changes(values) == [Change("answers", "", "s1"), Change("state", "a", "")]
    assert changes(None) == changes({}) == changes({"before": None, "after": None}) == []
