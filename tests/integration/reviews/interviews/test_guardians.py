"""A guardian chooses the slot of a child, in the visit that their link opens; the child sees it and chooses none."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.models import Guardianship
from cohortmgr.applications.guardians.views.visit import KEPT
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from cohortmgr.reviews.interviews.actions import booking
from cohortmgr.reviews.interviews.models import InterviewDay, SlotBooking
from tests.databases import Database
from tests.factories.choices import someone
from tests.factories.guarded import guarded
from tests.integration.reviews.interviews.heard import a_day, heard, slots, taken, with_interview
from tests.integration.reviews.interviews.test_booking import letters
from tests.watch import test_context

JUNIOR = "ai-master-junior"


def children() -> tuple[Intake, list[Application], str, Viewer]:
    """Two children whose mother agreed, in a programme with an interview; the token of her link, and a manager."""
    mdia, _manager, _panel = heard(1)
    token = guarded(someone(mdia, Role.GROUP_ENROLLER))["guardian_link"]
    with writing():
        programmes.load_definition(SYSTEM, with_interview(read_known(JUNIOR)))
        files = sa.select(Application).where(Application.consent == "waiting").order_by(Application.id)
        rows = list(db.session.scalars(files))
        for row in rows:
            row.state, row.consent, row.eligible, row.sent_at = "submitted", "given", True, clock.now()
    intake = intake_of(JUNIOR, "2027")
    return intake, rows, token, someone(intake, Role.SELECTION_MANAGER, "junior")


def test_a_guardian_chooses_in_the_visit_and_the_child_cannot(database: Database, app: Flask) -> None:
    with test_context(database.system_app):
        intake, (one, other), token, manager = children()
        day = a_day(intake, manager, [someone(intake, Role.REVIEWER, "r-junior")])
        names = [each.reference for each in slots(day)]
        first, second = names[:2]
        number, one_file, other_file = day.id, one.reference, other.reference
        assert db.session.scalars(sa.select(Guardianship)).all()
        child = Viewer("c" * 26, person_id=one.person_id)
        with pytest.raises(Refused, match="tuteur légal"), writing():
            booking.book(child, one.reference, first)
        db.session.rollback()
    app.config["WTF_CSRF_ENABLED"] = False
    visit = app.test_client()
    page = f"/guardian/{token}/interviews"
    assert visit.get(page).status_code == 302
    with visit.session_transaction() as session:
        until = clock.now() + timedelta(minutes=20)
        session[KEPT] = {"link": links.hashed(token), "until": until.isoformat()}
    shown = visit.get(page).text
    assert first in shown
    assert "/interviews" in visit.get(f"/guardian/{token}/answers").text
    assert visit.post(f"{page}/book", data={"child": one_file}).status_code == 422
    assert visit.post(f"{page}/book", data={"child": "x", "slot": first}).status_code == 404
    wanted = {"child": one_file, "slot": first}
    assert visit.post(f"{page}/book", data=wanted).status_code == 302
    late = visit.post(f"{page}/book", data={"child": other_file, "slot": first})
    assert late.status_code == 409 and "للتو" in late.text
    asked = {"child": one_file, "kinds": ["wheelchair"], "words": "Rampe"}
    assert visit.post(f"{page}/needs", data=asked).status_code == 302
    with test_context(database.system_app):
        assert taken(db.session.get_one(InterviewDay, number)) == [1, 0, 0]
        assert len(letters("slot_booked")) == 1
        booked = db.session.scalars(sa.select(SlotBooking.reference)).one()
    dated = visit.get(f"{page}/slot.ics?slot={booked}")
    assert dated.mimetype == "text/calendar" and f"UID:{booked}" in dated.text and "DTSTART" in dated.text
    assert token not in dated.text and f"slot.ics?slot={booked}" in visit.get(page).text
    for wrong in ("", "x", one_file):
        assert visit.get(f"{page}/slot.ics?slot={wrong}").status_code == 404
    given = {"child": one_file, "phase": "entretien"}
    assert visit.post(f"{page}/give-back", data=given).status_code == 302
    with test_context(database.system_app):
        assert taken(db.session.get_one(InterviewDay, number)) == [0, 0, 0]
    assert second in visit.get(page).text
