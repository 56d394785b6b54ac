"""Staff's word on a file's eligibility, which stands until it is lifted."""

from __future__ import annotations

from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.eligibility import actions as overrides
from cohortmgr.applications.eligibility.models import Override
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.queries import intake_of
from cohortmgr.selection.queries import ranking_of
from tests.integration.applications.desk.seen import acts, all_of
from tests.integration.applications.importing import sheets
from tests.integration.applications.journey import steps


def test_staff_s_word_on_eligibility_is_what_the_ranking_reads_until_it_is_lifted(
    sent: str, intake: str, desk: FlaskClient
) -> None:
    def eligible() -> set[bool]:
        db.session.rollback()
        board = ranking_of(intake_of("mdia", "2027"))
        return {file.eligible for file in board.files.values()}

    path = f"/staff/applications/{sent}/eligibility"
    assert desk.post(path, data={"eligible": "no", "reason": ""}).status_code == 200
    assert desk.post(path, data={"eligible": "", "reason": "x"}).status_code == 200
    assert eligible() == {True}
    given = {"eligible": "no", "reason": "Le diplôme n’est pas reconnu."}
    assert desk.post(path, data=given).status_code == 302
    assert desk.post(path, data=given).status_code == 302
    assert eligible() == {False} and len(all_of(Override)) == 1
    page = desk.get(f"/staff/applications/{sent}/file").text
    assert "Non éligible par décision" in page and "n’est pas reconnu" in page
    desk.post(path, data={"eligible": "yes", "reason": "Équivalence reçue."})
    assert eligible() == {True} and [each.lifted_at is None for each in all_of(Override)] == [False, True]
    for _ in range(2):
        assert desk.post(f"{path}/lift").status_code == 302
    assert eligible() == {True} and acts().count("applications.lift_override") == 1


def test_a_later_sending_of_the_institution_s_leaves_staff_s_word(system_context: AppContext) -> None:
    with clock.at(sheets.NOW):
        steps.load_mdia()
        assert sheets.load(sheets.as_csv(sheets.one())).loaded == 1
        (row,) = all_of(Application)
        assert row.eligible is True
        with writing():
            overrides.override(SYSTEM, row.reference, False, "Diplôme non reconnu.")
        later = sheets.one(sent="2025-07-01 10:00:00", city="Tétouan")
        sheets.load(sheets.as_csv(later))
        (row,) = all_of(Application)
        assert row.answers["city"] == "Tétouan" and row.eligible is False
        with writing():
            overrides.lift(SYSTEM, row.reference)
        assert all_of(Application)[0].eligible is True
