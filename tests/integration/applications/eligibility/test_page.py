"""Anybody learns whether they may apply, and nothing of what they answer is kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.statements import counted
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import Model, db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of

BIRTH = ("birth_date-day", "birth_date-month", "birth_date-year")


@pytest.fixture
def pages(system_app: Flask) -> dict[str, str]:
    """The page of the newest intake of each programme."""
    found = {}
    with system_app.app_context():
        for key in ("mdia", "jobintech"):
            with writing():
                programmes.load_definition(SYSTEM, read_known(key))
            found[key] = f"/intakes/{intake_of(key).reference}/eligibility"
        db.session.rollback()
    return found


def _rows(app: Flask) -> int:
    with app.app_context():
        tables = Model.metadata.sorted_tables
        found = sum(db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables)
        db.session.rollback()
        return found


def _ask(client: FlaskClient, path: str, answers: dict[str, str]) -> str:
    answer = client.post(path, data=answers)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_only_what_conditions_read_is_asked(client: FlaskClient, pages: dict[str, str]) -> None:
    page = client.get(pages["mdia"]).get_data(as_text=True)
    assert 'name="licence"' in page and 'name="cin"' not in page and 'name="birth_date-day"' not in page
    assert 'name="birth_date-day"' in client.get(pages["jobintech"]).get_data(as_text=True)


def test_yes_no_with_its_reason_and_what_may_be_done(client: FlaskClient, pages: dict[str, str]) -> None:
    assert "Vous pouvez candidater" in _ask(client, pages["mdia"], {"licence": "physique"})
    refused = _ask(client, pages["mdia"], {"licence": "chimie"})
    assert (
        "ne remplissent pas les conditions" in refused
        and "titulaires d’une licence" in refused
        and "écrivez-nous" in refused
    )


def test_an_age_is_counted_on_the_first_day(client: FlaskClient, pages: dict[str, str]) -> None:
    path = pages["jobintech"]
    said = {
        day: _ask(client, path, dict(zip(BIRTH, day.split("/"), strict=True)))
        for day in ("16/2/1991", "15/2/1991")
    }
    assert "Vous pouvez candidater" in said["16/2/1991"]
    assert "moins de 36 ans" in said["15/2/1991"]


@pytest.mark.parametrize("typed", [{}, {"licence": ""}, {"licence": "<script>"}, {"licence": "x" * 100_000}])
def test_what_is_missing_or_wrong_is_said_beside_its_field(
    client: FlaskClient, pages: dict[str, str], typed: dict[str, str]
) -> None:
    page = _ask(client, pages["mdia"], typed)
    assert "error-summary" in page and 'href="#licence' in page and "<script>\n" not in page


def test_nothing_is_kept_and_four_statements_are_enough(
    app: Flask, system_app: Flask, client: FlaskClient, pages: dict[str, str]
) -> None:
    client.get(pages["mdia"])
    before = _rows(system_app)
    with counted() as seen:
        _ask(client, pages["mdia"], {"licence": "physique"})
    assert _rows(system_app) == before
    assert len(seen) <= 4, seen


def test_an_intake_that_nobody_published_is_not_there(client: FlaskClient, pages: dict[str, str]) -> None:
    assert client.get("/intakes/20270101T000000000000/eligibility").status_code == 404
