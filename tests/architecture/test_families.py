"""Each family knows and does what its row of the plan says (docs/decisions/0013)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import conduct, imports
from tests.architecture.sources import ROOT

CHECKS: tuple[Callable[[Path], list[str]], ...] = (
    imports.below_their_own,
    imports.pages_that_lend,
    imports.pages_elsewhere,
    conduct.clock_and_chance,
    conduct.session_elsewhere,
    conduct.sessions_by_other_names,
    conduct.statements_of_views,
    conduct.writes_of_queries,
    conduct.commits,
    conduct.writing_opened,
    conduct.without_viewer,
    conduct.needless_excuses,
    conduct.guards_elsewhere,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_file_keeps_to_its_family(check: Callable[[Path], list[str]]) -> None:
    found = check(ROOT)
    assert not found, f"{check.__doc__}\n" + "\n".join(found)
