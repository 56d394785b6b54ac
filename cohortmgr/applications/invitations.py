"""Inviting people whose file was imported to claim it: a link to each, in bulk."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts import links
from cohortmgr.accounts.rules import LINK_LIFETIME, Viewer
from cohortmgr.applications.import_queries import intake_for, invitable
from cohortmgr.audit.actions import record
from cohortmgr.base.db import db
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of


def invite(viewer: Viewer, intake_reference: str, *, again: bool = False) -> int:
    """Send a claim link to everybody whose file was imported and who has no account; returns how many.

    Whoever has a link that still works gets no other, unless `again`.
    """
    intake = intake_for(viewer, intake_reference)
    # Two clicks at once queue here, so that the second sees the links of the first.
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    people = db.session.execute(invitable(intake, again=again)).all()
    if not people:
        return 0
    tokens = links.create_many(
        "claim", [person.reference for person in people], LINK_LIFETIME, intake.institution_id
    )
    title = dict(definition_of(intake).title)
    letters = [
        Letter(
            "claim_file",
            person.reference,
            person.email,
            person.language,
            {
                "token": token,
                "name": f"{person.given_name} {person.family_name}".strip(),
                "number": person.number,
                "programme": title,
                "days": LINK_LIFETIME.days,
            },
            intake.institution_id,
            person.id,
        )
        for person, token in zip(people, tokens, strict=True)
    ]
    send_all(letters)
    after = {"applications": [person.application_reference for person in people], "again": again}
    record(viewer, "imports.invite", "intake", intake.reference, intake.institution_id, None, None, after)
    return len(people)
