"""What is said to those who apply. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import Notice, Variable

_PROGRAMME = {
    "fr": "Master en ingénierie des données",
    "ar": "ماستر هندسة البيانات",
    "en": "Master in Data Engineering",
}
_DOCUMENT = {"fr": "Relevés de notes", "ar": "بيانات النقط", "en": "Transcripts"}
_INTAKE = {"fr": "Rentrée 2027", "ar": "دخول 2027", "en": "2027 intake"}
_NAME = Variable("name", "text", "Salma Bennis")
_DAYS = Variable("days", "number", 30, required=True)

NOTICES = (
    Notice(
        "application_received",
        N_("Candidature reçue"),
        (
            _NAME,
            Variable("number", "text", "MDIA-7K3QXP", required=True),
            Variable("programme", "localized", _PROGRAMME),
            Variable("intake", "localized", _INTAKE),
            Variable("decision_by", "day", date(2027, 5, 12), required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}"),
        ),
    ),
    Notice(
        "draft_reminder",
        N_("Rappel d’une candidature non envoyée"),
        (
            _NAME,
            Variable("programme", "localized", _PROGRAMME),
            Variable("intake", "localized", _INTAKE),
            Variable("deadline", "moment", datetime(2027, 3, 31, 22, 59, tzinfo=UTC), required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}"),
        ),
    ),
    Notice(
        "document_refused",
        N_("Document refusé après l’envoi"),
        (
            _NAME,
            Variable("programme", "localized", _PROGRAMME),
            Variable("document", "localized", _DOCUMENT, required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}"),
        ),
    ),
    Notice(
        "document_awaited",
        N_("Rappel d’un document promis"),
        (
            _NAME,
            Variable("programme", "localized", _PROGRAMME),
            Variable("document", "localized", _DOCUMENT, required=True),
            Variable("day", "day", date(2027, 4, 15), required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}"),
        ),
    ),
    Notice(
        "claim_file",
        N_("Invitation à reprendre son dossier"),
        (
            _NAME,
            Variable("number", "text", "MDIA-7K3QXP"),
            Variable("programme", "localized", _PROGRAMME),
            _DAYS,
            Variable("token", "link", "7K3QXPB2M4", required=True, path="/links/{}"),
        ),
        bears_a_key=True,
    ),
    Notice(
        "guardian_asked",
        N_("Accord demandé au tuteur légal"),
        (
            _NAME,
            Variable("programme", "localized", _PROGRAMME),
            Variable("count", "number", 2),
            _DAYS,
            Variable("token", "link", "7K3QXPB2M4", required=True, path="/guardian/{}"),
        ),
        bears_a_key=True,
    ),
    Notice(
        "guardian_receipt",
        N_("Reçu des réponses du tuteur légal"),
        (
            _NAME,
            Variable("programme", "localized", _PROGRAMME),
            Variable("count", "number", 2),
            _DAYS,
            Variable("token", "link", "7K3QXPB2M4", required=True, path="/guardian/{}"),
        ),
        bears_a_key=True,
    ),
    Notice(
        "repair_row",
        N_("Correction demandée"),
        (
            _NAME,
            Variable("programme", "localized", _PROGRAMME),
            _DAYS,
            Variable("token", "link", "7K3QXPB2M4", required=True, path="/repair/{}"),
        ),
        bears_a_key=True,
    ),
    Notice(
        "correction_asked",
        N_("Correction demandée sur un dossier"),
        (
            _NAME,
            Variable("number", "text", "MDIA-7K3QXP"),
            Variable("programme", "localized", _PROGRAMME),
            Variable("intake", "localized", _INTAKE),
            Variable("questions", "list", ["Moyenne du semestre 3", "Relevés de notes"], required=True),
            Variable("message", "text", "Le relevé est coupé en bas."),
            Variable("until", "moment", datetime(2027, 4, 6, 22, 59, tzinfo=UTC), required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}/correction"),
        ),
    ),
    Notice(
        "correction_done",
        N_("Corrections reçues"),
        (
            _NAME,
            Variable("number", "text", "MDIA-7K3QXP"),
            Variable("programme", "localized", _PROGRAMME),
            Variable("intake", "localized", _INTAKE),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}"),
        ),
    ),
    Notice(
        "deadline_extended",
        N_("Délai prolongé"),
        (
            _NAME,
            Variable("programme", "localized", _PROGRAMME),
            Variable("intake", "localized", _INTAKE),
            Variable("deadline", "moment", datetime(2027, 3, 31, 22, 59, tzinfo=UTC), required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}"),
        ),
    ),
    Notice(
        "late_start",
        N_("Délai donné pour commencer une candidature"),
        (
            Variable("programme", "localized", _PROGRAMME),
            Variable("intake", "localized", _INTAKE),
            Variable("deadline", "moment", datetime(2027, 3, 31, 22, 59, tzinfo=UTC), required=True),
            Variable("page", "link", "7K3QXPB2M4", required=True, path="/intakes/{}/apply"),
        ),
    ),
    Notice(
        "after_acceptance_asked",
        N_("À fournir pour l’inscription"),
        (
            _NAME,
            Variable("number", "text", "MDIA-7K3QXP"),
            Variable("programme", "localized", _PROGRAMME),
            Variable("intake", "localized", _INTAKE),
            Variable("starts_on", "day", date(2027, 9, 15)),
            Variable(
                "questions", "list", ["RIB (24 chiffres)", "Copie de la pièce d’identité"], required=True
            ),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}/joining"),
        ),
    ),
)
