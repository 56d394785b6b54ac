"""Who is on the list of a campaign: whom the filters show, less whom nothing can reach."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.paging import ListPlace
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import recipients, sending
from cohortmgr.messages.preferences.models import Preference
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.programmes.models import Intake
from tests.blocks import blocks_read
from tests.factories.choices import browser, known
from tests.integration.messages.campaigns.mailed import (
    TEXTS,
    all_left,
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


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"state": "all"},
        {"state": "draft"},
        {"eligible": "no", "state": "all"},
        {"search": "N3"},
        {"region": "MA-01"},
        {"source": "import"},
    ],
)
def test_the_list_is_the_one_that_the_filters_show(arguments: dict[str, str]) -> None:
    intake, _manager, _administrator, reference = begun(7)
    with writing():
        changes: list[dict[str, Any]] = [
            {"state": "draft"},
            {"eligible": False},
            {"region": "MA-01", "region_rank": "MA-01"},
            {"source": "import"},
        ]
        for number, values in enumerate(changes, 1):
            number_of = Application.number == f"MDIA-{number:06d}"
            db.session.execute(sa.update(Application).where(number_of).values(**values))
        db.session.execute(sa.update(Application).values(search_text=sa.func.lower(Application.name)))
    filters = ApplicationFilters.of(arguments)
    with writing():
        campaign = db.session.scalars(sa.select(Campaign)).one()
        campaign.filters = filters.arguments()
    shown = lists.page(intake.id, filters, ListPlace()).total
    assert recipients.counts(campaign).total == shown
    assert recipients.told(campaign, ListPlace(), 50, TEXTS).total == shown


def test_pages_of_people_are_the_whole_list_cut(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _intake, manager, _administrator, reference = begun(7)
    with writing():
        last = Application.number == "MDIA-000006"
        db.session.execute(sa.update(Application).where(last).values(name=""))
    campaign = db.session.scalars(sa.select(Campaign)).one()
    whole = [row.number for row in recipients.told(campaign, ListPlace(), 50, TEXTS).rows]
    found, place = [], ListPlace()
    while True:
        page = recipients.told(campaign, place, 3, TEXTS)
        found += [row.number for row in page.rows]
        if page.after is None:
            break
        place = ListPlace(page.number + 1, after=page.after)
    assert found == whole and len(whole) == 7
    monkeypatch.setattr("cohortmgr.messages.campaigns.views.staff.SHOWN", 3)
    client, shown, path = browser(app, manager), "", f"/staff/campaigns/{reference}/people"
    shown += client.get(path).text
    assert 'rel="next"' in shown and client.get(f"{path}?after={place.after}").status_code == 200


def test_of_many_short_messages_the_segments_are_estimated(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _intake, manager, _administrator, reference = begun(6)
    with writing() as session:
        session.execute(sa.update(Application).values(email=None))
        session.execute(sa.update(Person).values(email=None, phone_sealed=b"x"))
    path = f"/staff/campaigns/{reference}/people"
    page = browser(app, manager).get(path).text
    assert "6 personnes recevront un SMS" in page and "6 segments en tout, environ" in page
    monkeypatch.setattr("cohortmgr.messages.campaigns.views.short_messages.MEASURED", 4)
    page = browser(app, manager).get(path).text
    assert "6 personnes recevront un SMS" in page and "Environ 6 segments en tout" in page


def test_drafts_come_with_it_where_that_is_asked() -> None:
    intake, manager, _administrator, reference = begun()
    with writing():
        db.session.execute(
            sa.update(Application)
            .where(Application.number == "MDIA-000001")
            .values(state="draft", eligible=None)
        )
    campaign = db.session.scalars(sa.select(Campaign)).one()
    assert recipients.counts(campaign).total == 5
    with writing():
        campaigns.change(
            manager, reference, draft(filters=ApplicationFilters(eligible="yes"), with_drafts=True)
        )
    assert recipients.counts(db.session.scalars(sa.select(Campaign)).one()).total == 6


def trouble(intake: Intake, person: int, kind: str = "bounce", at: datetime | None = None) -> DeliveryTrouble:
    """A message that failed; resolved at a moment, if one is given."""
    return DeliveryTrouble(
        institution_id=intake.institution_id, person_id=person, path=intake.path, kind=kind,
        message_reference=f"{person:026d}", at=clock.now(), resolved_at=at,
    )  # fmt: skip


def test_who_cannot_be_reached_or_is_in_trouble_is_left_out_and_counted(app: Flask) -> None:
    intake, manager, administrator, reference = begun()
    one, two, three, four = (known(f"c{number}@exemple.ma").person_id for number in (1, 2, 3, 4))
    with writing() as session:
        session.execute(sa.update(Application).where(Application.person_id == one).values(email=None))
        session.execute(sa.update(Person).where(Person.id == one).values(email=None))
        # Two messages failed at one address, and it is one person.
        session.add_all(
            [trouble(intake, two), trouble(intake, two, "complaint"), trouble(intake, three, at=clock.now())]
        )
        session.add(
            Preference(person_id=four, channel="email", campaigns=False, digest=False, updated_at=clock.now())
        )
    counts = recipients.counts(db.session.scalars(sa.select(Campaign)).one())
    assert (counts.total, counts.unreachable, counts.troubled, counts.unsubscribed) == (6, 1, 1, 1)
    assert counts.receiving == 3
    page = browser(app, manager).get(f"/staff/campaigns/{reference}/people").get_data(as_text=True)
    assert (
        page.index("MDIA-000001")
        < page.index("MDIA-000002")
        < page.index("MDIA-000004")
        < page.index("MDIA-000005")
    )
    with writing():
        campaigns.propose(manager, reference, "5")
        campaigns.approve(administrator, reference, "5")
    run(reference)
    assert {message.person_id for message in written()} == {
        known(f"c{number}@exemple.ma").person_id for number in (3, 4, 5, 6)
    }
    assert sending.tally(db.session.scalars(sa.select(Campaign)).one()).left_out == 1


@pytest.mark.postgres_only
def test_the_figures_look_once_at_most_for_each_person_at_whose_address_something_failed() -> None:
    intake, *_others = begun(60)
    campaign, read = db.session.scalars(sa.select(Campaign)).one(), []
    people = db.session.scalars(sa.select(Application.person_id)).all()
    for troubled in ((), people):
        with writing() as session:
            session.add_all(
                trouble(intake, each, kind) for each in troubled for kind in ("bounce", "complaint")
            )
        with blocks_read() as seen:
            assert recipients.counts(campaign).troubled == len(troubled)
        read.append(sum(seen.values()))
    # The planner may look each person up by the index, of two blocks; a sub-query did so up to four times.
    assert read[1] < read[0] + 2 * len(people), read


def test_the_filter_is_asked_again_at_the_hour_of_sending() -> None:
    _intake, _manager, _administrator, reference = approved()
    withdrawn, stays = known("c1@exemple.ma").person_id, known("c2@exemple.ma").person_id
    with writing() as session:
        session.execute(
            sa.update(Application).where(Application.person_id == withdrawn).values(state="withdrawn")
        )
    run(reference)
    told = {message.person_id for message in written()}
    assert withdrawn not in told and stays in told and len(told) == 5
    assert sending.tally(db.session.scalars(sa.select(Campaign)).one()).left_out == 1


def test_what_failed_is_not_sent_again_to_whom_the_filter_no_longer_finds() -> None:
    _intake, manager, _administrator, reference = approved()
    run(reference)
    became(0, state="set_aside", failure="temporary")
    became(1, state="returned", failure="permanent")
    all_left()
    run(reference)
    both = [written()[number].person_id for number in (0, 1)]
    with writing() as session:
        gone = sa.update(Application).where(Application.person_id.in_(both))
        session.execute(gone.values(state="withdrawn", email="neuve@exemple.ma"))
    with pytest.raises(Refused, match="Aucun message"), writing():
        campaigns.resend(manager, reference, "2")


def test_whoever_unsubscribed_is_passed_over_when_the_message_leaves() -> None:
    _intake, _manager, _administrator, reference = approved(3)
    gone = known("c2@exemple.ma").person_id
    with writing() as session:
        session.add(
            Preference(person_id=gone, channel="email", campaigns=False, digest=False, updated_at=clock.now())
        )
    noon = clock.instant(clock.today() + timedelta(days=1), 12)
    with clock.at(noon):
        run(reference)
        while deliver():
            continue
    assert {message.person_id: message.state for message in written()}[gone] == "dropped"
    assert sorted(message.state for message in written()) == ["dropped", "sent", "sent"]
    assert not run(reference) and state(reference) == "done"
