"""What the frame asks of an intake for everybody is built once: nothing of it rests on the viewer or on the moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.registries.waiting import OfIntake, workspace_of
from cohortmgr.programmes.models import Intake

pytestmark = [pytest.mark.sqlite_only, pytest.mark.usefixtures("system_context")]
YEARS = timedelta(days=5_000)


def asked(app: Flask) -> Iterator[OfIntake]:
    """What rooms ask of an intake and have said is the same for all."""
    for room in workspace_of(app).rooms:
        for ask in (room.reference, room.count, room.dot):
            if ask is not None and hasattr(ask, "__wrapped__"):
                yield ask


def written(expression: Any) -> str:
    """A part of a statement, with its values."""
    return str(expression.compile(db.engine, compile_kwargs={"literal_binds": True}))


def test_it_says_the_same_at_any_moment_and_for_anybody(app: Flask) -> None:
    column = Intake.id.expression
    asks = list(asked(app))
    assert len(asks) > 6
    for ask in asks:
        kept = ask(SYSTEM, column)
        assert ask(ANONYMOUS, column) is kept
        with clock.at(clock.now() + YEARS):
            assert written(ask.__wrapped__(column)) == written(kept)  # type: ignore[attr-defined]  # of functools


def test_another_column_is_asked_about_apart(app: Flask) -> None:
    other = Intake.programme_id.expression
    for ask in asked(app):
        assert written(ask(SYSTEM, other)) != written(ask(SYSTEM, Intake.id.expression))
