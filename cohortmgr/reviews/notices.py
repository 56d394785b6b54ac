"""The messages that reviews send: their names and variables. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import INTAKE, NAME, PROGRAMME, Notice, Variable

_WHAT = Variable("what", "localized", {"fr": "Entretien", "ar": "مقابلة", "en": "Interview"}, required=True)
_WHEN = Variable("when", "moment", datetime(2027, 6, 3, 9, 30, tzinfo=UTC), required=True)
_PLACE = Variable("place", "text", "12, avenue Allal El Fassi, Rabat, salle 4")
# What every letter to whoever comes to an interview or a test says.
_OF_A_SLOT = (
    NAME,
    PROGRAMME,
    INTAKE,
    _WHAT,
    Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/interviews/{}"),
)

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
    Notice("slot_awaited", N_("Créneau à choisir"), _OF_A_SLOT),
    Notice("slot_booked", N_("Créneau réservé"), (*_OF_A_SLOT, _WHEN, _PLACE), urgent=True),
    Notice("slot_changed", N_("Créneau changé"), (*_OF_A_SLOT, _WHEN, _PLACE), urgent=True),
    Notice(
        "slot_called_off",
        N_("Créneau annulé par l’équipe"),
        (
            *_OF_A_SLOT,
            _WHEN,
            Variable("reason", "text", "Le jury est empêché ce jour-là.", required=True),
        ),
        urgent=True,
    ),
    Notice("slot_tomorrow", N_("Rappel du créneau de demain"), (*_OF_A_SLOT, _WHEN, _PLACE)),
    Notice(
        "panel_tomorrow",
        N_("Journée de demain, pour le jury"),
        (
            NAME,
            PROGRAMME,
            INTAKE,
            _WHAT,
            _WHEN,
            _PLACE,
            Variable("number", "number", 8, required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/staff/interviews/{}"),
        ),
    ),
)
