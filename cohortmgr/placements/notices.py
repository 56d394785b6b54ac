"""What is said of placements. Pure."""

from __future__ import annotations

from datetime import date

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import Notice, Variable

_NAME = Variable("name", "text", "Salma Bennis")
_COMPANY = Variable(
    "company", "localized", {"fr": "Atlas Données", "ar": "أطلس للبيانات", "en": "Atlas Data"}
)
_STARTS_ON = Variable("starts_on", "day", date(2027, 9, 15), required=True)

NOTICES = (
    Notice("placement_made", N_("Affectation à une entreprise"), (_NAME, _COMPANY, _STARTS_ON)),
    Notice(
        "apprentices_assigned",
        N_("Apprentis affectés à l’entreprise"),
        (
            _NAME,
            _COMPANY,
            _STARTS_ON,
            Variable("count", "number", 2),
            Variable("names", "list", ("Yassine Amrani", "Hiba Tazi"), required=True),
        ),
    ),
)
