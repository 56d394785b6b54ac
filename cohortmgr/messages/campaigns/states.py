"""The life of a campaign: its states and the moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from cohortmgr.base.errors import N_


class CampaignState(StrEnum):
    """Where a campaign, one text to many people, stands."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


CAMPAIGN_TRANSITIONS: Mapping[CampaignState, tuple[CampaignState, ...]] = {
    CampaignState.DRAFT: (CampaignState.PROPOSED, CampaignState.CANCELLED),
    CampaignState.PROPOSED: (CampaignState.APPROVED, CampaignState.DRAFT, CampaignState.CANCELLED),
    CampaignState.APPROVED: (CampaignState.SENDING, CampaignState.DRAFT, CampaignState.CANCELLED),
    CampaignState.SENDING: (CampaignState.PAUSED, CampaignState.DONE, CampaignState.CANCELLED),
    CampaignState.PAUSED: (CampaignState.SENDING, CampaignState.CANCELLED),
    # Failed messages may be sent again.
    CampaignState.DONE: (CampaignState.SENDING,),
    CampaignState.CANCELLED: (),
}
CAMPAIGN_MEANINGS: Mapping[CampaignState, str] = {
    CampaignState.DRAFT: N_("Le texte et la liste se préparent ; rien ne part."),
    CampaignState.PROPOSED: N_("La liste est figée ; l’envoi attend l’accord d’une deuxième personne."),
    CampaignState.APPROVED: N_("L’envoi est approuvé et partira à son heure ; jusque-là, il s’annule."),
    CampaignState.SENDING: N_("Les messages partent."),
    CampaignState.PAUSED: N_("L’envoi est suspendu : plus rien ne part jusqu’à la reprise."),
    CampaignState.DONE: N_("Plus aucun message n’attend."),
    CampaignState.CANCELLED: N_("L’envoi est annulé : ce qui n’était pas parti ne partira pas."),
}
