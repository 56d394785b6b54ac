"""Harmonises the marks of an intake's files as the worker does, for tests of what rests on them."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, offerings_of
from cohortmgr.reviews.calibration.calibrating import Calibration, calibrate, chances
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.harmonising.models import Harmonisation, HarmonisedFile
from cohortmgr.reviews.harmonising.queries import harmonisation_of
from cohortmgr.reviews.harmonising.rules import letter_of
from cohortmgr.reviews.models import Review


def harmonise(intake: Intake) -> Harmonisation:
    """Keep the harmonised marks of the phase in which files are read, found from the marks that were handed in."""
    phase = definition_of(intake).rubric.files
    rows = sa.select(Review.application_id, Person.reference, Review.total_thousandths)
    rows = rows.join(Person, Person.id == Review.reviewer_id).where(Review.state == "submitted")
    rows = rows.where(Review.intake_id == intake.id, Review.phase == phase.key)
    read = db.session.execute(rows.order_by(Review.application_id, Review.id)).all()
    scores = PhaseScores.of((str(row[0]), row[1], row[2] or 0) for row in read)
    plain, weighted = calibrate(scores), calibrate(scores, is_weighted=True)
    seats = sum(each.seats if phase.goes_on is None else phase.goes_on for each in offerings_of(intake))
    with writing():
        before = harmonisation_of(intake.id, phase.key)
        if before is not None:
            db.session.delete(before)
            db.session.flush()
        found = Harmonisation(
            reference=new_reference(),
            institution_id=intake.institution_id,
            intake_id=intake.id,
            phase=phase.key,
            made_at=clock.now(),
            digest=plain.digest,
            seats=seats,
            formulas={
                "harmonised": plain.formula.as_json(),
                "weighted": weighted.formula.as_json(),
                "letters": {reader: letter_of(place) for place, reader in enumerate(scores.readers)},
            },
            figures={"noise": plain.noise},
        )
        db.session.add(found)
        db.session.flush()
        db.session.add_all(_files(found, plain, weighted, seats))
    return found


def _files(
    found: Harmonisation, plain: Calibration, weighted: Calibration, seats: int
) -> list[HarmonisedFile]:
    scores = plain.scores
    stood, stood_weighted = (chances(each.draws(), seats) for each in (plain, weighted))
    marks, marks_weighted = plain.marks(), weighted.marks()
    totals = scores.totals(scores.score, 20_000)
    counts = [scores.file.tolist().count(place) for place in range(len(scores.files))]
    return [
        HarmonisedFile(
            harmonisation_id=found.id,
            application_id=int(file),
            institution_id=found.institution_id,
            raw=round(totals[place] / counts[place]),
            harmonised=marks[place],
            weighted=marks_weighted[place],
            error=round(1000 * plain.errors[place]),
            weighted_error=round(1000 * weighted.errors[place]),
            chance=round(10_000 * stood[place]),
            weighted_chance=round(10_000 * stood_weighted[place]),
        )
        for place, file in enumerate(scores.files)
    ]
