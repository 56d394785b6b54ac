"""The step on a child's own page that says that it is the guardian's turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState, Consent


def steps(viewer: Viewer, application: Application) -> Iterable[Mapping[str, Any]]:
    """Yield the guardian's step while a child's file waits for consent, or if consent was refused."""
    if application.state == ApplicationState.HELD:
        refused = application.consent == Consent.WITHDRAWN
        yield {
            "title": _("Accord du tuteur légal"),
            "state": "now",
            "kind": "stop" if refused else "wait",
            "due": _("Votre tuteur légal n’a pas donné son accord : le dossier n’est pas envoyé.")
            if refused
            else _("En attente de l’accord de votre tuteur légal"),
            "url": url_for("guardians_candidate.asked", reference=application.reference),
            "action": _("Voir qui est prévenu, ou changer le numéro"),
        }
