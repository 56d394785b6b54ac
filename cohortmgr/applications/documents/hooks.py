"""What the papers of a file ask of higher rooms."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.base.hooks import Slot

# The rows of the applications that somebody reads now: the pages of their papers are drawn before others.
read_now: Slot[[], sa.Select[int]] = Slot()
