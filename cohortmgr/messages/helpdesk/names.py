"""The names that people read for the help desk's topics, states and parts of threads. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_
from cohortmgr.messages.helpdesk.rules import QUESTION_STATES, EntryKind, HelpRequestState, Topic

TOPICS: Mapping[Topic, str] = {
    Topic.APPLICATION: N_("Ma candidature"),
    Topic.DOCUMENTS: N_("Les documents à joindre"),
    Topic.CONDITIONS: N_("Les conditions pour candidater"),
    Topic.DATES: N_("Les dates et le déroulement"),
    Topic.DECISION: N_("Une décision ou une offre"),
    Topic.PAYMENT: N_("Une bourse ou un paiement"),
    Topic.ACCOUNT: N_("Mon compte, me connecter"),
    Topic.READ_DATA: N_("Mes données : les lire"),
    Topic.CORRECT_DATA: N_("Mes données : les corriger"),
    Topic.OBJECT_DATA: N_("Mes données : m’opposer à un usage"),
    Topic.ERASE_DATA: N_("Mes données : les effacer"),
    Topic.OTHER: N_("Autre chose"),
}
TAGS: Mapping[HelpRequestState, str] = {
    HelpRequestState.OPEN: "wait",
    HelpRequestState.WAITING: "info",
    HelpRequestState.ANSWERED: "done",
    HelpRequestState.CLOSED: "neutral",
}
# The states as whoever asked reads them: whose turn it is, from their side.
OWN_STATES: Mapping[HelpRequestState, str] = {
    **QUESTION_STATES.names,
    HelpRequestState.OPEN: N_("Réponse attendue"),
    HelpRequestState.WAITING: N_("À vous de répondre"),
}
OWN_TAGS: Mapping[HelpRequestState, str] = {
    **TAGS,
    HelpRequestState.OPEN: "info",
    HelpRequestState.WAITING: "wait",
}
PARTS: Mapping[EntryKind, str] = {
    EntryKind.ASKED: N_("Question"),
    EntryKind.ADDED: N_("Ajout"),
    EntryKind.MAIL: N_("Reçu par e-mail"),
    EntryKind.ANSWER: N_("Réponse"),
    EntryKind.CALL: N_("Appel téléphonique"),
    EntryKind.NOTE: N_("Note interne"),
}
