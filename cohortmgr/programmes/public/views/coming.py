"""The days of an intake that everybody is told, for its overview."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.clock import local
from cohortmgr.base.registries.waiting import Coming
from cohortmgr.programmes.models import Intake


def days(_viewer: Viewer, intake: Intake) -> Iterator[Coming]:
    """Yield the opening and the close, the day by which answers are promised, and the first day."""
    yield Coming(_("Ouverture des candidatures"), local(intake.opens_at).date())
    yield Coming(_("Clôture des candidatures"), local(intake.closes_at).date())
    yield Coming(_("Dernier jour promis pour les réponses"), intake.decision_by)
    yield Coming(_("Rentrée"), intake.starts_on)
