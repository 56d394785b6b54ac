"""Makes files that a jury has read: each twice, by readers of whom the first is generous and the last severe."""

from __future__ import annotations

import random

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import Rubric, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import ReviewState, total_thousandths
from tests.databases import build_once
from tests.factories.choices import known, readers, sent, someone

# By how many points of twenty each reader is above the others.
SEVERITIES = (8.0, 1.0, 0.5, 0.0, -0.5, -1.0, -1.5, -2.5)


def read_by_a_jury(files: int = 60, seats: int = 15, people: int = len(SEVERITIES)) -> Intake:
    """Make mdia 2025 with files that were read twice each, by reviewers r0, r1, … and for selection_manager@inpt.ma."""
    build_once(f"jury {files} {seats} {people}", lambda: _read(files, seats, people), may_age=True)
    return queries.intake_of("mdia", "2025")


def reader(place: int) -> Viewer:
    """The reviewer at a place."""
    return known(f"r{place}@inpt.ma")


def _read(files: int, seats: int, people: int) -> None:
    intake = sent(files, seats=seats)
    someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    jury, chance = readers(intake, people), random.Random(16)
    rubric = queries.definition_of(intake).rubric
    with writing():
        rows = db.session.scalars(sa.select(Application).order_by(Application.number)).all()
        for place, file in enumerate(rows):
            quality = chance.gauss(9, 2)
            step = 1 + (place // people) % (people - 1)
            for which in (place % people, (place + step) % people):
                mark = quality + SEVERITIES[which % len(SEVERITIES)] + chance.gauss(0, 1.5)
                db.session.add(reading_of(rubric.files, file, jury[which], mark))


def reading_of(phase: RubricPhase | Rubric, file: Application, reviewer: Viewer, mark: float) -> Review:
    """A reading that was handed in, with scores that come to about so many points of twenty."""
    criteria = phase.criteria
    share = min(max(mark / 20, 0.0), 1.0)
    spans = [each.scale_max - each.scale_min for each in criteria]
    left = round(share * sum(spans))
    scores: dict[str, int] = {}
    for place, each in enumerate(criteria):
        given = min(spans[place], round(left / (len(criteria) - place)))
        scores[each.key], left = each.scale_min + given, left - given
    return Review(
        reference=new_reference(),
        institution_id=file.institution_id,
        application_id=file.id,
        intake_id=file.intake_id,
        reviewer_id=reviewer.person_id or 0,
        phase=phase.key if isinstance(phase, RubricPhase) else phase.files.key,
        state=ReviewState.SUBMITTED.value,
        scores=scores,
        total_thousandths=total_thousandths(phase, scores),
        assigned_at=clock.now(),
        submitted_at=clock.now(),
    )
