"""Assignment of files to reviewers: complete, even, connected, repeatable, and only ever adding."""

from collections import Counter
from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.assignment.sharing import MANY, assign, groups


def _files(count: int) -> list[str]:
    return [f"F{number:04}" for number in range(count)]


def _reviewers(count: int) -> list[str]:
    return [f"R{number:02}" for number in range(count)]


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_every_file_is_read_and_loads_differ_by_at_most_one(
    files: int, people: int, readings: int, seed: int
) -> None:
    readings = min(readings, people)
    pairs = assign(_files(files), _reviewers(people), readings, set(), seed, {})
    assert len(set(pairs)) == len(pairs) == files * readings
    assert set(Counter(file for file, _ in pairs).values()) == {readings}
    loads = Counter(dict.fromkeys(_reviewers(people), 0))
    loads.update(name for _, name in pairs)
    assert max(loads.values()) - min(loads.values()) <= 1
    # Oracle: k readers link at most k - 1 new people, so this many files can join everyone, and then must.
    if files * (readings - 1) >= people - 1:
        assert len(groups(pairs, _reviewers(people))) == 1


@pytest.mark.parametrize(("people", "readings"), [(6, 2), (8, 3), (9, 2), (12, 2)])
def test_pairs_share_about_the_same_number_of_files(people: int, readings: int) -> None:
    pairs = assign(_files(542), _reviewers(people), readings, set(), 2025, {})
    readers: dict[str, list[str]] = {}
    for file, name in pairs:
        readers.setdefault(file, []).append(name)
    shared = Counter(pair for names in readers.values() for pair in combinations(sorted(names), 2))
    counts = [shared[pair] for pair in combinations(_reviewers(people), 2)]
    assert max(counts) - min(counts) <= 3


def test_the_same_seed_gives_the_same_and_another_seed_another() -> None:
    first = assign(_files(40), _reviewers(6), 2, set(), 7, {})
    assert first == assign(list(reversed(_files(40))), list(reversed(_reviewers(6))), 2, set(), 7, {})
    assert first != assign(_files(40), _reviewers(6), 2, set(), 8, {})


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_conflicts_never_meet_and_what_was_done_is_kept(data: st.DataObject) -> None:
    files, people = _files(data.draw(st.integers(1, 20))), _reviewers(6)
    barred = data.draw(st.sets(st.tuples(st.sampled_from(people), st.sampled_from(files)), max_size=20))
    half = data.draw(st.sets(st.sampled_from(files)))
    done = {file: {"R00"} for file in half}
    possible = all(
        sum((name, file) not in barred and name not in done.get(file, ()) for name in people)
        >= 2 - len(done.get(file, ()))
        for file in files
    )
    if not possible:
        with pytest.raises(Refused):
            assign(files, people, 2, barred, 1, done)
        return
    added = assign(files, people, 2, barred, 1, done)
    assert not {(name, file) for file, name in added} & barred
    assert not {(file, "R00") for file in half} & set(added)
    whole = Counter(file for file, _ in added) + Counter(list(half))
    assert whole == Counter(dict.fromkeys(files, 2))


@pytest.mark.parametrize(
    ("files", "people", "readings", "seed", "found"),
    [
        (542, 12, 2, 2025, "0f3899c0ea6c52b3"),
        (300, 9, 3, 7, "cfeda89fc63d5f45"),
        (40, 20, 1, 3, "bbe13b81880931d6"),
    ],
)
def test_a_seed_gives_what_it_gave_last_year(
    files: int, people: int, readings: int, seed: int, found: str
) -> None:
    barred = {(f"R{number % people:02}", f"F{number * 7 % files:04}") for number in range(30)}
    done = {
        f"F{number:04}": {"R00", "gone"} if number % 2 else {"R01"}
        for number in range(0, files, 5)
        if readings > 1 or number % 2 == 0
    }
    pairs = assign(_files(files), _reviewers(people), readings, barred, seed, done)
    assert sha256(repr(pairs).encode()).hexdigest().startswith(found)


def test_many_files_are_shared_as_evenly_as_few() -> None:
    files, people = MANY + 500, 12
    pairs = assign(_files(files), _reviewers(people), 2, set(), 5, {})
    assert pairs == assign(_files(files), _reviewers(people), 2, set(), 5, {})
    assert pairs != assign(_files(files), _reviewers(people), 2, set(), 6, {})
    assert set(Counter(file for file, _ in pairs).values()) == {2} and len(set(pairs)) == 2 * files
    loads = Counter(name for _, name in pairs)
    assert max(loads.values()) - min(loads.values()) <= 1
    readers: dict[str, list[str]] = {}
    for file, name in pairs:
        readers.setdefault(file, []).append(name)
    shared = Counter(tuple(sorted(names)) for names in readers.values())
    assert len(shared) == people * (people - 1) // 2 and max(shared.values()) - min(shared.values()) <= 3
    assert len(groups(pairs, _reviewers(people))) == 1


def test_new_files_go_to_those_who_have_read_least() -> None:
    done = {file: {"R00", "R01"} for file in _files(10)}
    added = assign([*_files(10), "N1", "N2", "N3", "N4"], _reviewers(4), 2, set(), 3, done)
    assert Counter(name for _, name in added) == {"R02": 4, "R03": 4}
    assert assign(_files(10), _reviewers(4), 2, set(), 3, done) == []


def test_groups_apart_are_joined_where_the_files_allow_it() -> None:
    # Two by two, six people: the second round may close into a ring of four and a pair.
    for seed in range(40):
        assert len(groups(assign(_files(6), _reviewers(6), 2, set(), seed, {}), _reviewers(6))) == 1
    assert len(groups([("F1", "A"), ("F1", "B"), ("F2", "C")], ["D"])) == 3


def test_an_impossible_file_is_named_with_what_to_do() -> None:
    with pytest.raises(Refused) as refused:
        assign(["F1", "F2"], ["A", "B"], 2, {("A", "F2")}, 1, {})
    (problem,) = refused.value.problems
    assert problem.values == {"count": 1, "file": "F2", "readings": 2, "free": 1}
    with pytest.raises(Refused):
        assign(["F1"], ["A"], 0, set(), 1, {})


def test_however_many_files_lack_the_same_people_one_line_says_so() -> None:
    with pytest.raises(Refused) as refused:
        assign(_files(600), ["A"], 2, set(), 1, {})
    (problem,) = refused.value.problems
    assert problem.values == {"count": 600, "file": "F0000", "readings": 2, "free": 1}
    assert "administration" in problem.what, "whoever assigns may invite nobody"


def test_one_reviewer_left_takes_what_a_colleague_who_went_away_began() -> None:
    done = {"F1": {"gone"}, "F2": {"gone"}}
    assert assign(["F1", "F2"], ["A"], 2, set(), 1, done) == assign(["F2", "F1"], ["A"], 2, set(), 1, done)
    assert {name for _, name in assign(["F1", "F2"], ["A"], 2, set(), 1, done)} == {"A"}
