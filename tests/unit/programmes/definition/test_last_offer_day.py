"""The last day on which a seat is offered: the one that is named, moved with the intake, or the first day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import as_json, from_json, read_known


def with_last(day: date | None) -> Definition:
    definition = read_known("mdia")
    return replace(definition, offers=replace(definition.offers, last_day=day))


@pytest.mark.parametrize("key", ["2025", "2027"])
def test_without_a_day_it_is_the_first_of_the_training(key: str) -> None:
    definition = with_last(None)
    assert definition.last_offer_day(key) == definition.intake(key).starts_on


def test_a_named_day_moves_with_the_intake_as_the_calendar_does() -> None:
    definition = with_last(date(2025, 10, 6))
    assert definition.last_offer_day("2025") == date(2025, 10, 6)
    assert definition.last_offer_day("2027") - definition.intake("2027").starts_on == timedelta(days=14)


def test_it_survives_the_document() -> None:
    definition = with_last(date(2025, 10, 6))
    assert from_json(as_json(definition)).offers.last_day == date(2025, 10, 6)
