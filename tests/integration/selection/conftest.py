"""The clock of these tests stands in the season of the intake of 2025: after its close, before its training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cohortmgr.base import clock
from cohortmgr.selection.actions import freezing, telling
from cohortmgr.selection.standings import actions as keeping
from cohortmgr.selection.standings.queries import kept as standings
from tests.factories.choices import SEASON


@pytest.fixture(autouse=True)
def _in_season() -> Iterator[None]:
    """Offers are made and lists called up to the first day of the training alone."""
    with clock.at(SEASON):
        yield


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every intake is a large one, and its chunks are small: nothing is done at once."""
    monkeypatch.setattr(standings, "AT_ONCE", 0)
    for module in (freezing, telling, keeping):
        monkeypatch.setattr(module, "CHUNK", 4)
