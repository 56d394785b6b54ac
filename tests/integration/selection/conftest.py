"""The clock of these tests stands in the season of the intake of 2025: after its close, before its training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cohortmgr.base import clock
from tests.factories.choices import SEASON


@pytest.fixture(autouse=True)
def _in_season() -> Iterator[None]:
    """Offers are made and lists called up to the first day of the training alone."""
    with clock.at(SEASON):
        yield
