"""The names that staff read for the ways in which a message fails to arrive."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind

DELIVERY_TROUBLE_NAMES: Mapping[DeliveryTroubleKind, str] = {
    DeliveryTroubleKind.BOUNCE: N_("L’adresse n’existe pas ou ne reçoit pas."),
    DeliveryTroubleKind.COMPLAINT: N_(
        "La personne a signalé ce message comme indésirable ; les annonces sont arrêtées."
    ),
    DeliveryTroubleKind.REFUSED: N_("Son service de courrier a refusé le message."),
    DeliveryTroubleKind.UNREACHABLE: N_(
        "Le message n’a pas pu être remis : boîte pleine, service muet ou aucune adresse."
    ),
    DeliveryTroubleKind.UNCLEAR: N_(
        "Un serveur a répondu sans dire de raison que nous sachions lire : le message n’est peut-être pas arrivé."
    ),
}
