"""A file that waits for a person's word is told to the people who may say it, and the numbers of a page add up."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.selection.actions import decisions
from tests.factories.choices import browser, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")


def test_what_waits_for_a_word_stands_on_the_home_page_and_in_every_count(app: Flask) -> None:
    intake = sent(3, ineligible=1)
    place = f"/staff/intakes/{intake.reference}/applications?eligible=open"
    manager, reader = someone(intake, Role.SELECTION_MANAGER), someone(intake, Role.REVIEWER)
    desk = browser(app, manager)
    assert place not in desk.get("/staff").text
    with writing():
        first = db.session.scalars(sa.select(Application).order_by(Application.id)).first()
        assert first is not None
        first.eligible = None
    text = desk.get("/staff").text
    assert place in text.replace("&amp;", "&") and "1 dossier attend qu’on dise" in text
    assert place not in browser(app, reader).get("/staff").text, "who may not decide is not asked"
    for page in (f"/staff/intakes/{intake.reference}", place):
        assert "à décider" in desk.get(page).text, page
    with pytest.raises(Refused) as refusal, writing():
        decisions.propose(manager, intake.reference)
    assert "remplies par 1 dossier," in str(refusal.value)
