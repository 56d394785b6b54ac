"""Reminds readers of what they are to hand in, at the hours that the rubric says.

Nothing is planned ahead: a day that is moved and a file that goes to somebody else leave nothing to correct. A reminder
has a name that only one message can have, so that looking again writes nothing twice.
"""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.errors import NotPermitted
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment.queries import days
from cohortmgr.reviews.assignment.queries.days import READINGS_DUE, DueReadings


def remind(viewer: Viewer, due: DueReadings) -> int:
    """Write to those who have something left to hand in by that day, had it before the reminder's hour, and have not
    been told yet. Returns how many are written to."""
    if not viewer.is_system:
        raise NotPermitted("recalling is the worker's")
    intake = due.intake
    title = dict(definition_of(intake).title)
    letters = [
        Letter(
            READINGS_DUE,
            row.reference,
            row.address or "",
            row.language,
            {
                "name": f"{row.given_name} {row.family_name}".strip(),
                "programme": title,
                "intake": dict(intake.title),
                "number": row.number,
                "day": due.day,
                "until": due.window.until,
                "reader": row.reference,
                "reference": intake.reference,
            },
            intake.institution_id,
            row.person_id,
            once=row.once,
        )
        for row in days.unreminded(due)
    ]
    return send_all(letters)
