"""What draws hundreds of rows gives way to whoever sends a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cohortmgr.applications.lists.views import pages as lists
from cohortmgr.selection import staff_views as selection
from cohortmgr.selection.views import ranking

LONG = (
    lists.index,
    lists.export,
    ranking.ranking,
    selection.batch,
)


@pytest.mark.parametrize("view", LONG, ids=lambda view: f"{view.__module__}.{view.__name__}")
def test_a_long_list_gives_way_behind_its_guard(view: Callable[..., Any]) -> None:
    assert getattr(view, "gives_way", False) is True
    assert getattr(view, "audience", None) == "staff"
