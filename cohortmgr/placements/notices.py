"""The messages about placements: their names and variables. Pure."""

from __future__ import annotations

from dataclasses import replace

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import NAME, STARTS_ON, Notice, Variable

_COMPANY = Variable(
    "company", "localized", {"fr": "Atlas Données", "ar": "أطلس للبيانات", "en": "Atlas Data"}
)
_STARTS_ON = replace(STARTS_ON, required=True)

NOTICES = (
    Notice("placement_made", N_("Affectation à une entreprise"), (NAME, _COMPANY, _STARTS_ON)),
    Notice(
        "apprentices_assigned",
        N_("Apprentis affectés à l’entreprise"),
        (
            NAME,
            _COMPANY,
            _STARTS_ON,
            Variable("count", "number", 2),
            Variable("names", "list", ("Yassine Amrani", "Hiba Tazi"), required=True),
        ),
    ),
)
