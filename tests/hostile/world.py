"""The walker's world: the small year of the factories, in which each person's rows bear a word of their own."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.models import ImportRun
from cohortmgr.base.db import db
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import Placement, Position, Wish
from cohortmgr.reviews.models import Review
from tests.factories import guarded, year
from tests.factories.access import COLUMNS
from tests.factories.year import COMPANY_OF, Year, lived

# Bounded, because tokens and signatures hold any seven letters by chance.
MARKER = re.compile(r"(?<![A-Za-z0-9_-])zqx[a-z]{4}(?![A-Za-z0-9_-])", re.IGNORECASE)
# Columns of the file that an institution sends, by their place: what people read of somebody.
FAMILY_NAME, EMAIL, MOTIVATION = 1, 9, 25
CHILDREN = ("zqxkidz", "zqxkidy")


def marker(number: int) -> str:
    """The word of the person in that row; no language has it, and no hash or reference."""
    letters = "".join(chr(ord("a") + number // 26**place % 26) for place in range(3))
    return f"zqxf{letters}"


def _marked(text: str) -> bytes:
    """The institution's file with a word in each row's name, address and answer."""
    header, *rows = csv.reader(text.splitlines())
    for number, row in enumerate(rows):
        if len(row) == len(header):
            word = marker(number)
            row[FAMILY_NAME], row[EMAIL] = word.upper(), f"{word}@example.org"
            row[MOTIVATION] = f"Apprendre {word}."
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *rows])
    return written.getvalue().encode()


def marked_year(folder: Path) -> Year:
    """Live the year with marked people, in a system context."""
    file = folder / "marked.csv"
    file.write_bytes(_marked(year.FILE.read_text("utf-8-sig")))
    children = [
        row.replace("Alaoui,", f"{word},", 1) for row, word in zip(guarded.ROWS, CHILDREN, strict=True)
    ]
    with patch.object(year, "FILE", file), patch.object(guarded, "ROWS", tuple(children)):
        return lived()


def _words(people: sa.Select[tuple[int]]) -> frozenset[str]:
    """The words of those people, as their rows have them now."""
    found = db.session.scalars(sa.select(Person.family_name).where(Person.id.in_(people))).all()
    return frozenset(name.casefold() for name in found if name and MARKER.fullmatch(name))


def knowable(made: Year) -> frozenset[str]:
    """The words of the adults whose files are to be read: on one page alone, readers say whom of them they know."""
    to_read = (
        Application.state == "submitted",
        Application.eligible.is_(True),
        Application.consent == "none",
    )
    chosen = sa.select(Application.person_id).where(Application.intake_id == made.intake.id, *to_read)
    return _words(chosen)


def visible(made: Year) -> Mapping[str, frozenset[str]]:
    """The words that each column of the table may read, said by what the role is for; in a system context."""
    of_intake = sa.select(Application.person_id).where(Application.intake_id == made.intake.id)
    enrolled = sa.select(Enrolment.person_id)
    files = _words(of_intake)
    # Rows that are still to be loaded: those of the import that waits, and the one in the tray.
    sent = frozenset(marker(number) for number in range(1000))
    seen = dict.fromkeys(COLUMNS.values(), frozenset[str]())
    for name in ("candidate", "stranger"):
        seen[name] = _words(sa.select(Account.person_id).where(Account.id == made.accounts[name]))
    for name, key in COMPANY_OF.items():
        placed = (
            sa.select(Placement.person_id)
            .join(Position, Position.id == Placement.position_id)
            .join(Organisation, Organisation.id == Position.company_id)
            .where(Organisation.key == key)
        )
        wished = (
            sa.select(Enrolment.person_id)
            .join(Wish, Wish.enrolment_id == Enrolment.id)
            .join(Position, Position.id == Wish.position_id)
            .join(Organisation, Organisation.id == Position.company_id)
            .where(Organisation.key == key)
        )
        seen[name] = _words(placed) if name == "tutor" else _words(placed) | _words(wished)
    for name in ("reviewer", "other_reviewer"):
        reader = sa.select(Account.person_id).where(Account.id == made.accounts[name]).scalar_subquery()
        assigned = sa.select(Review.application_id).where(Review.reviewer_id == reader)
        seen[name] = _words(sa.select(Application.person_id).where(Application.id.in_(assigned)))
    for name in ("selection_manager", "programme_administrator"):
        seen[name] = sent
    for name in ("centre_manager", "auditor"):
        seen[name] = files
    for name in ("trainer", "finance"):
        seen[name] = _words(enrolled)
    own = sa.select(ImportRun.id).where(ImportRun.by == made.viewer("group_enroller").reference)
    seen["group_enroller"] = _words(sa.select(Application.person_id).where(Application.run_id.in_(own)))
    return seen
