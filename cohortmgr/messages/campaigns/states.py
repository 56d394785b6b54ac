"""The life of a campaign: its states and the moves between them."""

from __future__ import annotations

from enum import StrEnum

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table


class CampaignState(StrEnum):
    """Where a campaign, one text to many people, stands."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


CAMPAIGN_STATES = Table(
    {
        CampaignState.DRAFT: Stage(
            N_("Le texte et la liste se préparent ; rien ne part."),
            to=(CampaignState.PROPOSED, CampaignState.CANCELLED),
            name=N_("Brouillon"),
        ),
        CampaignState.PROPOSED: Stage(
            N_("La liste est figée ; l’envoi attend l’accord d’une deuxième personne."),
            to=(CampaignState.APPROVED, CampaignState.DRAFT, CampaignState.CANCELLED),
            name=N_("Attend un accord"),
        ),
        CampaignState.APPROVED: Stage(
            N_("L’envoi est approuvé et partira à son heure ; jusque-là, il s’annule."),
            to=(CampaignState.SENDING, CampaignState.DRAFT, CampaignState.CANCELLED),
            name=N_("Programmé"),
        ),
        CampaignState.SENDING: Stage(
            N_("Les messages partent."),
            to=(CampaignState.PAUSED, CampaignState.DONE, CampaignState.CANCELLED),
            name=N_("En cours"),
        ),
        CampaignState.PAUSED: Stage(
            N_("L’envoi est suspendu : plus rien ne part jusqu’à la reprise."),
            to=(CampaignState.SENDING, CampaignState.CANCELLED),
            name=N_("Suspendu"),
        ),
        # What failed may be sent again.
        CampaignState.DONE: Stage(
            N_("Plus aucun message n’attend."), to=(CampaignState.SENDING,), name=N_("Terminé")
        ),
        CampaignState.CANCELLED: Stage(
            N_("L’envoi est annulé : ce qui n’était pas parti ne partira pas."), name=N_("Annulé")
        ),
    }
)
