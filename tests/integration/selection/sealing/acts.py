"""Writes, proposes and seals rules of an intake, and hands in marks, for the tests of sealed rules."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base.db import writing
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.sealing import actions, queries
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import RulesContent
from tests.factories.choices import known, readers, sent, someone

Statements = Callable[[], AbstractContextManager[list[str]]]
MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
BOUND = Bound({"region": "MA-08"}, 2, 9)
SCORES = {"resultats": 4, "bases": 4, "projet": 4, "langues": 4}
WHY = "L’avenant du 3 juillet double le plancher"


def prepared(files: int = 3) -> tuple[Intake, Viewer, Viewer]:
    intake = sent(files)
    return intake, someone(intake, Role.SELECTION_MANAGER), someone(intake, Role.PROGRAMME_ADMINISTRATOR)


def begun(intake: Intake) -> RulesContent:
    return queries.beginning(intake, queries.ground_of(intake))


def bounded(intake: Intake, *bounds: Bound) -> RulesContent:
    return replace(begun(intake), bounds=bounds or (BOUND,))


def save(intake: Intake, content: RulesContent, version: int = 0, email: str = MANAGER) -> RulesVersion:
    with writing():
        return actions.save(known(email), intake.reference, content, version)


def propose(intake: Intake, reason: str = "", email: str = MANAGER) -> RulesVersion:
    row = queries.open_among(queries.versions_of(intake))
    with writing():
        return actions.propose(known(email), intake.reference, reason, row.version if row else 0)


def seal(intake: Intake, email: str = ADMINISTRATOR) -> RulesVersion:
    row = queries.open_among(queries.versions_of(intake))
    with writing():
        return actions.seal(known(email), intake.reference, row.version if row else 0)


def sealed(intake: Intake, content: RulesContent | None = None) -> RulesVersion:
    save(intake, content or bounded(intake))
    propose(intake)
    return seal(intake)


def hand_in(intake: Intake, reader: Viewer) -> Review:
    row = own.queue(reader, intake.id)[0]
    with writing():
        return reading.score(reader, row.reference, SCORES)


def given_out(intake: Intake) -> Viewer:
    people = readers(intake, 2)
    with writing():
        sharing.assign(known(MANAGER), intake.reference)
    return people[0]
