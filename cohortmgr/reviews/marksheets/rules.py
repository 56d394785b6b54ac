"""The rules of a sheet of marks: what each of its rows says of one's own readings, and what is wrong with it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.sheets.tables import SheetTable
from cohortmgr.base.text import clean, fold
from cohortmgr.base.typed import whole
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.reviews.rules import LONGEST_COMMENT, OPEN, bounds_of, check_scores, rubric_mark

# What the columns that are no criteria hold.
NUMBER, COMMENT, VERSION, RUBRIC_MARK = ":number", ":comment", ":version", ":rubric"  # no keys of criteria
# What each head may mean, folded: two criteria may be called alike, and one as a column of ours is.
KnownHeads = Mapping[str, Collection[str]]
_KEY_IN_HEAD = re.compile(r"\[([^\[\]]+)\]\s*\Z")
_TWICE = N_("Les colonnes « %(first)s » et « %(second)s » disent la même chose : gardez-en une.")
_EITHER = N_(
    "La colonne « %(head)s » peut dire plusieurs choses : écrivez la clé de son critère derrière, entre crochets "
    "([%(key)s])."
)
_REPEATED = Problem(N_("Ce dossier est deux fois dans la feuille."))
_REGRADED = N_(
    "La grille a changé depuis que la feuille a été prise : ses notes ne sont pas reprises. Prenez-en une nouvelle."
)


@dataclass(frozen=True)
class OwnReading:
    """One of the reader's own readings, as a sheet finds it."""

    reference: str
    number: str
    state: str
    version: int
    scores: Mapping[str, int]
    comment: str


@dataclass(frozen=True)
class MarkedRow:
    """What a row of a sheet says: of which reading, of which version of it, if the sheet says, and what is wrong with
    it. Without a change it says what is kept already."""

    line: int
    number: str
    reading: OwnReading | None
    scores: Mapping[str, int]
    comment: str
    problems: tuple[Problem, ...]
    is_whole: bool
    version: int | None = None

    @property
    def changes(self) -> bool:
        """Whether it says anything new."""
        if self.reading is None:
            return False
        return (dict(self.reading.scores), self.reading.comment) != (dict(self.scores), self.comment)

    @property
    def is_sound(self) -> bool:
        """Whether its marks may be kept."""
        return self.reading is not None and not self.problems and self.changes

    @property
    def is_clash(self) -> bool:
        """Whether it would take marks or words away that came after the sheet was taken out: only its reader says which
        hold. One that only adds to them takes nothing away."""
        if self.reading is None or not self.is_sound or self.version == self.reading.version:
            return False
        had, says = self.reading.scores, self.scores
        loses_words = bool(self.reading.comment) and self.comment != self.reading.comment
        return loses_words or any(says.get(key) != mark for key, mark in had.items())


@dataclass(frozen=True)
class KeptRow:
    """A row of a sheet that may be taken, between the look at it and the word: the version is that of the reading as
    it was looked at."""

    reading: str
    number: str
    version: int
    scores: Mapping[str, int]
    comment: str
    is_whole: bool
    is_clash: bool
    rubric: str | None = None


def as_kept(rows: Iterable[MarkedRow], rubric: str) -> list[dict[str, object]]:
    """Write the rows that may be taken as plain values, with the mark of the rubric by which they were looked at."""
    return [
        {
            "reading": row.reading.reference,
            "number": row.number,
            "version": row.reading.version,
            "scores": dict(row.scores),
            "comment": row.comment,
            "is_whole": row.is_whole,
            "is_clash": row.is_clash,
            "rubric": rubric,
        }
        for row in rows
        if row.is_sound and row.reading is not None
    ]


def from_kept(rows: Iterable[Mapping[str, Any]]) -> list[KeptRow]:
    """Read what `as_kept` wrote."""
    return [KeptRow(**row) for row in rows]


def head_of(title: str, key: str) -> str:
    """The head of a criterion's column, which no other has."""
    return f"{title} [{key}]"


def heads_counted(cells: Sequence[str], known: KnownHeads) -> int:
    """How many cells of a line are heads of a sheet of marks."""
    return sum(1 for cell in cells if _meanings(cell, known))


def _meanings(head: str, known: KnownHeads) -> Collection[str]:
    keyed = _KEY_IN_HEAD.search(head)
    named = fold(keyed[1]).strip() if keyed else ""
    of_key = [each for each in known.get(named, ()) if fold(each) == named]
    return of_key or known.get(fold(head).strip(), ())


def _columns(header: Sequence[str], known: KnownHeads) -> dict[str, int]:
    """In which column each thing stands. A head with a key says one thing; a bare title says what no other column says
    with its key. Refused for a head that may mean several things, and for two columns of one meaning."""
    meanings = {place: found for place, head in enumerate(header) if (found := _meanings(head, known))}
    columns: dict[str, int] = {}
    for place, found in sorted(meanings.items(), key=lambda each: len(each[1]) > 1):
        left = [each for each in found if each not in columns] if len(found) > 1 else list(found)
        if len(left) > 1:
            raise Refused(Problem(_EITHER, {"head": header[place], "key": max(left)}))
        meaning = left[0] if left else next(iter(found))
        if meaning in columns:
            first = header[columns[meaning]]
            raise Refused(Problem(_TWICE, {"first": first, "second": header[place]}))
        columns[meaning] = place
    return columns


def marked_rows(
    table: SheetTable, rubric: Rubric, readings: Sequence[OwnReading], known: KnownHeads
) -> list[MarkedRow]:
    """Read a table. `known` is what each head may mean, folded: NUMBER, COMMENT or the keys of criteria.

    Raises Refused for a table without a column of numbers or without any criterion, and for heads of which it is not
    clear what they mean. An empty cell keeps the mark that is there."""
    columns = _columns(table.header, known)
    if NUMBER not in columns or not columns.keys() & {each.key for each in rubric.criteria}:
        raise Refused(
            N_("Cette feuille n’a pas les colonnes attendues : le numéro du dossier, et au moins un critère.")
        )
    own = {fold(each.number): each for each in readings}
    seen: set[str] = set()
    found = []
    for record in table.rows:
        cells = {
            name: record.cells[place].strip() for name, place in columns.items() if place < len(record.cells)
        }
        row = _row(record.line, cells, rubric, own, seen)
        if row is not None:
            found.append(row)
    return _without_contradictions(found)


def _without_contradictions(rows: Sequence[MarkedRow]) -> list[MarkedRow]:
    """Take no row of a file of which another says something else: which of them holds is not guessed."""
    said = defaultdict[str, list[object]](list)
    for row in rows:
        if row.reading is not None:
            said[row.reading.reference].append((row.scores, row.comment))
    return [
        replace(row, problems=(_REPEATED, *row.problems))
        if row.reading is not None
        and _REPEATED not in row.problems
        and any(each != (row.scores, row.comment) for each in said[row.reading.reference])
        else row
        for row in rows
    ]


def _row(
    line: int, cells: Mapping[str, str], rubric: Rubric, own: Mapping[str, OwnReading], seen: set[str]
) -> MarkedRow | None:
    number = cells.get(NUMBER, "")
    if not any(text for name, text in cells.items() if name not in (VERSION, RUBRIC_MARK)):
        return None
    reading = own.get(fold(number))
    problems: list[Problem] = []
    if reading is None:
        problems.append(Problem(N_("Ce dossier ne vous est pas confié.")))
    elif fold(number) in seen:
        problems.append(_REPEATED)
    seen.add(fold(number))
    problems += _aged(cells, rubric)
    scores: dict[str, int] = {} if reading is None else dict(reading.scores)
    for criterion in rubric.criteria:
        typed = cells.get(criterion.key, "").removesuffix(".0")
        mark = whole(typed)
        if typed and mark is None:
            what = N_("« %(criterion)s » : « %(typed)s » n’est pas une note.")
            problems.append(Problem(what, {"criterion": criterion.title, "typed": typed[:40]}))
        elif mark is not None:
            scores[criterion.key] = mark
    titles = {each.key: each.title for each in rubric.criteria}
    kept = {key: value for key, value in scores.items() if key in titles}
    problems += check_scores(kept, bounds_of(rubric), titles=titles, complete=False)
    comment = clean(cells.get(COMMENT, "")) or (reading.comment if reading else "")
    if len(comment) > LONGEST_COMMENT:
        problems.append(Problem(N_("Le commentaire dépasse %(most)s caractères."), {"most": LONGEST_COMMENT}))
    version = _version(cells)
    row = MarkedRow(line, number, reading, kept, comment, (), len(kept) == len(rubric.criteria), version)
    if reading is not None and reading.state not in OPEN and row.changes:
        problems.append(
            Problem(N_("Cette lecture est déjà remise : ses notes ne changent plus par une feuille."))
        )
    return replace(row, problems=tuple(problems))


def _version(cells: Mapping[str, str]) -> int | None:
    return whole(cells.get(VERSION, "").removesuffix(".0"))


def _aged(cells: Mapping[str, str], rubric: Rubric) -> list[Problem]:
    """What is wrong with when a row was taken out: by which rubric, and of which version."""
    problems = []
    if cells.get(RUBRIC_MARK) and cells[RUBRIC_MARK] != rubric_mark(rubric.files):
        problems.append(Problem(_REGRADED))
    if cells.get(VERSION) and _version(cells) is None:
        what = N_("« %(typed)s » n’est pas une version : laissez cette colonne comme la feuille la donne.")
        problems.append(Problem(what, {"typed": cells[VERSION][:40]}))
    return problems
