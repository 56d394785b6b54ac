"""What rooms above say on the public page of an intake: that the rules of its choice were sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cohortmgr.base.hooks import Slot


@dataclass(frozen=True)
class ToldSeal:
    """That the rules of an intake's choice are sealed: since when, with which digest, and whether marks are older.
    `sheets` are the references of the batches whose sheet everybody may read, each with the key of its offering."""

    on: datetime
    digest: str
    older_marks: bool
    sheets: tuple[tuple[str, str], ...] = ()


# What is told of the seal of an intake, by its reference; None without one. It is asked when a page is drawn, and that
# page is kept: whatever changes the answer calls `actions.draw_anew`.
seal_told: Slot[[str], ToldSeal | None] = Slot()
