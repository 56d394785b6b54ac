"""Counters say what a count of the files would, after any history of acts, by whoever made it."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM
from cohortmgr.applications.file.actions import recount
from cohortmgr.applications.file.models import Application, IntakeCount
from cohortmgr.applications.file.queries import counts, miscounted
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.base.errors import NotPermitted
from cohortmgr.programmes.queries import intake_of

STATES = [state.value for state in ApplicationState]


def some_file(number: int, chance: random.Random) -> Application:
    row, moment = intake_of("mdia", "2027"), clock.now()
    person = Person(created_at=moment, given_name="Ali", family_name=f"N{number}")
    db.session.add(person)
    db.session.flush()
    return Application(
        institution_id=row.institution_id, person_id=person.id, intake_id=row.id,
        version_id=row.definition_version_id, number=f"MDIA-{number:06d}", created_at=moment, updated_at=moment,
        **change(chance),
    )  # fmt: skip


def change(chance: random.Random) -> dict[str, Any]:
    return {
        "state": chance.choice(STATES),
        "eligible": chance.choice([True, False, None]),
        "consent": chance.choice(["none", "waiting", "given", "withdrawn"]),
        "source": chance.choice(["online", "import"]),
        "region": chance.choice([None, "MA-01", "MA-04"]),
    }


def counted_anew(intake_id: int) -> dict[str, int]:
    """What `counts` says, by reading every file."""
    found = dict.fromkeys((*STATES, "eligible", "ineligible", "undecided", "refused", "awaited"), 0)
    for row in db.session.scalars(sa.select(Application).where(Application.intake_id == intake_id)):
        if row.consent in ("waiting", "withdrawn"):
            found["refused"] += row.consent == "withdrawn"
            found["awaited"] += (row.consent, row.state) == ("waiting", "held")
            continue
        found[row.state] += 1
        if row.state == "submitted":
            found[{True: "eligible", False: "ineligible", None: "undecided"}[row.eligible]] += 1
    return found


@pytest.mark.parametrize("seed", range(3))
def test_any_history_of_acts_leaves_the_counters_right(intake: str, seed: int) -> None:
    chance, number = random.Random(seed), intake_of("mdia", "2027").id
    table = table_of(Application)
    for step in range(30):
        act = chance.choice(["one", "many", "row", "set", "delete", "undone"])
        with writing() as session:
            if act in ("one", "many"):
                session.add_all(
                    some_file(100 * step + each, chance) for each in range(1 if act == "one" else 7)
                )
                session.flush()
            elif act == "row" and (row := session.scalars(sa.select(Application).limit(1)).first()):
                for name, value in change(chance).items():
                    setattr(row, name, value)
            elif act == "set":
                session.execute(sa.update(table).where(table.c.id % 3 == step % 3).values(**change(chance)))
            elif act == "delete":
                session.execute(sa.delete(table).where(table.c.id % 5 == step % 5))
            elif act == "undone":
                with pytest.raises(ZeroDivisionError), session.begin_nested():
                    session.add(some_file(100 * step, chance))
                    session.flush()
                    1 / 0  # noqa: B018
        assert miscounted() == [], (seed, step, act)
    assert counts([number])[number] == counted_anew(number)
    assert sum(counted_anew(number).values())


def test_what_is_broken_is_named_and_set_right(intake: str, runner: FlaskCliRunner) -> None:
    chance, number = random.Random(1), intake_of("mdia", "2027").id
    with writing() as session:
        session.add_all(some_file(each, chance) for each in range(20))
    right = counts([number])
    with writing() as session:
        broken = session.scalars(sa.select(IntakeCount).order_by(IntakeCount.state)).all()
        broken[0].files += 3
        session.delete(broken[1])
    db.session.rollback()
    said = runner.invoke(args=["applications", "recount"])
    assert said.exit_code == 1 and "2 counters are wrong" in said.output and ": -3" in said.output
    done = runner.invoke(args=["applications", "recount", "--mend"])
    assert done.exit_code == 0 and "2 counters set right" in done.output
    db.session.rollback()
    assert counts([number]) == right and miscounted() == []
    assert "the counters hold" in runner.invoke(args=["applications", "recount"]).output


def test_an_operator_alone_counts_anew(intake: str) -> None:
    with pytest.raises(NotPermitted), writing():
        recount(ANONYMOUS)
    with writing():
        assert recount(SYSTEM) == 0


@pytest.mark.postgres_only
def test_the_application_counts_what_it_may_not_write(intake: str, app: Flask) -> None:
    """The web's role makes a file of its own person and changes no counter by hand."""
    chance = random.Random(2)
    with writing() as session:
        session.add(some_file(1, chance))
    with app.app_context(), pytest.raises(sa.exc.ProgrammingError), writing() as session:
        session.execute(
            sa.insert(table_of(IntakeCount)),
            [{
                "intake_id": 1, "shard": 0, "state": "draft", "eligible": "open", "consent": "none", "source": "online",
                "region": "", "offering_id": 0, "institution_id": 1, "files": 1000,
            }],
        )  # fmt: skip
