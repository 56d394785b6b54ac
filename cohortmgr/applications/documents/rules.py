"""Rules of papers: their states, the reasons for refusing one, and how large it may be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table

MEDIA_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
NAMES = {"pdf": "PDF", "jpg": "JPG", "png": "PNG"}
# A question that takes photos takes any of these kinds, whichever a telephone makes.
PHOTOS = frozenset({"jpg", "png", "webp", "heic"})
LARGEST = 10 * 1024 * 1024
MOST_FILES, MOST_PAGES = 10, 20


class DocumentState(StrEnum):
    """Where a paper stands."""

    RECEIVED = "received"
    ASIDE = "aside"
    CLEAN = "clean"
    REFUSED = "refused"
    PROMISED = "promised"


DOCUMENT_STATES = Table(
    {
        DocumentState.RECEIVED: Stage(
            N_("Le document est bien arrivé ; il est vérifié en quelques secondes."),
            to=(DocumentState.CLEAN, DocumentState.REFUSED, DocumentState.ASIDE),
            name=N_("En cours de vérification"),
        ),
        DocumentState.ASIDE: Stage(
            N_("Le document est bien arrivé ; il sera lu dès que l’antivirus répond."),
            to=(DocumentState.CLEAN, DocumentState.REFUSED, DocumentState.RECEIVED),
            name=N_("En attente de l’antivirus"),
        ),
        DocumentState.CLEAN: Stage(
            N_("Le document est lisible ; voici ses pages comme elles seront lues."),
            to=(DocumentState.RECEIVED,),
            name=N_("Reçu"),
        ),
        DocumentState.REFUSED: Stage(
            N_("Le document ne peut pas être lu ; envoyez-le de nouveau."),
            to=(DocumentState.RECEIVED,),
            name=N_("Refusé"),
        ),
        DocumentState.PROMISED: Stage(
            N_("Le document sera envoyé plus tard, avant le jour dit."),
            to=(DocumentState.RECEIVED,),
            name=N_("Promis"),
        ),
    }
)
STATE_KINDS: Mapping[DocumentState, str] = {
    DocumentState.RECEIVED: "wait",
    DocumentState.ASIDE: "wait",
    DocumentState.CLEAN: "done",
    DocumentState.REFUSED: "stop",
    DocumentState.PROMISED: "info",
}

REASONS: Mapping[str, str] = {
    "encrypted": N_(
        "Ce PDF est protégé par un mot de passe. Envoyez-le sans protection, ou une photo de chaque page."
    ),
    "unreadable": N_(
        "Ce fichier est abîmé : il ne s’ouvre pas. Envoyez-le de nouveau, ou une photo de chaque page."
    ),
    "blank": N_(
        "Ce document est d’une seule couleur : on n’y lit rien. Prenez la photo de nouveau, ou numérisez la page "
        "encore une fois."
    ),
    "too_many_pages": N_("Ce document a trop de pages. Envoyez seulement celles qui sont demandées."),
    "too_many_pixels": N_(
        "Cette image est trop grande. Prenez la photo en qualité moyenne, puis envoyez-la."
    ),
    "too_heavy": N_("Ce fichier est trop compliqué à lire. Envoyez plutôt une photo de chaque page."),
    "active": N_("Ce PDF contient un programme. Envoyez plutôt une photo de chaque page."),
    "virus": N_("L’antivirus a refusé ce fichier. Vérifiez votre appareil, puis envoyez un autre fichier."),
}


class Paper(Protocol):
    """What was sent, or promised, for a question that asks for a paper."""

    @property
    def state(self) -> str: ...


def papers_of(documents: Mapping[str, Paper]) -> set[str]:
    """Of the documents by question, the questions whose paper was sent or promised, and not refused since."""
    return {key for key, paper in documents.items() if paper.state != DocumentState.REFUSED}
