"""The candidates in a table of somebody's desk: a line a file, with its score, attributes and perhaps wishes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cohortmgr.base.errors import N_, FaultyLines, LineFault, Problem, Refused
from cohortmgr.base.text import fold
from cohortmgr.base.typed import is_sound
from cohortmgr.selection.desk.rules import BOUND, WHERE, DeskRules

APPLICATION, SCORE = COLUMNS = ("application", "score")
_WISH = re.compile(r"wish_([1-9][0-9]{0,2})")
_NUMBER = re.compile(r"([+-]?)([0-9]{1,9})(?:[.,]([0-9]{0,15}))?")
_PLACES = 3
# How much of a cell a message shows.
_SHOWN = 40

_MISSING_COLUMNS = N_("Colonnes qui manquent : %(columns)s. Il faut application et score.")
_MISSING_WISHES = N_(
    "Avec des places par offre, il faut une colonne wish_1, puis wish_2, etc. : les vœux dans l’ordre."
)
_COLUMN_TWICE = N_("La colonne « %(column)s » vient deux fois.")
_NO_COLUMN = N_("Aucune colonne « %(column)s » dans le fichier des candidatures, qui a : %(columns)s.")
_NOBODY = N_("Le fichier ne contient aucune candidature.")
_EMPTY_CELL = N_("La colonne « %(column)s » est vide.")
_NO_NUMBER = N_("« %(typed)s » n’est pas un nombre.")
_TOO_FINE = N_("La note %(typed)s a plus de trois décimales.")
_FILE_TWICE = N_("Cette candidature est déjà à la ligne %(line)s.")
_STRANGE = N_("Le nom de cette candidature contient un caractère qui ne s’enregistre pas.")
_NO_WISH = N_("Cette candidature n’a aucun vœu.")
_UNKNOWN_WISH = N_("L’offre « %(offering)s » (%(column)s) n’a pas de places dans les règles.")
_WISH_TWICE = N_("L’offre « %(offering)s » vient deux fois parmi les vœux de cette candidature.")


@dataclass(frozen=True, slots=True)
class DeskCandidate:
    """A file: its name as given, its score in thousandths, those of its attributes that bounds name, its wishes."""

    application: str
    mark: int
    attributes: Mapping[str, str]
    wishes: tuple[str, ...] = ()


def columns_named(cells: Sequence[str]) -> int:
    """How many of the columns that each table has a line names."""
    return sum(cell.strip().casefold() in COLUMNS for cell in cells)


def desk_candidates(rows: Iterator[tuple[int, Sequence[str]]], rules: DeskRules) -> tuple[DeskCandidate, ...]:
    """Return the candidates in a table, the header first.

    Raises Refused for a table without candidates or without a column that the rules need (`where` is then the rules'
    key, as `bound[2].where.region`), and FaultyLines for lines with a name or a score that is missing, doubled or
    none, and with wishes that are none."""
    _line, header = next(rows, (0, ()))
    lines = _CandidateLines(_columns(header, rules), rules)
    for line, cells in rows:
        lines.take(line, cells)
    if lines.faults:
        raise FaultyLines(lines.faults)
    if not lines.found:
        raise Refused(_NOBODY)
    return tuple(lines.found)


@dataclass(frozen=True)
class _CandidateColumns:
    application: int
    score: int
    named: tuple[int, ...]
    wishes: tuple[tuple[str, int], ...]
    width: int


def _columns(header: Sequence[str], rules: DeskRules) -> _CandidateColumns:
    """Where what is needed stands. Refused with everything that is missing or twice."""
    names = [_column_name(cell) for cell in header]
    wishes = sorted((int(found[1]), name) for name in set(names) if (found := _WISH.fullmatch(name)))
    is_several = rules.offerings is not None
    problems = []
    if lacking := [column for column in COLUMNS if column not in names]:
        problems.append(Problem(_MISSING_COLUMNS, {"columns": tuple(lacking)}))
    if is_several and not wishes:
        problems.append(Problem(_MISSING_WISHES))
    needed = {*COLUMNS, *rules.named, *((name for _n, name in wishes) if is_several else ())}
    twice = sorted(name for name in needed if names.count(name) > 1)
    problems += [Problem(_COLUMN_TWICE, {"column": name}) for name in twice]
    problems += _unknown_attributes(names, rules)
    if problems:
        raise Refused(*problems)
    named = tuple(map(names.index, rules.named))
    asked = tuple((name, names.index(name)) for _n, name in wishes) if is_several else ()
    places = [names.index(APPLICATION), names.index(SCORE), *named, *(place for _name, place in asked)]
    return _CandidateColumns(places[0], places[1], named, asked, max(places) + 1)


def _column_name(cell: str) -> str:
    """A header's name; those that we give are the same in capitals."""
    name = " ".join(cell.split())
    ours = name.casefold()
    return ours if ours in COLUMNS or _WISH.fullmatch(ours) else name


def _unknown_attributes(names: Sequence[str], rules: DeskRules) -> list[Problem]:
    known = tuple(name for name in names if name and name not in COLUMNS)
    return [
        Problem(_NO_COLUMN, {"column": name, "columns": known}, f"{BOUND}[{place}].{WHERE}.{name}")
        for place, bound in enumerate(rules.bounds, start=1)
        for name in bound.where
        if name not in names
    ]


@dataclass
class _CandidateLines:
    """What was read so far."""

    columns: _CandidateColumns
    rules: DeskRules
    found: list[DeskCandidate] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    _lines: dict[str, int] = field(default_factory=dict)
    _marks: dict[str, int] = field(default_factory=dict)
    _alike: dict[tuple[str, ...], Mapping[str, str]] = field(default_factory=dict)

    def take(self, line: int, given: Sequence[str]) -> None:
        """Keep a line, or say all that is wrong with it; one without anything is none."""
        columns = self.columns
        cells = given if len(given) >= columns.width else (*given, *[""] * (columns.width - len(given)))
        name, typed = cells[columns.application].strip(), cells[columns.score].strip()
        if not name and not typed and not any(cell.strip() for cell in cells):
            return
        mark = self._marks.get(typed)
        wishes = tuple(wish for _column, place in columns.wishes if (wish := cells[place].strip()))
        problems = [*self._name_problems(name), *(self._score_problems(typed) if mark is None else ())]
        if columns.wishes:
            problems += self._wish_problems(cells, wishes)
        if problems:
            self.faults += [LineFault(line, problem) for problem in problems]
        else:
            kind = tuple(cells[place].strip() for place in columns.named)
            self.found.append(DeskCandidate(name, self._marks[typed], self._attributes(kind), wishes))
        self._lines.setdefault(name, line)

    def _attributes(self, kind: tuple[str, ...]) -> Mapping[str, str]:
        """The attributes of a kind of people, one mapping for all of them; an empty cell is none."""
        known = self._alike.get(kind)
        if known is None:
            pairs = zip(self.rules.named, kind, strict=True)
            known = self._alike[kind] = {name: value for name, value in pairs if value}
        return known

    def _name_problems(self, name: str) -> Iterator[Problem]:
        if not name:
            yield Problem(_EMPTY_CELL, {"column": APPLICATION})
        elif name in self._lines:
            yield Problem(_FILE_TWICE, {"line": self._lines[name]})
        elif not is_sound(name):
            yield Problem(_STRANGE)

    def _score_problems(self, typed: str) -> Iterator[Problem]:
        """What is wrong with a score that comes for the first time; it is kept if nothing is."""
        mark = None if not typed else thousandths(typed)
        if not typed:
            yield Problem(_EMPTY_CELL, {"column": SCORE})
        elif mark is None:
            is_number = _NUMBER.fullmatch(typed) is not None
            yield Problem(_TOO_FINE if is_number else _NO_NUMBER, {"typed": typed[:_SHOWN]})
        else:
            self._marks[typed] = mark

    def _wish_problems(self, cells: Sequence[str], wishes: Sequence[str]) -> Iterator[Problem]:
        if not wishes:
            yield Problem(_NO_WISH)
        offerings = self.rules.offerings or {}
        if len(set(wishes)) == len(wishes) and all(wish in offerings for wish in wishes):
            return
        seen: set[str] = set()
        for column, place in self.columns.wishes:
            wish = cells[place].strip()
            if wish in seen:
                yield Problem(_WISH_TWICE, {"offering": wish[:_SHOWN]})
            elif wish and wish not in offerings:
                yield Problem(_UNKNOWN_WISH, {"offering": wish[:_SHOWN], "column": column})
            seen |= {wish} if wish else set()


def thousandths(typed: str) -> int | None:
    """The thousandths that a text says, with a point or a comma before its decimals; None if it is no number, or is
    finer than that."""
    found = _NUMBER.fullmatch(typed)
    if found is None:
        return None
    sign, whole, decimals = found[1], found[2], (found[3] or "").rstrip("0")
    if len(decimals) > _PLACES:
        return None
    value = int(whole) * 1000 + int(decimals.ljust(_PLACES, "0"))
    return -value if sign == "-" else value


def nobody_has(candidates: Sequence[DeskCandidate], rules: DeskRules) -> list[str]:
    """The keys of the groups that count none of the candidates, as `bound[2].where`."""
    kinds = [attributes for attributes, _many in _kinds(candidates)]
    return [
        f"{BOUND}[{place}].{WHERE}"
        for place, bound in enumerate(rules.bounds, start=1)
        if not any(bound.counts(each) for each in kinds)
    ]


def _kinds(candidates: Sequence[DeskCandidate]) -> list[tuple[Mapping[str, str], int]]:
    """The attributes of each kind of file, with how many are of it: files of a kind share one mapping."""
    known = {id(each.attributes): each.attributes for each in candidates}
    counted = Counter(id(each.attributes) for each in candidates)
    return [(attributes, counted[key]) for key, attributes in known.items()]


def without_value(candidates: Sequence[DeskCandidate], rules: DeskRules) -> list[tuple[str, int]]:
    """The columns that bounds name and that are empty for some files, with how many: merged cells leave all but one of
    their lines without a value, and no bound counts them."""
    kinds = _kinds(candidates)
    found = ((name, sum(many for each, many in kinds if name not in each)) for name in rules.named)
    return [(name, many) for name, many in found if many]


def lookalikes(candidates: Sequence[DeskCandidate], rules: DeskRules) -> Iterator[tuple[str, str, int]]:
    """Yield values that look like one that a bound names and are another: (key of the bound, as
    `bound[2].where.region`, the value, how many files have it). Whoever typed `ma-08`, or an accent in two parts, is
    counted by no bound."""
    counted: Counter[tuple[str, str]] = Counter()
    for attributes, many in _kinds(candidates):
        counted.update(dict.fromkeys(attributes.items(), many))
    named = {item for bound in rules.bounds for item in bound.where.items()}
    folded: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (name, value), many in sorted(counted.items()):
        if (name, value) not in named:
            folded.setdefault((name, fold(value)), []).append((value, many))
    for place, bound in enumerate(rules.bounds, start=1):
        for name, value in bound.where.items():
            for other, many in folded.get((name, fold(value)), ()):
                yield f"{BOUND}[{place}].{WHERE}.{name}", other, many
