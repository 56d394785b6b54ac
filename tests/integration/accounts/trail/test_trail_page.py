"""The trail as auditors read it: by name, narrowed, with what changed, and taken away as a file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.roles.actions import grants
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.audit.actions import About, destroy_key, note_outside, record
from cohortmgr.audit.fields import FIELDS
from cohortmgr.audit.models import Event
from cohortmgr.audit.names import ACTS, OBJECTS
from cohortmgr.audit.queries import values_of_all
from cohortmgr.audit.rules import Change, changes
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from tests.blocks import blocks_read
from tests.databases import Database, PostgresDatabase
from tests.factories.choices import browser, known, someone
from tests.factories.year import lived
from tests.integration.accounts.roles.colleagues import acts, grant_of, outside, staffed
from tests.integration.audit.acts import behind_the_application

pytestmark = pytest.mark.usefixtures("system_context")


def test_acts_are_read_by_name_narrowed_and_exported(app: Flask) -> None:
    intake, admin, lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    desk = browser(app, known("amal@inpt.ma"))
    page = desk.get("/staff/audit?action=accounts.end_role").text
    assert (
        "Une admin" in page
        and "Une lina" in page
        and "Évaluateur" in page
        and "Dernier jour" in page
        and "ends_on" not in page
    )
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
        told["Par"] == "Une admin"
        and told["Concerne"] == "Une lina"
        and "Dernier jour" in told["Ce qui a changé"]
    )
    [(_act, values)] = acts("audit.export")
    assert values and values["after"] == {"action": "accounts.end_role", "events": 1}
    assert desk.post("/staff/audit/export.csv?first=hier").status_code == 422
    assert len(acts("audit.export")) == 1


def test_what_is_recorded_in_a_year_is_read_in_words(app: Flask) -> None:
    """No field, act or object of the trail is shown by its key."""
    lived()
    events = db.session.scalars(sa.select(Event)).all()
    told = [each for each in values_of_all(events) if each is not None]
    recorded = {name for each in told for side in ("before", "after") for name in each.get(side) or {}}
    assert len(recorded) > 30 and recorded <= FIELDS.keys(), sorted(recorded - FIELDS.keys())
    assert {event.action for event in events} <= ACTS.keys()
    assert {event.object_kind for event in events} <= OBJECTS.keys()


def test_the_button_verifies_what_was_noted_outside_as_the_command_does(
    app: Flask, database: Database
) -> None:
    intake, _admin, _lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    note_outside()
    desk = browser(app, known("amal@inpt.ma"))
    assert "tient du premier maillon" in desk.post("/staff/audit/verify").text
    own = sa.select(Event.chain).where(Event.institution_id == intake.institution_id).limit(1)
    chain = db.session.scalars(own).one()
    db.session.rollback()
    gone = [f"DELETE FROM {table} WHERE chain = '{chain}'" for table in ("audit_events", "audit_heads")]
    behind_the_application(database, *gone)
    page = desk.post("/staff/audit/verify").text
    assert "La chaîne est rompue" in page and f"{chain}</bdi>" in page


def test_an_export_keeps_no_name_that_was_typed(app: Flask) -> None:
    intake, _admin, _lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    desk = browser(app, known("amal@inpt.ma"))
    assert desk.post(f"/staff/audit/export.csv?person=Lina&first={clock.today()}&x=Lina").status_code == 200
    [(_act, values)] = acts("audit.export")
    assert values and values["after"]["first"] == str(clock.today()) and values["after"]["events"] > 0
    assert "Lina" not in str(values), "it is sealed for the installation: erasing her would not erase it"


def test_the_trail_of_another_institution_stays_closed(app: Flask) -> None:
    intake, admin, lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    with writing():
        record(SYSTEM, "accounts.grant", About("account", lina.reference, intake.institution_id + 900))
    page = browser(app, known("amal@inpt.ma")).get(f"/staff/audit?reference={lina.reference}").text
    assert page.count("<tr>") == 2, "the head, and the role that was given in her institution"
    assert browser(app, admin).get("/staff/audit").status_code == 404
    assert browser(app, admin).post("/staff/audit/export.csv").status_code == 404


def test_whoever_has_nothing_to_do_with_an_institution_is_read_by_reference(app: Flask) -> None:
    """Somebody who signed up, and staff of elsewhere, did something here: the act is read, and not who they are."""
    intake, _admin, lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    far = outside(intake, Role.PROGRAMME_ADMINISTRATOR, "lointaine")
    with writing():
        person = people.new_person(
            {"given_name": "Inscrite", "family_name": "Seule", "email": "seule@exemple.ma"}
        )
        stranger = people.new_account_of(person, "seule@exemple.ma", None, proved=True)
        about = About("account", lina.reference, intake.institution_id, person.reference)
        for reference in (stranger.reference, far.reference):
            record(Viewer(reference), "accounts.end_role", about)
    desk = browser(app, known("amal@inpt.ma"))
    page = desk.get("/staff/audit?action=accounts.end_role").text
    file = desk.post("/staff/audit/export.csv?action=accounts.end_role").get_data().decode("utf-8-sig")
    for told in (page, file):
        assert far.reference[:9] in told and stranger.reference[:9] in told
        assert not [name for name in ("lointaine", "Inscrite", "seule@") if name in told]
    for name in ("lointaine", "Seule", "seule%40exemple.ma"):
        assert "Aucun acte trouvé" in desk.get(f"/staff/audit?person={name}").text, name


@pytest.mark.postgres_only
@pytest.mark.parametrize("more", ["ours", "theirs"])
def test_a_page_is_read_by_its_index_however_many_acts_there_are_and_whoever_s(
    app: Flask, database: Database, more: str
) -> None:
    """Also of an institution with few acts, beside one with many that are all newer."""
    assert isinstance(database, PostgresDatabase)
    intake, _admin, _lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    desk, read = browser(app, known("amal@inpt.ma")), []
    for number in (0, 6_000):
        database.admin.execute(
            "INSERT INTO audit_events (chain, sequence, at, actor, action, object_kind, object_reference,"
            " institution_id, subject, sealed, digest, reference)"
            " SELECT 'x', n, now() + n * interval '1 second', 'a', 'accounts.grant', 'account', 'o', %s, 's', '', 'd',"
            " 'R' || n FROM generate_series(1, %s) n",
            [intake.institution_id + (0 if more == "ours" else 900), number],
        )
        database.admin.execute("ANALYZE audit_events")
        with blocks_read() as seen:
            assert desk.get("/staff/audit").status_code == 200
        read.append(sum(blocks for text, blocks in seen.items() if "audit_events" in text))
    # At most a thousand rows are counted.
    assert read[1] < 400, read


def test_of_an_erased_person_the_act_stays_and_nothing_else(app: Flask) -> None:
    intake, admin, lina = staffed()
    someone(intake, Role.AUDITOR, "amal")
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    with writing():
        destroy_key(SYSTEM, lina.person_reference or "")
    page = browser(app, known("amal@inpt.ma")).get("/staff/audit?action=accounts.end_role").text
    assert "Rôle fini" in page and "Dernier jour :" not in page and "valeur" not in page


def test_answers_are_named_and_not_shown() -> None:
    values = {
        "before": {"answers": {"s1": "12"}, "state": "a", "same": 1},
        "after": {"answers": {"s1": "14"}, "same": 1},
    }
    assert changes(values) == [Change("answers", "", "s1"), Change("state", "a", "")]
    assert changes(None) == changes({}) == changes({"before": None, "after": None}) == []
