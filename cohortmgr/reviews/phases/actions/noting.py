"""Noting what a test gave, from a sheet that was looked at; and that somebody did not come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import append, db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.actions import keep_rubric
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries as readings
from cohortmgr.reviews.phases import queries
from cohortmgr.reviews.phases.models import PhaseResult
from cohortmgr.reviews.phases.result_rows import ResultRow, sound_rows
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.reviews.seals.queries import require_sealed

_CLOSED = N_("Cette phase est close : ce qu’elle a donné ne change plus.")
_FROZEN = N_("La décision sur le dossier %(number)s est proposée ou approuvée : ses notes ne changent plus.")
_NOT_IN_IT = N_("Le dossier %(number)s n’est pas dans cette phase.")


def keep_results(viewer: Viewer, intake_reference: str, key: str, rows: Sequence[ResultRow]) -> int:
    """Keep the results of a test, by the file's number. What is kept already is left as it is. Returns how many files
    have other results than before.

    Raises Refused, and keeps nothing, if a row is wrong, a file is not in the phase, or the phase is closed."""
    intake, phase = _open(viewer, intake_reference, key)
    if phase.kind is not PhaseKind.TEST:
        raise NotFound(key)
    files = queries.files_in(intake, key)
    problems = [problem for row in sound_rows(rows, phase, files) for problem in row.problems]
    if problems:
        raise Refused(*problems)
    held = {row.application_id: row for row in queries.results_of(intake, key)}
    fresh: list[dict[str, Any]] = []
    changed = []
    for row in rows:
        file = files[row.number]
        values = _values(viewer, phase, row.scores, absent=row.absent)
        known = held.get(file.id)
        if known is not None and (known.scores, known.absent) == (values["scores"], values["absent"]):
            continue
        _require_unfrozen(file)
        changed.append(row.number)
        if known is None:
            fresh.append({**_row(intake, file, key), **values})
        else:
            for name, value in values.items():
                setattr(known, name, value)
    if fresh:
        append(db.session, PhaseResult, fresh)
    if changed:
        keep_rubric(viewer, intake)
        record(viewer, "reviews.note_results", about(intake), after={"phase": key, "files": changed})
    return len(changed)


def note_absence(viewer: Viewer, application: Application, key: str) -> None:
    """Say that a file's person did not come to a test or an interview; what was marked there counts no more. Doing it
    again changes nothing. It is a result, and awaits the seal of the rules as marks do."""
    intake, phase = _open_of(viewer, application, key)
    require_sealed(intake)
    if phase.kind not in (PhaseKind.TEST, PhaseKind.INTERVIEW):
        raise NotFound(key)
    if not queries.is_in(application, key):
        raise Refused(Problem(_NOT_IN_IT, {"number": application.number}))
    known = queries.result_of(application, key)
    if known is not None and known.absent:
        return
    _require_unfrozen(application)
    values = _values(viewer, phase, {}, absent=True)
    if known is None:
        append(db.session, PhaseResult, [{**_row(intake, application, key), **values}])
    else:
        for name, value in values.items():
            setattr(known, name, value)
    keep_rubric(viewer, intake)
    record(viewer, "reviews.note_absence", about(application), after={"phase": key})


def take_absence_back(viewer: Viewer, application: Application, key: str) -> None:
    """Say that they did come, or may come another time. Doing it again changes nothing."""
    _open_of(viewer, application, key)
    known = queries.result_of(application, key)
    if known is None or not known.absent:
        return
    _require_unfrozen(application)
    db.session.delete(known)
    record(viewer, "reviews.take_absence_back", about(application), before={"phase": key})


def _open(viewer: Viewer, intake_reference: str, key: str) -> tuple[Intake, RubricPhase]:
    intake = programmes.get_intake(intake_reference)
    require(viewer, "reviews.assign", intake.path)
    readings.require_unconcerned(viewer, intake)
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    require_sealed(intake)
    return intake, _unclosed(intake, key)


def _open_of(viewer: Viewer, application: Application, key: str) -> tuple[Intake, RubricPhase]:
    intake = db.session.get_one(Intake, application.intake_id)
    if not queries.may_note(viewer, application, key):
        require(viewer, "reviews.assign", intake.path)
    readings.require_unconcerned(viewer, intake)
    return intake, _unclosed(intake, key)


def _unclosed(intake: Intake, key: str) -> RubricPhase:
    try:
        phase = programmes.definition_of(intake).rubric.phase(key)
    except KeyError:
        raise NotFound(key) from None
    if key in queries.closings_of(intake):
        raise Refused(_CLOSED)
    return phase


def _require_unfrozen(application: Application) -> None:
    if readings.is_frozen(application):
        raise Refused(Problem(_FROZEN, {"number": application.number}))


def _values(viewer: Viewer, phase: RubricPhase, scores: Mapping[str, int], *, absent: bool) -> dict[str, Any]:
    return {
        "scores": {} if absent else dict(scores),
        "total_thousandths": None if absent else total_thousandths(phase, scores),
        "absent": absent,
        "noted_at": clock.now(),
        "noted_by": viewer.reference,
    }


def _row(intake: Intake, application: Application, key: str) -> dict[str, Any]:
    return {
        "reference": new_reference(),
        "institution_id": intake.institution_id,
        "intake_id": intake.id,
        "application_id": application.id,
        "phase": key,
        "version": 1,
    }
