"""What the papers of a file ask of higher rooms."""

from __future__ import annotations

from typing import Any

from cohortmgr.base.hooks import Slot

# A query of the rows of the applications that somebody reads now: the pages of their papers are drawn before others.
read_now: Slot[[], Any] = Slot()
