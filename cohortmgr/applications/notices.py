"""The messages that this room sends to applicants and guardians: key, title and variables of each. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import FILE_NUMBER, INTAKE, NAME, PROGRAMME, STARTS_ON, Notice, Variable

_DOCUMENT = Variable(
    "document",
    "localized",
    {"fr": "Relevés de notes", "ar": "بيانات النقط", "en": "Transcripts"},
    required=True,
)
_DEADLINE = Variable("deadline", "moment", datetime(2027, 3, 31, 22, 59, tzinfo=UTC), required=True)
_DAYS = Variable("days", "number", 30, required=True)
_FILE = Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}")
_GUARDIAN = Variable("token", "link", "7K3QXPB2M4", required=True, path="/guardian/{}")

NOTICES = (
    Notice(
        "application_received",
        N_("Candidature reçue"),
        (
            NAME,
            replace(FILE_NUMBER, required=True),
            PROGRAMME,
            INTAKE,
            Variable("decision_by", "day", date(2027, 5, 12), required=True),
            _FILE,
        ),
    ),
    Notice(
        "guardian_agreed",
        N_("Accord du tuteur légal donné, à l’enfant"),
        (NAME, replace(FILE_NUMBER, required=True), PROGRAMME, _FILE),
    ),
    Notice(
        "draft_reminder",
        N_("Rappel d’une candidature non envoyée"),
        (NAME, PROGRAMME, INTAKE, _DEADLINE, _FILE),
    ),
    Notice(
        "document_refused",
        N_("Document refusé après l’envoi"),
        (NAME, PROGRAMME, _DOCUMENT, _FILE),
    ),
    Notice(
        "document_awaited",
        N_("Rappel d’un document promis"),
        (NAME, PROGRAMME, _DOCUMENT, Variable("day", "day", date(2027, 4, 15), required=True), _FILE),
    ),
    Notice(
        "claim_file",
        N_("Invitation à reprendre son dossier"),
        (
            NAME,
            FILE_NUMBER,
            PROGRAMME,
            _DAYS,
            Variable("token", "link", "7K3QXPB2M4", required=True, path="/links/{}"),
        ),
        bears_a_key=True,
    ),
    Notice(
        "invited_to_apply",
        N_("Invitation à candidater, d’une école ou d’un employeur"),
        (
            NAME,
            Variable("group_name", "text", "Lycée Moulay Youssef", required=True),
            PROGRAMME,
            INTAKE,
            _DEADLINE,
            Variable("token", "link", "7K3QXPB2M4", required=True, path="/invited/{}/apply"),
        ),
        bears_a_key=True,
    ),
    Notice(
        "guardian_asked",
        N_("Accord demandé au tuteur légal"),
        (NAME, PROGRAMME, Variable("count", "number", 2), _DAYS, _GUARDIAN),
        bears_a_key=True,
    ),
    Notice(
        "guardian_receipt",
        N_("Reçu des réponses du tuteur légal"),
        (NAME, PROGRAMME, Variable("count", "number", 2), _DAYS, _GUARDIAN),
        bears_a_key=True,
    ),
    Notice(
        "repair_row",
        N_("Correction demandée"),
        (NAME, PROGRAMME, _DAYS, Variable("token", "link", "7K3QXPB2M4", required=True, path="/repair/{}")),
        bears_a_key=True,
    ),
    Notice(
        "correction_asked",
        N_("Correction demandée sur un dossier"),
        (
            NAME,
            FILE_NUMBER,
            PROGRAMME,
            INTAKE,
            Variable("questions", "list", ["Moyenne du semestre 3", "Relevés de notes"], required=True),
            Variable("message", "text", "Le relevé est coupé en bas."),
            Variable("until", "moment", datetime(2027, 4, 6, 22, 59, tzinfo=UTC), required=True),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}/correction"),
        ),
    ),
    Notice(
        "correction_done",
        N_("Corrections reçues"),
        (NAME, FILE_NUMBER, PROGRAMME, INTAKE, _FILE),
    ),
    Notice(
        "deadline_extended",
        N_("Délai prolongé"),
        (NAME, PROGRAMME, INTAKE, _DEADLINE, _FILE),
    ),
    Notice(
        "late_start",
        N_("Délai donné pour commencer une candidature"),
        (
            PROGRAMME,
            INTAKE,
            _DEADLINE,
            Variable("page", "link", "7K3QXPB2M4", required=True, path="/intakes/{}/apply"),
        ),
    ),
    Notice(
        "after_acceptance_asked",
        N_("À fournir pour l’inscription"),
        (
            NAME,
            FILE_NUMBER,
            PROGRAMME,
            INTAKE,
            STARTS_ON,
            Variable(
                "questions", "list", ["RIB (24 chiffres)", "Copie de la pièce d’identité"], required=True
            ),
            Variable("reference", "link", "7K3QXPB2M4", required=True, path="/my/applications/{}/joining"),
        ),
    ),
)

# What the desk does on a person's word, and tells them.
ON_REQUEST = (
    Notice(
        "answer_corrected",
        N_("Réponse corrigée par l’équipe"),
        (
            NAME,
            FILE_NUMBER,
            PROGRAMME,
            INTAKE,
            Variable(
                "question",
                "localized",
                {"fr": "Téléphone", "ar": "الهاتف", "en": "Telephone"},
                required=True,
            ),
            Variable("reason", "text", "Vous nous l’avez dit au téléphone le 3 mars.", required=True),
            _FILE,
        ),
    ),
    Notice(
        "application_withdrawn",
        N_("Candidature retirée à la demande de la personne"),
        (
            NAME,
            replace(FILE_NUMBER, required=True),
            PROGRAMME,
            INTAKE,
            Variable("requested_on", "day", date(2027, 3, 2), required=True),
            _FILE,
        ),
    ),
)
