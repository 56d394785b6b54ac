"""Makes children of AI Master Junior whose guardian was asked, for the role × route table and the browser."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.queries import definition_of
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.base.db import db, writing
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.queries import content_of
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of

HEADER = "Nom,Prénom,Date de naissance,Code Massar,Club,Tuteur,Qualité,Téléphone du tuteur"
ROWS = (
    "Alaoui,Adam,03/04/2014,J000000001,Raja,Amina Alaoui,Mère,0612000001",
    "Alaoui,Hiba,12/09/2017,J000000002,Raja,Amina Alaoui,Mère,0612000001",
)


def guarded() -> dict[str, str]:
    """Enrol two children. Returns the link that their mother got, and the intake."""
    with writing():
        programmes.load_definition(SYSTEM, read_known("ai-master-junior"))
    intake = intake_of("ai-master-junior", "2027")
    data = "\n".join((HEADER, *ROWS)).encode()
    prepared = import_runs.prepare_import(data, "club.csv", definition_of(intake))
    with writing():
        import_runs.load(SYSTEM, intake.reference, prepared)
    asked = db.session.scalars(sa.select(Message).where(Message.key == "guardian_asked")).one()
    content = content_of(asked)
    assert content is not None
    return {"guardian_link": content["variables"]["token"], "junior_intake": intake.reference}
