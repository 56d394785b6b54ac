"""The messages that selection sends: their names and variables. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import FILE_NUMBER, INTAKE, NAME, PROGRAMME, STARTS_ON, Notice, Variable

_REASONS = (
    {"what": N_("Les places sont allées à des dossiers mieux classés."), "values": {}},
    {"what": N_("Votre rang : %(rank)s."), "values": {"rank": 84}},
)
# The variables of every letter about a decision.
_ALL = (
    NAME,
    FILE_NUMBER,
    PROGRAMME,
    INTAKE,
    Variable("offering", "localized", {"fr": "Rabat", "ar": "الرباط", "en": "Rabat"}),
    STARTS_ON,
    Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/offers/{}"),
)
_DEADLINE = Variable("deadline", "moment", datetime(2027, 5, 20, 13, tzinfo=UTC), required=True)
_UNTIL = Variable("until", "moment", datetime(2027, 5, 21, 13, tzinfo=UTC), required=True)
_REASON = Variable("reason", "text", "La promotion n’ouvre pas cette année.", required=True)

NOTICES = (
    Notice("offer_made", N_("Offre d’une place"), (*_ALL, _DEADLINE), urgent=True),
    Notice("offer_reminder", N_("Rappel de l’offre"), (*_ALL, _DEADLINE)),
    Notice("offer_late", N_("Délai passé, un jour de grâce"), (*_ALL, _UNTIL), urgent=True),
    Notice("offer_accepted", N_("Place confirmée"), _ALL),
    Notice("offer_declined", N_("Renoncement noté"), _ALL),
    Notice("offer_expired", N_("Délai de l’offre passé"), _ALL),
    Notice("offer_extended", N_("Délai de l’offre prolongé"), (*_ALL, _DEADLINE), urgent=True),
    Notice("offer_withdrawn", N_("Offre retirée"), (*_ALL, _REASON)),
    Notice("waiting_closed", N_("Liste d’attente close"), _ALL),
    Notice(
        "waiting_listed",
        N_("Place sur la liste d’attente"),
        (*_ALL, Variable("position", "number", 4, required=True)),
    ),
    Notice(
        "refused",
        N_("Candidature non retenue"),
        (*_ALL, Variable("reasons", "reasons", _REASONS, required=True)),
    ),
)
