"""Makes an adult whom a school invited to apply, for the role × route table and the browser."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.invitees import actions as invitees
from cohortmgr.applications.invitees.models import InvitedAdult
from cohortmgr.applications.invitees.rules import ListedPerson
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes.models import Intake


def invited(enroller: Viewer, intake: Intake) -> dict[str, str]:
    """Invite one adult. Returns the reference, and the link of the invitation."""
    with writing():
        entry = ListedPerson(1, "Imane Tazi", Contact("email", "imane.tazi@exemple.ma"))
        invitees.bring(enroller, intake.reference, "Lycée Ibn Battouta", "fr", [entry])
    letter = db.session.scalars(sa.select(Message).where(Message.key == invitees.LETTER)).one()
    content = content_of(letter)
    assert content is not None
    return {
        "invitee": db.session.scalars(sa.select(InvitedAdult.reference)).one(),
        "invitation_to_apply": content["variables"]["token"],
    }
