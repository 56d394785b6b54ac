"""A document with the keys of its day says what it said then, and its fingerprint stays where it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.earlier import FIRST_PHASE, as_of_today
from cohortmgr.programmes.definition.rules import ProgrammeStage
from cohortmgr.programmes.definition.toml import (
    as_json,
    from_json,
    read_definition,
    read_known,
    write_definition,
)

MDIA = read_known("mdia")
TEXT = write_definition(MDIA)


def earlier() -> dict[str, Any]:
    """The master's as it was written before there were phases of reading."""
    document = as_json(MDIA)
    document["phases"] = document.pop("stages")
    (phase,) = document["rubric"].pop("phases")
    document["rubric"] |= {"criteria": phase["criteria"], "readings": 2}
    return document


def test_an_earlier_document_is_the_same_programme() -> None:
    assert from_json(earlier()) == MDIA
    assert MDIA.rubric.files.key == FIRST_PHASE and MDIA.rubric.readings == 2


def test_a_document_of_today_is_left_alone() -> None:
    document = as_json(MDIA)
    assert as_of_today(document) is document


def test_an_earlier_rubric_without_criteria_reads_nothing() -> None:
    document = {**earlier(), "rubric": {"readings": 2, "reading_target_minutes": 5}}
    found = from_json(document)
    assert found.rubric.phases == () and found.rubric.readings == 0
    assert found.rubric.reading_target_minutes == 5


def earlier_text() -> str:
    text = TEXT.replace("rubric.phases.criteria", "rubric.criteria").replace("\nstages = ", "\nphases = ")
    start, end = text.index("[[rubric.phases]]"), text.index("[[rubric.criteria]]")
    return text[:start] + text[end:]


def test_an_earlier_text_is_read_and_its_mistakes_are_where_they_are_written() -> None:
    found = read_definition(earlier_text(), "old.toml")
    assert found.rubric.criteria == MDIA.rubric.criteria
    assert ProgrammeStage.STIPEND in found.stages
    wrong = earlier_text().replace("weight = 5", "weight = 0", 1).replace('"outcomes"]', '"outcome"]')
    with pytest.raises(Refused) as refused:
        read_definition(wrong, "old.toml")
    places = [problem.where or "" for problem in refused.value.problems]
    lines = wrong.splitlines()
    assert any(
        "phases[7]" in place and "outcome" in lines[int(place.split(":")[1].split()[0]) - 1]
        for place in places
    )


def test_a_weight_is_named_where_an_earlier_text_writes_it() -> None:
    wrong = earlier_text().replace("weight = 5", "weight = 0", 1)
    with pytest.raises(Refused) as refused:
        read_definition(wrong, "old.toml")
    (problem,) = refused.value.problems
    line, field = (problem.where or "").removeprefix("old.toml:").split(" ", 1)
    assert field == "rubric.criteria[2].weight" and wrong.splitlines()[int(line) - 1] == "weight = 0"


def test_who_forgets_a_key_of_today_is_not_sent_to_an_earlier_one() -> None:
    start = TEXT.index("\nstages = ")
    without = TEXT[:start] + TEXT[TEXT.index("\n", start + 1) :]
    with pytest.raises(Refused) as refused:
        read_definition(without, "new.toml")
    assert [(problem.where or "").split()[-1] for problem in refused.value.problems] == ["stages"]
