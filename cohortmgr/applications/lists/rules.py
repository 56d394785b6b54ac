"""The life of a kept list: a long workbook that somebody asked for and fetches later."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table

# A workbook of more rows is no answer to a request: the worker writes it, and it is kept.
MOST_AT_ONCE = 5_000
# How long a kept list can be fetched. Then it is erased.
KEPT = timedelta(days=3)


class ListExportState(StrEnum):
    """Where a kept list stands."""

    WRITING = "writing"
    READY = "ready"
    FAILED = "failed"
    CLOSED = "closed"


LIST_EXPORT_STATES = Table(
    {
        ListExportState.WRITING: Stage(
            N_("Le classeur s’écrit."),
            to=(ListExportState.READY, ListExportState.FAILED, ListExportState.CLOSED),
        ),
        ListExportState.READY: Stage(N_("Le classeur est prêt à être téléchargé.")),
        ListExportState.FAILED: Stage(N_("L’écriture a échoué : il faut redemander le classeur.")),
        ListExportState.CLOSED: Stage(
            N_("Ces dossiers ne vous sont plus ouverts : le classeur n’a pas été écrit.")
        ),
    }
)
