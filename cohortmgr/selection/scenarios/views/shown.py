"""What the board shows, from what was asked: rows of the form, the choice of today, the one that is tried beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.paging import ListPlace, Page
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries as selection
from cohortmgr.selection.board import SelectionBoard
from cohortmgr.selection.rules import Outcome
from cohortmgr.selection.scenarios import queries
from cohortmgr.selection.scenarios.comparing import BoardRow, ComparedColumn, moved, rows_of
from cohortmgr.selection.scenarios.models import Scenario
from cohortmgr.selection.scenarios.rules import ScenarioChanges, ScenarioGround, faults_in, field_of
from cohortmgr.selection.scenarios.sent import changes_sent, fields_of
from cohortmgr.selection.standings.models import Standing
from cohortmgr.selection.standings.queries import kept as standings

FIRST = 3
"""How many attributes a board tells the balance of, unless its address asks for others."""
_SHOWN_ROWS = 200


@dataclass(frozen=True)
class AskedScenario:
    """What somebody asks to be tried: the changes, None where they are not sound, what is wrong with them, and the
    texts of the form's fields."""

    changes: ScenarioChanges | None
    problems: Sequence[Problem]
    texts: Mapping[str, str]

    @property
    def places(self) -> list[int]:
        """The places of the bounds in the form."""
        return [place for place in range(_SHOWN_ROWS) if field_of("group", place) in self.texts]


def asked(ground: ScenarioGround, given: Mapping[str, str], kept: Scenario | None) -> AskedScenario:
    """Return what a form asks for, or a kept scenario where no form was sent, or nothing new."""
    try:
        if given.get("tried"):
            changes = changes_sent(given, ground)
        else:
            changes = ScenarioChanges.of_json(kept.changes) if kept is not None else ground.unchanged
    except Refused as refusal:
        return AskedScenario(None, refusal.problems, given)
    problems = list(faults_in(changes, ground)) if changes != ground.unchanged else []
    return AskedScenario(None if problems else changes, problems, fields_of(changes))


@dataclass(frozen=True)
class ShownBoard:
    """What a page shows: columns of figures with that of today first, who enters and leaves, and a page of rows. Of a
    large intake `standing` is the ranking that is kept, if any, and there are no columns but those of a kept scenario.
    `marks` are those of who enters or leaves, without the scenario and with it; `names` those of the files of the page,
    with their references, for an adopted list."""

    ground: ScenarioGround
    columns: Sequence[ComparedColumn] = ()
    page: Page | None = None
    entering: Sequence[str] = ()
    leaving: Sequence[str] = ()
    board: SelectionBoard | None = None
    standing: Standing | None = None
    rules: Mapping[str, Any] | None = None
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_stale: bool = False


def board_at_once(
    trials: queries.BoardOfTrials, tried: AskedScenario, place: ListPlace | None, titles: tuple[str, str]
) -> ShownBoard:
    """Return the board of an intake that is computed within a request; `titles` are those of both columns."""
    changes, board, is_new = tried.changes, trials.board, False
    columns = [ComparedColumn(titles[0], trials.figures)]
    entering: list[str] = []
    leaving: list[str] = []
    if changes is not None and changes != trials.ground.unchanged:
        board, is_new = trials.tried(changes), True
        entering, leaving = moved(trials.board, board)
        columns.append(ComparedColumn(titles[1], trials.figures_of(board), tuple(entering), tuple(leaving)))
    rows: list[Any] = rows_of(board, trials.board if is_new else None)
    page = standings.page_of_lines(rows, place, sum(row.outcome == "offer" for row in rows))
    were = {row.reference: row.mean for row in trials.board.ranking.rows} if is_new else {}
    are = {row.reference: row.mean for row in board.ranking.rows}
    marks = {number: (were.get(number, 0), are.get(number, 0)) for number in (*entering, *leaving)}
    names = {
        row.number: (board.files[row.number].name, board.files[row.number].reference) for row in page.rows
    }
    return ShownBoard(
        trials.ground,
        columns,
        page,
        entering,
        leaving,
        board,
        marks=marks,
        names=names,
        is_stale=bool(board.stale),
    )


def board_as_kept(
    intake: Intake,
    offering: Offering,
    ground: ScenarioGround,
    kept: Scenario | None,
    place: ListPlace | None,
    title: str,
) -> ShownBoard:
    """Return the board of a large intake: the last ranking that is kept, and what the worker found of a scenario."""
    standing, state = standings.newest(intake, offering), standings.state_of(intake, offering)
    columns = columns_as_kept([kept], state, title) if kept is not None else []
    found = columns[-1] if columns else ComparedColumn("", None)
    page, rules = None, None
    names: dict[str, tuple[str, str]] = {}
    if standing is not None:
        page = standings.page_of_rows(standing, place, standing.chosen)
        names = {row.number: (row.name, row.reference) for row in page.rows}
        page = page.with_rows([kept_row(row, standing, found) for row in page.rows])
        rules = standings.kept_with(intake, offering, standing)["rules"]
    is_stale = standing is not None and standing.rests_on not in (state, standings.rests_on(intake, offering))
    return ShownBoard(
        ground,
        columns,
        page,
        found.entering,
        found.leaving,
        standing=standing,
        rules=rules,
        names=names,
        is_stale=is_stale,
    )


def kept_row(row: Any, standing: Standing, found: ComparedColumn) -> BoardRow:
    """A row of a ranking that is kept, as the board shows it, with what the worker `found` of it under a scenario;
    these stay in the order of marks."""
    added, is_in = row.added or 0, row.outcome == Outcome.OFFER
    way = "in" if row.number in found.entering else "out" if row.number in found.leaving else ""
    return BoardRow(
        row.number,
        row.place,
        row.mean,
        tuple(row.totals),
        row.decided,
        added,
        row.mean + added,
        row.outcome,
        row.position,
        way,
        is_last=is_in and row.place == standing.chosen,
    )


def columns_as_kept(kept: Sequence[Scenario], state: str, title: str) -> list[ComparedColumn]:
    """Return the columns of scenarios as the worker found them, beside that of the choice from which they started."""
    found = [
        ComparedColumn(
            each.name,
            each.figures.get("after"),
            tuple(each.figures.get("in", ())),
            tuple(each.figures.get("out", ())),
            each.rests_on != state,
            each.reference,
        )
        for each in kept
    ]
    first = next((each.figures["before"] for each in reversed(kept) if each.figures), None)
    return [ComparedColumn(title, first, is_old=all(each.is_old for each in found)), *found]


def columns_at_once(
    trials: queries.BoardOfTrials, kept: Sequence[Scenario], state: str, title: str
) -> tuple[list[ComparedColumn], list[tuple[str, Sequence[Problem]]]]:
    """Return the columns of scenarios by today's marks beside that of today; and those which cannot be tried any more,
    by their name, with why."""
    found, refused = [ComparedColumn(title, trials.figures)], []
    for each in kept:
        tried = asked(trials.ground, {}, each)
        if tried.changes is None:
            refused.append((each.name, tried.problems))
            continue
        board = trials.tried(tried.changes)
        entering, leaving = moved(trials.board, board)
        found.append(
            ComparedColumn(
                each.name,
                trials.figures_of(board),
                tuple(entering),
                tuple(leaving),
                each.rests_on != state,
                each.reference,
            )
        )
    return found, refused


def balanced(known: Mapping[str, FileAttribute], wanted: Sequence[str]) -> list[FileAttribute]:
    """Return the attributes of which the balance is told: those that an address asks for, or the first of the form."""
    keys = [key for key in dict.fromkeys(wanted) if key in known] or list(known)[:FIRST]
    return [known[key] for key in keys]


def by_references(offering: Offering, references: Sequence[str], most: int) -> list[Scenario]:
    """Return the scenarios of an offering with these references, in their order, as many as are compared."""
    known = {each.reference: each for each in queries.scenarios_of(offering)}
    return [known[each] for each in dict.fromkeys(references) if each in known][:most]


def offering_asked(intake: Intake, reference: str | None) -> Offering:
    """Return the offering that a page or a form names, or the first. Raises NotFound for another intake's."""
    return selection.offering_of(intake, reference or None)
