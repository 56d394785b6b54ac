"""Subjects that sound like a machine's, and those that a person writes with the same words."""

from __future__ import annotations

import pytest

from cohortmgr.messages.incoming.automatic import sounds_so


@pytest.mark.parametrize(
    "subject",
    [
        "Réponse automatique : Votre dossier",
        "REPONSE AUTOMATIQUE",
        "Réponse auto : x",
        "Auto-réponse",
        "Auto‑réponse: votre offre",
        "Auto : attestation de travail",
        "Auto: Re: Votre dossier",
        "[EXTERNE] Réponse automatique : Votre dossier",
        "Automatic reply: Votre dossier",
        "Auto Response",
        "Autoreply - Votre dossier",
        "Automated reply (Votre dossier)",
        "Vacation reply",
        "Vacation: Votre dossier",
        "Out of office",
        "Out of the Office until 12 May",
        "OOO: Votre dossier",
        "I am out of the office from Monday",
        "Absence du bureau",
        "Absente du bureau du 12 au 20 mai",
        "Absent du bureau jusqu’au 20 mai",
        "Message d’absence : Votre dossier",
        "Fuera de la oficina",
        "Respuesta automática: x",
        "Automatische Antwort: x",
        "Abwesenheitsnotiz",
        "الرد التلقائي: ملفكم",
        "رد تلقائي",
        "رد آلي: ملفكم",
        "رد ا\u0653لي",
        "الرد الآلي",
        "خارج المكتب حتى 12 ماي",
    ],
)
def test_a_machine_may_have_written_it(subject: str) -> None:
    assert sounds_so(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "رد إلى رسالتكم",
        "رد إلى: قراركم",
        "رد الى رسالتكم",
        "رسالة إليه: قراركم",
        "الرد على قراركم",
        "Out of office hours call",
        "Re: Réponse automatique : Votre dossier",
        "TR : Automatic reply: Votre dossier",
        "Automatic reply received, what now?",
        "Réponse automatique reçue, que faire ?",
        "Auto-école : attestation",
        "Autorisation parentale",
        "Automobile : attestation",
        "Autre question",
        "Absence : certificat médical",
        "Absence du 12 mars",
        "Absent du bureau de poste, ma carte est revenue",
        "Vacation work certificate",
        "Réponse à votre offre",
    ],
)
def test_a_person_writes_it(subject: str) -> None:
    assert not sounds_so(subject)
