"""Note that somebody took a copy of the trail away."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import About, record

# What is looked for by choosing, or by a day: it names nobody.
PLAIN = ("action", "kind", "first", "last", "page")
TYPED = "*"


def note_export(viewer: Viewer, institutions: list[int], wanted: Mapping[str, str], events: int) -> None:
    """Record an export of the trail: what was looked for, and how many events left.

    Of a name or an address that was typed, only that one was: the export is sealed for the installation, and whoever
    bears that name could never be erased from it."""
    own = institutions[0] if len(institutions) == 1 else None
    looked = {name: text if name in PLAIN else TYPED for name, text in wanted.items() if text}
    after = {**looked, "events": events}
    record(viewer, "audit.export", About("trail", viewer.reference, own), after=after)
