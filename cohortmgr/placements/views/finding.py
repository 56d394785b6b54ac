"""What a search over everything finds among the companies that take apprentices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import url_for

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized
from cohortmgr.base.registries.waiting import Hit
from cohortmgr.base.text import fold
from cohortmgr.placements.queries import board


def companies(viewer: Viewer, text: str, most: int) -> Sequence[Hit]:
    """Return the companies whose name, in any of its languages, has a word that begins with each word of a text: each
    leads to the placements of the cohort to which it offers seats."""
    words = fold(text).split()
    if not words:
        return []
    found = [row for row in board.companies_read(viewer) if _bears(row.company.values(), words)]
    return [
        Hit(
            localized(row.company),
            url_for("placements_staff.board", reference=row.reference),
            localized(row.name),
        )
        for row in found[:most]
    ]


def _bears(names: Iterable[str], words: Sequence[str]) -> bool:
    known = [part for name in names for part in fold(name).split()]
    return all(any(part.startswith(word) for part in known) for word in words)
