"""What the worker does for the trail: it closes the chains of the old rule, and notes outside where all chains end."""

from __future__ import annotations

from cohortmgr.audit import actions
from cohortmgr.base.db import writing
from cohortmgr.base.work import Stopping


def note(_stopping: Stopping) -> None:
    """Close what is left of the old rule, then note where the chains end. Done even when the worker stops, since the
    last note counts most."""
    with writing() as session:
        actions.end_old_rule(session)
    actions.note_outside()
