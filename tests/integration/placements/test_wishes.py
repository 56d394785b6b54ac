"""Positions, wishes and scores: whose they are, what is refused, and that a second click changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.organisations.queries import by_key
from cohortmgr.placements.actions import positions
from cohortmgr.placements.models import Position, Score, Wish
from cohortmgr.placements.queries import placements
from cohortmgr.programmes import queries as programmes
from tests.databases import Database
from tests.factories import promotions
from tests.watch import rows_of


def positions_in(cohort_id: int) -> list[Any]:
    return list(placements.positions_of(cohort_id))


def test_positions_are_the_partners_seats_and_open_once(system_context: AppContext) -> None:
    cohort = promotions.enrolled(2)
    counts = []
    for _ in range(2):
        with writing():
            counts.append(positions.open_positions(SYSTEM, cohort.reference))
    assert counts == [4, 0]
    found = {row.key: row.Position.seats for row in positions_in(cohort.id)}
    assert found == {"attijariwafa-bank": 8, "inwi": 8, "managem": 7, "nareva": 7}
    auditor = promotions.staff(cohorts.intake_of(cohort), Role.AUDITOR)
    with pytest.raises(NotPermitted), writing():
        positions.open_positions(auditor, cohort.reference)


def test_a_candidate_ranks_the_companies_by_buttons_alone(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.enrolled(2)
    with writing():
        positions.open_positions(SYSTEM, cohort.reference)
    enrolment = promotions.enrolments_of(cohort)[0]
    client = promotions.browser(app, promotions.candidate(1))
    url = f"/my/wishes/{enrolment.reference}"
    order = [row.Position.reference for row in positions_in(cohort.id)]
    assert client.get(url).status_code == 200
    page = client.post(url, data={"wish": order, "move": f"up:{order[1]}"})
    assert page.status_code == 200 and page.text.index(order[1]) < page.text.index(order[0])
    assert rows_of(Wish) == 0
    swapped = [order[1], order[0], *order[2:]]
    for _ in range(2):
        assert client.post(url, data={"wish": swapped}).status_code == 302
    assert rows_of(Wish) == 4
    stated = sa.select(sa.func.count()).where(Event.action == "placements.state_wishes")
    assert db.session.scalar(stated) == 1
    first = positions_in(cohort.id)[1]
    assert placements.wishes_of(enrolment.id)[0] == first.Position.id
    assert client.post(url, data={"wish": swapped[:3]}).status_code == 422
    assert client.post(url, data={"wish": [swapped[0]] * 4}).status_code == 422
    assert client.post(url, data={"wish": [*swapped[:3], "ELSEWHERE"]}).status_code == 422
    assert placements.wishes_of(enrolment.id)[0] == first.Position.id
    [home] = placements.mine(promotions.candidate(1))
    assert (home.open, home.wished, home.company) == (4, 4, None)


def test_nobody_reads_or_states_the_wishes_of_another(app: Flask, system_context: AppContext) -> None:
    cohort = promotions.wished(2)
    theirs = promotions.enrolments_of(cohort)[1]
    order = [row.Position.reference for row in positions_in(cohort.id)]
    client = promotions.browser(app, promotions.candidate(1))
    assert client.get(f"/my/wishes/{theirs.reference}").status_code == 404
    assert client.post(f"/my/wishes/{theirs.reference}", data={"wish": order}).status_code == 404
    manager = promotions.staff(cohorts.intake_of(cohort), Role.PROGRAMME_ADMINISTRATOR)
    with pytest.raises(NotFound), writing():
        positions.state_wishes(manager, theirs.reference, order)


def test_a_company_scores_its_own_candidates_and_sees_what_they_agreed_to(
    app: Flask, system_context: AppContext
) -> None:
    cohort = promotions.wished(3)
    inwi, other = promotions.contact(cohorts.intake_of(cohort), "inwi"), positions_in(cohort.id)[0].Position
    [mine] = placements.company_positions(inwi)
    assert (mine.company["fr"], mine.candidates, mine.scored) == ("Inwi", 3, 3)
    client = promotions.browser(app, inwi)
    url = f"/company/positions/{mine.Position.reference}"
    page = client.get(url)
    assert page.status_code == 200
    assert "Prénom Nom 02" in page.text and "12,20" in page.text and "Informatique" in page.text
    assert "@exemple.ma" not in page.text and "MDIA-" not in page.text
    assert client.get(f"/company/positions/{other.reference}").status_code == 404
    rows = placements.candidates_of(mine.Position.id)
    typed = {f"score-{rows[0].reference}": "20", f"score-{rows[1].reference}": "", "version": "0"}
    assert client.post(f"/company/positions/{other.reference}", data=typed).status_code == 404
    assert client.post(url, data=typed).status_code == 409
    typed["version"] = str(mine.Position.version)
    for _ in range(2):
        assert client.post(url, data=typed).status_code == 302
    assert [row.score for row in placements.candidates_of(mine.Position.id)][:2] == [20, None]
    db.session.rollback()
    bad = client.post(url, data={f"score-{rows[0].reference}": "20,5", "version": "9"})
    assert bad.status_code == 422 and 'value="20,5"' in bad.text
    assert [row.score for row in placements.candidates_of(mine.Position.id)][0] == 20


def test_two_colleagues_do_not_overwrite_each_other(system_context: AppContext) -> None:
    cohort = promotions.wished(1)
    position = positions_in(cohort.id)[0].Position
    [row] = placements.candidates_of(position.id)
    version = position.version
    with writing():
        positions.give_scores(SYSTEM, position.reference, {row.reference: "19"}, version)
    with pytest.raises(Stale), writing():
        positions.give_scores(SYSTEM, position.reference, {row.reference: "3"}, version)
    assert db.session.scalar(sa.select(Score.score).where(Score.position_id == position.id)) == 19


def test_a_company_sees_no_position_that_is_not_offered(system_context: AppContext) -> None:
    cohort = promotions.wished(1)
    inwi = promotions.contact(cohorts.intake_of(cohort), "inwi")
    [mine] = placements.company_positions(inwi)
    reference = mine.Position.reference
    for state, shown in (("draft", False), ("open", True), ("closed", True), ("cancelled", False)):
        with writing() as session:
            session.execute(sa.update(Position).where(Position.reference == reference).values(state=state))
        assert bool(placements.company_positions(inwi)) == shown, state
        if shown:
            assert placements.position_for(inwi, reference).state == state
        else:
            with pytest.raises(NotFound):
                placements.position_for(inwi, reference)


def test_scores_of_strangers_are_not_taken(system_context: AppContext) -> None:
    cohort = promotions.enrolled(1)
    with writing():
        positions.open_positions(SYSTEM, cohort.reference)
    position = positions_in(cohort.id)[0].Position
    with writing():
        [enrolment] = promotions.enrolments_of(cohort)
        assert positions.give_scores(SYSTEM, position.reference, {enrolment.reference: "12"}, 1) == 0
    assert rows_of(Score) == 0


def test_a_programme_without_placement_opens_nothing(system_context: AppContext, monkeypatch: Any) -> None:
    from dataclasses import replace

    cohort = promotions.enrolled(1)
    bare = replace(programmes.definition_of(cohorts.intake_of(cohort)), placement=None)
    monkeypatch.setattr(programmes, "definition_of", lambda row: bare)
    with pytest.raises(Refused), writing():
        positions.open_positions(SYSTEM, cohort.reference)
    assert rows_of(Position) == 0


@pytest.mark.postgres_only
def test_the_wall_shows_a_candidate_their_own_wishes_alone(app: Flask, system_app: Flask) -> None:
    with system_app.app_context():
        promotions.wished(2)
        viewer = promotions.candidate(1)
        assert by_key("inwi") is not None
    with app.app_context():
        see(viewer.institutions, viewer.person_id)
        assert set(db.session.scalars(sa.select(Wish.person_id))) == {viewer.person_id}
        assert db.session.scalars(sa.select(Score)).all() == []


def test_wishes_stated_twice_at_once_are_stated_once(database: Database) -> None:
    with database.system_app.app_context():
        cohort = promotions.enrolled(1)
        with writing():
            positions.open_positions(SYSTEM, cohort.reference)
        order = [row.Position.reference for row in positions_in(cohort.id)]
        reference = promotions.enrolments_of(cohort)[0].reference
        viewer = promotions.candidate(1)

    def click(_number: int) -> None:
        with database.app.app_context():
            see(viewer.institutions, viewer.person_id)
            with writing():
                positions.state_wishes(viewer, reference, order)
                sleep(0.2)

    with ThreadPoolExecutor(3) as clicks:
        list(clicks.map(click, range(3)))
    with database.system_app.app_context():
        stated = sa.select(sa.func.count()).where(Event.action == "placements.state_wishes")
        assert (rows_of(Wish), db.session.scalar(stated)) == (4, 1)
