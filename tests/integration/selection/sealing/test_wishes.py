"""What files wish for is read for all at once: from the form's ranking, or where there is none, from their offering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.definition.rules import Condition, ConditionOperator
from cohortmgr.programmes.models import Offering
from cohortmgr.programmes.queries import definition_of, offerings_of
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.sealing import queries
from tests.factories.choices import MANAGER, known
from tests.integration.selection.joint import market
from tests.integration.selection.joint.market import FES, FR, SF, joint, numbered

pytestmark = pytest.mark.usefixtures("system_context")
Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    with clock.at(market.CLOSED):
        yield


def test_wishes_are_the_ranking_and_else_the_offering_of_the_file(statements: Statements) -> None:
    intake = joint(((FR, SF), (), ("ailleurs", SF), ("ailleurs",)))
    offerings = offerings_of(intake)
    with statements() as seen:
        found = queries.wishes_in(intake, offerings)
    assert len(seen) == 1
    assert found == {
        numbered(1): (FR, SF), numbered(2): (FR,), numbered(3): (SF,), numbered(4): (FR,)
    }  # fmt: skip
    assert queries.wishes_in(intake, offerings, [numbered(3)]) == {numbered(3): (SF,)}


def test_a_ranking_that_other_answers_hide_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = joint(((SF, FR),))
    definition = definition_of(intake).of_intake(intake.key)
    asked = Condition("moving", ConditionOperator.NOT_EMPTY)
    sections = tuple(
        replace(each, show_when=(asked,)) if each.key == "choix" else each
        for each in definition.form.sections
    )
    hidden = replace(definition, form=replace(definition.form, sections=sections))
    monkeypatch.setattr(queries.programmes, "definition_of", lambda _intake: hidden)
    assert queries.wishes_in(intake, offerings_of(intake)) == {numbered(1): (SF,)}, (
        "that of its offering alone"
    )


def test_seats_are_given_by_wishes_where_there_are_several_offerings_and_rules() -> None:
    intake = joint()
    assert queries.covers_all(intake)
    with writing():
        batch = decisions.propose(known(MANAGER), intake.reference)
        own = next(each.id for each in offerings_of(intake) if each.key == FES)
        db.session.execute(sa.text("UPDATE batches SET offering_id = :o"), {"o": own})
    db.session.expire_all()
    assert not queries.covers_all(intake), "what was begun by offering ends so"
    with writing():
        db.session.execute(sa.text("UPDATE batches SET offering_id = NULL"))
        db.session.execute(sa.text("UPDATE rules_versions SET state = 'draft'"))
    assert queries.covers_all(intake) and batch is not None
    with writing():
        db.session.execute(sa.text("UPDATE batches SET state = 'cancelled'"))
    assert not queries.covers_all(intake)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Offering)) == 26
