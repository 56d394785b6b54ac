"""Reading by which marks the phases of an intake are ranked, by which formulas, and whether these still hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.reviews.harmonising.models import Harmonisation, MarkChoice
from cohortmgr.reviews.harmonising.rules import (
    ChosenFormula,
    FirstMark,
    MarkBasis,
    MarkFormula,
    ToldChoice,
    digest_of_marks,
    first_total,
)
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import COUNTING

STANDS = MarkChoice.taken_back_at.is_(None)


# Of a choice beside which nothing is kept: the mean of what was given, and never that of today's marks.
_NOTHING_FOUND = MarkFormula(mean=0, shrinkage=0, severities={})


def formulas_in(intake_id: int) -> dict[str, ChosenFormula]:
    """Return the formulas by which phases of an intake are ranked, by the phase's key: none of one whose raw marks
    count. One statement. Where nothing is kept of a phase, what stands for it is of no marks, and so stale."""
    same = sa.and_(Harmonisation.intake_id == MarkChoice.intake_id, Harmonisation.phase == MarkChoice.phase)
    rows = sa.select(MarkChoice.phase, MarkChoice.basis, Harmonisation.formulas, Harmonisation.digest)
    rows = rows.outerjoin(Harmonisation, same).where(MarkChoice.intake_id == intake_id, STANDS)
    found = {}
    for phase, basis, formulas, digest in db.session.execute(rows.where(MarkChoice.basis != MarkBasis.RAW)):
        formula = MarkFormula.of_json(formulas[basis]) if formulas else _NOTHING_FOUND
        letters = formulas["letters"] if formulas else {}
        found[phase] = ChosenFormula(MarkBasis(basis), formula, letters, digest or "")
    return found


def choices_in(intake_id: int) -> dict[str, MarkChoice]:
    """Return what was chosen for the phases of an intake and stands, by the phase's key. One statement."""
    rows = db.session.scalars(sa.select(MarkChoice).where(MarkChoice.intake_id == intake_id, STANDS))
    return {row.phase: row for row in rows}


def stamp_of_choices(intake_id: int) -> str:
    """Return a text that changes with by which marks the phases of an intake are ranked, and with the numbers of their
    formulas. Two statements."""
    chosen = sorted(row.id for row in choices_in(intake_id).values())
    numbers = {key: each.formula.as_json() for key, each in formulas_in(intake_id).items()}
    return hashlib.sha256(json.dumps([chosen, numbers], sort_keys=True).encode()).hexdigest()[:16]


def as_kept(choices: Iterable[MarkChoice]) -> list[dict[str, str]]:
    """Return choices as whatever rests on them keeps them: by phase, which marks, who chose them, when and why."""
    return [
        {
            "phase": each.phase,
            "basis": each.basis,
            "who": each.chosen_by,
            "when": each.chosen_at.isoformat(),
            "because": each.because,
        }
        for each in choices
    ]


def told(kept: Sequence[Mapping[str, str]]) -> list[ToldChoice]:
    """Return what `as_kept` gave, with the names that people bear now. One statement, none without a choice."""
    accounts = sorted({each["who"] for each in kept})
    rows = sa.select(Account.reference, Person).join(Person, Person.id == Account.person_id)
    people = db.session.execute(rows.where(Account.reference.in_(accounts))) if accounts else ()
    names = {reference: person.name for reference, person in people}
    return [
        ToldChoice(
            each["phase"],
            MarkBasis(each["basis"]),
            names.get(each["who"], ""),
            datetime.fromisoformat(each["when"]),
            each["because"],
        )
        for each in kept
    ]


def choice_of(intake_id: int, phase: str) -> MarkChoice | None:
    """Return what was chosen for a phase of an intake and stands; None without."""
    mine = (MarkChoice.intake_id == intake_id, MarkChoice.phase == phase, STANDS)
    return db.session.scalar(sa.select(MarkChoice).where(*mine))


def harmonisation_of(intake_id: int, phase: str) -> Harmonisation | None:
    """Return what the worker last found of a phase of an intake; None before."""
    mine = (Harmonisation.intake_id == intake_id, Harmonisation.phase == phase)
    return db.session.scalar(sa.select(Harmonisation).where(*mine))


def letters_in(intake_id: int) -> dict[str, dict[str, str]]:
    """Return what the readers of each phase of an intake are called where names are masked, by their reference, and by
    the phase's key. One statement."""
    rows = sa.select(Harmonisation.phase, Harmonisation.formulas).where(Harmonisation.intake_id == intake_id)
    return {phase: dict(formulas.get("letters", {})) for phase, formulas in db.session.execute(rows)}


def first_marks(intake_id: int, phase: str) -> list[FirstMark]:
    """Return the marks first handed in of a phase of an intake, by file and then in the order in which they were given
    out: of readings that count, of files that are marked. One statement, of columns alone."""
    rows = sa.select(Application.number, Person.reference, Review.total_thousandths, Review.earlier)
    rows = rows.join(Application, Application.id == Review.application_id)
    rows = rows.join(Person, Person.id == Review.reviewer_id)
    counts = Review.state.in_([each.value for each in COUNTING])
    mine = (Review.intake_id == intake_id, Review.phase == phase, counts)
    marked = (Application.state == "submitted", Application.eligible.is_(True))
    rows = rows.where(*mine, *marked).order_by(Review.application_id, Review.id)
    return [
        FirstMark(number, reader, first_total(earlier, total) or 0)
        for number, reader, total, earlier in db.session.execute(rows)
    ]


def is_fresh(intake_id: int, phase: str, digest: str) -> bool:
    """Whether what was found by marks with this digest is what today's marks would give.

    The marks themselves are compared, of large intakes too: nothing else would notice each change, and whoever asks
    reads all marks anyhow. Half a million are read in seconds, and by the worker where pages would wait."""
    return digest == digest_of_marks(first_marks(intake_id, phase))


def stale_in(
    intake_id: int, formulas: Mapping[str, ChosenFormula], settled: Collection[str] = ()
) -> list[str]:
    """Return the keys of the phases whose formula is not that of today's marks. A statement for each formula.

    That of a `settled` phase holds: by it people went on, and a file that is withdrawn since changes nobody's mark."""
    return [
        key
        for key, each in formulas.items()
        if key not in settled and not is_fresh(intake_id, key, each.digest)
    ]
