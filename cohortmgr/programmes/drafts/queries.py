"""Reads the definitions that staff are changing, and the versions that are in force meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer, allows, require, require_anywhere
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import HOSTS, path_of
from cohortmgr.programmes.definition.beginning import unwritten
from cohortmgr.programmes.definition.dated_conditions import OutgrownCondition, outgrown
from cohortmgr.programmes.definition.earlier import as_of_today
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.tolerant import JudgedDefinition
from cohortmgr.programmes.definition.toml import judged
from cohortmgr.programmes.models import DefinitionDraft, DefinitionVersion, Intake, Offering, Programme
from cohortmgr.programmes.queries import definition_of

MANAGE = "programmes.manage"


@dataclass(frozen=True)
class Writing:
    """A programme with the version in force, and its draft if there is one."""

    programme: Programme
    in_force: DefinitionVersion
    draft: DefinitionDraft | None

    @property
    def version(self) -> int:
        """The draft's version number, which changes with every change of it; 0 if there is no draft."""
        return self.draft.version if self.draft else 0

    @cached_property
    def document(self) -> dict[str, Any]:
        """The draft's document, or else the one in force, with today's keys. Do not change it in place."""
        return dict(as_of_today(self.draft.document if self.draft else self.in_force.document))

    @cached_property
    def judged(self) -> JudgedDefinition:
        """The faults of the document, and what of it can be shown."""
        return judged(self.document)

    @property
    def definition(self) -> Definition:
        """The definition as far as pages can show it. There always is one, since a document of which nothing
        can be shown never becomes a draft."""
        definition = self.judged.definition
        assert definition is not None
        return definition

    @property
    def in_preparation(self) -> bool:
        """Whether the programme was never published: what is in force is seen by its staff alone."""
        return self.programme.published_at is None

    @property
    def published(self) -> Definition:
        """The definition in force."""
        return definition_of(self.in_force)

    @cached_property
    def outgrown(self) -> Sequence[OutgrownCondition]:
        """The conditions that count an age on a day of an earlier campaign than the last one."""
        return outgrown(self.definition)

    @cached_property
    def published_keys(self) -> frozenset[str]:
        """The keys of questions, and of fields of groups (`group.field`), in the version in force."""
        asked = self.published.form.questions
        inner = {f"{question.key}.{each.key}" for question in asked for each in question.fields}
        return frozenset({question.key for question in asked} | inner)


@dataclass(frozen=True)
class RunningIntake:
    """An intake that is in force, and by the key of each of its offerings: the seats that it has, and those taken."""

    intake: Intake
    seats: Mapping[str, int]
    taken: Mapping[str, int]


def running(programme: Programme) -> dict[str, RunningIntake]:
    """The intakes of a programme that are in force, by their keys, the newest first; also those that its definition no
    longer describes. One statement."""
    rows = db.session.execute(
        sa.select(Intake, Offering)
        .join(Offering, Offering.intake_id == Intake.id)
        .where(Intake.programme_id == programme.id)
        .order_by(Intake.opens_at.desc(), Intake.id.desc(), Offering.id)
    ).all()
    found: dict[str, list[Offering]] = {}
    intakes = {intake.key: intake for intake, _offering in rows}
    for intake, offering in rows:
        found.setdefault(intake.key, []).append(offering)
    return {
        key: RunningIntake(
            intakes[key], {each.key: each.seats for each in held}, {each.key: each.taken for each in held}
        )
        for key, held in found.items()
    }


def hosts_of(viewer: Viewer) -> list[Organisation]:
    """The organisations at which the viewer may begin a programme, in the order of the tree."""
    kinds = {kind.value for kind in HOSTS}
    rows = db.session.scalars(
        organisations.visible(viewer).where(
            Organisation.kind.in_(sorted(kinds)), Organisation.closed_at.is_(None)
        )
    ).all()
    return [row for row in rows if allows(viewer, MANAGE, path_of(row.path, "new"))]


def copyable(viewer: Viewer) -> list[Programme]:
    """The programmes of which the viewer may make another at the same host, in the order of their keys."""
    return [row for row in managed(viewer) if may_copy(viewer, row)]


def may_copy(viewer: Viewer, programme: Programme) -> bool:
    """Whether the viewer may make another programme at this one's host: who manages the host may."""
    return allows(viewer, MANAGE, path_of(programme.path.removesuffix(f"{programme.key}."), "new"))


def managed(viewer: Viewer) -> Sequence[Programme]:
    """The programmes whose definition the viewer may change, in the order of their keys."""
    require_anywhere(viewer, MANAGE)
    inside = within(viewer, MANAGE, Programme.path)
    return db.session.scalars(sa.select(Programme).where(inside).order_by(Programme.key)).all()


def prepared(viewer: Viewer) -> Sequence[tuple[Programme, datetime]]:
    """The programmes in preparation that the viewer manages and whose present version can be published, which a draft
    and a text that is still to be written keep from it, with the moment at which the first campaign of each opens, in
    that order. One statement."""
    drafts = sa.exists().where(DefinitionDraft.programme_id == Programme.id)
    rows = db.session.execute(
        sa.select(Programme, Intake)
        .join(Intake, Intake.programme_id == Programme.id)
        .where(within(viewer, MANAGE, Programme.path), Programme.published_at.is_(None), ~drafts)
        .order_by(Intake.opens_at, Intake.id)
    )
    intakes: dict[Programme, list[Intake]] = {}
    for programme, intake in rows:
        intakes.setdefault(programme, []).append(intake)
    return [
        (programme, its[0].opens_at)
        for programme, its in intakes.items()
        if not any(unwritten(definition_of(its[0])))
    ]


def drafted(programmes: Sequence[Programme]) -> Mapping[int, DefinitionDraft]:
    """The drafts of these programmes, by the programme's id."""
    numbers = [programme.id for programme in programmes]
    rows = db.session.scalars(sa.select(DefinitionDraft).where(DefinitionDraft.programme_id.in_(numbers)))
    return {row.programme_id: row for row in rows}


def get_writing(viewer: Viewer, key: str) -> Writing:
    """The programme with that key and its draft; NotFound if there is none, NotPermitted without the right."""
    return _writing(viewer, sa.select(Programme).where(Programme.key == key), key)


def get_writing_locked(viewer: Viewer, key: str) -> Writing:
    """Like `get_writing`, for a change: two people who change a programme wait for one another."""
    return _writing(viewer, sa.select(Programme).where(Programme.key == key).with_for_update(), key)


def _writing(viewer: Viewer, wanted: sa.Select[Programme], key: str) -> Writing:
    programme = db.session.scalar(wanted)
    if programme is None:
        raise NotFound(key)
    require(viewer, MANAGE, programme.path)
    newest = (
        sa.select(DefinitionVersion)
        .join(Intake, Intake.definition_version_id == DefinitionVersion.id)
        .where(Intake.programme_id == programme.id)
        .order_by(Intake.opens_at.desc(), Intake.id.desc())
        .limit(1)
    )
    version = db.session.scalar(newest)
    if version is None:
        raise NotFound(key)
    draft = db.session.scalar(
        sa.select(DefinitionDraft)
        .where(DefinitionDraft.programme_id == programme.id)
        .execution_options(populate_existing=True)
    )
    return Writing(programme, version, draft)


def mark_of(table: Mapping[str, Any]) -> str:
    """A hash that tells one wording of a question or condition from another, so that two people may change
    different ones at once."""
    text = json.dumps(table, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
