"""Makes children of AI Master Junior whose guardian was asked, for the role × route table and the browser."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import definition_of
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of
from tests.factories.invitees import invited

HEADER = "Nom,Prénom,Date de naissance,Code Massar,Club,Tuteur,Qualité,Téléphone du tuteur"
ROWS = (
    "Alaoui,Adam,03/04/2014,J000000001,Raja,Amina Alaoui,Mère,0612000001",
    "Alaoui,Hiba,12/09/2017,J000000002,Raja,Amina Alaoui,Mère,0612000001",
)


def guarded(enroller: Viewer) -> dict[str, str]:
    """Let who enrols groups enrol two children. Returns the link that their mother got, the intake, and the file of one
    of the children, who wait, and an adult who was invited to mdia."""
    with writing() as session:
        programmes.load_definition(SYSTEM, read_known("ai-master-junior"))
        intake = intake_of("ai-master-junior", "2027")
        account, scope = session.get_one(Account, enroller.account_id), ("programme", intake.reference)
        people.grant(SYSTEM, account, Role.GROUP_ENROLLER, *scope, intake.path, [intake.institution_id])
    club = viewer_of_email(account.email or "")
    assert club is not None
    data = "\n".join((HEADER, *ROWS)).encode()
    prepared = import_runs.prepare_import(data, "club.csv", definition_of(intake))
    with writing():
        import_runs.load(club, intake.reference, prepared)
    asked = db.session.scalars(sa.select(Message).where(Message.key == "guardian_asked")).one()
    content = content_of(asked)
    assert content is not None
    child = (
        sa.select(Application.reference).where(Application.intake_id == intake.id).order_by(Application.id)
    )
    return {
        "guardian_link": content["variables"]["token"],
        "junior_intake": intake.reference,
        "enrolled": db.session.scalars(child).all()[0],
        **invited(club, intake_of("mdia", "2027")),
    }
