"""The demonstration calls its waiting list within the season of its intake, when seats are still offered."""

from __future__ import annotations

from cohortmgr.demo.commands import choice
from cohortmgr.demo.commands.load import STEPS
from cohortmgr.demo.commands.setting import INTAKE
from cohortmgr.programmes.definition.toml import read_known


def test_decisions_and_answers_come_after_the_close_and_before_the_last_day_of_offers() -> None:
    definition = read_known("mdia")
    days = [step.day for step in STEPS if step.act in (choice.decide, choice.answer)]
    assert len(days) == 2
    for day in days:
        assert day is not None
        assert definition.intake(INTAKE).closes_at.date() < day <= definition.last_offer_day(INTAKE)
