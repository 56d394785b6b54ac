"""Makes files that three people read, one of whom is generous, and keeps what the marks are harmonised by."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions.giving import give
from cohortmgr.reviews.calibration.calibrating import calibrate
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.harmonising.models import Harmonisation
from cohortmgr.reviews.harmonising.queries import first_marks
from cohortmgr.reviews.harmonising.rules import letter_of
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from tests.databases import build_once
from tests.factories import choices

CRITERIA = ("resultats", "bases", "projet", "langues")
# What the first reader gives beyond what a file is worth, on each criterion.
GENEROUS = 2


def read_unevenly(files: int = 12, seats: int = 4, definition: Definition | None = None) -> Intake:
    """Files 1, 4, 7 … are the best; of the three readers the first, who is generous, reads all but these. Later files
    are worth no more than earlier ones of their kind."""
    name = f"read unevenly {files} {seats} {'plain' if definition is None else 'phased'}"
    build_once(name, lambda: _read(files, seats, definition), may_age=True)
    return queries.intake_of("mdia", "2025")


def phased(goes_on: int | None = 4) -> Definition:
    """Four phases, in which two people read each file."""
    found = choices.phases(goes_on)
    phases = [replace(each, readings=2) if each.key == "dossiers" else each for each in found.rubric.phases]
    return replace(found, rubric=replace(found.rubric, phases=tuple(phases)))


def _read(files: int, seats: int, definition: Definition | None) -> None:
    choices._send(files, 0, seats, definition or read_known("mdia"))
    intake = queries.intake_of("mdia", "2025")
    manager = choices.someone(intake, Role.SELECTION_MANAGER)
    choices.someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    people = choices.readers(intake, 3)
    sent = sa.select(Application.number, Application.id).where(Application.intake_id == intake.id)
    pairs = [
        (file, people[reader].person_id or 0)
        for number, file in db.session.execute(sent.order_by(Application.number))
        for reader in ((1, 2), (2, 0), (0, 1))[(int(number[5:]) - 1) % 3]
    ]
    with writing():
        give(manager, intake, pairs, None)
    for place, person in enumerate(people):
        with writing():
            for row in own.queue(person, intake.id):
                reading.score(person, row.reference, _scores(int(row.number[5:]), place, files))


def _scores(number: int, reader: int, files: int) -> dict[str, int]:
    worth = 3 if number % 3 == 1 else 2
    lost = number * len(CRITERIA) // (files + 1)  # how many criteria are a point less
    more = GENEROUS if reader == 0 else 0
    found = {key: worth + more - (place < lost) for place, key in enumerate(CRITERIA)}
    slip = 1 if (number + reader) % 4 == 0 else 0  # no two readings of a file agree on all
    return {**found, CRITERIA[-1]: found[CRITERIA[-1]] - slip}


def generous() -> Viewer:
    """The reader who gives more than the others."""
    return choices.known("r0@inpt.ma")


def harmonise(intake: Intake, phase: str = "dossiers", seats: int = 4) -> Harmonisation:
    """Keep what today's marks of a phase are harmonised by, as the worker does, in the place of what was kept."""
    scores = PhaseScores.of((each.file, each.reader, each.mark) for each in first_marks(intake.id, phase))
    plain, weighted = calibrate(scores), calibrate(scores, is_weighted=True)
    formulas = {
        "harmonised": plain.formula.as_json(),
        "weighted": weighted.formula.as_json(),
        "letters": {reader: letter_of(place) for place, reader in enumerate(scores.readers)},
    }
    with writing():
        mine = (Harmonisation.intake_id == intake.id, Harmonisation.phase == phase)
        db.session.execute(sa.delete(Harmonisation).where(*mine))
        row = Harmonisation(
            reference=new_reference(),
            institution_id=intake.institution_id,
            intake_id=intake.id,
            phase=phase,
            made_at=clock.now(),
            digest=plain.digest,
            seats=seats,
            formulas=formulas,
        )
        db.session.add(row)
    return row
