"""The board: masked, by number alone; what a trial changes; hostile input; who sees it; how many statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.base.catalogues import ROOT
from cohortmgr.base.db import db
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import queries as selection
from cohortmgr.selection.scenarios.models import Scenario
from cohortmgr.selection.scenarios.rules import MOST_COMPARED
from cohortmgr.selection.sealing.models import RulesVersion
from tests.factories.choices import browser, decided, known, someone
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


@pytest.fixture
def intake() -> Intake:
    return judged()


@pytest.fixture
def client(app: Flask, intake: Intake) -> FlaskClient:
    return browser(app, known(MANAGER))


def entering(page: str) -> tuple[list[str], list[str]]:
    """The numbers that enter and that leave, as a page says them."""
    parts = page.split("<h3>")[1:3]
    found = [re.findall(r"MDIA-\d{6}", part.split("</ul>")[0]) for part in parts]
    return (found[0], found[1]) if len(found) == 2 else ([], [])


def test_the_board_of_today_has_no_names_and_draws_one_line(client: FlaskClient, intake: Intake) -> None:
    page = client.get(home(intake)).text
    assert "Une N1" not in page and "MDIA-000001" in page and page.count(" cut") == 1
    assert "n’y" not in page.split("</h1>")[0] and "Ce que change" not in page
    assert home(intake) in client.get(f"/staff/intakes/{intake.reference}/ranking").text


def test_a_floor_lets_the_best_of_its_group_in_and_the_last_ones_out(
    client: FlaskClient, intake: Intake
) -> None:
    page = client.get(home(intake), query_string=floor()).text
    assert entering(page) == (["MDIA-000014", "MDIA-000015"], ["MDIA-000005", "MDIA-000006"])
    assert "au moins 2" in page and re.search(r"prix <bdi[^>]*>\+\d", page)
    assert not db.session.scalars(sa.select(RulesVersion)).all()


def test_seats_that_are_tried_change_who_is_chosen_and_not_the_offering(
    client: FlaskClient, intake: Intake
) -> None:
    page = client.get(home(intake), query_string={"tried": "1", "seats": "8"}).text
    assert entering(page) == (["MDIA-000007", "MDIA-000008"], []) and offering(intake).seats == 6


def test_a_weight_makes_marks_of_the_kept_scores(client: FlaskClient, intake: Intake) -> None:
    only = {
        "tried": "1",
        "weight_resultats": "0",
        "weight_bases": "0",
        "weight_projet": "0",
        "weight_langues": "7",
    }
    page = client.get(home(intake), query_string=only).text
    assert "Les poids sont ceux du barème" in page and "était" in page
    board = selection.ranking_of(intake)
    scores = [each.scores["langues"] for each in board.files["MDIA-000001"].readings]
    criterion = board.rubric.criterion("langues")
    mean = sum(scores) / len(scores) - criterion.scale_min
    mark = 20 * mean / (criterion.scale_max - criterion.scale_min)
    assert f"{mark:.2f}".replace(".", ",") in page


def test_sealed_bounds_are_what_is_tried_from_and_one_is_taken_away(
    client: FlaskClient, intake: Intake
) -> None:
    sealed(intake, bounded(intake, FLOOR))
    page = client.get(home(intake)).text
    assert 'name="least_0"' in page and "Ce que change" not in page
    away = {"tried": "1", "group_0": "region=MA-08", "least_0": "2", "drop_0": "1"}
    page = client.get(home(intake), query_string=away).text
    assert entering(page) == (["MDIA-000005", "MDIA-000006"], ["MDIA-000014", "MDIA-000015"])


def test_bounds_that_cannot_hold_are_told_and_nobody_is_chosen(client: FlaskClient, intake: Intake) -> None:
    typed = floor(2, group_0="region=MA-08|sex=f", most_0="0", group_1="region=MA-08|sex=m", most_1="0")
    page = client.get(home(intake), query_string=typed).text
    assert "ne peuvent pas être tenues ensemble" in page and ">Retenu<" not in page
    for head in ("Manque aux bornes souples", "Entrent · sortent"):
        row = re.search(rf"{head}</th>(.*?)</tr>", page, re.DOTALL)
        assert row is not None and re.findall(r"<td>\s*(.*?)\s*</td>", row[1], re.DOTALL)[-1] == "—", head


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"seats": "0"}, "seats"),
        ({"seats": str(10**9)}, "seats"),
        ({"seats": "9" * 400}, "seats"),
        ({"seats": "-4"}, "seats"),
        ({"seats": "six"}, "seats"),
        ({"weight_bases": "-1"}, "weight_bases"),
        ({"weight_bases": str(10**9)}, "weight_bases"),
        ({"weight_bases": "1.5"}, "weight_bases"),
        (
            dict.fromkeys(("weight_resultats", "weight_bases", "weight_projet", "weight_langues"), "0"),
            "weight_",
        ),
        ({"group_new": "age=20", "least_new": "1"}, "group_0"),
        ({"group_new": "region=MA-99", "least_new": "1"}, "group_0"),
        ({"group_new": "<script>alert(1)</script>=x", "least_new": "1"}, "group_0"),
        ({"group_new": "region=MA-08"}, "group_0"),
        ({"group_new": "region=MA-08", "least_new": "5", "most_new": "2"}, "least_0"),
        ({"group_new": "region=MA-08", "least_new": "7"}, "least_0"),
        ({"group_new": "region=MA-08", "least_new": "x"}, "least_new"),
        ({f"group_{place}": f"sex=f|region=MA-{place:02d}" for place in range(100)}, "group_60"),
    ],
)
def test_what_cannot_be_tried_is_told_beside_its_field(
    client: FlaskClient, intake: Intake, typed: dict[str, str], field: str
) -> None:
    answer = client.get(home(intake), query_string={"tried": "1", **typed})
    assert answer.status_code == 422 and f'href="#{field}' in answer.text
    assert "<script>alert" not in answer.text and "Ce que change" not in answer.text
    posted = client.post(home(intake), data={"name": "Essai", **typed})
    assert posted.status_code == 422 and not db.session.scalars(sa.select(Scenario)).all()


@pytest.mark.parametrize(
    "typed",
    [
        {"seats": "1000000"},
        {"weight_bases": "0"},
        {"weight_nobody": "3"},
        {"group_new": "", "and_new": ""},
        {"group_x": "region=MA-08", "hard_0": "?"},
        {"scenario": "x" * 300},
        {"by": "<b>"},
        {"all": "1", "after": "<b>"},
        {"least_0": "3"},
    ],
)
def test_what_is_odd_and_harmless_is_tried(
    client: FlaskClient, intake: Intake, typed: dict[str, str]
) -> None:
    answer = client.get(home(intake), query_string={"tried": "1", **typed})
    assert answer.status_code == 200 and "<b>" not in answer.text


def test_balance_is_told_of_what_is_asked_for(client: FlaskClient, intake: Intake) -> None:
    page = client.get(home(intake), query_string={**floor(), "by": "sex"}).text
    assert page.count('class="bars shares of-3"') == 1 and "Équilibre des retenus" in page
    assert client.get(home(intake)).text.count('class="bars shares of-2"') == 3


def test_figures_stand_below_their_heads_for_as_many_choices_as_are_compared() -> None:
    styles = (ROOT / "cohortmgr/assets/css/components/charts.css").read_text("utf-8")
    for figures in range(3, MOST_COMPARED + 3):
        assert f".of-{figures} {{\n    --figures: {figures};" in styles


def test_names_stand_on_the_board_once_the_list_is_adopted(app: Flask) -> None:
    intake, _batch = decided(12, 4)
    page = browser(app, known(MANAGER)).get(home(intake)).text
    assert "Une N1" in page and "Un lot de décisions existe" in page
    assert "jusqu’à ce que la liste soit approuvée" not in page


def test_a_proposed_batch_unmasks_nobody(app: Flask) -> None:
    intake, _batch = decided(12, 4, approve=False)
    assert "Une N1" not in browser(app, known(MANAGER)).get(home(intake)).text


def test_who_has_no_part_in_the_selection_sees_nothing(app: Flask, intake: Intake) -> None:
    reader = browser(app, known("r0@inpt.ma"))
    paths = ("", "/compare", "/x/progress")
    assert [reader.get(home(intake) + path).status_code for path in paths] == [404] * 3
    assert reader.post(home(intake), data={"name": "x", **floor()}).status_code == 404
    watcher = browser(app, someone(intake, Role.AUDITOR))
    page = watcher.get(home(intake), query_string=floor())
    assert page.status_code == 200 and "Garder ce scénario" not in page.text
    assert watcher.post(home(intake), data={"name": "x", **floor()}).status_code == 404


def test_a_trial_asks_the_database_no_more_than_the_board_of_today(
    client: FlaskClient, intake: Intake, statements: Statements
) -> None:
    sealed(intake, bounded(intake, FLOOR))
    client.get(home(intake))
    with statements() as today:
        client.get(home(intake))
    many: dict[str, Any] = {f"group_{place}": f"region=MA-{place + 1:02d}" for place in range(12)}
    many |= {f"most_{place}": "5" for place in range(12)}
    with statements() as tried:
        assert client.get(home(intake), query_string={"tried": "1", **many}).status_code == 200
    assert len(tried) == len(today) < 40


def test_whoever_administers_sees_the_same(app: Flask, intake: Intake) -> None:
    assert browser(app, known(ADMINISTRATOR)).get(home(intake), query_string=floor()).status_code == 200
