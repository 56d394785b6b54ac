"""Guardians of children loaded into a programme in preparation are asked when it is published, and not before."""

from __future__ import annotations

from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.importing.actions import runs
from cohortmgr.base.db import db, writing
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import definition_of, intake_of
from tests.integration.applications.guardians import children
from tests.integration.applications.importing.sheets import as_csv


def test_guardians_are_asked_once_the_programme_is_published(system_context: AppContext) -> None:
    definition = read_known("ai-master-junior")
    with writing():
        programmes.load_definition(SYSTEM, definition, publish=False)
    intake = intake_of("ai-master-junior", "2027")
    other = {"Téléphone du tuteur": "06 12 00 00 02", "Tuteur": "Karim Alaoui"}
    data = as_csv(children.child(1), children.child(2), children.child(3, **other))
    prepared = runs.prepare_import(data, "club.csv", definition_of(intake))
    with writing():
        assert str(runs.load(SYSTEM, intake.reference, prepared)) == "3 loaded, 0 replaced, 0 rejected"
    assert children.sent("guardian_asked") == []
    with writing():
        programmes.publish(SYSTEM, "ai-master-junior")
    asked = children.sent("guardian_asked")
    assert sorted((each["address"], each["count"]) for each in asked) == [
        (children.MOTHER, 2),
        (children.FATHER, 1),
    ]
    with writing():
        programmes.publish(SYSTEM, "ai-master-junior")
    db.session.rollback()
    assert len(children.sent("guardian_asked")) == 2
