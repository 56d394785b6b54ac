"""Where an intake stands: its stages in the order of a file's life, as the rooms tell them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.base.i18n import number, say
from cohortmgr.base.registries.waiting import LIFE, WITHHELD, IntakeStage, StageStanding, workspace_of
from cohortmgr.programmes.definition.rules import ProgrammeStage
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reports import queries as reports
from cohortmgr.reports.display import HIDDEN
from cohortmgr.reports.masking import SMALL

# The stage of a programme's definition in which a stage of the overview lies of which no room says where it stands.
_STAGES = {"outcomes": ProgrammeStage.OUTCOMES}


@dataclass(frozen=True)
class StageShown:
    """A stage as the overview draws it: its name, its figure in words, and what its room says; `figure` is a dash where
    nothing is there to tell yet. One that the viewer's roles do not see is `unseen`, and one that is not counted yet is
    `untold`: it may be over or to come. What is `withheld` is not for who has an interest in it."""

    name: str
    figure: str = "—"
    counted: str = ""
    note: str = ""
    state: str = "next"
    url: str = ""
    presses: bool = False


def stages_of(viewer: Viewer, intake: Intake) -> list[StageShown]:
    """Return the stages that the intake's programme has, each as far as the viewer may know of it."""
    definition, workspace, shown = definition_of(intake), workspace_of(current_app), []
    for name, label in LIFE.items():
        stage = workspace.stage(name)
        if stage is None and (kind := _STAGES.get(name)) is not None and kind not in definition.stages:
            continue
        if stage is None:
            shown.append(StageShown(say(label)))
        elif stage.used is None or stage.used(definition):
            if _is_seen(viewer, intake, stage):
                shown.append(_shown(say(label), stage.find(viewer, intake), viewer, intake))
            else:
                shown.append(StageShown(say(label), figure="", state="unseen"))
    return shown


def _is_seen(viewer: Viewer, intake: Intake, stage: IntakeStage[Viewer]) -> bool:
    return stage.permission is None or bool(allows(viewer, stage.permission, intake.path))


def _shown(name: str, standing: StageStanding | None, viewer: Viewer, intake: Intake) -> StageShown:
    if standing is None:  # such as readings by the hundred thousand, before they were first summed up
        return StageShown(name, state="untold")
    if standing is WITHHELD:
        return StageShown(name, figure="", state="withheld")
    small = 0 < standing.count < SMALL and reports.sees_figures_alone(viewer, intake.path)
    figure = HIDDEN if small else number(standing.count)
    if standing.of is not None:
        figure = f"{figure} / {number(standing.of)}"
    return StageShown(
        name, figure, standing.counted, standing.note, standing.state, standing.url, standing.presses
    )
