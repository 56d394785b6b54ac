"""What the worker keeps of a phase is what rankings, closings and certificates rest on, number for number.

Written against h-marks and h-page merged; its place is tests/integration/reviews/jury/test_chosen_after_job.py.
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.base.db import db, writing
from cohortmgr.reviews.harmonising.models import HarmonisedFile
from cohortmgr.reviews.harmonising.queries import harmonisation_of, is_fresh
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.jury.actions import choosing
from cohortmgr.reviews.phases.actions import closing
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.certificate import verify
from cohortmgr.selection.queries import ranking_of
from tests.factories.choices import browser, known
from tests.factories.working import work
from tests.integration.reviews.jury.uneven import phased, read_unevenly

pytestmark = pytest.mark.usefixtures("system_context")


@pytest.mark.parametrize("has_phases", [False, True])
def test_what_the_worker_kept_is_what_counts_once_it_is_chosen(app: Flask, has_phases: bool) -> None:
    intake = read_unevenly(definition=phased() if has_phases else None)
    manager = known("selection_manager@inpt.ma")
    client, page = browser(app, manager), f"/staff/intakes/{intake.reference}/harmonisation"
    assert client.get(page).status_code == 200, "opening it asks the worker"
    work()
    db.session.expire_all()
    kept = harmonisation_of(intake.id, "dossiers")
    assert kept is not None and is_fresh(intake.id, "dossiers", kept.digest)
    with writing():
        choosing.choose(
            manager, intake.reference, "dossiers", MarkBasis.WEIGHTED, "Une évaluatrice généreuse"
        )
    board = ranking_of(intake)
    rows = db.session.execute(sa.select(HarmonisedFile.application_id, HarmonisedFile.weighted))
    assert {row[0]: row[1] for row in rows} == {
        file.application_id: file.marked(board.rubric).harmonised["dossiers"] for file in board.files.values()
    }
    assert "datent d’avant" not in client.get(f"/staff/intakes/{intake.reference}/ranking").text
    if has_phases:
        plan = closing.plan_closing(manager, intake.reference)
        with writing():
            assert closing.close(manager, plan, plan.stamp).gone_on == 4
        return
    with writing():
        batch = decisions.propose(manager, intake.reference)
    assert batch.certificate["format"] == 5 and verify(batch.certificate) == []
