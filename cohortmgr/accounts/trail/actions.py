"""Note that somebody took a copy of the trail away."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import About, record


def note_export(viewer: Viewer, institutions: list[int], wanted: Mapping[str, str], events: int) -> None:
    """Record an export of the trail: what was looked for, and how many events left."""
    own = institutions[0] if len(institutions) == 1 else None
    after = {**{name: text for name, text in wanted.items() if text}, "events": events}
    record(viewer, "audit.export", About("trail", viewer.reference, own), after=after)
