"""Reading scenarios, what a board of trials starts from, and the files that are too close to call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute, attributes_of
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.calibration.rules import OUT, SURE
from cohortmgr.reviews.harmonising.models import Harmonisation, HarmonisedFile
from cohortmgr.reviews.harmonising.queries import formulas_in
from cohortmgr.reviews.harmonising.rules import ChosenFormula, MarkBasis
from cohortmgr.reviews.queries import followed, require_unconcerned
from cohortmgr.selection import queries as selection
from cohortmgr.selection.board import SelectionBoard
from cohortmgr.selection.scenarios.comparing import figures_of, moved
from cohortmgr.selection.scenarios.models import Scenario
from cohortmgr.selection.scenarios.rules import ScenarioChanges, ScenarioGround, fixed_phases
from cohortmgr.selection.scenarios.trying import FileValues, try_out
from cohortmgr.selection.sealing.queries import attributes_in, open_among, sealed_among, versions_of
from cohortmgr.selection.sealing.rules import RulesContent, bound_of

# As rows keep chances.
_WHOLE = 10_000


def visible(viewer: Viewer, permission: str = "selection.read") -> sa.Select[Scenario]:
    """Select the scenarios of intakes whose selection the viewer follows, and in which they have no interest."""
    chosen = sa.select(Scenario).join(Intake, Intake.id == Scenario.intake_id)
    return chosen.where(followed(viewer, permission))


def get_for(viewer: Viewer, reference: str, permission: str = "selection.read") -> Scenario:
    """Return a scenario. Raises NotFound if the viewer may not see it, and Withheld if they have an interest in its
    intake."""
    wanted = visible(viewer, permission).where(Scenario.reference == reference)
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        there = sa.select(Intake).join(Scenario, Scenario.intake_id == Intake.id)
        there = there.where(Scenario.reference == reference, within(viewer, permission, Intake.path))
        intake = db.session.scalar(there)
        if intake is not None:
            require_unconcerned(viewer, intake, permission)
        raise NotFound(reference)
    return found


def by_reference(reference: str) -> Scenario | None:
    """Return a scenario for the worker, as it is now; None if it was deleted."""
    wanted = sa.select(Scenario).where(Scenario.reference == reference)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def scenarios_of(offering: Offering) -> Sequence[Scenario]:
    """Return the scenarios of an offering, the first one first; what the worker found is read when asked for."""
    wanted = sa.select(Scenario).where(Scenario.offering_id == offering.id).order_by(Scenario.id)
    return db.session.scalars(wanted.options(sa.orm.defer(Scenario.figures))).all()


def offering_in(intake: Intake, scenario: Scenario) -> Offering:
    """Return the offering of a scenario. Raises NotFound where it is another intake's."""
    for offering in programmes.offerings_of(intake):
        if offering.id == scenario.offering_id:
            return offering
    raise NotFound(scenario.reference)


def known_in(intake: Intake) -> Mapping[str, FileAttribute]:
    """Return what bounds of an intake may name, by key. No statement."""
    return attributes_of(programmes.definition_of(intake), intake.key)


def ground_of(
    intake: Intake,
    offering: Offering,
    formulas: Mapping[str, ChosenFormula] | None = None,
) -> ScenarioGround:
    """Return what scenarios of an offering start from: the sealed seats and bounds, or while nothing is sealed those
    with which its rules begin. Three statements at most."""
    versions = versions_of(intake)
    sealed, draft = sealed_among(versions), open_among(versions)
    content = RulesContent.of_json(sealed.content) if sealed is not None else None
    terms = programmes.definition_of(intake).selection
    bounds = content.bounds if content is not None else tuple(map(bound_of, terms.bounds_of(intake.key)))
    many = len(programmes.offerings_of(intake)) > 1
    rubric = programmes.definition_of(intake).rubric
    formulas = formulas_in(intake.id) if formulas is None else formulas
    return ScenarioGround(
        rubric,
        known_in(intake),
        content.seats.get(offering.key, offering.seats) if content is not None else offering.seats,
        tuple(each for each in bounds if each.offering in ("", offering.key)),
        fixed_phases(rubric, formulas),
        offering.key if many else "",
        draft.version if draft is not None else 0,
    )


@dataclass(frozen=True)
class BoardOfTrials:
    """The board of an offering as it is, and what trials on it ask for."""

    board: SelectionBoard
    ground: ScenarioGround
    values: FileValues

    @cached_property
    def figures(self) -> dict[str, Any]:
        """What the choice of today comes to."""
        return self.figures_of(self.board)

    def figures_of(self, board: SelectionBoard) -> dict[str, Any]:
        """What another choice comes to."""
        return figures_of(board, tuple(self.ground.attributes), self.values)

    def tried(self, changes: ScenarioChanges) -> SelectionBoard:
        """The board that there would be under a scenario."""
        return try_out(self.board, changes, self.ground.attributes, self.values)

    def found(self, changes: ScenarioChanges) -> dict[str, Any]:
        """What is kept of a scenario of a large intake: its figures, those of today, and who enters and leaves."""
        after = self.tried(changes)
        entering, leaving = moved(self.board, after)
        return {
            "before": self.figures,
            "after": self.figures_of(after),
            "in": entering,
            "out": leaving,
        }


def trials_of(intake: Intake, offering: Offering) -> BoardOfTrials:
    """Return the board of an offering with the attributes of all its files: those of the ranking, and five statements
    more."""
    board = selection.ranking_of(intake, offering)
    ground = ground_of(intake, offering, board.formulas)
    return BoardOfTrials(board, ground, attributes_in(intake, tuple(ground.attributes)))


def close_calls(
    intake: Intake, formulas: Mapping[str, ChosenFormula], numbers: Collection[str] | None = None
) -> frozenset[str] | None:
    """Return the numbers of the files, of these or of all, that the marks of today's readings leave open, by the
    chances that the worker kept of them with today's seats; None where nothing is kept. Two statements at most, and
    nothing is computed."""
    key = programmes.definition_of(intake).rubric.files.key
    kept = (Harmonisation.intake_id == intake.id, Harmonisation.phase == key)
    found = db.session.scalar(sa.select(Harmonisation.id).where(*kept))
    if found is None:
        return None
    basis = formulas[key].basis if key in formulas else MarkBasis.RAW
    chance = HarmonisedFile.weighted_chance if basis is MarkBasis.WEIGHTED else HarmonisedFile.chance
    rows = sa.select(Application.number).join(HarmonisedFile, HarmonisedFile.application_id == Application.id)
    rows = rows.where(HarmonisedFile.harmonisation_id == found)
    rows = rows.where(chance > round(OUT * _WHOLE), chance < round(SURE * _WHOLE))
    if numbers is not None:
        marked = (Application.intake_id == intake.id, Application.state == "submitted")
        rows = rows.where(*marked, Application.number.in_(sorted(numbers)))
    return frozenset(db.session.scalars(rows))
