"""The pages of campaigns, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from bench.statements import beside_frame
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.jobs.models import Job
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns import rules as campaigns_rules
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import campaigns as campaign_queries
from cohortmgr.messages.campaigns.rules import CampaignText
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import opened
from cohortmgr.outbox.texts.display.rendering import render_all
from cohortmgr.programmes.models import Intake
from tests.factories.choices import _file, browser, known, sent, someone
from tests.integration.messages.campaigns.mailed import (
    KEY,
    TEXTS,
    approved,
    became,
    begun,
    draft,
    run,
    state,
    written,
)

pytestmark = pytest.mark.usefixtures("system_context")
Counted = Callable[[], AbstractContextManager[list[str]]]


def _form(**values: str) -> dict[str, str]:
    return {
        "title": "Portes ouvertes",
        "audience": "list",
        "state": "submitted",
        "form_key": KEY,
        **{f"{part}_{code}": words for code, text in TEXTS.items() for part, words in vars(text).items()},
        **values,
    }


def test_the_pages_from_the_list_to_the_sending(app: Flask) -> None:
    intake = sent(3)
    manager, administrator = (
        someone(intake, Role.SELECTION_MANAGER),
        someone(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    mine, hers = browser(app, manager), browser(app, administrator)
    rooms = f"/staff/intakes/{intake.reference}/campaigns"
    assert f"{rooms}/new?region=MA-04" in mine.get(
        f"/staff/intakes/{intake.reference}/applications?region=MA-04"
    ).get_data(as_text=True)
    form = mine.get(f"{rooms}/new?region=MA-04&average_from=12").get_data(as_text=True)
    assert "average_from=12" in form
    first = mine.post(f"{rooms}/new", data=_form(region="MA-04"))
    assert first.status_code == 302
    assert (
        mine.post(f"{rooms}/new", data=_form(region="MA-04")).headers["Location"] == first.headers["Location"]
    )
    place = first.headers["Location"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 1
    page = mine.get(place).get_data(as_text=True)
    assert "Proposer" in page and "3 personnes" in page
    assert "Bonjour Une N3" in mine.get(f"{place}/people").get_data(as_text=True)
    for _click in range(2):
        assert mine.post(f"{place}/test", data={"form_key": KEY}).status_code == 302
    trials = db.session.scalars(sa.select(Message).where(Message.key == "campaign_test")).all()
    assert {(message.language, message.person_id) for message in trials} == {
        (language, manager.person_id) for language in ("fr", "ar", "en")
    }
    assert len(trials) == 3
    said = render_all(trials, [content or {} for content in opened(trials)])
    for each in said:
        assert not isinstance(each, Exception)
        assert each.subject.startswith("[") and "{" not in each.text
    assert mine.post(f"{place}/propose", data={"confirmation": "4", "version": "1"}).status_code == 200
    assert mine.post(f"{place}/propose", data={"confirmation": "3", "version": "1"}).status_code == 302
    assert mine.post(f"{place}/approve", data={"confirmation": "3"}).status_code == 404
    assert "Approuver l’envoi" not in mine.get(place).get_data(as_text=True)
    assert "Approuver l’envoi" in hers.get(place).get_data(as_text=True)
    assert place in hers.get("/staff").get_data(as_text=True)
    assert place not in mine.get("/staff").get_data(as_text=True)
    assert hers.post(f"{place}/approve", data={"confirmation": "3"}).status_code == 302
    reference = place.rpartition("/")[2]
    run(reference)
    assert mine.get(f"{place}/progress").json == {
        "percentage": 0,
        "text": "3 messages attendent encore.",
        "done": False,
    }
    assert 'http-equiv="refresh"' in mine.get(place).get_data(as_text=True)
    assert mine.post(f"{place}/pause").status_code == mine.post(f"{place}/resume").status_code == 302
    for language in ("ar", "en", "fr"):
        mine.set_cookie("language", language)
        for path in (place, f"{place}/people", f"{place}/edit", rooms, f"{rooms}/new"):
            assert mine.get(path).status_code == 200
    assert mine.post(f"{place}/cancel", data={"confirmation": "3"}).status_code == 302
    assert state(reference) == "cancelled"


def test_a_person_of_another_programme_finds_nothing(app: Flask) -> None:
    intake, _manager, _administrator, reference = begun()
    elsewhere = Role.PROGRAMME_ADMINISTRATOR
    with writing():
        account = people.new_account(
            SYSTEM, "loin@inpt.ma", "no hash", {"given_name": "Une", "family_name": "L"}
        )
        path = "ma.inpt.autre."
        people.grant(SYSTEM, account, elsewhere, "programme", path, path, [intake.institution_id])
    far = browser(app, known("loin@inpt.ma"))
    place = f"/staff/campaigns/{reference}"
    for path in (place, f"{place}/people", f"{place}/edit", f"{place}/progress"):
        assert far.get(path).status_code == 404
    for act in ("edit", "test", "propose", "approve", "pause", "resume", "cancel", "resend"):
        assert far.post(f"{place}/{act}", data=_form()).status_code == 404
    assert far.get(f"/staff/intakes/{intake.reference}/campaigns").status_code == 404
    assert far.post(f"/staff/intakes/{intake.reference}/campaigns/new", data=_form()).status_code == 404
    with pytest.raises(NotFound):
        campaign_queries.get_for(known("loin@inpt.ma"), reference)


def test_above_so_many_their_number_is_typed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _intake, manager, _administrator, reference = begun(3)
    mine, place = browser(app, manager), f"/staff/campaigns/{reference}"
    assert "data-expected" not in mine.get(place).get_data(as_text=True)
    monkeypatch.setattr(campaigns_rules, "ASK_ABOVE", 2)
    assert 'data-expected="3"' in mine.get(place).get_data(as_text=True)
    wrong = mine.post(f"{place}/propose", data={"confirmation": "", "version": "1"}).get_data(as_text=True)
    assert 'aria-invalid="true"' in wrong and state(reference) == "draft"


def test_what_failed_is_sent_again_from_the_page_once(app: Flask) -> None:
    _intake, manager, _administrator, reference = approved(3)
    run(reference)
    became(0, state="set_aside", failure="temporary")
    mine, place = browser(app, manager), f"/staff/campaigns/{reference}"
    assert "Renvoyer ceux" in mine.get(place).get_data(as_text=True)
    assert mine.post(f"{place}/resend", data={"confirmation": "2"}).status_code == 200, "another number"
    for _click in range(2):
        assert mine.post(f"{place}/resend", data={"confirmation": "1"}).status_code == 302
    assert not run(reference, campaigns.RESEND)
    with writing():
        db.session.execute(sa.update(Job).where(Job.kind == campaigns.RESEND).values(state="done"))
    assert [message.state for message in written()] == ["waiting"] * 3
    assert "Renvoyer ceux" not in mine.get(place).get_data(as_text=True)
    assert mine.post(f"{place}/resend", data={"confirmation": "0"}).status_code == 200, (
        "nothing is left to resend"
    )


@pytest.mark.parametrize("files", [5, 50])
def test_pages_send_as_many_statements_for_fifty_people_as_for_five(
    app: Flask, statements: Counted, files: int
) -> None:
    _intake, manager, _administrator, reference = approved(files)
    run(reference)
    became(0, state="returned", failure="permanent")
    mine = browser(app, manager)
    place = f"/staff/campaigns/{reference}"
    found = {}
    for path in (place, f"{place}/people", f"{place}/progress"):
        mine.get(path)
        with statements() as seen:
            assert mine.get(path).status_code == 200
        # What a page asks for of its progress while one waits has no frame.
        found[path.removeprefix(place)] = len(seen if path.endswith("/progress") else beside_frame(seen))
    assert found == {"": 9, "/people": 5, "/progress": 3}


def test_proposing_and_writing_send_as_many_statements_for_fifty_as_for_five(statements: Counted) -> None:
    intake, manager, administrator, reference = begun(5)
    found = []
    for files in (5, 50):
        if files == 50:
            reference = _grown(intake, manager)
        with statements() as proposing, writing():
            campaigns.propose(manager, reference, str(files))
        with writing():
            campaigns.approve(administrator, reference, str(files))
        with statements() as sending:
            run(reference)
        found.append((len(proposing), len(sending)))
    assert found[0] == found[1]


def _grown(intake: Intake, manager: Viewer) -> str:
    """The same intake with fifty people, and another campaign to them."""
    with writing():
        for number in range(6, 51):
            _file(intake, number, eligible=True)
    with writing():
        return campaigns.create(manager, intake.reference, draft(), "B" * 26).reference


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 1_000_000}, "title"),
        ({"texts": {"fr": CampaignText("Objet", "x" * 1_000_000)}}, "body_fr"),
        ({"texts": {"fr": CampaignText("x" * 201, "Texte")}}, "subject_fr"),
        ({"texts": {"fr": CampaignText("Objet", "Texte", "x" * 481)}}, "short_fr"),
        ({"texts": {"fr": CampaignText("Objet", "Bonjour {nom}")}}, "body_fr"),
        ({"texts": {"ar": CampaignText("موضوع {", "نص")}}, "subject_ar"),
        ({"texts": {"en": CampaignText("Subject")}}, "body_en"),
        ({"due": clock.now() - timedelta(hours=1)}, "day"),
        ({"due": clock.now() + timedelta(days=500)}, "day"),
        ({"filters": ApplicationFilters(search="AB123456")}, "search"),
        ({"to_cohort": True}, "to_cohort"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(values: dict[str, Any], where: str) -> None:
    intake = sent(1)
    manager = someone(intake, Role.SELECTION_MANAGER)
    with pytest.raises(Refused) as refusal, writing():
        campaigns.create(manager, intake.reference, draft(**values), KEY)
    assert where in {problem.where for problem in refusal.value.problems}


def test_a_text_of_a_million_characters_is_refused_on_the_page(app: Flask) -> None:
    intake = sent(1)
    mine = browser(app, someone(intake, Role.SELECTION_MANAGER))
    place = f"/staff/intakes/{intake.reference}/campaigns/new"
    assert mine.post(place, data=_form(body_fr="x" * 1_000_000)).status_code == 200
    assert mine.post(place, data=_form(day="pas un jour")).status_code == 200
    assert mine.post(place, data=_form(hour="10:00")).status_code == 200
    assert mine.post(place, data=_form(others="%" * 5000, region="<script>")).status_code == 302
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 1


def test_who_goes_back_and_writes_something_else_has_made_another(app: Flask) -> None:
    intake = sent(3)
    mine = browser(app, someone(intake, Role.SELECTION_MANAGER))
    new = f"/staff/intakes/{intake.reference}/campaigns/new"
    first = mine.post(new, data=_form()).location
    other = mine.post(new, data=_form(title="Tout autre chose")).location
    assert other != first and "Tout autre chose" in mine.get(other).text
    assert mine.post(new, data=_form(title="Tout autre chose")).location == other
    assert mine.post(new, data=_form()).location == first
    sent_trials = sa.select(sa.func.count()).select_from(Message).where(Message.key == "campaign_test")
    assert mine.post(f"{first}/test", data={"form_key": KEY}).status_code == 302
    before = db.session.scalar(
        sa.select(Campaign.texts).where(Campaign.reference == first.rpartition("/")[2])
    )
    assert before is not None and db.session.scalar(sent_trials) == len(before)
    with writing():
        said = {language: {**text, "subject": "Autre objet"} for language, text in before.items()}
        changed = sa.update(Campaign).where(Campaign.reference == first.rpartition("/")[2])
        db.session.execute(changed.values(texts=said))
    # The page of before stands in another tab: its button tries the texts as they are now.
    assert mine.post(f"{first}/test", data={"form_key": KEY}).status_code == 302
    assert db.session.scalar(sent_trials) == 2 * len(before)
