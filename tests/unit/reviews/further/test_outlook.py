"""What further readings promise: files against the cut of their offering, bars and limits held, doubts that shrink."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.reviews.calibration.calibrating import calibrate, chances
from cohortmgr.reviews.further.outlook import (
    PlacedFile,
    ReadingOutlook,
    ReadingState,
    outlook,
    readings_to_give,
    standings_of,
    worthwhile,
)
from tests.unit.reviews.calibration.worlds import shared_out, world

NOISE = 2.4


def _state(
    held: dict[str, int] | None = None,
    pending: dict[str, int] | None = None,
    kept_from: dict[str, set[str]] | None = None,
    loads: dict[str, int] | None = None,
    limits: dict[str, int] | None = None,
    most: int = 8,
) -> ReadingState:
    loads = {"R0": 0, "R1": 0, "R2": 0} if loads is None else loads
    return ReadingState(held or {}, pending or {}, kept_from or {}, loads, limits or {}, most)


def _files(count: int, offering: int = 1, start: int = 0) -> list[PlacedFile]:
    """Files a tenth of a point apart, the first the best."""
    return [
        PlacedFile(f"F{start + place:03}", offering, 15_000 - 100 * place, 1_200, 5_000)
        for place in range(count)
    ]


def test_each_offering_has_its_own_cut_and_one_without_a_choice_has_none() -> None:
    files = [*_files(6), *_files(4, 2, 50), *_files(3, 3, 80)]
    found = standings_of(files, {1: 2, 2: 4, 3: 1}, _state(held={"F000": 7}, pending={"F001": 2}))
    assert sorted(found) == [1, 3], "where all are chosen nothing is to be read"
    assert {each.cut for each in found[1]} == {14.85} and {each.cut for each in found[3]} == {14.95}
    first, second, *_rest = found[1]
    assert (first.mark, first.variance, first.room, first.pending) == (15.0, 1.2**2, 1, 0)
    assert (second.room, second.pending) == (8, 2)


@settings(max_examples=60)
@given(st.data())
def test_nobody_reads_what_they_may_not_nor_beyond_a_limit_and_no_file_beyond_its_most(
    data: st.DataObject,
) -> None:
    readers = [f"R{number}" for number in range(data.draw(st.integers(1, 6)))]
    count = data.draw(st.integers(2, 12))
    files = _files(count)
    who, few = st.sets(st.sampled_from(readers)), st.integers(0, 5)
    state = _state(
        held={file.number: data.draw(few) for file in files},
        pending={file.number: data.draw(few) for file in files},
        kept_from={file.number: data.draw(who) for file in files},
        loads={name: data.draw(few) for name in readers},
        limits={name: data.draw(few) for name in data.draw(who)},
        most=data.draw(st.integers(1, 6)),
    )
    places = {1: data.draw(st.integers(1, count - 1))}
    wanted = data.draw(st.integers(0, 40))
    found = readings_to_give(standings_of(files, places, state), state, wanted, NOISE, "intake")
    pairs = [(each.file, each.reviewer) for each in found]
    assert len(set(pairs)) == len(pairs) <= wanted
    assert not [pair for pair in pairs if pair[1] in state.kept_from[pair[0]]]
    for name in readers:
        added = sum(reader == name for _file, reader in pairs)
        assert not added or state.loads[name] + added <= state.limits.get(name, 99)
    for file in files:
        added = sum(number == file.number for number, _reader in pairs)
        assert not added or state.held[file.number] + added <= state.most
    worth = [each.worth for each in found]
    assert worth == sorted(worth, reverse=True)
    fewer = readings_to_give(standings_of(files, places, state), state, wanted // 2, NOISE, "intake")
    assert fewer == found[: wanted // 2], "fewer are the first of more"


def test_an_outlook_tells_of_files_in_words_and_of_doubts_that_shrink() -> None:
    """600 files read twice by twenty: what is told is what true worth says of other phases of this kind, within two
    names, and more readings leave fewer doubts."""
    scores = world(4).scores(*shared_out(600, 20, 2, 4))
    found = calibrate(scores)
    stood = chances(found.draws(1_000), 30)
    files = [
        PlacedFile(name, 1, mark, round(1_000 * error), round(10_000 * chance))
        for name, mark, error, chance in zip(scores.files, found.marks(), found.errors, stood, strict=True)
    ]
    read: dict[str, set[str]] = {}
    for file, reader in zip(scores.file.tolist(), scores.reader.tolist(), strict=True):
        read.setdefault(scores.files[file], set()).add(scores.readers[reader])
    state = _state(
        held=dict.fromkeys(scores.files, 2), kept_from=read, loads=dict.fromkeys(scores.readers, 60)
    )
    told = outlook(files, {1: 30}, state, found.noise, "intake")
    assert told.sure + told.open + told.out == 600 and told.chosen == 30 and told.awaited == 0
    assert told.doubtful == told.doubtful_then == pytest.approx(13.5, abs=2.5)
    sizes = [size for size, _left in told.steps]
    left = [told.doubtful_then, *(names for _size, names in told.steps)]
    assert sizes == [10, 20, 50, 100, 200, 300, 500, 600]
    assert left == sorted(left, reverse=True) and told.after(300) < told.doubtful - 4
    assert told.worthwhile in sizes and told.after(told.worthwhile) < told.doubtful
    assert ReadingOutlook.of_json(json.loads(json.dumps(told.as_json()))) == told


def test_what_is_awaited_counts_as_read_and_nothing_is_given_without_readers() -> None:
    files = _files(40)
    plain = outlook(files, {1: 10}, _state(), NOISE, "intake")
    awaited = outlook(files, {1: 10}, _state(pending={file.number: 2 for file in files}), NOISE, "intake")
    assert awaited.doubtful == plain.doubtful and awaited.awaited == 80
    assert awaited.doubtful_then < plain.doubtful_then == plain.doubtful
    nobody = outlook(files, {1: 10}, _state(loads={}), NOISE, "intake")
    assert nobody.steps == () and nobody.worthwhile == 0 and nobody.after(100) == nobody.doubtful_then


def test_readings_are_worth_it_while_a_hundred_lift_a_doubt() -> None:
    assert worthwhile(14.0, [(100, 12.9), (200, 11.5), (300, 10.6)]) == 200
    assert worthwhile(14.0, [(100, 13.5)]) == 0
    assert worthwhile(14.0, []) == 0


def test_the_same_files_in_another_order_give_the_same_readings() -> None:
    files, state = _files(30), _state()
    mixed = random.Random(3).sample(files, 30)
    one, other = (
        readings_to_give(standings_of(each, {1: 9}, state), state, 20, NOISE, "intake")
        for each in (files, mixed)
    )
    assert one == other
