"""A page says of a day that is over what was, and of one to come what will be: company's, candidate's, in French."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.placements.models import Placement
from cohortmgr.portals.turns import FileSituation, turn_of
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.models import Offer, Release
from cohortmgr.stipends.models import StipendLine
from tests.factories import promotions
from tests.factories.promotions import JANUARY
from tests.integration.stipends.test_sound_figures import approved, lines

PAST, FUTURE = (
    ("commencé", "Depuis le", "depuis le", "était prévu"),
    ("ommence le", "commencez le", "artir du", "versement prévu"),
)


def moved(to: date) -> None:
    """Let everything that a page tells begin on that day."""
    with writing():
        for change in (
            sa.update(Placement).values(starts_on=to),
            sa.update(Intake).values(starts_on=to),
            sa.update(StipendLine).values(pay_on=to),
        ):
            db.session.execute(change)


def told(client: FlaskClient, page: str, among: tuple[str, ...]) -> list[str]:
    client.get("/language/fr")
    text = client.get(page, follow_redirects=True).text
    return [each for each in among if each in text]


def test_each_page_goes_by_the_day(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.placed(4)
    line = lines(approved(cohort, JANUARY))[0]
    placement = db.session.scalars(sa.select(Placement).order_by(Placement.person_id)).first()
    assert placement is not None
    mine = promotions.browser(app, promotions.candidate(1))
    company = promotions.browser(app, promotions.contact(cohorts.intake_of(cohort), promotions.COMPANIES[1]))
    theirs = [
        each for each in company.get("/company").text.split('"') if each.startswith("/company/apprentices/")
    ]
    offer = db.session.scalars(sa.select(Offer.reference).order_by(Offer.id)).first()
    enrolment = promotions.enrolments_of(cohort)[0].reference
    places = (
        (company, "/company"),
        (company, theirs[-1]),
        (mine, "/my"),
        (mine, f"/my/wishes/{enrolment}"),
        (mine, f"/my/stipends/{line.reference}"),
        (mine, f"/my/offers/{offer}"),
    )
    today = clock.today()
    for day, said, silent in (
        (today - timedelta(days=1), PAST, FUTURE),
        (today, FUTURE, PAST),
        (today + timedelta(days=9), FUTURE, PAST),
    ):
        moved(day)
        for client, page in places:
            assert told(client, page, said) and not told(client, page, silent), (page, day)


def test_an_answer_that_is_late_is_not_promised_any_more() -> None:
    promised = FileSituation("submitted", datetime(2027, 6, 1, tzinfo=UTC), date(2027, 7, 1))
    on_the_day = turn_of(promised, datetime(2027, 7, 1, 20, tzinfo=UTC)).next.what
    after = turn_of(promised, datetime(2027, 7, 2, 9, tzinfo=UTC)).next.what
    assert "au plus tard" in on_the_day and "était promise" in after


def test_who_left_a_company_does_not_read_that_they_are_there_since(
    app: Flask, system_context: AppContext
) -> None:
    promotions.placed(1)
    mine = promotions.browser(app, promotions.candidate(1))
    assert told(mine, "/my", ("Depuis le", "est finie")) == ["Depuis le"]
    with writing():
        db.session.execute(sa.update(Placement).values(state="broken", ends_on=date(2026, 2, 27)))
    assert told(mine, "/my", ("Depuis le", "vendredi 27 février 2026", "est finie")) == [
        "vendredi 27 février 2026",
        "est finie",
    ]


def test_the_steps_of_a_file_stand_in_the_order_of_time_with_the_day_of_the_answer(
    app: Flask, system_context: AppContext
) -> None:
    """A place was accepted on the day of the answer, not of the decision; a correction may come after both."""
    promotions.placed(4)
    mine = promotions.candidate(1)
    told, answered, corrected = (datetime(2025, 8, day, 10, tzinfo=UTC) for day in (4, 6, 20))
    file = db.session.scalars(sa.select(Application).where(Application.person_id == mine.person_id)).one()
    with writing():
        db.session.execute(
            sa.update(Application).where(Application.id == file.id).values(resent_at=corrected, sent_at=told)
        )
        db.session.execute(sa.update(Release).values(published_at=told))
        offer = sa.update(Offer).where(Offer.person_id == mine.person_id)
        db.session.execute(offer.values(answered_at=answered, accepted_at=answered))
    client = promotions.browser(app, mine)
    client.get("/language/fr")
    page = client.get(f"/my/applications/{file.reference}").text
    steps = [" ".join(html.unescape(each).split()) for each in re.findall(r'"w(?:hen|hat)">(.*?)</p>', page)]
    accepted = steps.index("Place acceptée")
    assert "6 août 2025" in steps[accepted - 1]
    assert steps.index("Place proposée") < accepted < steps.index("Candidature corrigée"), steps
