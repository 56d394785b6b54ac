"""The table of scenarios: what a commission tried out of a choice, and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned
from cohortmgr.selection.scenarios.rules import LONGEST_NAME


class Scenario(Row, Versioned, Model):
    """A choice that was tried out on the board of an offering, and kept under a name.

    `changes` is that of `ScenarioChanges.as_json`; `rests_on` says of which state of the marks it was kept, or computed
    last. `figures` is what the worker found of it where an intake is large, empty elsewhere: a board of few files is
    computed when it is looked at. `made_by` is the reference of an account."""

    __tablename__ = "scenarios"
    __trail__ = "scenario"
    __table_args__ = (
        sa.Index("ix_scenarios_offering_id_id", "offering_id", "id"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"))
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    changes: Mapped[dict[str, Any]]
    rests_on: Mapped[str] = mapped_column(sa.String(100))
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    job_reference: Mapped[str] = mapped_column(sa.String(26), default="")
    made_by: Mapped[str] = mapped_column(sa.String(26))
    made_at: Mapped[datetime]
