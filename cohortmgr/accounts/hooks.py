"""What accounts ask of the rooms above them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cohortmgr.base.hooks import Slot

# The hosting institutions at or below some paths, as they are now, with their ids: those that a role there reaches.
hosts_below: Slot[[Collection[str]], Sequence[tuple[str, int]]] = Slot()
