"""What staff call messages and their states. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_
from cohortmgr.outbox.rules import MessageState

KEYS: Mapping[str, str] = {
    "application_received": N_("Candidature reçue"),
    "apprentices_assigned": N_("Apprentis affectés à l’entreprise"),
    "claim_file": N_("Invitation à reprendre son dossier"),
    "new_password": N_("Nouveau mot de passe"),
    "offer_accepted": N_("Place confirmée"),
    "offer_declined": N_("Renoncement noté"),
    "offer_expired": N_("Délai de l’offre passé"),
    "offer_made": N_("Offre d’une place"),
    "offer_reminder": N_("Rappel de l’offre"),
    "placement_made": N_("Affectation à une entreprise"),
    "refused": N_("Candidature non retenue"),
    "repair_row": N_("Correction demandée"),
    "waiting_listed": N_("Place sur la liste d’attente"),
}
STATES: Mapping[MessageState, str] = {
    MessageState.WAITING: N_("En attente"),
    MessageState.SENDING: N_("En cours d’envoi"),
    MessageState.SENT: N_("Parti"),
    MessageState.SET_ASIDE: N_("Mis de côté"),
    MessageState.DROPPED: N_("Sans objet"),
    MessageState.RETURNED: N_("Revenu"),
}
TAGS: Mapping[MessageState, str] = {
    MessageState.WAITING: "wait",
    MessageState.SENDING: "info",
    MessageState.SENT: "done",
    MessageState.SET_ASIDE: "stop",
    MessageState.DROPPED: "neutral",
    MessageState.RETURNED: "stop",
}
LANGUAGE_NAMES: Mapping[str, str] = {"fr": N_("français"), "ar": N_("arabe"), "en": N_("anglais")}
