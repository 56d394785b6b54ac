"""The messages that reviews send: their names and variables. Pure."""

from __future__ import annotations

from datetime import date

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import INTAKE, NAME, PROGRAMME, Notice, Variable

NOTICES = (
    Notice(
        "readings_due",
        N_("Rappel des lectures à remettre"),
        (
            NAME,
            PROGRAMME,
            INTAKE,
            Variable("number", "number", 12, required=True),
            Variable("day", "day", date(2027, 5, 20), required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/staff/reviews?intake={}"),
        ),
    ),
)
