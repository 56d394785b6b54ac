"""Each family knows and does what its row of the plan says (docs/decisions/0013)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import conduct, disguises, imports, joining
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
    conduct.unbounded,
    conduct.guards_elsewhere,
    conduct.verbs_of_classes,
    conduct.prepared_changes,
    conduct.behaviour_of_models,
    disguises.loaded_by_a_string,
    disguises.other_sessions,
    disguises.sessions_by_aliases,
    disguises.statements_by_aliases,
    disguises.rows_changed,
    disguises.commits_by_aliases,
    disguises.writing_by_aliases,
    disguises.clocks_by_aliases,
    disguises.lent_names,
    disguises.rendered_elsewhere,
    disguises.templates_of_others,
    joining.hooks_elsewhere,
    joining.joined_elsewhere,
    joining.unanswered,
    joining.filled_twice,
    joining.reading_hooks,
    joining.acts_of_wirings,
    joining.left_unjoined,
    joining.business_of_worker,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_file_keeps_to_its_family(check: Callable[[Path], list[str]]) -> None:
    found = check(ROOT)
    assert not found, f"{check.__doc__}\n" + "\n".join(found)


def test_the_contracts_of_the_floors_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [str(linter), "--no-cache", "--config", "pyproject.toml"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
