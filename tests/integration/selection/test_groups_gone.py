"""Sealed bounds whose group the form does not know any more: nothing is proposed under a bound that counts nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.questions import Question
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.choosing.rules import Bound
from tests.factories.choices import browser, known, read, readers, seal, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")


def sealed_and_read(bound: Bound) -> Intake:
    intake = sent(6, seats=3)
    for role in (Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR):
        someone(intake, role)
    table = table_of(Application)
    with writing():
        for row in db.session.execute(sa.select(table.c.id, table.c.answers)).all():
            answers = {**row.answers, "region": "MA-04", "sex": "f"}
            db.session.execute(sa.update(table).where(table.c.id == row.id).values(answers=answers))
    seal(intake, bound)
    read(intake, readers(intake))
    return intake


def published(change: Callable[[Question], Question | None]) -> None:
    """Publish the definition with each question of the form as `change` gives it back."""
    found: Definition = read_known("mdia")
    sections = tuple(
        replace(each, questions=tuple(new for question in each.questions if (new := change(question))))
        for each in found.form.sections
    )
    changed = replace(found, form=replace(found.form, sections=sections))
    with writing():
        programmes.load_definition(SYSTEM, replace(changed, selection=replace(found.selection, bound=())))


def propose() -> str:
    intake = queries.intake_of("mdia", "2025")
    manager = known("selection_manager@inpt.ma")
    with writing():
        return decisions.propose(manager, intake.reference, open_until=intake.closes_at).state


def test_a_sealed_ceiling_does_not_vanish_with_the_question_that_it_speaks_of(app: Flask) -> None:
    sealed_and_read(Bound({"region": "MA-04"}, None, 1))
    published(lambda question: None if question.key == "region" else question)
    with pytest.raises(Refused, match="ne demande plus") as refused:
        propose()
    assert "MA-04" in str(refused.value.problems[0].values)
    intake = queries.intake_of("mdia", "2025")
    page = browser(app, known("selection_manager@inpt.ma")).get(f"/staff/intakes/{intake.reference}/ranking")
    assert "ne demande plus" in page.text, "whoever looks at the ranking reads it before they propose"


def test_an_option_that_is_gone_is_told_and_once_it_is_back_the_bound_counts() -> None:
    sealed_and_read(Bound({"sex": "f"}, None, 1))
    published(
        lambda question: (
            question
            if question.key != "sex"
            else replace(question, options=tuple(each for each in question.options if each.key != "f"))
        )
    )
    with pytest.raises(Refused, match="ne demande plus"):
        propose()
    published(lambda question: question)
    assert propose() == "proposed"
