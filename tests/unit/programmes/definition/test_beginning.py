"""A programme from nothing is sound at once, and says which of its texts are still to be written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cohortmgr.programmes.definition.beginning import (
    TO_WRITE,
    FirstIntake,
    begin_definition,
    unwritten,
)
from cohortmgr.programmes.definition.checks.whole import check
from cohortmgr.programmes.definition.cloning import ClonedIntake
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import (
    as_json,
    from_json,
    read_definition,
    read_known,
    write_definition,
)

TEXT = {"fr": "Cyber", "ar": "الأمن السيبراني", "en": "Cyber"}
FIRST = FirstIntake(
    ClonedIntake("2029", TEXT, date(2029, 9, 3)),
    date(2029, 3, 1),
    date(2029, 4, 30),
    date(2029, 6, 15),
    TEXT,
    24,
)


def begun(first: FirstIntake = FIRST) -> Definition:
    sections = read_known("jobintech").form.sections[:2]
    return begin_definition("cyber", "inpt", TEXT, TEXT, first, sections)


def test_it_is_sound_and_survives_a_file() -> None:
    made = begun()
    assert not check(made)
    assert from_json(as_json(made)) == made == read_definition(write_definition(made), "cyber.toml")
    assert made.intakes[0].seats == 24
    assert made.intakes[0].opens_at < made.intakes[0].closes_at
    targets = {question.target for question in made.form.questions}
    assert {"person.family_name", "person.email", "person.phone"} <= targets


def test_dates_that_contradict_one_another_are_faults() -> None:
    wrong = begun(replace(FIRST, closes_on=date(2029, 2, 1)))
    assert [fault.path[-1] for fault in check(wrong)] == ["closes_at"]


def test_what_is_not_written_is_named_until_it_is() -> None:
    made = begun()
    assert {"description", "legal_basis", "papers"} <= set(unwritten(made))
    written = replace(made, description=TEXT, practical=replace(made.practical, papers=TEXT))
    assert set(unwritten(made)) - set(unwritten(written)) == {"description", "papers"}
    assert not list(unwritten(read_known("mdia")))
    assert set(TO_WRITE) == {"fr", "ar", "en"}
