"""What the public sheet shows, and that no small count can be worked out from it: every possible table is tried."""

from __future__ import annotations

import random
from itertools import product

import pytest

from cohortmgr.selection.proofs.disclosure import DisclosureTable, KnownInterval, Margin
from cohortmgr.selection.proofs.lines import CandidateLines
from cohortmgr.selection.proofs.sheet import public_sheet
from tests.unit.selection.proofs.worlds import certificate_of, triangle, world

FREE = KnownInterval(0, None)
Cells = dict[tuple[int, ...], tuple[int, int]]


def tables(sizes: int, total: int) -> list[tuple[int, ...]]:
    """Every row of whole numbers with a sum."""
    if sizes == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in tables(sizes - 1, total - first)]


def most_of(cells: Cells, shown: set[Margin], known: list[KnownInterval], group: int, column: str) -> int:
    """The greatest count of a group that a reader must reckon with, by trying every table of the same totals."""
    types = list(cells)
    chosen, left = (sum(each[side] for each in cells.values()) for side in (0, 1))

    def counts(inside: tuple[int, ...], outside: tuple[int, ...], of: int) -> dict[str, int]:
        has = [of in each for each in types]
        took = sum(n for n, holds in zip(inside, has, strict=True) if holds)
        lost = sum(n for n, holds in zip(outside, has, strict=True) if holds)
        return {"chosen": took, "left": lost, "files": took + lost}

    true = [counts(*zip(*cells.values(), strict=True), of) for of in range(len(known))]  # type: ignore[arg-type]
    most = 0
    for inside, outside in product(tables(len(types), chosen), tables(len(types), left)):
        found = [counts(inside, outside, of) for of in range(len(known))]
        if any(found[of][name] != true[of][name] for of, name in shown):
            continue
        if all(
            each.at_least <= one["chosen"] and (each.at_most is None or one["chosen"] <= each.at_most)
            for one, each in zip(found, known, strict=True)
        ):
            most = max(most, found[group][column])
    return most


@pytest.mark.parametrize("seed", range(16))
def test_no_small_count_of_a_group_can_be_worked_out(seed: int) -> None:
    draw = random.Random(seed)
    types = draw.sample([(0,), (1,), (0, 1), (2,), (0, 2), ()], 3)
    cells = {each: (draw.randrange(5), draw.randrange(6)) for each in types}
    known = [FREE, FREE, KnownInterval(0, draw.choice([None, 4]))]
    if known[2].at_most is not None and sum(took for each, (took, _) in cells.items() if 2 in each) > 4:
        known[2] = FREE
    table = DisclosureTable(cells, known)
    shown = table.shown()
    for group in range(3):
        if not any(group in each for each in types):
            continue
        for column in ("files", "chosen", "left"):
            value = table.value(table.row(table.of_group(group), column))
            if value < 5 and most_of(cells, set(), known, group, column) >= 5:
                assert most_of(cells, shown, known, group, column) >= 5, (group, column)
        for column in ("files", "chosen"):
            if (group, column) in shown:
                assert table.value(table.row(table.of_group(group), column)) >= 5


def test_a_difference_of_two_counts_is_not_given() -> None:
    """Twenty of a region, of whom eighteen are women: two men would be read off."""
    cells = {(0,): (1, 1), (0, 1): (9, 9), (): (30, 30)}
    table = DisclosureTable(cells, [FREE, FREE])
    assert not {(0, "files"), (1, "files")} <= table.shown()
    assert (0, "files") in DisclosureTable({(0,): (10, 10), (): (30, 30)}, [FREE]).shown()


def test_all_less_a_group_is_not_given_either() -> None:
    cells = {(0,): (20, 20), (): (10, 2)}
    assert (0, "chosen") not in DisclosureTable(cells, [FREE]).shown() or (0, "files") not in DisclosureTable(
        cells, [FREE]
    ).shown()


def test_what_a_binding_bound_tells_by_itself_hides_nothing_else() -> None:
    cells = {(0,): (3, 30), (): (27, 30)}
    told = DisclosureTable(cells, [KnownInterval(3, 3)])
    assert (0, "files") in told.shown(), "three are chosen by the rule, and all know it"
    # Not told by a rule, three could be worked out from nothing that is shown.
    free = DisclosureTable(cells, [FREE])
    assert (0, "chosen") not in free.shown()


def test_the_sheet_holds_rules_prices_and_root_and_nobodys_row() -> None:
    made = certificate_of(*triangle(1, files=12))
    assert made is not None
    lines = CandidateLines(made)
    sheet = public_sheet(made, lines.root)
    assert sheet["root"] == lines.root and sheet["certificate"] == made["sha256"]
    assert sheet["prices"]["threshold"] == made["prices"]["threshold"] and "by_lot" not in sheet["prices"]
    assert not {"rows", "hand", "right", "total"} & sheet.keys()
    text = str(sheet)
    assert not any(row["reference"] in text for row in made["rows"])
    for found in sheet["groups"]:
        assert all(count is None or count >= 5 for count in found.values())


def test_a_sheet_shows_true_counts_and_what_prices_tell_is_known() -> None:
    """Nine of a region are there and a ceiling of three binds: all know that three are chosen, and may."""
    seen = 0
    for seed in range(12):
        made = certificate_of(*world(seed, files=14, seats=4, placed=False, bounds=2))
        if made is None:
            continue
        sheet, rows = public_sheet(made, "00"), made["rows"]
        for bound, found in zip(made["rules"]["bounds"], sheet["groups"], strict=True):
            members = [row for row in rows if bound["where"].items() <= row["attributes"].items()]
            assert found["files"] in (None, len(members)) and found["chosen"] is None
            seen += found["files"] is not None
    assert seen, "some numbers of files are shown though few of them are chosen"
