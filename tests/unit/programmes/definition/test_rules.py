"""The values of a definition: scores, shifted dates, and what a form knows of itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cohortmgr.programmes.definition.rules import (
    INTAKE_STATES,
    Calendar,
    Period,
    PeriodKind,
    Window,
    window_of,
)
from cohortmgr.programmes.definition.toml import read_known

NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}


def test_a_calendar_moves_as_one() -> None:
    period = Period("p", NAME, date(2025, 10, 1), date(2025, 10, 5), PeriodKind.TRAINING)
    moved = Calendar(date(2025, 9, 22), date(2026, 1, 5), (period,)).shifted(364)
    assert moved.starts_on == date(2026, 9, 21)
    assert moved.company_from == date(2027, 1, 4)
    assert moved.periods[0].starts_on == date(2026, 9, 30)
    assert moved.periods[0].ends_on == date(2026, 10, 4)


def test_an_intake_has_its_own_calendar_and_stipend_months() -> None:
    mdia = read_known("mdia")
    assert mdia.calendar_of("2025") == mdia.calendar
    assert mdia.calendar_of("2027").starts_on == date(2027, 9, 20)
    stipend = mdia.stipend_of("2027")
    assert stipend is not None
    assert stipend.starts_month == date(2028, 1, 1)


def test_what_is_looked_up_by_key_is_found_or_raises() -> None:
    mdia = read_known("mdia")
    assert mdia.form.question("sex").option("f").label["en"] == "Female"
    assert mdia.rubric.criterion("langues").weight == 2
    for look_up in (mdia.intake, mdia.form.question, mdia.rubric.criterion, mdia.form.question("sex").option):
        with pytest.raises(KeyError):
            look_up("absent")


def test_a_window_is_open_from_its_first_instant_to_just_before_its_last() -> None:
    opens, closes = datetime(2025, 6, 2, tzinfo=UTC), datetime(2025, 7, 15, tzinfo=UTC)
    instant = timedelta(microseconds=1)
    assert window_of(opens, closes, opens - instant) is Window.UPCOMING
    assert window_of(opens, closes, opens) is Window.OPEN
    assert window_of(opens, closes, closes - instant) is Window.OPEN
    assert window_of(opens, closes, closes) is Window.CLOSED
    assert [window_of(opens, closes, opens, free) for free in (1, 0)] == [Window.OPEN, Window.FULL]
    assert window_of(opens, closes, closes, 0) is Window.CLOSED


def test_every_state_of_an_intake_has_a_way_on() -> None:
    assert all(INTAKE_STATES.moves.values())


def test_offerings_of_one_title_are_told_apart_by_their_places() -> None:
    named = read_known("jobintech").intake("2027-1").named
    assert named["fullstack-rabat"]["fr"] == "Full-stack, Rabat"
    assert named["fullstack-rabat"]["ar"].endswith("، الرباط")
    assert named["sap-casablanca"]["fr"] == "SAP"
    for language in ("fr", "ar", "en"):
        assert len({each[language] for each in named.values()}) == len(named)
