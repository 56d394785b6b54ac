"""What acts on a file share: check first that its form is open, and note the act in the trail at the end."""

from __future__ import annotations

from datetime import datetime

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import person_reference
from cohortmgr.audit.actions import About, about
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.programmes.definition.rules import Window, window_of
from cohortmgr.programmes.models import Intake


def require_open(
    viewer: Viewer, intake: Intake, free: int | None = None, closes_at: datetime | None = None
) -> None:
    """Refused unless the intake takes applications now; says since when it does not, or from when it will.

    `free` is how many seats are free; None if that does not matter: only a new file needs a free seat.
    """
    closes_at = closes_at or intake.closes_at
    window = window_of(intake.opens_at, closes_at, clock.arrived(), free)
    if window is Window.FULL:
        what = N_(
            "Toutes les places de cette campagne sont prises. Revenez si l’une se libère, avant le %(moment)s."
        )
        raise Refused(Problem(what, {"moment": intake.closes_at}))
    if window is Window.UPCOMING:
        what = N_("Les candidatures ouvrent le %(moment)s. Revenez à ce moment-là.")
        raise Refused(Problem(what, {"moment": intake.opens_at}))
    if window is Window.CLOSED:
        what = N_("Les candidatures sont closes depuis le %(moment)s.")
        raise Refused(Problem(what, {"moment": closes_at}))


def about_file(viewer: Viewer, row: Application) -> About:
    """A file as the trail names it, sealed by the key of its person; who acts on their own file is not read anew."""
    subject = viewer.person_reference if row.person_id == viewer.person_id else person_reference(row)
    return about(row, subject)
