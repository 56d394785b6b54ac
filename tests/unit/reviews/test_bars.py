"""No bar is crossed when files are given out: own files, conflicts, what readers said, what they do not read."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.assignment import acquaintance, flow
from cohortmgr.reviews.assignment.acquaintance import BearerFile, ReaderSaying
from cohortmgr.reviews.assignment.fitness import FileSubject, ReaderScope, Scarcity, scarcity, unfit

FILES = [f"F{number}" for number in range(8)]
PEOPLE = [f"R{number}" for number in range(5)]
WORDS = ("salma", "bennis", "zineb", "alaoui", "omar")
SCHOOLS = ("inpt", "ensias", "lycee moulay youssef")
PAIRS = st.sets(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(FILES)), max_size=12)
NAMES = st.lists(st.sampled_from(WORDS), min_size=2, max_size=2, unique=True)
SUBJECTS = st.builds(FileSubject, st.sampled_from(("fr", "ar", "en")), st.sampled_from(("", "civil", "data")))
SCOPES = st.builds(
    ReaderScope,
    st.frozensets(st.sampled_from(("fr", "ar", "en")), max_size=2),
    st.frozensets(st.sampled_from(("civil", "data")), max_size=1),
)


def _blind(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:20]


@st.composite
def _world(draw: st.DrawFn) -> dict[str, object]:
    some = st.sampled_from(PEOPLE)
    return {
        "own": draw(PAIRS),
        "conflicts": draw(PAIRS),
        "names": {file: draw(NAMES) for file in FILES},
        "schools": {file: draw(st.sampled_from(SCHOOLS)) for file in FILES},
        "typed": draw(st.dictionaries(some, NAMES)),
        "places": draw(st.dictionaries(some, st.sampled_from(SCHOOLS))),
        "subjects": {file: draw(SUBJECTS) for file in FILES},
        "scopes": draw(st.dictionaries(some, SCOPES)),
    }


@settings(deadline=None)
@given(_world(), st.integers(1, 3))
def test_no_bar_is_crossed_and_what_it_leaves_without_readers_is_named(
    world: dict[str, dict[str, object]], readings: int
) -> None:
    names, schools, typed, places = (world[each] for each in ("names", "schools", "typed", "places"))
    subjects, scopes = world["subjects"], world["scopes"]
    bearers = {
        file: BearerFile([_blind(word) for word in names[file]], [str(schools[file])]) for file in FILES
    }
    sayings = {
        reader: ReaderSaying(
            [acquaintance.blinded(" ".join(typed[reader]), _blind)] if reader in typed else [],
            [str(places[reader])] if reader in places else [],
        )
        for reader in PEOPLE
    }
    closed = {
        *world["own"],
        *world["conflicts"],
        *acquaintance.barred(bearers, sayings),
        *unfit(subjects, scopes),
    }
    # The oracle looks at each pair by itself.
    expected = {
        (reader, file)
        for reader in PEOPLE
        for file in FILES
        if (reader, file) in world["own"]
        or (reader, file) in world["conflicts"]
        or (reader in typed and set(typed[reader]) == set(names[file]))
        or (reader in places and places[reader] == schools[file])
        or (reader in scopes and not scopes[reader].reads(subjects[file]))
    }
    assert closed == expected
    free = {file: sum((reader, file) not in expected for reader in PEOPLE) for file in FILES}
    try:
        shares = flow.assign(dict.fromkeys(FILES, readings), PEOPLE, closed, "intake", {})
    except Refused:
        assert not any(free.values())
        return
    assert not {(reader, file) for file, reader in shares.pairs} & expected
    assert {each.file: each.lacks for each in shares.short} == {
        file: readings - number for file, number in free.items() if number < readings
    }


@pytest.mark.parametrize("people", [2, 5, 60])
def test_a_file_from_which_all_are_barred_is_named_and_nothing_turns_round(people: int) -> None:
    readers = [f"R{number:02}" for number in range(people)]
    shares = flow.assign(
        dict.fromkeys(FILES, 2), readers, {(reader, "F3") for reader in readers}, "intake", {}
    )
    assert [(each.file, each.lacks, each.possible) for each in shares.short] == [("F3", 2, 0)]
    assert len(shares.pairs) == 2 * (len(FILES) - 1)


def test_a_file_without_a_field_is_everybody_s_and_no_limit_is_all() -> None:
    files = {"A": FileSubject("ar"), "B": FileSubject("fr", "civil"), "C": FileSubject("fr", "data")}
    civil, arabic = ReaderScope(fields=frozenset({"civil"})), ReaderScope(frozenset({"ar"}))
    assert unfit(files, {"x": civil, "y": arabic, "z": ReaderScope()}) == {("x", "C"), ("y", "B"), ("y", "C")}


def test_a_language_and_a_field_that_too_few_read_are_counted_by_the_files_that_lack_readers() -> None:
    files = {"A": FileSubject("ar", "civil"), "B": FileSubject("fr", "civil"), "C": FileSubject("fr", "data")}
    french, civil = ReaderScope(frozenset({"fr"})), ReaderScope(fields=frozenset({"civil"}))
    assert scarcity(["A", "C", "gone"], files, [french, civil]) == Scarcity({"ar": 1}, {"data": 1})
    assert scarcity([], files, [french]) == Scarcity({}, {})
