"""`python -m bench.selection.boards`: the CPU of the board of 600 files with a scenario of other weights, seats and 14
bounds, beside that of drawing the plain page of the ranking in the same run; code 1 if one misses its target.

The rules are sealed with bounds of their own, so that the page makes two choices with their proofs and prices."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from bench.figures import Figure
from bench.installation import Installation, installed
from bench.servers import Server, cost
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, get_intake
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.sealing import actions as sealing
from cohortmgr.selection.sealing import queries as sealed

FILES, TIMES, ROUNDS = 600, 10, 3
REGIONS = tuple(f"MA-{number:02d}" for number in range(1, 13))
SEATS = 28


def boards(made: Installation) -> Iterator[Figure]:
    """CPU of the page with a scenario, and with that of the ranking beside it. The imported intake is read and sealed
    for it, so that whatever measures the intake as it was imported comes before."""
    with made.system.app_context():
        intake = get_intake(made.listed)
        files = _read(intake)
        _seal(intake)
    asked = urlencode({"tried": "1", **_scenario()})
    plain, board = f"/staff/intakes/{made.listed}/ranking", f"/staff/intakes/{made.listed}/board"
    spent = _spent(made, (plain, board, f"{board}?{asked}"))
    ranking, today, tried = (median(each) for each in spent)
    beside = f"{files} files; ranking {ranking:.1f} ms, board of today {today:.1f} ms"
    yield Figure("board with a scenario of 14 bounds", tried, "ms CPU", 100, beside)
    yield Figure("board beside the ranking", tried / ranking, "×", 3, beside)


def _spent(made: Installation, paths: tuple[str, ...]) -> list[list[float]]:
    with Server("wsgi:app", made.environment) as server:
        rounds = [[cost(server, path, TIMES, made.administrator) for path in paths] for _ in range(ROUNDS)]
    return [list(each) for each in zip(*rounds, strict=True)]


def _scenario() -> dict[str, str]:
    bounds = [(f"region={key}", "1", "6") for key in REGIONS] + [("sex=f", "12", ""), ("sex=m", "", "16")]
    fields = {"seats": str(SEATS), "weight_resultats": "1", "weight_langues": "9"}
    for place, (group, least, most) in enumerate(bounds):
        fields |= {
            f"group_{place}": group,
            f"least_{place}": least,
            f"most_{place}": most,
            f"hard_{place}": "soft",
        }
    return fields


def _read(intake: Intake) -> int:
    """Two readings of each file by chance, of files that come from all regions; 600 of them at most count."""
    chance, criteria = random.Random(16), definition_of(intake).rubric.files.criteria
    phase, moment = definition_of(intake).rubric.files, clock.now()
    with writing():
        files = db.session.scalars(sa.select(Application).where(Application.intake_id == intake.id)).all()
        rows: list[dict[str, Any]] = []
        for place, file in enumerate(files):
            file.state, file.eligible = "submitted" if place < FILES else "withdrawn", True
            file.sent_at = file.sent_at or moment
            given = {"region": chance.choice(REGIONS), "sex": chance.choice("fm")}
            file.answers = {**(file.answers or {}), **given}
            for reader in (files[0].person_id, files[1].person_id):
                scores = {each.key: chance.randint(each.scale_min, each.scale_max) for each in criteria}
                rows.append(
                    {
                        "reference": new_reference(),
                        "institution_id": intake.institution_id,
                        "application_id": file.id,
                        "intake_id": intake.id,
                        "reviewer_id": reader,
                        "phase": phase.key,
                        "state": "submitted",
                        "scores": scores,
                        "total_thousandths": total_thousandths(phase, scores),
                        "comment": "",
                        "abstained_because": "",
                        "assigned_at": moment,
                        "submitted_at": moment,
                    }
                )
        db.session.execute(sa.insert(table_of(Review)), rows)
    return min(len(files), FILES)


def _seal(intake: Intake) -> None:
    with writing():
        names = {"given_name": "Une", "family_name": "Deuxième"}
        account = people.new_account(SYSTEM, "second@exemple.ma", "no password", names)
        scope = ("programme", intake.reference, intake.path)
        people.grant(SYSTEM, account, Role.PROGRAMME_ADMINISTRATOR, *scope, [intake.institution_id])
        first = people.new_account(SYSTEM, "manager@exemple.ma", "no password", names)
        people.grant(SYSTEM, first, Role.SELECTION_MANAGER, *scope, [intake.institution_id])
    manager, second = (viewer_of_email(f"{name}@exemple.ma") for name in ("manager", "second"))
    assert manager is not None and second is not None
    bounds = tuple(Bound({"region": key}, 1, 5, hard=False) for key in REGIONS)
    content = replace(sealed.beginning(intake, sealed.ground_of(intake)), bounds=bounds)
    for act in ("save", "propose", "seal"):
        row = sealed.open_among(sealed.versions_of(intake))
        version = row.version if row is not None else 0
        with writing():
            if act == "save":
                sealing.save(manager, intake.reference, content, version)
            elif act == "propose":
                sealing.propose(manager, intake.reference, "", version)
            else:
                sealing.seal(second, intake.reference, version)


def main() -> int:
    """Measure and print."""
    with installed() as made:
        found = list(boards(made))
    for figure in found:
        print(f"{figure.name}: {figure.value:.1f} {figure.unit} (≤ {figure.most:g}); {figure.beside}")
    return 0 if all(figure.passed for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
