"""The only clock: Casablanca's hours from packaged data, held for tests and never in production."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from babel import Locale
from babel.dates import format_time
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base import clock


@pytest.fixture(autouse=True)
def _movable() -> Iterator[None]:
    yield
    clock._movable = True


def test_only_the_packaged_zones_are_read() -> None:
    assert zoneinfo.TZPATH == ()


def test_morocco_stays_at_utc_since_september_2026() -> None:
    assert datetime(2026, 11, 22, 12, tzinfo=clock.CASABLANCA).utcoffset() == timedelta(0)
    assert datetime(2027, 7, 1, 12, tzinfo=clock.CASABLANCA).utcoffset() == timedelta(0)
    assert datetime(2026, 6, 1, 12, tzinfo=clock.CASABLANCA).utcoffset() == timedelta(hours=1)


# Seconds from the beginning of 2018 to that of 2032.
SINCE, UNTIL = 1_514_764_800, 1_956_528_000


@given(st.integers(SINCE, UNTIL).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_babel_shows_the_hour_that_the_clock_shows(moment: datetime) -> None:
    shown = format_time(moment, "HH:mm", tzinfo=clock.CASABLANCA, locale=Locale.parse("ar_MA"))
    named = format_time(moment, "HH:mm", tzinfo=zoneinfo.ZoneInfo("Africa/Casablanca"), locale="fr")
    assert shown == named == clock.local(moment).strftime("%H:%M")


def test_the_day_is_casablanca_s() -> None:
    with clock.at(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)):
        assert clock.today() == date(2026, 7, 1)
    with clock.at(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)):
        assert clock.today() == date(2026, 12, 31)


def test_an_instant_is_what_casablanca_s_clocks_show() -> None:
    assert clock.instant(date(2026, 6, 1), 14) == datetime(2026, 6, 1, 13, tzinfo=UTC)
    assert clock.instant(date(2026, 12, 1), 14, 30) == datetime(2026, 12, 1, 14, 30, tzinfo=UTC)


def test_at_holds_the_clock_and_lets_it_go_whatever_happens() -> None:
    moment = datetime(2026, 5, 12, 14, tzinfo=timezone(timedelta(hours=1)))
    with pytest.raises(ZeroDivisionError), clock.at(moment):
        assert clock.now() == moment and clock.now().tzinfo is UTC
        with clock.at(moment + timedelta(days=1)):
            assert clock.now() == moment + timedelta(days=1)
        assert clock.now() == moment
        raise ZeroDivisionError
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.at(datetime(2026, 5, 12)):  # noqa: DTZ001
        pass


def test_production_s_clock_cannot_be_moved() -> None:
    clock.forbid_moving()
    with pytest.raises(RuntimeError, match="production"), clock.at(datetime(2026, 5, 12, tzinfo=UTC)):
        pass
