"""Makes an accepted seat in a programme that asks for more once a seat is accepted."""

from __future__ import annotations

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.selection.models import Batch, Decision, Offer, Release


def joined(owner: Viewer) -> dict[str, str]:
    """Make the owner's file of jobintech, `joining`. An identity document and an emergency contact are still owed."""
    with writing() as session:
        programmes.load_definition(SYSTEM, read_known("jobintech"))
        intake = queries.intake_of("jobintech")
        offering, moment = queries.offerings_of(intake)[0], clock.now()
        common = {"institution_id": intake.institution_id, "intake_id": intake.id}
        person = db.session.get_one(Person, owner.person_id)
        application = Application(
            **common,
            reference=new_reference(),
            version_id=intake.definition_version_id,
            person_id=person.id,
            offering_id=offering.id,
            number="JOBINTECH-7K3QXP",
            state="submitted",
            name=person.name,
            language="fr",
            created_at=moment,
            updated_at=moment,
            sent_at=moment,
            outcome="offer",
        )
        batch = Batch(**common, offering_id=offering.id, state="approved", seats=1, waiting=0)
        batch.seed, batch.certificate, batch.proposed_by, batch.proposed_at = "s", {}, "a", moment
        session.add_all([application, batch])
        session.flush()
        decision = Decision(**common, batch_id=batch.id, application_id=application.id, person_id=person.id)
        decision.outcome = "offer"
        release = Release(institution_id=batch.institution_id, batch_id=batch.id, published_at=moment)
        session.add_all([decision, release])
        session.flush()
        offer = Offer(**common, application_id=application.id, decision_id=decision.id, state="accepted")
        offer.person_id, offer.offering_id = person.id, offering.id
        offer.sent_at = offer.deadline = offer.answered_at = moment
        session.add(offer)
        offering.taken = 1
        return {"joining": application.reference}
