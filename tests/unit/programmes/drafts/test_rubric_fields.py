"""The rubric as its pages send it: what nobody changed stays itself, and what no draft may hold is a problem."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.programmes.definition.rubric import PhaseKind
from cohortmgr.programmes.definition.toml import as_json, from_json, judged, read_known
from cohortmgr.programmes.drafts import point_fields, rubric_fields
from cohortmgr.programmes.drafts.figures import shown_hours
from tests.factories.choices import phases

MDIA = as_json(read_known("mdia"))
NOTHING = {**copy.deepcopy(MDIA), "rubric": {}}


def settings_page(document: dict[str, Any], **changed: Any) -> dict[str, list[str]]:
    """What the page of the rubric sends of a document, with changes."""
    held = {**rubric_fields.settings_of(document), **changed}
    hidden, hours = held.pop("hidden"), shown_hours(held.pop("reminder_hours"))
    return {
        "reminder_hours": [hours],
        **{name: ["" if each is None else str(each)] for name, each in held.items()},
        "hidden": list(hidden),
    }


def criterion_page(table: dict[str, Any], **changed: str) -> dict[str, list[str]]:
    given = {name: str(table[name]) for name in ("weight", "scale_min", "scale_max")}
    given |= {f"title-{code}": said for code, said in table["title"].items()}
    for score, text in table.get("anchors", {}).items():
        given |= {f"anchors-{score}-{code}": said for code, said in text.items()}
    return {name: [said] for name, said in {**given, **changed}.items()}


def test_what_nobody_changed_stays_itself() -> None:
    document = copy.deepcopy(MDIA)
    typed = rubric_fields.read_settings(settings_page(MDIA), MDIA)
    assert typed.problems == []
    rubric_fields.put_settings(document, typed.table)
    assert from_json(document) == from_json(MDIA)
    for table in rubric_fields.criteria_of(MDIA):
        assert rubric_fields.read_criterion(criterion_page(table), table).table == table


def test_nothing_hidden_is_kept_as_such() -> None:
    document = copy.deepcopy(MDIA)
    typed = rubric_fields.read_settings(settings_page(MDIA, hidden=[]), MDIA)
    rubric_fields.put_settings(document, typed.table)
    assert from_json(document).rubric.files.hidden == ()
    assert rubric_fields.settings_of(document)["hidden"] == []


@pytest.mark.parametrize(
    ("field", "said", "wrong"),
    [("readings", "3", False), ("readings", "٣", False), ("readings", "0", True), ("readings", "", True),
     ("most_readings", "deux", True), ("gap_points", "21", True), ("reading_target_minutes", "", False),
     ("reminder_hours", "٧٢، ٢٤", False), ("reminder_hours", "", False), ("reminder_hours", "demain", True)],
)  # fmt: skip
def test_figures_are_whole_and_in_bounds(field: str, said: str, wrong: bool) -> None:
    typed = rubric_fields.read_settings({**settings_page(MDIA), field: [said]}, MDIA)
    assert [each.where for each in typed.problems] == ([field] if wrong else [])


def test_a_longer_scale_asks_for_its_new_scores() -> None:
    table = rubric_fields.criteria_of(MDIA)[0]
    typed = rubric_fields.read_criterion(criterion_page(table, scale_max="7"), table)
    assert rubric_fields.steps_of(typed.table) == list(range(8))
    assert set(typed.table["anchors"]) == set("012345")
    shorter = rubric_fields.read_criterion(criterion_page(table, scale_max="3"), table)
    assert rubric_fields.steps_of(shorter.table) == list(range(6))  # what was written of 4 and 5 is not lost


@pytest.mark.parametrize("most", ["x", "0", "", "5000"])
def test_words_survive_a_scale_that_is_none(most: str) -> None:
    table = rubric_fields.criteria_of(MDIA)[0]
    typed = rubric_fields.read_criterion(criterion_page(table, scale_max=most), table)
    assert typed.table["anchors"] == table["anchors"]
    assert rubric_fields.steps_of(typed.table) == list(range(6))


def test_a_scale_out_of_a_hundred_asks_for_its_ends_and_its_middle() -> None:
    held = {"scale_min": 0, "scale_max": 100, "anchors": {"70": {"fr": "Bien"}}}
    assert rubric_fields.steps_of(held) == [0, 50, 70, 100]
    assert rubric_fields.steps_of({"scale_min": 3, "scale_max": "x"}) == []
    assert rubric_fields.steps_of({"scale_min": 0, "scale_max": 10**9}) == []


def test_nothing_is_changed_by_looking() -> None:
    document = {**copy.deepcopy(MDIA), "rubric": {"phases": [{"key": "dossiers"}]}}
    before = copy.deepcopy(document)
    assert rubric_fields.criteria_of(document) == [] and document == before


def test_the_first_criterion_begins_the_phase_and_the_last_ends_it() -> None:
    document = copy.deepcopy(NOTHING)
    key = rubric_fields.begin(document, "Projet d’études")
    assert key == "projet_d_etudes"
    assert rubric_fields.begin(document, "Projet d’études") == key  # the page sent twice
    found = judged(document).definition
    assert found is not None and [each.key for each in found.rubric.criteria] == [key]
    assert found.rubric.readings == 2
    rubric_fields.remove(document, key)
    assert document["rubric"] == {} and rubric_fields.criteria_of(document) == []
    with pytest.raises(NotFound):
        rubric_fields.find(document, key)


def test_criteria_are_moved_and_there_are_not_endlessly_many() -> None:
    document = copy.deepcopy(MDIA)
    keys = [each["key"] for each in rubric_fields.criteria_of(document)]
    assert rubric_fields.move(document, keys[1], -1)
    assert [each["key"] for each in rubric_fields.criteria_of(document)][:2] == [keys[1], keys[0]]
    assert not rubric_fields.move(document, keys[1], -1)
    for number in range(rubric_fields.MOST_CRITERIA - len(keys)):
        rubric_fields.begin(document, f"Autre {number}")
    with pytest.raises(Refused):
        rubric_fields.begin(document, "Un de trop")


def test_a_criterion_that_is_wrong_stays_as_it_was_typed() -> None:
    table = rubric_fields.criteria_of(MDIA)[0]
    typed = rubric_fields.read_criterion(criterion_page(table, weight="x", knock_out_below="2,5"), table)
    assert [each.where for each in typed.problems] == ["weight"]
    assert typed.table["weight"] == "x" and typed.table["knock_out_below"] == "2.5"


PHASED = as_json(phases())


def test_phases_that_nobody_changed_stay_themselves() -> None:
    for phase in rubric_fields.phases_of(PHASED):
        document, key = copy.deepcopy(PHASED), phase["key"]
        held = rubric_fields.settings_of(PHASED, key)
        hidden, hours = held.pop("hidden"), shown_hours(held.pop("reminder_hours"))
        sent = {name: ["" if each is None else str(each)] for name, each in held.items()}
        sent |= {"hidden": list(hidden), "reminder_hours": [hours]}
        typed = rubric_fields.read_settings(sent, PHASED, key)
        assert typed.problems == []
        rubric_fields.put_settings(document, typed.table, key)
        assert from_json(document) == from_json(PHASED), key


def test_where_points_come_from_stays_itself_and_is_read_as_typed() -> None:
    (table,) = rubric_fields.criteria_of(PHASED, "points")
    page = criterion_page(table) | {
        "points-kind": ["mean"], "points-questions": ["s1"], "points-missing": ["0"],
        "points-bands": [point_fields.shown_bands(table["points"])],
    }  # fmt: skip
    assert rubric_fields.read_criterion(page, table).table == table
    typed = rubric_fields.read_criterion(page | {"points-bands": ["dix = 1\n14 : trois"]}, table)
    assert [each.where for each in typed.problems] == ["points-bands"]
    line = rubric_fields.read_criterion(
        page | {"points-bands": [""], "points-worst": ["10,5"], "points-best": ["٢٠"]}, table
    ).table["points"]
    assert (line["worst"], line["best"]) == ("10.5", "20") and "bands" not in line
    chosen = page | {"points-kind": ["option"], "points-option-b": ["3"], "points-option-c": [""]}
    assert rubric_fields.read_criterion(chosen, table).table["points"]["options"] == {"b": 3}


def test_phases_are_added_moved_and_removed() -> None:
    document = copy.deepcopy(MDIA)
    key = rubric_fields.begin_phase(document, PhaseKind.INTERVIEW)
    assert rubric_fields.begin_phase(document, PhaseKind.INTERVIEW) == key  # the page sent twice
    with pytest.raises(Refused):
        rubric_fields.begin_phase(document, PhaseKind.FILES)
    oral = rubric_fields.begin(document, "Projet", key)
    assert oral not in [each["key"] for each in rubric_fields.criteria_of(MDIA)], "no two have one key"
    again = rubric_fields.begin_phase(document, PhaseKind.INTERVIEW)
    assert again != key
    assert rubric_fields.move_phase(document, key, -1) and not rubric_fields.move_phase(document, key, -1)
    assert [each["key"] for each in rubric_fields.phases_of(document)] == [key, "dossiers", again]
    rubric_fields.remove(document, oral)
    assert rubric_fields.phase_of(document, key) is not None, "an empty phase stays, as a fault"
    for each in (key, again):
        rubric_fields.remove_phase(document, each)
    assert document["rubric"] == MDIA["rubric"]
    with pytest.raises(NotFound):
        rubric_fields.remove_phase(document, key)
    for _ in range(rubric_fields.MOST_PHASES - 1):
        rubric_fields.begin(document, "Oral", rubric_fields.begin_phase(document, PhaseKind.TEST))
    with pytest.raises(Refused):
        rubric_fields.begin_phase(document, PhaseKind.TEST)
