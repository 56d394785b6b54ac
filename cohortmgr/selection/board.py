"""The ranking board: the files of an offering in order, the cut, and the decision that each file would get.

Pure: it takes files with their readings and returns decisions with reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.programmes.definition.rubric_changes import title_of
from cohortmgr.programmes.definition.rules import Criterion, Rubric, RubricPhase
from cohortmgr.reviews.harmonising.rules import ChosenFormula
from cohortmgr.reviews.phases.marks import (
    FileMarks,
    Reading,
    counted_phases,
    counted_place,
    knocked_out_by,
    lacking_in,
    mark_on,
    score_of,
    tie_order,
    whole_mark,
)
from cohortmgr.selection.bounded import AppliedRules, BoundedChoice, choose_from
from cohortmgr.selection.joint.allotted import Allotment, JointRules, allot
from cohortmgr.selection.ranking import (
    Cut,
    Ranking,
    RankingEntry,
    cut,
    rank,
)
from cohortmgr.selection.reasons.refusing import PartingLine, parting_line
from cohortmgr.selection.rules import Outcome
from cohortmgr.selection.stating import RAW, marks_stated

_FILES = NN_("%(num)s dossier", "%(num)s dossiers")
_TIES_GONE = N_(
    "Les règles scellées départagent par un critère que la grille n’a plus : changez-les, et scellez-les de nouveau."
)
_SEATS_GONE = N_(
    "Les règles scellées donnent plus de places que la campagne n’en a : %(sealed)s, et %(offered)s aujourd’hui. "
    "Changez-les, et scellez-les de nouveau."
)
_SEATS_OF_OFFERING_GONE = N_(
    "Les règles scellées donnent à « %(offering)s » plus de places qu’il n’en a : %(sealed)s, et %(offered)s "
    "aujourd’hui. Changez-les, et scellez-les de nouveau."
)
_READINGS = NN_("%(num)s lecture par dossier", "%(num)s lectures par dossier")


@dataclass(frozen=True)
class SelectionFile:
    """A file that was sent; `reasons` are the keys of the conditions that it does not meet. `reference` is the public
    one, which addresses bear. Where files are read and nothing else is marked, `readings` say all of it; where there
    are other phases, or marks are harmonised, `marks` do."""

    application_id: int
    person_id: int
    number: str
    name: str
    region: str | None
    eligible: bool | None
    reasons: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    reference: str = ""
    language: str = ""
    marks: FileMarks | None = None

    def marked(self, rubric: Rubric) -> FileMarks:
        """What it has got in each phase."""
        return self.marks or FileMarks({rubric.files.key: self.readings}, max(0, len(rubric.phases) - 1))


@dataclass(frozen=True)
class SelectionBoard:
    """The ranked files of an offering, where the ranking is cut, and the files that are not ranked.

    `files` are keyed by number. `unread` files lack readings; `ineligible` files are refused without being
    read; `undecided` ones wait for a person to say whether they meet the conditions. `open_phase` is one that must be
    closed before anything is decided. `formulas` are those of the phases that are ranked by harmonised marks; `stale`
    are the keys of those whose formula is not that of today's marks. `bounded` is the choice under sealed rules, and
    `offered` how many seats the offering has; of all offerings of an intake at once `allotted` is their choice."""

    ranking: Ranking
    cut: Cut
    files: Mapping[str, SelectionFile]
    unread: tuple[SelectionFile, ...]
    ineligible: tuple[SelectionFile, ...]
    rubric: Rubric
    seats: int
    waiting: int
    undecided: tuple[SelectionFile, ...] = ()
    open_phase: RubricPhase | None = None
    formulas: Mapping[str, ChosenFormula] = field(default_factory=dict)
    stale: tuple[str, ...] = ()
    bounded: BoundedChoice | None = None
    offered: int = 0
    allotted: Allotment | None = None

    @property
    def ruled(self) -> BoundedChoice | Allotment | None:
        """The choice under sealed rules, of one offering or of all at once; None without rules."""
        return self.allotted or self.bounded

    @property
    def is_by_phase(self) -> bool:
        """Whether marks are stated by phase: there are others than the reading of files, or they are harmonised."""
        return not self.rubric.is_plain or bool(self.formulas)

    @property
    def scores(self) -> dict[str, list[Mapping[str, int]]]:
        """The readings of each ranked file, by criterion, without the names of the readers; empty where marks are
        stated by phase."""
        if self.is_by_phase:
            return {}
        return {
            row.reference: [reading.scores for reading in self.files[row.reference].readings]
            for row in self.ranking.rows
        }

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """What each ranked file got in each phase, as the certificate states it; empty where it states readings."""
        if not self.is_by_phase:
            return {}
        marks = {row.reference: self.files[row.reference].marked(self.rubric) for row in self.ranking.rows}
        return {name: marks_stated(self.rubric, each, self.formulas) for name, each in marks.items()}

    @cached_property
    def outcomes(self) -> dict[str, tuple[str, int | None]]:
        """The outcome of each ranked file in the words of decisions, by its number, with its place on the waiting
        list."""
        waiting = {row.reference: place for place, row in enumerate(self.cut.waiting, start=1)}
        found: dict[str, tuple[str, int | None]] = {
            row.reference: (Outcome.OFFER.value, None) for row in self.cut.chosen
        }
        found |= {each: (Outcome.WAITING.value, place) for each, place in waiting.items()}
        return found | {each.row.reference: (Outcome.REFUSED.value, None) for each in self.cut.refused}

    @property
    def named(self) -> frozenset[str]:
        """The numbers of the files that enter by right, or of which the jury decided."""
        return frozenset(self.bounded.rules.outright) if self.bounded is not None else frozenset()

    def first_of(self, files: Sequence[SelectionFile]) -> SelectionFile:
        """The file with which to begin: one that rules or the jury name before the others."""
        named = self.named
        return min(files, key=lambda file: file.number not in named)

    def added(self, number: str) -> int | None:
        """What the prices of bounds add to the mark of a file, in whole thousandths; None without rules."""
        return round(self.bounded.added(number)) if self.bounded is not None else None

    def wishes(self, number: str) -> tuple[str, ...]:
        """The keys of the offerings that a file asks for, where seats are given by wishes; empty elsewhere."""
        return self.allotted.rules.wishes.get(number, ()) if self.allotted is not None else ()

    def seat(self, number: str) -> str:
        """The key of the offering in which a file has a seat, where seats are given by wishes; empty elsewhere."""
        return self.allotted.offering_of.get(number, "") if self.allotted is not None else ""

    @cached_property
    def parting(self) -> PartingLine | None:
        """What parts those chosen from the others by their marks; None without a seat."""
        chosen = {row.reference for row in self.cut.chosen}
        left = (row.mean for row in self.ranking.rows if row.is_in and row.reference not in chosen)
        return parting_line([row.mean for row in self.cut.chosen], left)

    @cached_property
    def lines(self) -> dict[int, PartingLine]:
        """By the place of a phase after which somebody stopped, what parts them from those who went further."""
        passed: dict[int, list[int]] = {}
        left: dict[int, list[int]] = {}
        for row in self.ranking.rows:
            if row.knocked_out:
                continue
            marks = self.files[row.reference].marked(self.rubric)
            last = counted_place(self.rubric, marks)
            for place in range(last):
                passed.setdefault(place, []).append(self._mark_up_to(marks, place))
            stopped = self.rubric.phases[last + 1 : last + 2]
            if stopped and stopped[0].key not in marks.absent:
                left.setdefault(last, []).append(self._mark_up_to(marks, last))
        parted = {place: parting_line(means, left.get(place, ())) for place, means in passed.items()}
        return {place: line for place, line in parted.items() if line is not None}

    def _mark_up_to(self, marks: FileMarks, place: int) -> int:
        return round(whole_mark(self.rubric, marks, place) or 0)

    @property
    def near(self) -> frozenset[str]:
        """The numbers of the files whose mean is within a quarter of a point of the cut line."""
        if self.cut.line is None or not (self.cut.waiting or self.cut.refused):
            return frozenset()
        rows = (row for row in self.ranking.rows if row.is_in)
        return frozenset(row.reference for row in rows if abs(row.mean - self.cut.line) <= 250)


def build(
    files: Sequence[SelectionFile],
    rubric: Rubric,
    seats: int,
    waiting: int,
    seed: str,
    open_phase: RubricPhase | None = None,
    formulas: Mapping[str, ChosenFormula] = RAW,
    stale: Sequence[str] = (),
    rules: AppliedRules | None = None,
) -> SelectionBoard:
    """Rank the files that have all their marks, and cut after the seats and the waiting list; under sealed `rules`
    choose whom they allow, for the seats that they give. While nobody can be chosen under them the ranking is cut as if
    there were none."""
    offered, seats = seats, seats if rules is None else rules.seats
    eligible = [file for file in files if file.eligible]
    read = [file for file in eligible if rubric.phases and lacking_in(rubric, file.marked(rubric)) is None]
    ties = tie_order(rubric) if rules is None else known_ties(rubric, rules.ties)
    entries = [_entry(file, rubric, ties) for file in read]
    if rules is None:
        ranking, bounded = rank(entries, seed), None
    else:
        ranking = rank(entries, seed, rules.names, rules.outright, rules.kept_out)
        bounded = None if isinstance(rules, JointRules) else choose_from(ranking, rules)
    allotted = allot(ranking, rules) if isinstance(rules, JointRules) else None
    known = {file.number for file in read}
    if bounded is not None:
        waiting_ones = (file.number for file in files if file.eligible is not False)
        unranked = (each for each in waiting_ones if each in bounded.rules.outright and each not in known)
        bounded = replace(bounded, unranked=tuple(unranked))
    return SelectionBoard(
        ranking=ranking,
        cut=_cut(ranking, seats, waiting, bounded, allotted),
        files={file.number: file for file in files},
        unread=tuple(file for file in eligible if file.number not in known),
        ineligible=tuple(file for file in files if file.eligible is False),
        undecided=tuple(file for file in files if file.eligible is None),
        rubric=rubric,
        seats=seats,
        waiting=waiting,
        open_phase=open_phase,
        formulas=formulas,
        stale=tuple(stale),
        bounded=bounded,
        offered=sum(rules.offered.values()) if isinstance(rules, JointRules) else offered,
        allotted=allotted,
    )


def _cut(
    ranking: Ranking, seats: int, waiting: int, bounded: BoundedChoice | None, allotted: Allotment | None
) -> Cut:
    """The ranking cut by a choice under rules, or as if there were none while nobody can be chosen under them."""
    if allotted is not None and allotted.allocation is not None:
        return cut(ranking, seats, waiting, allotted.chosen, frozenset(allotted.waiting(waiting)))
    chosen = bounded.chosen if bounded is not None and bounded.choice is not None else None
    return cut(ranking, seats, waiting, chosen)


def known_ties(rubric: Rubric, keys: Sequence[str]) -> list[Criterion]:
    """Return the criteria of these keys that a rubric has: it may have changed since rules were sealed."""
    known = {each.key: each for each in rubric.every_criterion}
    return [known[key] for key in keys if key in known]


def _entry(file: SelectionFile, rubric: Rubric, ties: Sequence[Criterion]) -> RankingEntry:
    """A file as it is ranked: of several phases by the mark of each that counts, and by how far it came. Where files
    are only read, its totals are those of its readings, though a harmonised mark follows from them."""
    marks = file.marked(rubric)
    tie = tuple(mark_on(rubric, marks, criterion) or 0 for criterion in ties)
    out = knocked_out_by(rubric, marks)
    totals = tuple(each.total for each in marks.of(rubric.files)) if rubric.is_plain else ()
    if rubric.is_plain and not marks.harmonised:
        return RankingEntry(file.number, totals, tie, out)
    counted = [phase for phase in counted_phases(rubric, marks) if marks.of(phase)]
    parts = tuple((phase.weight, _ranked_by(marks, phase)) for phase in counted)
    means = tuple(round(marks.mark_in(phase) or 0) for phase in counted)
    short = len(rubric.phases) - 1 - counted_place(rubric, marks)
    return RankingEntry(file.number, totals or means or (0,), tie, out, parts or ((1, (0,)),), short)


def _ranked_by(marks: FileMarks, phase: RubricPhase) -> tuple[int, ...]:
    """What the mark of a phase is the mean of: the harmonised mark, or what the file has got."""
    if phase.key in marks.harmonised:
        return (marks.harmonised[phase.key],)
    return tuple(each.total for each in marks.of(phase))


def mean_on(file: SelectionFile, rubric: Rubric, key: str) -> int:
    """The mean of a file's readings on a criterion of any phase, in thousandths of a point of its scale."""
    marks, criterion = file.marked(rubric), rubric.criterion(key)
    phase = next(each for each in rubric.phases if criterion in each.criteria)
    return round(score_of(marks.of(phase), criterion) * 1000)


def require_read(board: SelectionBoard) -> None:
    """Refuse to decide while an eligible file lacks readings, or one waits for a person to say whether it meets the
    conditions: the problem says how many do and names the first. Refuse too on harmonised marks of before."""
    if board.undecided:
        what = N_(
            "Dites d’abord si les conditions sont remplies par %(files)s, en commençant par %(first)s : rien ne se "
            "propose avant."
        )
        values = {
            "files": Quantity(*_FILES, len(board.undecided)),
            "first": board.first_of(board.undecided).number,
        }
        raise Refused(Problem(what, values, "undecided"))
    if board.open_phase is not None:
        what = N_("Closez d’abord « %(phase)s » : qui va plus loin n’est pas encore dit.")
        raise Refused(Problem(what, {"phase": title_of(board.open_phase)}, "open_phase"))
    if board.unread and not board.rubric.is_plain:
        raise Refused(_unmarked(board))
    if board.unread:
        raise Refused(
            Problem(
                N_(
                    "Faites lire d’abord %(files)s, en commençant par %(first)s : il faut %(readings)s avant de "
                    "proposer."
                ),
                {
                    "files": Quantity(*_FILES, len(board.unread)),
                    "readings": Quantity(*_READINGS, board.rubric.readings),
                    "first": board.first_of(board.unread).number,
                },
                "unread",
            )
        )
    if board.stale:
        what = N_(
            "Les notes harmonisées de « %(phase)s » datent d’avant les dernières notes remises : ouvrez leur page, qui "
            "les recalcule, puis proposez."
        )
        raise Refused(Problem(what, {"phase": title_of(board.rubric.phase(board.stale[0]))}, "stale"))
    if board.ruled is not None:
        _require_rules(board, board.ruled)
    if not board.ranking.rows:
        raise Refused(Problem(N_("Aucun dossier n’est classé : il n’y a rien à proposer.")))


def _require_rules(board: SelectionBoard, ruled: BoundedChoice | Allotment) -> None:
    """Refuse under rules that cannot hold, or that speak of criteria, seats or files which are gone."""
    if lost := [each.problem for each in ruled.rules.absent if each.stops]:
        raise Refused(*lost)
    if len(known_ties(board.rubric, ruled.rules.ties)) < len(ruled.rules.ties):
        raise Refused(Problem(_TIES_GONE, {}, "rules"))
    if isinstance(ruled.rules, JointRules):
        _require_seats(ruled.rules)
    elif ruled.rules.seats > board.offered:
        values = {"sealed": ruled.rules.seats, "offered": board.offered}
        raise Refused(Problem(_SEATS_GONE, values, "rules"))
    if ruled.conflict:
        raise Refused(*ruled.conflict)


def _require_seats(rules: JointRules) -> None:
    """Refuse if an offering has fewer seats today than were sealed for it."""
    lacking = [
        Problem(
            _SEATS_OF_OFFERING_GONE,
            {"offering": rules.title(key), "sealed": seats, "offered": rules.offered.get(key, 0)},
            "rules",
        )
        for key, seats in rules.offerings.items()
        if seats > rules.offered.get(key, 0)
    ]
    if lacking:
        raise Refused(*lacking)


def _unmarked(board: SelectionBoard) -> Problem:
    first = board.first_of(board.unread)
    phase = lacking_in(board.rubric, first.marked(board.rubric)) or board.rubric.phases[0]
    what = N_("Il manque des notes à %(files)s, en commençant par %(first)s, dans « %(phase)s ».")
    files = Quantity(*_FILES, len(board.unread))
    return Problem(what, {"files": files, "first": first.number, "phase": title_of(phase)}, "unread")
