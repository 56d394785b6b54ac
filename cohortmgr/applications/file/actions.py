"""What acts on a file share: check first that its form is open, and note the act in the trail at the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.applications.file.queries import miscounted, person_reference
from cohortmgr.audit.actions import About, about
from cohortmgr.base import clock
from cohortmgr.base.db import db, is_postgresql, table_of, within_writing
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused
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


def hold(viewer: Viewer, files: sa.Select[*tuple[Any, ...]]) -> None:
    """Lock files until the commit; `files` selects their ids. Whoever writes at this moment is waited for.

    Who locks several does so here, in the order of the triggers that follow notes, times and corrections; and before
    changing what belongs to a file, since its person locks the file first. Else two would wait for each other."""
    within_writing("locked files")
    if not is_postgresql():  # SQLite has one writer at a time
        return
    held = sa.select(Application.id).where(Application.id.in_(files)).order_by(Application.id)
    db.session.execute(held.with_for_update(key_share=True))


def say_outcomes(viewer: Viewer, told: sa.Select[*tuple[Any, ...]]) -> None:
    """Write what people were told into the rows of their files, for lists; `told` selects `application_id` and
    `outcome`. A higher room calls it with the act that tells them, or soon behind it if they are many."""
    within_writing("outcomes")
    files, given = table_of(Application), told.subquery()
    said = sa.select(given.c.outcome).where(given.c.application_id == files.c.id).scalar_subquery()
    among = files.c.id.in_(sa.select(given.c.application_id))
    db.session.execute(sa.update(files).where(among).values(outcome=said))


def recount(viewer: Viewer) -> int:
    """Add to the counters what they lack, and take away what they have too much; returns how many kinds were wrong.

    What goes on beside it is added by the acts themselves, so that nothing is locked."""
    if not viewer.is_system:
        raise NotPermitted("files are counted anew by an operator")
    within_writing("counters")
    wrong = miscounted()
    rows = [{**row, "shard": 0} for row in wrong]
    if rows:
        insert = postgresql.insert if is_postgresql() else sqlite.insert
        added = insert(table_of(IntakeCount))
        keys = [column.name for column in table_of(IntakeCount).primary_key]
        grown = {"files": table_of(IntakeCount).c.files + added.excluded.files}
        db.session.execute(added.on_conflict_do_update(index_elements=keys, set_=grown), rows)
    return len(rows)
