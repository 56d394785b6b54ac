"""Scenarios are kept, renamed, deleted and compared, and become a draft of rules; the worker computes large ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.jury.actions import keeping as jury
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.scenarios import actions, queries
from cohortmgr.selection.scenarios.models import Scenario
from cohortmgr.selection.scenarios.rules import MOST_KEPT, ScenarioChanges
from cohortmgr.selection.sealing import queries as sealing
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent
from cohortmgr.selection.standings import actions as rankings
from cohortmgr.selection.standings.queries import kept as standings
from tests.databases import Database
from tests.factories.choices import browser, decided, known
from tests.factories.working import work
from tests.integration.selection.scenarios.trials import (
    ADMINISTRATOR,
    FLOOR,
    MANAGER,
    floor,
    home,
    judged,
    offering,
)
from tests.integration.selection.sealing.test_sealing import bounded, sealed

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")
TWO = ScenarioChanges(6, (FLOOR,))


@pytest.fixture
def intake() -> Intake:
    return judged()


@pytest.fixture
def client(app: Flask, intake: Intake) -> FlaskClient:
    return browser(app, known(MANAGER))


def keep(
    intake: Intake, name: str = "Plus du sud", changes: ScenarioChanges = TWO, email: str = MANAGER
) -> Scenario:
    with writing():
        return actions.keep(known(email), intake.reference, None, name, changes)


def names(intake: Intake) -> list[str]:
    return [each.name for each in queries.scenarios_of(offering(intake))]


def only(intake: Intake) -> Scenario:
    return queries.scenarios_of(offering(intake))[0]


def test_a_trial_is_kept_opened_renamed_and_deleted(client: FlaskClient, intake: Intake) -> None:
    answer = client.post(home(intake), data={"name": "Plus <b> du sud", **floor()})
    row = only(intake)
    assert answer.status_code == 302 and row.reference in answer.location and row.name == "Plus <b> du sud"
    assert ScenarioChanges.of_json(row.changes) == TWO and row.rests_on == standings.state_of(
        intake, offering(intake)
    )
    page = client.get(answer.location).text.replace("\xa0", " ")
    assert "Ce que change « Plus &lt;b&gt; du sud »" in page and "MDIA-000014" in page and "<b>" not in page
    renamed = client.post(
        f"{home(intake)}/{row.reference}/rename", data={"renamed": "Deux du sud", "version": "1"}
    )
    assert renamed.status_code == 302 and names(intake) == ["Deux du sud"]
    old = client.post(f"{home(intake)}/{row.reference}/delete", data={"version": "1"})
    assert old.status_code == 409 and names(intake) == ["Deux du sud"]
    assert client.post(f"{home(intake)}/{row.reference}/delete", data={"version": "2"}).status_code == 302
    assert names(intake) == []
    acts = [
        each for each in db.session.scalars(sa.select(Event.action).order_by(Event.id)) if "scenario" in each
    ]
    assert acts == ["selection.keep_scenario", "selection.rename_scenario", "selection.delete_scenario"]


def test_a_name_that_lacks_or_is_taken_is_told_and_what_was_tried_stays(
    client: FlaskClient, intake: Intake
) -> None:
    keep(intake)
    for name in ("", "  ", "PLUS du sud", "x" * 81):
        answer = client.post(home(intake), data={"name": name, **floor(3)})
        assert answer.status_code == 422 and 'id="name-error"' in answer.text and "au moins 3" in answer.text
    row = only(intake)
    wrong = client.post(f"{home(intake)}/{row.reference}/rename", data={"renamed": " ", "version": "1"})
    assert wrong.status_code == 422 and names(intake) == ["Plus du sud"]


def test_twenty_are_kept_and_no_more_even_of_two_at_once(database: Database, intake: Intake) -> None:
    for number in range(MOST_KEPT - 1):
        keep(intake, f"n° {number}")

    viewer, reference, institution = known(MANAGER), intake.reference, intake.institution_id
    db.session.commit()

    def press(name: str) -> str:
        with database.app.app_context():
            see([institution], viewer.person_id)
            try:
                with writing():
                    actions.keep(viewer, reference, None, name, TWO)
            except Refused as refusal:
                return str(refusal)
            return ""

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(press, ("premier", "second")))
    db.session.expire_all()
    assert sorted(map(bool, said)) == [False, True] and "20 scénarios" in max(said)
    assert len(names(intake)) == MOST_KEPT


def test_scenarios_are_compared_beside_today(client: FlaskClient, intake: Intake) -> None:
    first, second = keep(intake), keep(intake, "Huit places", ScenarioChanges(8))
    page = client.get(
        f"{home(intake)}/compare", query_string={"with": [first.reference, second.reference]}
    ).text.replace("\xa0", " ")
    assert "Entre « Plus du sud » et « Huit places »" in page and "Aujourd’hui" in page and "2 · 2" in page
    gap = page.split("Entre « Plus du sud »")[1]
    assert "MDIA-000014" in gap and "MDIA-000008" in gap and "Une N" not in page
    for asked in ({}, {"with": "x"}, {"with": [first.reference] * 9}):
        assert client.get(f"{home(intake)}/compare", query_string=asked).status_code == 200


def test_a_scenario_of_other_marks_says_so(client: FlaskClient, intake: Intake) -> None:
    row = keep(intake)
    asked = {"with": row.reference}
    assert "notes d’avant" not in client.get(f"{home(intake)}/compare", query_string=asked).text
    with writing():
        only(intake).rests_on = "0-1"
    assert "notes d’avant" in client.get(f"{home(intake)}/compare", query_string=asked).text


def test_weights_that_are_fixed_since_are_told_and_not_tried(client: FlaskClient, intake: Intake) -> None:
    row = keep(intake, "Langues", ScenarioChanges(6, (), {"langues": 9}))
    with writing():
        row.changes = {**row.changes, "bounds": [{**vars(Bound({"gone": "x"}, 1)), "where": {"gone": "x"}}]}
    page = client.get(home(intake), query_string={"scenario": row.reference})
    assert page.status_code == 422 and "n’est pas un choix du formulaire" in page.text
    beside = client.get(f"{home(intake)}/compare", query_string={"with": row.reference}).text
    assert "ne peut plus s’essayer" in beside


def test_a_scenario_becomes_a_draft_of_the_rules_and_changes_nothing_sealed(
    client: FlaskClient, intake: Intake
) -> None:
    right = EntryByRight("MDIA-000009", "Convention", "Article 4")
    sealed(intake, replace(bounded(intake, Bound({"sex": "f"}, 1)), right=(right,)))
    row = keep(intake, changes=ScenarioChanges(5, (FLOOR,), {"langues": 0}))
    answer = client.post(f"{home(intake)}/{row.reference}/draft", data={"version": "0"})
    assert answer.status_code == 302 and answer.location.endswith("/rules")
    in_force, draft = sealing.versions_of(intake)
    content = RulesContent.of_json(draft.content)
    assert draft.state == "draft" and content.bounds == (FLOOR,) and content.right == (right,)
    assert content.seats == {"data-ia": 5} and RulesContent.of_json(in_force.content).bounds != content.bounds
    again = client.post(f"{home(intake)}/{row.reference}/draft", data={"version": "0"})
    assert again.status_code in (302, 409)
    page = client.get(home(intake)).text
    assert "par la convention" not in page and 'name="group_0" value="sex=f"' in page


def test_a_draft_that_somebody_changed_meanwhile_is_not_written_over(intake: Intake) -> None:
    row = keep(intake)
    with writing():
        actions.draft_rules(known(MANAGER), row.reference, 0)
    other = keep(intake, "Autre", ScenarioChanges(3))
    with pytest.raises(Stale), writing():
        actions.draft_rules(known(MANAGER), other.reference, 0)


def test_what_rules_refuse_is_told_on_the_board(client: FlaskClient, intake: Intake) -> None:
    row = keep(intake, changes=ScenarioChanges(60))
    answer = client.post(f"{home(intake)}/{row.reference}/draft", data={"version": "0"})
    assert answer.status_code == 422 and "plus que les places" in answer.text
    assert not sealing.versions_of(intake)


def test_a_batch_keeps_rules_and_lets_people_try(app: Flask) -> None:
    intake, _batch = decided(12, 4)
    row = keep(intake, changes=ScenarioChanges(3))
    client = browser(app, known(MANAGER))
    assert client.get(home(intake), query_string={"scenario": row.reference}).status_code == 200
    answer = client.post(f"{home(intake)}/{row.reference}/draft", data={"version": "0"})
    assert answer.status_code == 422 and "Un lot de décisions repose" in answer.text


def test_scenarios_of_elsewhere_are_not_found(client: FlaskClient, intake: Intake) -> None:
    row = keep(intake)
    other = db.session.scalars(sa.select(Intake).where(Intake.id != intake.id)).first()
    assert other is not None
    with writing():
        db.session.execute(
            sa.update(Scenario).values(intake_id=other.id, institution_id=intake.institution_id)
        )
    for path, act in (("rename", "post"), ("delete", "post"), ("draft", "post"), ("again", "post")):
        data = {"version": "1", "renamed": "x"}
        assert getattr(client, act)(f"{home(intake)}/{row.reference}/{path}", data=data).status_code == 404
    assert client.get(f"{home(intake)}/{row.reference}/progress").status_code == 404
    assert client.post(f"{home(intake)}/{new_reference()}/delete").status_code == 404


def test_only_who_proposes_keeps(intake: Intake) -> None:
    row = keep(intake)
    reader = known("r0@inpt.ma")
    with pytest.raises(NotPermitted), writing():
        actions.keep(reader, intake.reference, None, "x", TWO)
    for act in (actions.delete, actions.draft_rules):
        with pytest.raises(NotFound), writing():
            act(reader, row.reference, 1)
    with pytest.raises(NotFound), writing():
        actions.rename(known(ADMINISTRATOR), row.reference, "x", 1)


def test_a_list_of_scenarios_takes_no_more_statements(
    client: FlaskClient, intake: Intake, statements: Statements
) -> None:
    keep(intake)
    client.get(home(intake))
    with statements() as few:
        client.get(home(intake))
    for number in range(MOST_KEPT - 1):
        keep(intake, f"n° {number}", ScenarioChanges(5 + number))
    with statements() as many:
        client.get(home(intake))
    assert len(many) <= len(few)
    asked = {"with": [each.reference for each in queries.scenarios_of(offering(intake))[:3]]}
    with statements() as beside:
        client.get(f"{home(intake)}/compare", query_string=asked)
    assert len(beside) < 40


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standings, "AT_ONCE", 0)


@pytest.mark.usefixtures("large")
def test_the_worker_computes_the_scenarios_of_a_large_intake(
    client: FlaskClient, intake: Intake, statements: Statements
) -> None:
    page = client.get(home(intake)).text
    assert "Garder et calculer" in page and "Aucun dossier classé" in page
    with writing():
        rankings.ask(SYSTEM, intake, offering(intake))
    work()
    kept = client.post(home(intake), data={"name": "Plus du sud", **floor()})
    assert kept.status_code == 302 and "Le scénario se calcule" in client.get(kept.location).text
    row = only(intake)
    told = client.get(f"{home(intake)}/{row.reference}/progress").json
    assert told is not None and told["done"] is False
    work()
    with statements() as seen:
        page = client.get(kept.location).text
    assert "MDIA-000014" in page and "2 dossiers entrent" in page and "Le scénario se calcule" not in page
    rows = re.sub(r"<[^>]+>", " ", client.get(f"{kept.location}&all=1").text)
    assert [len(re.findall(rf"MDIA-\d+\s+{way}\b", rows)) for way in ("entre", "sort")] == [2, 2]
    assert "« entre » et « sort » disent ce que le scénario y change" in page.replace("\xa0", " ")
    assert "Une N1" not in page and not any("total_thousandths" in each for each in seen)
    beside = client.get(f"{home(intake)}/compare", query_string={"with": only(intake).reference}).text
    assert "2 · 2" in beside and "notes d’avant" not in beside


@pytest.mark.usefixtures("large")
def test_a_large_scenario_of_other_marks_is_asked_for_anew(client: FlaskClient, intake: Intake) -> None:
    row = keep(intake)
    work()
    with writing():
        only(intake).rests_on = "0-1"
    address = f"{home(intake)}?scenario={row.reference}"
    assert "n’est pas calculé sur les notes d’aujourd’hui" in client.get(address).text
    assert client.post(f"{home(intake)}/{row.reference}/again").status_code == 302
    work()
    assert "n’est pas calculé sur les notes" not in client.get(address).text
    row = keep(intake, "Supprimé")
    with writing():
        actions.delete(known(MANAGER), row.reference, row.version)
    work()
    assert names(intake) == ["Plus du sud"]


def test_files_that_are_too_close_to_call_are_marked(client: FlaskClient, intake: Intake) -> None:
    assert "trop serré" not in client.get(home(intake)).text
    with writing():
        jury.ask(SYSTEM, intake)
    work()
    assert "trop serré" in client.get(home(intake)).text
