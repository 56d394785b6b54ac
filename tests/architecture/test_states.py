"""docs/states.md says what the code says."""

from __future__ import annotations

from cohortmgr.operations.commands.states_page import page, tables
from tests.architecture.sources import APPLICATION, ROOT


def test_the_page_of_states_is_the_code_s() -> None:
    written = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
    assert written == page(APPLICATION), "run `flask --app wsgi operations states` and commit docs/states.md"


def test_every_way_leads_to_a_state_that_is_known_and_every_state_is_reached() -> None:
    found = list(tables(APPLICATION))
    assert len(found) >= 19
    for room, table in found:
        after = {state for ways in table.moves.values() for state in ways}
        unreached = set(table.states) - after
        assert after <= set(table.states), (room, after - set(table.states))
        assert len(unreached) <= 1, (room, "nothing leads to", unreached)
