"""What a scenario says: read from a form and written back, and what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Problem, Refused
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.scenarios.rules import LONGEST_NAME, ScenarioChanges, faults_in, scenario_name
from cohortmgr.selection.scenarios.sent import changes_sent, fields_of
from tests.unit.selection.scenarios.boards import ground, judged

GROUND = ground(judged([(10, 3), (9, 3)]))
limits = st.one_of(st.none(), st.integers(1, 30))
groups = st.dictionaries(st.sampled_from(["region", "sex"]), st.sampled_from(["a", "b", "MA-08"]), min_size=1)
bounds = st.builds(Bound, groups, limits, limits, st.booleans(), st.just(""))
scenarios = st.builds(
    ScenarioChanges,
    st.integers(1, 500),
    st.lists(bounds, max_size=4).map(tuple),
    st.dictionaries(
        st.sampled_from(["maths", "projet"]), st.integers(0, 1000).filter(lambda n: n not in (1, 3))
    ),
    st.just({}),
)


def where(changes: ScenarioChanges) -> list[str | None]:
    return [each.where for each in faults_in(changes, GROUND)]


@given(scenarios)
def test_a_scenario_comes_back_from_its_fields_and_from_json(changes: ScenarioChanges) -> None:
    assert changes_sent(fields_of(changes), GROUND) == changes
    assert ScenarioChanges.of_json(json.loads(json.dumps(changes.as_json()))) == changes


@given(st.dictionaries(
    st.sampled_from(["seats", "weight_maths", "phase_files", "group_0", "least_0", "most_0", "hard_0", "drop_0",
                     "group_new", "and_new", "least_new"]),
    st.text(max_size=20),
))  # fmt: skip
def test_any_text_is_read_or_refused_beside_a_field(given_: dict[str, str]) -> None:
    try:
        changes = changes_sent(given_, GROUND)
    except Refused as refusal:
        assert {each.where for each in refusal.problems} <= set(given_)
    else:
        assert all(each.where for each in faults_in(changes, GROUND))


def test_a_form_adds_a_bound_and_leaves_out_what_is_ticked() -> None:
    typed = {"group_0": "sex=f", "least_0": "2", "drop_0": "1", "group_3": "sex=m", "most_3": " 4 ", "hard_3": "soft",
             "group_new": "region=a", "and_new": "sex=f", "least_new": "١"}  # fmt: skip
    assert changes_sent(typed, GROUND).bounds == (
        Bound({"sex": "m"}, None, 4, False), Bound({"region": "a", "sex": "f"}, 1),
    )  # fmt: skip
    assert changes_sent({"seats": "", "weight_maths": ""}, GROUND) == GROUND.unchanged
    several = replace(GROUND, offering="rabat")
    assert changes_sent(typed, several).bounds[0].offering == "rabat" and not list(
        faults_in(changes_sent(typed, several), several)
    )


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (ScenarioChanges(2), []),
        (ScenarioChanges(1_000_000), []),
        (ScenarioChanges(0), ["seats"]),
        (ScenarioChanges(1_000_001), ["seats"]),
        (ScenarioChanges(2, (), {"maths": 0}), []),
        (ScenarioChanges(2, (), {"maths": 0, "projet": 0}), ["weight_maths"]),
        (ScenarioChanges(2, (), {"maths": -1}), ["weight_maths"]),
        (ScenarioChanges(2, (), {"maths": 10**9}), ["weight_maths"]),
        (ScenarioChanges(2, (), {"nobody": 1}), ["seats"]),
        (ScenarioChanges(2, (Bound({"age": "9"}, 1),)), ["group_0"]),
        (ScenarioChanges(2, (Bound({"sex": "x"}, 1),)), ["group_0"]),
        (ScenarioChanges(2, (Bound({"sex": "f"}, 3),)), ["least_0"]),
        (ScenarioChanges(2, (Bound({"sex": "f"}, 1), Bound({"sex": "m"}, None, -1))), ["most_1"]),
        (ScenarioChanges(2, (Bound({"sex": "f"}),)), ["group_0"]),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(changes: ScenarioChanges, fields: list[str]) -> None:
    assert where(changes) == fields


def test_weights_of_a_phase_that_is_ranked_by_harmonised_marks_are_not_tried() -> None:
    fixed = replace(GROUND, fixed=frozenset({"files"}))
    found = list(faults_in(ScenarioChanges(2, (), {"maths": 5}), fixed))
    assert [each.where for each in found] == ["weight_maths"] and "harmonisées" in found[0].what
    assert not list(faults_in(ScenarioChanges(2), fixed))


def test_names_are_one_line_and_taken_once() -> None:
    assert scenario_name("  Plus de\nfilles ", {}) == "Plus de filles"
    taken = {"01A": "Plus de filles"}
    for name in ("", " \u202e ", "x" * (LONGEST_NAME + 1), "PLUS de filles"):
        assert isinstance(scenario_name(name, taken), Problem)
    assert scenario_name("plus de filles", taken, "01A") == "plus de filles"


def test_an_address_that_was_cut_on_its_way_is_told_and_takes_no_bound_away() -> None:
    changes = ScenarioChanges(4, (Bound({"sex": "f"}, 2), Bound({"sex": "m"}, None, 3)))
    said = fields_of(changes)
    cut = {name: text for name, text in said.items() if not name.endswith("_1")}
    with pytest.raises(Refused) as refused:
        changes_sent(cut, GROUND)
    assert "coupée" in refused.value.problems[0].what
    assert changes_sent(said | {"drop_1": "1"}, GROUND).bounds == changes.bounds[:1], (
        "one that is left out has come"
    )
    assert changes_sent({"seats": "4"}, GROUND).seats == 4
