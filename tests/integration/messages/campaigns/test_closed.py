"""A campaign tells nobody who was ranked, or what they answered, to whom the selection is not open."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import campaigns as campaign_queries
from tests.factories.choices import browser, sent, someone
from tests.integration.messages.campaigns.mailed import KEY, TEXTS, begun, draft

pytestmark = pytest.mark.usefixtures("system_context")
SECRETS = ["among=ranked", "among=offered.declined", "among=offered.expired", "sort=-rank"]
_CLOSED = "Une condition de cette liste ne vous est pas ouverte"


def _form(others: str) -> dict[str, str]:
    words = {f"{part}_{code}": said for code, text in TEXTS.items() for part, said in vars(text).items()}
    return {"title": "Portes ouvertes", "audience": "list", "state": "submitted", "form_key": KEY, **words,
            "others": others}  # fmt: skip


@pytest.mark.parametrize("asked", SECRETS)
def test_whoever_reads_no_selection_writes_to_no_list_that_it_narrows(app: Flask, asked: str) -> None:
    intake = sent(2)
    centre = someone(intake, Role.CENTRE_MANAGER)
    manager = browser(app, someone(intake, Role.SELECTION_MANAGER))
    hers, rooms = browser(app, centre), f"/staff/intakes/{intake.reference}/campaigns"
    refused = hers.post(f"{rooms}/new", data=_form(asked))
    assert refused.status_code == 200 and _CLOSED in refused.text
    assert db.session.scalars(sa.select(Campaign)).all() == []
    # One that is hers already is not narrowed by it either.
    with writing():
        mine = campaigns.create(centre, intake.reference, draft(), KEY).reference
    changed = hers.post(f"/staff/campaigns/{mine}/edit", data={**_form(asked), "version": "1"})
    assert _CLOSED in changed.text
    db.session.rollback()
    assert db.session.scalar(sa.select(Campaign.filters)) == {}
    # A link to the form with it opens no form to everybody.
    for answer in (hers.get(f"{rooms}/new?{asked}"), hers.post(f"{rooms}/ticked?{asked}")):
        assert answer.status_code == 409 and 'name="others"' not in answer.text
    assert "among=" in manager.get(f"{rooms}/new?{asked}").text


@pytest.mark.parametrize("among", ["ranked", "offered.declined"])
def test_a_list_that_others_narrowed_by_it_is_not_told(app: Flask, among: str) -> None:
    intake, manager, _administrator, reference = begun(2, filters=ApplicationFilters(among=among))
    centre, place = someone(intake, Role.CENTRE_MANAGER), f"/staff/campaigns/{reference}"
    hers, his = browser(app, centre), browser(app, manager)
    for page in (place, f"{place}/people", f"{place}/edit", f"{place}/progress"):
        assert (his.get(page).status_code, hers.get(page).status_code) == (200, 404), page
    for act in ("edit", "test", "propose", "pause", "resume", "cancel", "resend"):
        assert hers.post(f"{place}/{act}", data=_form("")).status_code == 404
    for every in ("/staff/campaigns", f"/staff/intakes/{intake.reference}/campaigns"):
        assert place in his.get(every).text and place not in hers.get(every).text
    with pytest.raises(NotFound):
        campaign_queries.get_for(centre, reference)
    # What anybody may read of the files stays open to all who write to their people.
    with writing():
        campaigns.change(manager, reference, draft(filters=ApplicationFilters(eligible="yes")))
    assert hers.get(f"{place}/people").status_code == 200


def test_a_list_that_is_narrowed_by_choice_is_not_told_to_whom_its_intake_concerns(app: Flask) -> None:
    intake, manager, _administrator, reference = begun(2, filters=ApplicationFilters(among="ranked"))
    with writing():
        open_one = campaigns.create(manager, intake.reference, draft(), KEY).reference
    his, every = browser(app, manager), f"/staff/intakes/{intake.reference}/campaigns"
    place, beside = f"/staff/campaigns/{reference}", f"/staff/campaigns/{open_one}"
    assert (his.get(place).status_code, place in his.get(every).text) == (200, True)
    with writing() as session:
        one = session.scalars(sa.select(Application).order_by(Application.id).limit(1)).one()
        one.person_id = manager.person_id or 0
    for page in (place, f"{place}/people", f"{place}/edit", f"{place}/progress"):
        assert his.get(page).status_code == 404, page
    assert place not in his.get(every).text and beside in his.get(every).text
    assert his.get(beside).status_code == 200


def test_an_action_refuses_what_a_form_did_not_ask() -> None:
    intake = sent(1)
    centre = someone(intake, Role.CENTRE_MANAGER)
    with pytest.raises(Refused, match="condition"), writing():
        campaigns.create(centre, intake.reference, draft(filters=ApplicationFilters(among="ranked")), KEY)
