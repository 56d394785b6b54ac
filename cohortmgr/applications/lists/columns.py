"""The columns of the staff's list: which there are, what they are called, and which are shown at first."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_

COLUMN_NAMES: Mapping[str, str] = {
    "number": N_("Numéro"),
    "diploma": N_("Diplôme"),
    "average": N_("Moyenne"),
    "region": N_("Région"),
    "conditions": N_("Conditions"),
    "state": N_("État"),
    "source": N_("Origine"),
    "sent": N_("Envoyée le"),
    "offering": N_("Choix"),
    "email": N_("Adresse e-mail"),
    "language": N_("Langue"),
    "documents": N_("Documents"),
    "notes": N_("Notes"),
    "correction": N_("Correction"),
    "outcome": N_("Décision"),
    "changed": N_("Modifiée le"),
}
SORTED_BY: Mapping[str, str] = {
    "number": "number", "average": "average", "region": "region", "sent": "sent", "diploma": "diploma",
    "outcome": "outcome",
}  # fmt: skip

COLUMNS = (
    "number",
    "diploma",
    "average",
    "region",
    "conditions",
    "state",
    "source",
    "sent",
    "offering",
    "email",
    "language",
    "documents",
    "notes",
    "correction",
    "outcome",
    "changed",
)

PLAIN_COLUMNS = "number,diploma,average,region,conditions,state,source,sent"
