"""Keeping scenarios, renaming and deleting them, and letting one become a draft of the rules, which two people seal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.queries import advance_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.queries import require_unconcerned
from cohortmgr.selection import queries as selection
from cohortmgr.selection.scenarios import queries
from cohortmgr.selection.scenarios.models import Scenario
from cohortmgr.selection.scenarios.rules import MOST_KEPT, ScenarioChanges, faults_in, scenario_name
from cohortmgr.selection.sealing import actions as sealing
from cohortmgr.selection.sealing import queries as sealed
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import RulesContent
from cohortmgr.selection.standings.queries import kept as standings

KIND = "selection.try"
"""The worker's job that computes a scenario of a large intake."""
_JOINT = N_(
    "Les places de cette campagne se donnent par vœux, entre tous ses choix : le tableau n’en essaie pas un seul."
)
_TOO_MANY = N_("Un choix garde au plus %(most)s scénarios : supprimez-en un.")


def keep(
    viewer: Viewer, reference: str, offering: str | None, name: str, changes: ScenarioChanges
) -> Scenario:
    """Keep a scenario of an offering under a name; the worker computes it where the intake is large.

    Raises Refused with every fault of it, for a name that is lacking or taken, and beyond MOST_KEPT."""
    intake = _held(viewer, programmes.get_intake(reference))
    if sealed.covers_all(intake):
        raise Refused(_JOINT)
    found = selection.offering_of(intake, offering)
    problems = list(faults_in(changes, queries.ground_of(intake, found)))
    known = queries.scenarios_of(found)
    if len(known) >= MOST_KEPT:
        problems.append(Problem(_TOO_MANY, {"most": MOST_KEPT}))
    said = scenario_name(name, {each.reference: each.name for each in known})
    if isinstance(said, Problem):
        problems.append(said)
    if problems or isinstance(said, Problem):
        raise Refused(*problems)
    row = Scenario(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        offering_id=found.id,
        name=said,
        changes=changes.as_json(),
        rests_on=standings.state_of(intake, found),
        figures={},
        job_reference="",
        made_by=viewer.reference,
        made_at=clock.now(),
    )
    if not standings.is_done_at_once(intake):
        row.job_reference = _request(viewer, row)
    db.session.add(row)
    db.session.flush()
    record(viewer, "selection.keep_scenario", about(row), after={"name": said, **row.changes})
    return row


def rename(viewer: Viewer, reference: str, name: str, version: int) -> Scenario:
    """Give a scenario another name. Raises Stale if somebody changed it meanwhile, and Refused for a name that is
    lacking or taken."""
    row, _intake, offering = _own(viewer, reference)
    known = {each.reference: each.name for each in queries.scenarios_of(offering)}
    said = scenario_name(name, known, row.reference)
    if isinstance(said, Problem):
        raise Refused(said)
    if said == row.name:
        return row
    if version != row.version:
        raise Stale(reference)
    before, row.name = row.name, said
    record(viewer, "selection.rename_scenario", about(row), before={"name": before}, after={"name": said})
    return row


def delete(viewer: Viewer, reference: str, version: int) -> None:
    """Delete a scenario. Raises Stale if somebody changed it meanwhile."""
    row, _intake, _offering = _own(viewer, reference)
    if version != row.version:
        raise Stale(reference)
    record(viewer, "selection.delete_scenario", about(row), before={"name": row.name, **row.changes})
    db.session.delete(row)


def compute(viewer: Viewer, reference: str) -> Scenario:
    """Ask the worker to compute a scenario anew from today's marks, unless it is at it, or the intake is small and
    computed whenever it is looked at."""
    row, intake, _offering = _own(viewer, reference)
    if not standings.is_done_at_once(intake) and not advance_of(row.job_reference).goes_on:
        row.job_reference = _request(viewer, row)
    return row


def keep_figures(viewer: Viewer, reference: str, rests_on: str, figures: Mapping[str, Any]) -> bool:
    """Keep what the worker found of a scenario, unless it was deleted meanwhile. Whoever renames it at once does not
    overwrite it, and it is no change of theirs."""
    table = table_of(Scenario)
    told = sa.update(table).where(table.c.reference == reference)
    found = db.session.execute(told.values(rests_on=rests_on, figures=dict(figures)).returning(table.c.id))
    return found.first() is not None


def draft_rules(viewer: Viewer, reference: str, draft: int) -> RulesVersion:
    """Let the seats and bounds of a scenario be a draft of its intake's rules, with who enters by right, ties and what
    other offerings have as they are written now. `draft` is the version of the draft that the page showed, nought
    without one. Weights are no part of the rules, and stay the rubric's.

    Raises Stale and Refused as `sealing.actions.save` does."""
    row, intake, offering = _own(viewer, reference)
    changes = ScenarioChanges.of_json(row.changes)
    content = _content_to_change(intake)
    own = offering.key if len(content.seats) > 1 else ""
    others = tuple(each for each in content.bounds if each.offering not in ("", offering.key))
    bounds = tuple(replace(each, offering=own) for each in changes.bounds)
    seats = {**content.seats, offering.key: changes.seats}
    found = sealing.save(
        viewer, intake.reference, replace(content, seats=seats, bounds=(*others, *bounds)), draft
    )
    after = {"name": row.name, "rules": found.reference}
    record(viewer, "selection.draft_from_scenario", about(row), after=after)
    return found


def _content_to_change(intake: Intake) -> RulesContent:
    """What the rules of an intake say as they are written now: the draft, what is sealed, or how they begin."""
    versions = sealed.versions_of(intake)
    last = sealed.open_among(versions) or sealed.sealed_among(versions)
    if last is not None:
        return RulesContent.of_json(last.content)
    return sealed.beginning(intake, sealed.ground_of(intake))


def _own(viewer: Viewer, reference: str) -> tuple[Scenario, Intake, Offering]:
    """A scenario that nobody else changes until the commit, with its intake and offering."""
    found = queries.get_for(viewer, reference, "selection.propose")
    intake = _held(viewer, db.session.get_one(Intake, found.intake_id))
    row = queries.get_for(viewer, reference, "selection.propose")
    return row, intake, queries.offering_in(intake, row)


def _held(viewer: Viewer, intake: Intake) -> Intake:
    """An intake whose scenarios nobody else changes until the commit."""
    require(viewer, "selection.propose", intake.path)
    require_unconcerned(viewer, intake, "selection.propose")
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    return intake


def _request(viewer: Viewer, row: Scenario) -> str:
    return queue.request(viewer, KIND, {"scenario": row.reference}, row.institution_id)
