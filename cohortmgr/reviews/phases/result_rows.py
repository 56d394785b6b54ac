"""Reads a sheet of a test's results: what each row says of which file, and what is wrong with it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.tables import SheetTable
from cohortmgr.base.text import fold
from cohortmgr.base.typed import whole
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.reviews.rules import bounds_of, check_scores

NUMBER = "number"
MOST_ROWS = 5_000
# What stands in a cell of somebody who did not come, folded.
_ABSENT = frozenset(
    fold(each) for each in ("absent", "absente", "absent·e", "abs", "غائب", "غائبة", "no show")
)


@dataclass(frozen=True)
class ResultRow:
    """What a row of a sheet says: of which file, its scores by criterion or that its person did not come, and what is
    wrong with it."""

    line: int
    number: str
    scores: Mapping[str, int]
    absent: bool = False
    problems: tuple[Problem, ...] = ()


def heads_counted(cells: Sequence[str], known: Mapping[str, str]) -> int:
    """How many cells of a line are heads of a sheet of results."""
    return sum(1 for cell in cells if fold(cell).strip() in known)


def result_rows(
    table: SheetTable, phase: RubricPhase, known: Mapping[str, str], numbers: Mapping[str, str]
) -> list[ResultRow]:
    """Read a table. `known` is what each head means, folded: NUMBER or the key of a criterion; `numbers` are the files
    of the phase: their number by their number or reference, folded.

    Raises Refused for a table without a column of numbers or without all criteria, and for one that is too long."""
    columns = {
        known[fold(head).strip()]: place
        for place, head in enumerate(table.header)
        if fold(head).strip() in known
    }
    missing = [each for each in phase.criteria if each.key not in columns]
    if NUMBER not in columns or missing:
        what = N_(
            "Il manque des colonnes à cette feuille : le numéro du dossier, et une pour chaque critère."
        )
        raise Refused(Problem(what, {}, "file"))
    if len(table.rows) > MOST_ROWS:
        raise Refused(
            Problem(N_("Trop de lignes à la fois ; au plus : %(most)s."), {"most": MOST_ROWS}, "file")
        )
    found = []
    for record in table.rows:
        cells = {name: record.cells[at].strip() for name, at in columns.items() if at < len(record.cells)}
        if any(cells.values()):
            found.append(_row(record.line, cells, phase, numbers))
    return sound_rows(found, phase, set(numbers.values()))


def _row(line: int, cells: Mapping[str, str], phase: RubricPhase, numbers: Mapping[str, str]) -> ResultRow:
    said = cells.get(NUMBER, "")
    number = numbers.get(fold(said).strip(), said)
    given = {each.key: cells.get(each.key, "") for each in phase.criteria}
    if any(fold(value).strip() in _ABSENT for value in given.values()):
        others = [value for value in given.values() if value and fold(value).strip() not in _ABSENT]
        what = N_("Cette ligne dit à la fois « absent » et une note.")
        return ResultRow(line, number, {}, True, (Problem(what),) if others else ())
    scores, problems = {}, []
    for each in phase.criteria:
        typed = given[each.key].removesuffix(".0")
        mark = whole(typed)
        if mark is not None:
            scores[each.key] = mark
        elif typed:
            what = N_("« %(criterion)s » : « %(typed)s » n’est pas une note.")
            problems.append(Problem(what, {"criterion": each.title, "typed": typed[:40]}))
    return ResultRow(line, number, scores, False, tuple(problems))


def sound_rows(rows: Iterable[ResultRow], phase: RubricPhase, numbers: Collection[str]) -> list[ResultRow]:
    """The rows with all that is wrong with them: a file that is not in the phase, that stands twice, or whose scores
    lack or lie off the scale. Of two rows that say different things of a file neither is sound: which of them holds is
    not guessed."""
    rows, found, seen = list(rows), [], set[str]()
    said = defaultdict[str, list[object]](list)
    for row in rows:
        said[row.number].append((row.scores, row.absent))
    titles = {each.key: each.title for each in phase.criteria}
    for row in rows:
        problems = list(row.problems)
        if row.number not in numbers:
            problems.append(
                Problem(N_("Le dossier %(number)s n’est pas dans cette phase."), {"number": row.number[:40]})
            )
        elif row.number in seen or any(each != (row.scores, row.absent) for each in said[row.number]):
            problems.append(
                Problem(N_("Le dossier %(number)s est deux fois dans la feuille."), {"number": row.number})
            )
        seen.add(row.number)
        if not row.absent and not row.problems:
            problems += check_scores(row.scores, bounds_of(phase), titles=titles)
        found.append(replace(row, problems=tuple(problems)))
    return found
