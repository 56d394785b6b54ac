"""Before something is proposed, its page says if nobody else may agree to it today, and how to invite somebody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.rules import CampaignDraft
from cohortmgr.placements.models import Placement
from cohortmgr.placements.rules import PlacementState
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from cohortmgr.stipends.actions import runs
from tests.factories import choices, promotions
from tests.factories.mailings import TEXTS

SAID, INVITE = "Personne d’autre ne peut donner son accord aujourd’hui", "/staff/people/invite"


def preparing_run() -> tuple[Intake, str]:
    cohort = promotions.placed(1)
    with writing():
        run = runs.open_run(SYSTEM, cohort.reference, promotions.JANUARY)
    return cohorts.intake_of(cohort), f"/staff/stipends/{run.reference}"


def preparing_matching() -> tuple[Intake, str]:
    cohort = promotions.wished(4)
    return cohorts.intake_of(cohort), f"/staff/cohorts/{cohort.reference}/placements"


def preparing_hand_placement() -> tuple[Intake, str]:
    cohort = promotions.placed(2)
    with writing():
        broken = sa.update(Placement).values(state=PlacementState.BROKEN.value, ends_on=date(2026, 1, 20))
        db.session.execute(broken)
    return cohorts.intake_of(cohort), f"/staff/cohorts/{cohort.reference}/placements"


def preparing_batch() -> tuple[Intake, str]:
    intake = choices.sent(3, seats=2)
    choices.someone(intake, Role.SELECTION_MANAGER)
    choices.read(intake, choices.readers(intake))
    return intake, f"/staff/intakes/{intake.reference}/ranking"


def preparing_campaign() -> tuple[Intake, str]:
    intake = promotions.accepted(2)
    with writing():
        made = campaigns.create(SYSTEM, intake.reference, CampaignDraft("Portes ouvertes", TEXTS), "key")
    return intake, f"/staff/campaigns/{made.reference}"


ROOMS: dict[str, tuple[Callable[[], tuple[Intake, str]], Role]] = {
    "stipends": (preparing_run, Role.FINANCE),
    "matching": (preparing_matching, Role.CENTRE_MANAGER),
    "by hand": (preparing_hand_placement, Role.CENTRE_MANAGER),
    "selection": (preparing_batch, Role.SELECTION_MANAGER),
    "campaigns": (preparing_campaign, Role.SELECTION_MANAGER),
}


def also(viewer: Viewer, role: Role, intake: Intake) -> Viewer:
    with writing():
        account = db.session.get_one(Account, viewer.account_id)
        accounts.grant(SYSTEM, account, role, "scope", "also", intake.path, [intake.institution_id])
    return viewer


@pytest.mark.parametrize("room", ROOMS)
def test_the_page_warns_before_the_act(app: Flask, system_context: AppContext, room: str) -> None:
    prepare, role = ROOMS[room]
    intake, page = prepare()
    one = promotions.staff(intake, role, "une")
    desk = promotions.browser(app, one)
    desk.get("/language/fr")
    text = desk.get(page).text
    assert text.count(SAID) == 1 and "Demandez à l’administration" in text and INVITE not in text
    # Their own right to approve helps nobody; but who has it may invite.
    also(one, Role.PROGRAMME_ADMINISTRATOR, intake)
    text = desk.get(page).text
    assert text.count(SAID) == 1 and f'href="{INVITE}"' in text and "Demandez à l’administration" not in text
    assert desk.get(INVITE).status_code == 200
    promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR, "deux")
    assert SAID not in desk.get(page).text


def awaiting_batch() -> tuple[Intake, str]:
    intake, batch = choices.decided(3, 2, approve=False)
    return intake, f"/staff/batches/{batch.reference}"


def awaiting_matching() -> tuple[Intake, str]:
    cohort, _run = promotions.matched(4)
    return cohorts.intake_of(cohort), f"/staff/cohorts/{cohort.reference}/placements"


def awaiting_run() -> tuple[Intake, str]:
    cohort = promotions.placed(2)
    with writing():
        run = runs.open_run(SYSTEM, cohort.reference, promotions.JANUARY)
        runs.compute(SYSTEM, run.reference)
    return cohorts.intake_of(cohort), f"/staff/stipends/{run.reference}"


def awaiting_campaign() -> tuple[Intake, str]:
    intake, page = preparing_campaign()
    with writing():
        campaigns.propose(SYSTEM, page.rpartition("/")[2], "2")
    return intake, page


def awaiting_programme() -> tuple[Intake, str]:
    with writing():
        programmes.load_definition(SYSTEM, read_known("mdia"), publish=False)
    return intake_of("mdia"), "/staff/programmes/mdia/publish"


@pytest.mark.parametrize(
    "prepare", [awaiting_batch, awaiting_matching, awaiting_run, awaiting_campaign, awaiting_programme]
)
def test_every_second_person_is_asked_in_one_look(
    app: Flask, system_context: AppContext, prepare: Callable[[], tuple[Intake, str]]
) -> None:
    """What, how many, how much where it is money, and what cannot be undone."""
    # No agreement is asked for once the days of offers are over.
    with clock.at(choices.SEASON) if prepare is awaiting_batch else nullcontext():
        intake, page = prepare()
        desk = promotions.browser(app, promotions.staff(intake, Role.PROGRAMME_ADMINISTRATOR, "deux"))
        desk.get("/language/fr")
        text = desk.get(page).text
    assert text.count('class="card pad confirm second-person"') == 1
    asked = text[text.index("second-person") :].partition("</section>")[0]
    assert "<dt>Combien</dt>" in asked and "<dt>Ne se défait pas</dt>" in asked
    assert ("<dt>Montant</dt>" in asked) == (prepare is awaiting_run)
    assert asked.count('type="submit"') == 1
