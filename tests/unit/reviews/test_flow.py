"""Giving files to readers: as many readings as possible, as evenly as possible, in one group, and only ever adding."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.assignment import flow
from cohortmgr.reviews.assignment.flow import Shares, assign
from cohortmgr.reviews.assignment.pairing import MANY, groups

Barred = Collection[tuple[str, str]]


def _files(count: int) -> list[str]:
    return [f"F{number:04}" for number in range(count)]


def _reviewers(count: int) -> list[str]:
    return [f"R{number:02}" for number in range(count)]


def _shared(
    files: int,
    people: int,
    readings: int,
    barred: Barred = (),
    done: Mapping[str, Collection[str]] | None = None,
    seed: str = "intake",
    limits: Mapping[str, int] | None = None,
) -> Shares:
    wanted = dict.fromkeys(_files(files), readings)
    return assign(wanted, _reviewers(people), barred, seed, done or {}, limits)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_every_file_is_read_and_loads_differ_by_at_most_one(
    files: int, people: int, readings: int, seed: int
) -> None:
    readings = min(readings, people)
    shares = _shared(files, people, readings, seed=str(seed))
    pairs = shares.pairs
    assert len(set(pairs)) == len(pairs) == files * readings and not shares.short
    assert set(Counter(file for file, _ in pairs).values()) == {readings}
    loads = Counter(dict.fromkeys(_reviewers(people), 0))
    loads.update(name for _, name in pairs)
    assert max(loads.values()) - min(loads.values()) <= 1
    # Oracle: k readers link at most k - 1 new people, so this many files can join everyone, and then must.
    if files * (readings - 1) >= people - 1:
        assert len(groups(pairs, _reviewers(people))) == 1


@st.composite
def _small(
    draw: st.DrawFn,
) -> tuple[dict[str, int], list[str], set[tuple[str, str]], dict[str, set[str]], dict[str, int]]:
    files, people = _files(draw(st.integers(1, 4))), _reviewers(draw(st.integers(1, 4)))
    pair = st.tuples(st.sampled_from(people), st.sampled_from(files))
    barred = draw(st.sets(pair, max_size=8))
    done: dict[str, set[str]] = {}
    for name, file in draw(st.sets(pair, max_size=4)) | draw(
        st.sets(st.tuples(st.just("gone"), st.sampled_from(files)))
    ):
        done.setdefault(file, set()).add(name)
    wanted = {file: draw(st.integers(1, 3)) for file in files}
    limits = draw(st.dictionaries(st.sampled_from(people), st.integers(0, 4)))
    return wanted, people, barred, done, limits


def _all_ways(
    wanted: Mapping[str, int],
    people: Collection[str],
    barred: Barred,
    done: Mapping[str, Collection[str]],
    limits: Mapping[str, int],
) -> Iterator[tuple[int, int]]:
    """Yield (readings given, sum of the squared loads) of every way of giving files out."""
    choices = []
    for file, number in wanted.items():
        held = done.get(file, ())
        free = [name for name in people if name not in held and (name, file) not in barred]
        most = max(0, number - len(set(held)))
        choices.append([chosen for size in range(most + 1) for chosen in combinations(free, size)])
    before = Counter(name for held in done.values() for name in held)
    for way in product(*choices):
        new = Counter(name for chosen in way for name in chosen)
        if all(before[name] + count <= limits.get(name, 99) for name, count in new.items()):
            yield sum(new.values()), sum((before[name] + new[name]) ** 2 for name in people)


@settings(max_examples=150, deadline=None)
@given(_small())
def test_no_other_way_gives_more_readings_or_as_many_more_evenly(
    case: tuple[dict[str, int], list[str], set[tuple[str, str]], dict[str, set[str]], dict[str, int]],
) -> None:
    wanted, people, barred, done, limits = case
    most = max(number for number, _ in _all_ways(*case))
    even = min(squares for number, squares in _all_ways(*case) if number == most)
    lacking = {file: number - len(done.get(file, ())) for file, number in wanted.items()}
    lacks = [number for number in lacking.values() if number > 0]
    if lacks and sum(lacks) > most and (most == 0 or len(people) < min(lacks)):
        with pytest.raises(Refused):
            assign(wanted, people, barred, "intake", done, limits)
        return
    shares = assign(wanted, people, barred, "intake", done, limits)
    loads = Counter(name for held in done.values() for name in held)
    loads.update(name for _, name in shares.pairs)
    assert (len(shares.pairs), sum(loads[name] ** 2 for name in people)) == (most, even)
    assert len(set(shares.pairs)) == len(shares.pairs)
    assert not {(name, file) for file, name in shares.pairs} & barred
    assert not any(name in done.get(file, ()) for file, name in shares.pairs)
    added = Counter(file for file, _ in shares.pairs)
    short = {file: number - added[file] for file, number in lacking.items() if number > added[file]}
    assert {each.file: each.lacks for each in shares.short} == short


@pytest.mark.parametrize("held", [0, 3, 40, 500])
def test_limits_and_earlier_loads_leave_the_rest_even(held: int) -> None:
    done = {f"old{number}": {"R00"} for number in range(held)}
    limits = {"R01": 7, "R02": 400}
    shares = _shared(600, 6, 2, done=done, limits=limits)
    loads = Counter(name for _, name in shares.pairs)
    loads["R00"] += held
    assert loads["R01"] == 7 and not shares.short
    # Water poured into vessels of which one is full at 7, and one stands on what is held.
    level = -(-(1200 - 7 + held) // 5) if held <= 300 else -(-(1200 - 7) // 4)
    assert all(level - 1 <= loads[name] <= level for name in ("R02", "R03", "R04", "R05")), loads


@pytest.mark.parametrize(("people", "readings"), [(6, 2), (8, 3), (9, 2), (12, 2)])
def test_pairs_share_about_the_same_number_of_files(people: int, readings: int) -> None:
    readers: dict[str, list[str]] = {}
    for file, name in _shared(542, people, readings).pairs:
        readers.setdefault(file, []).append(name)
    shared = Counter(pair for names in readers.values() for pair in combinations(sorted(names), 2))
    counts = [shared[pair] for pair in combinations(_reviewers(people), 2)]
    assert max(counts) - min(counts) <= 3


def test_the_same_seed_gives_the_same_in_any_order_and_another_seed_another() -> None:
    barred = {("R01", "F0003"), ("R02", "F0007"), ("R05", "F0007")}
    first = _shared(40, 6, 2, barred)
    wanted = dict.fromkeys(reversed(_files(40)), 2)
    assert first == assign(wanted, list(reversed(_reviewers(6))), sorted(barred, reverse=True), "intake", {})
    assert first != _shared(40, 6, 2, barred, seed="another")


def test_many_files_are_shared_as_evenly_as_few() -> None:
    files, people = MANY + 500, 12
    pairs = _shared(files, people, 2).pairs
    assert set(Counter(file for file, _ in pairs).values()) == {2} and len(set(pairs)) == 2 * files
    loads = Counter(name for _, name in pairs)
    assert max(loads.values()) - min(loads.values()) <= 1
    readers: dict[str, list[str]] = {}
    for file, name in pairs:
        readers.setdefault(file, []).append(name)
    shared = Counter(tuple(sorted(names)) for names in readers.values())
    assert len(shared) == people * (people - 1) // 2 and max(shared.values()) - min(shared.values()) <= 3
    assert len(groups(pairs, _reviewers(people))) == 1


def test_each_kind_of_many_is_offered_to_a_few_and_then_to_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MANY_KINDS", 5)
    monkeypatch.setattr(flow, "FEW", 1)
    barred = {(f"R{number % 9:02}", f"F{number:04}") for number in range(60)}
    barred |= {(f"R{number % 7:02}", f"F{number:04}") for number in range(60)}
    # One may read five files alone; the few to whom they are offered are full.
    limits = dict.fromkeys(_reviewers(9), 14) | {"R08": 8}
    shares = _shared(60, 9, 2, barred, limits=limits)
    loads = Counter(name for _, name in shares.pairs)
    assert (
        len(shares.pairs) == 120 and not shares.short and all(loads[name] <= limits[name] for name in loads)
    )
    assert not {(name, file) for file, name in shares.pairs} & barred


def test_new_files_go_to_those_who_have_read_least() -> None:
    done = {file: {"R00", "R01"} for file in _files(10)}
    wanted = dict.fromkeys([*_files(10), "N1", "N2", "N3", "N4"], 2)
    added = assign(wanted, _reviewers(4), (), "intake", done).pairs
    assert Counter(name for _, name in added) == {"R02": 4, "R03": 4}
    assert _shared(10, 4, 2, done=done) == Shares([], [])


def test_groups_apart_are_joined_where_the_files_allow_it() -> None:
    # Two by two, six people: the second round may close into a ring of four and a pair.
    for seed in range(40):
        assert len(groups(_shared(6, 6, 2, seed=str(seed)).pairs, _reviewers(6))) == 1
    assert len(groups([("F1", "A"), ("F1", "B"), ("F2", "C")], ["D"])) == 3


def test_what_cannot_be_met_is_named_and_the_rest_is_given() -> None:
    everybody = {(name, "F0002") for name in _reviewers(4)}
    shares = _shared(6, 4, 2, everybody | {("R00", "F0004"), ("R01", "F0004"), ("R02", "F0004")})
    assert [(each.file, each.lacks, each.possible) for each in shares.short] == [
        ("F0002", 2, 0),
        ("F0004", 1, 1),
    ]
    assert Counter(file for file, _ in shares.pairs) == {
        "F0000": 2,
        "F0001": 2,
        "F0003": 2,
        "F0004": 1,
        "F0005": 2,
    }


def test_limits_that_are_too_low_leave_whole_files_to_others() -> None:
    shares = _shared(10, 3, 2, limits=dict.fromkeys(_reviewers(3), 4))
    read = Counter(file for file, _ in shares.pairs)
    assert len(shares.pairs) == 12 and sorted(read.values()) == [2] * 6
    assert len(shares.short) == 4 and {each.possible for each in shares.short} == {3}


def test_where_nothing_can_be_given_it_is_refused_in_one_line() -> None:
    with pytest.raises(Refused) as refused:
        _shared(1, 2, 2, {("R00", "F0000"), ("R01", "F0000")})
    (problem,) = refused.value.problems
    assert problem.values == {"count": 1, "file": "F0000", "readings": 2, "free": 0}
    with pytest.raises(Refused):
        _shared(1, 1, 0)


def test_a_reviewer_alone_does_not_get_every_file() -> None:
    with pytest.raises(Refused) as refused:
        _shared(600, 1, 2)
    (problem,) = refused.value.problems
    assert problem.values == {"count": 600, "file": "F0000", "readings": 2, "free": 1}
    assert "administration" in problem.what, "whoever assigns may invite nobody"


def test_one_reviewer_left_takes_what_a_colleague_who_went_away_began() -> None:
    pairs = _shared(2, 1, 2, done={"F0000": {"gone"}, "F0001": {"gone"}}).pairs
    assert pairs == [("F0000", "R00"), ("F0001", "R00")]


def test_files_of_one_kind_need_no_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_given: object) -> None:
        raise AssertionError("a web process would load scipy")

    monkeypatch.setattr(flow._Columns, "solved", never)
    done = {f"old{number}": {"R00"} for number in range(4)}
    loads = Counter(name for _, name in _shared(9, 4, 2, done=done, limits={"R01": 3}).pairs)
    assert loads == {"R00": 2, "R01": 3, "R02": 7, "R03": 6} or loads == {
        "R00": 2,
        "R01": 3,
        "R02": 6,
        "R03": 7,
    }
