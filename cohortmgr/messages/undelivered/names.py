"""The names that staff read for the ways in which a message fails to arrive."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_
from cohortmgr.messages.undelivered.rules import TroubleKind

TROUBLES: Mapping[TroubleKind, str] = {
    TroubleKind.BOUNCE: N_("L’adresse n’existe pas ou ne reçoit pas."),
    TroubleKind.COMPLAINT: N_(
        "La personne a signalé ce message comme indésirable ; les annonces sont arrêtées."
    ),
    TroubleKind.REFUSED: N_("Son service de courrier a refusé le message."),
    TroubleKind.UNREACHABLE: N_(
        "Le message n’a pas pu être remis : boîte pleine, service muet ou aucune adresse."
    ),
}
