"""Reading by which marks the phases of an intake are ranked, and the formulas of those that are harmonised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.base.db import db
from cohortmgr.reviews.harmonising.models import Harmonisation, MarkChoice
from cohortmgr.reviews.harmonising.rules import MarkBasis, MarkFormula

STANDS = MarkChoice.taken_back_at.is_(None)


@dataclass(frozen=True)
class ChosenFormula:
    """The formula by which a phase is ranked, on which basis, and what its readers are called where names are masked,
    by their reference. `digest` is that of the marks from which it was found."""

    basis: MarkBasis
    formula: MarkFormula
    letters: Mapping[str, str]
    digest: str


def formulas_in(intake_id: int) -> dict[str, ChosenFormula]:
    """Return the formulas by which phases of an intake are ranked, by the phase's key: none of one whose raw marks
    count. One statement."""
    same = sa.and_(Harmonisation.intake_id == MarkChoice.intake_id, Harmonisation.phase == MarkChoice.phase)
    rows = sa.select(MarkChoice.phase, MarkChoice.basis, Harmonisation.formulas, Harmonisation.digest)
    rows = rows.join(Harmonisation, same).where(MarkChoice.intake_id == intake_id, STANDS)
    return {
        row.phase: ChosenFormula(
            MarkBasis(row.basis),
            MarkFormula.of_json(row.formulas[row.basis]),
            row.formulas["letters"],
            row.digest,
        )
        for row in db.session.execute(rows.where(MarkChoice.basis != MarkBasis.RAW.value))
    }


def choice_of(intake_id: int, phase: str) -> MarkChoice | None:
    """Return what was chosen for a phase of an intake and stands; None without."""
    mine = (MarkChoice.intake_id == intake_id, MarkChoice.phase == phase, STANDS)
    return db.session.scalar(sa.select(MarkChoice).where(*mine))


def harmonisation_of(intake_id: int, phase: str) -> Harmonisation | None:
    """Return what the worker last found of a phase of an intake; None before."""
    mine = (Harmonisation.intake_id == intake_id, Harmonisation.phase == phase)
    return db.session.scalar(sa.select(Harmonisation).where(*mine))
