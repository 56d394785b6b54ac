"""Boards for tests of scenarios: files with two readings each, of two criteria, from two regions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.programmes.definition.rules import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.phases.marks import Reading
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build
from cohortmgr.selection.scenarios.rules import ScenarioChanges, ScenarioGround

SEED = "01TRIALS"


def text(said: str) -> dict[str, str]:
    return dict.fromkeys(("fr", "ar", "en"), said)


KNOWN = {
    "region": FileAttribute("region", text("Région"), {"a": text("Nord"), "b": text("Sud")}),
    "sex": FileAttribute("sex", text("Sexe"), {"f": text("Femme"), "m": text("Homme")}),
}
PHASE = RubricPhase(
    "files",
    (Criterion("maths", text("Maths"), 3, 0, 20), Criterion("projet", text("Projet"), 1, 1, 5)),
    readings=2,
)
RUBRIC = Rubric((PHASE,))


def judged(scores: Sequence[tuple[int, int]], seats: int = 2) -> SelectionBoard:
    """The board of files with these scores on both criteria, in the order of their numbers."""
    files = []
    for place, (maths, project) in enumerate(scores, start=1):
        given = {"maths": maths, "projet": project}
        reading = Reading(total_thousandths(PHASE, given), given)
        number = f"F-{place:03d}"
        files.append(
            SelectionFile(
                place, place, number, number, None, True, readings=(reading, reading), reference=number
            )
        )
    return build(files, RUBRIC, seats, 1, SEED)


def values(board: SelectionBoard, last: int) -> dict[str, dict[str, str]]:
    """Of each file its region, b of the `last` ones, and its sex."""
    numbers = sorted(board.files)
    return {
        number: {"region": "b" if place >= len(numbers) - last else "a", "sex": "f" if place % 2 else "m"}
        for place, number in enumerate(numbers)
    }


def ground(board: SelectionBoard, **more: object) -> ScenarioGround:
    return ScenarioGround(RUBRIC, KNOWN, board.seats, **more)  # type: ignore[arg-type]


def unchanged(board: SelectionBoard) -> ScenarioChanges:
    return ScenarioChanges(board.seats)


def exact(phase: RubricPhase, given: dict[str, int]) -> int:
    """The total of a reading by its definition, in fractions."""
    over = sum(
        Fraction(each.weight * (given[each.key] - each.scale_min), each.scale_max - each.scale_min)
        for each in phase.criteria
    )
    return round(over * 20_000 / sum(each.weight for each in phase.criteria))
