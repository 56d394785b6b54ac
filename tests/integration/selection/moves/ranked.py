"""Files that were read, in an intake whose rules are sealed, and the people who move them by hand."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions, moving
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.models import Batch
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.models import MoveByHand
from cohortmgr.selection.sealing.rules import EntryByRight
from tests.databases import build_once
from tests.factories.choices import known, read, readers, sent, someone
from tests.integration.selection.sealing.test_sealing import begun, sealed

MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
SOUTH = Bound({"region": "MA-08"}, 2)
WHY = "Un portfolio que la grille ne mesure pas"


def ranked(
    files: int = 6, seats: int = 2, bounds: tuple[Bound, ...] = (), right: tuple[int, ...] = ()
) -> Intake:
    """Make files of which the first is the best, the last two from MA-08, with these rules sealed."""
    build_once(
        f"moved {files} {seats} {bounds} {right}", lambda: _rank(files, seats, bounds, right), may_age=True
    )
    return intake_of("mdia", "2025")


def _rank(files: int, seats: int, bounds: tuple[Bound, ...], right: tuple[int, ...]) -> None:
    intake = sent(files, seats=seats)
    someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    read(intake, readers(intake))
    with writing():
        for number in range(1, files + 1):
            file = application(number)
            file.answers = {**file.answers, "region": "MA-08" if number > files - 2 else "MA-04"}
    entries = tuple(EntryByRight(numbered(each), "Convention", "Article 4") for each in right)
    sealed(intake, replace(begun(intake), bounds=bounds, right=entries))


def numbered(number: int) -> str:
    return f"MDIA-{number:06}"


def application(number: int) -> Application:
    return db.session.scalars(sa.select(Application).where(Application.number == numbered(number))).one()


def ask(intake: Intake, number: int, way: str = "in", why: str = WHY, email: str = MANAGER) -> MoveByHand:
    reference = application(number).reference
    with writing():
        return moving.ask(known(email), intake.reference, reference, way, why)


def agree(intake: Intake, number: int, email: str = ADMINISTRATOR, version: int | None = None) -> MoveByHand:
    file = application(number)
    row = moves.open_of(file)
    shown = version if version is not None else row.version if row else 0
    with writing():
        return moving.agree(known(email), intake.reference, file.reference, shown)


def moved(intake: Intake, number: int, way: str = "in", why: str = WHY) -> MoveByHand:
    ask(intake, number, way, why)
    return agree(intake, number)


def chosen(intake: Intake) -> list[int]:
    """The places in the order of marks of the files that have a seat, best first."""
    return [int(row.reference[5:]) for row in queries.ranking_of(intake).cut.chosen]


def withdraw(number: int) -> None:
    with writing():
        sending.withdraw(known(f"c{number}@exemple.ma"), application(number).reference)


def propose(intake: Intake) -> Batch:
    with writing():
        return decisions.propose(known(MANAGER), intake.reference, open_until=intake.closes_at)


def states() -> list[tuple[str, str]]:
    rows = db.session.execute(sa.select(MoveByHand.direction, MoveByHand.state).order_by(MoveByHand.id))
    return [(row[0], row[1]) for row in rows]
