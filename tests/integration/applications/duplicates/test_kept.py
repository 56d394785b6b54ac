"""The pairs that are kept are those that a comparison of all files finds, whatever happened to the files before."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from itertools import combinations
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.applications.duplicates.actions import comparing
from cohortmgr.applications.duplicates.models import (
    DuplicatePair,
    FileTrait,
    Merge,
    TraitCrowd,
)
from cohortmgr.applications.duplicates.queries.known import KnownFile, known_files
from cohortmgr.applications.duplicates.rules import CROWD, is_shown, keys_of, likeness
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, table_of, writing
from cohortmgr.base.errors import NotPermitted
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from tests.databases import Database
from tests.factories.duplicates import compare_all
from tests.integration.applications.duplicates.alike import BORN, intakes, kept, put

FIRST, LAST = ("Salma", "Selma", "Hiba", "سلمى"), ("Bennis", "Benniss", "Alaoui", "بنيس")
DAYS, MAILS, PHONES = (BORN, date(2005, 1, 1)), ("a@exemple.ma", "b@exemple.ma"), ("x", "y")


def somebody(chance: random.Random) -> dict[str, Any]:
    return {
        "given_name": chance.choice(FIRST),
        "family_name": chance.choice(LAST),
        "given_name_ar": chance.choice(("", "سلمى")),
        "family_name_ar": "بنيس",
        "birth_date": chance.choice((None, *DAYS)),
        "email": chance.choice((None, *MAILS)),
        "phone_blind": chance.choice((None, *PHONES)),
    }


def something(chance: random.Random) -> dict[str, Any]:
    return {
        "state": chance.choice(
            ("submitted", "submitted", "submitted", "draft", "withdrawn", "superseded", "held")
        ),
        "consent": chance.choice(("none", "none", "none", "given", "given", "waiting", "withdrawn")),
        "email": chance.choice((None, *MAILS)),
    }


def crowded(known: dict[int, KnownFile], limit: int) -> set[int]:
    """The traits that more people than `limit` have."""
    bearers: dict[int, set[int]] = defaultdict(set)
    for each in known.values():
        for key in keys_of(each.traits):
            bearers[key].add(each.person_id)
    return {key for key, persons in bearers.items() if len(persons) > limit}


def found_by_comparing_all(limit: int) -> set[tuple[Any, ...]]:
    known = known_files(set(db.session.scalars(sa.select(Application.id))))
    many = crowded(known, limit)
    united = {
        frozenset(pair)
        for pair in db.session.execute(
            sa.select(Merge.kept_id, Merge.aside_id).where(Merge.undone_at.is_(None))
        )
    }
    rows = set()
    for one, other in combinations(known.values(), 2):
        shared = keys_of(one.traits).keys() & keys_of(other.traits).keys() - many
        alike = likeness(one.traits, other.traits)
        if one.person_id == other.person_id or not shared or not alike.is_told:
            continue
        if frozenset((one.id, other.id)) in united:
            continue
        same = one.intake_id == other.intake_id
        ways = [sorted((one, other), key=lambda each: each.id)] if same else [(one, other), (other, one)]
        for here, beside in ways:
            if is_shown(here.state, beside.state, same_intake=same):
                rows.add((here.intake_id, here.id, beside.id, not same, alike.score, alike.signs))
    return rows


def act(chance: random.Random) -> str:
    """Do something that changes files, one by one or in sets, as pages, imports and statements by hand do."""
    db.session.expunge_all()
    files = db.session.scalars(sa.select(Application).order_by(Application.id)).all()
    done = chance.choice(["sent", "sent", "many", *ACTS])
    if done in ("sent", "many") or not files:
        for _ in range(1 if done == "sent" else 4):
            person = Person(created_at=clock.now(), **somebody(chance))
            put(chance.choice(intakes()), person, **something(chance))
    else:
        ACTS[done](chance, chance.choice(files))
    return done


def _change_file(chance: random.Random, row: Application) -> None:
    for name, value in something(chance).items():
        setattr(row, name, value)


def _change_person(chance: random.Random, row: Application) -> None:
    for name, value in somebody(chance).items():
        setattr(db.session.get_one(Person, row.person_id), name, value)


def _change_number(chance: random.Random, row: Application) -> None:
    held = db.session.scalar(sa.select(Identifier).where(Identifier.person_id == row.person_id))
    if held is None:
        db.session.add(Identifier(person_id=row.person_id, kind="cin", sealed=b"x", blind=new_reference()))
    elif chance.random() < 0.5:
        db.session.delete(held)
    else:
        held.blind = new_reference()


def _delete(_chance: random.Random, row: Application) -> None:
    united = sa.union(sa.select(Merge.kept_id), sa.select(Merge.aside_id))
    db.session.execute(sa.delete(FILES).where(FILES.c.id == row.id, FILES.c.id.not_in(united)))


def _change_many(chance: random.Random, _row: Application) -> None:
    values = {"state": chance.choice(("submitted", "withdrawn"))}
    db.session.execute(sa.update(FILES).where(FILES.c.id % 3 == 0).values(**values))


def _unite_some(chance: random.Random, row: Application) -> None:
    other = chance.choice(db.session.scalars(sa.select(Application).order_by(Application.id)).all())
    if other.id != row.id:
        _unite(row, other)


def _part_all(_chance: random.Random, _row: Application) -> None:
    db.session.execute(sa.update(table_of(Merge)).values(undone_at=clock.now()))


def _unite(kept: Application, aside: Application) -> None:
    live = sa.select(Merge.id).where(Merge.aside_id == aside.id, Merge.undone_at.is_(None))
    if db.session.scalar(live) is None:
        db.session.add(
            Merge(
                institution_id=kept.institution_id, intake_id=kept.intake_id, kept_id=kept.id, aside_id=aside.id,
                state_before=aside.state, reason="r", by="b", at=clock.now(),
            )
        )  # fmt: skip


FILES = table_of(Application)
ACTS: dict[str, Callable[[random.Random, Application], None]] = {
    "file": _change_file,
    "person": _change_person,
    "number": _change_number,
    "deleted": _delete,
    "set": _change_many,
    "united": _unite_some,
    "parted": _part_all,
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [3, CROWD])
def test_any_history_of_acts_leaves_the_pairs_that_a_full_comparison_finds(
    intake: str, seed: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a small limit, traits become a crowd's and are one's no more."""
    monkeypatch.setattr(comparing, "CROWD", limit)
    monkeypatch.setattr(comparing, "CHUNK", 5)
    chance, seen, history = random.Random(seed), 0, []
    with writing():
        for _ in range(20):
            put(
                chance.choice(intakes()),
                Person(created_at=clock.now(), **somebody(chance)),
                **something(chance),
            )
    for _ in range(30):
        with writing():
            history.append(act(chance))
        if chance.random() < 0.5:
            compare_all()
            assert kept() == found_by_comparing_all(limit), history
            seen += len(kept())
    compare_all()
    assert kept() == found_by_comparing_all(limit), history
    assert seen
    known = known_files(set(db.session.scalars(sa.select(Application.id))))
    assert set(db.session.scalars(sa.select(TraitCrowd.key))) == crowded(known, limit)
    assert set(db.session.scalars(sa.select(FileTrait.application_id))) <= set(known)


SALMA = {"given_name": "Salma", "family_name": "Bennis", "birth_date": DAYS[0]}
# What an act leaves of the two pairs of its file: here with a twin, and both ways with a file of another intake.
WAYS: dict[str, tuple[Callable[[int], Any], int]] = {
    "put aside": (lambda row: sa.update(FILES).where(FILES.c.id == row).values(state="superseded"), 0),
    "hidden": (lambda row: sa.update(FILES).where(FILES.c.id == row).values(consent="withdrawn"), 0),
    "deleted": (lambda row: sa.delete(FILES).where(FILES.c.id == row), 0),
    # Who withdrew here is still told of to the other intake's staff.
    "withdrawn": (lambda row: sa.update(FILES).where(FILES.c.id == row).values(state="withdrawn"), 1),
}


def salma(intake: Intake) -> int:
    return put(intake, Person(**SALMA, created_at=clock.now())).id


@pytest.mark.parametrize("way", WAYS)
def test_what_no_longer_holds_is_gone_with_the_act_and_not_when_the_worker_comes(
    intake: str, way: str
) -> None:
    here, there, _foreign = intakes()
    change, left = WAYS[way]
    with writing():
        row, twin, other = salma(here), salma(here), salma(there)
    compare_all()
    assert {pair[1:3] for pair in kept()} == {
        (row, twin), (row, other), (other, row), (twin, other), (other, twin),
    }  # fmt: skip
    with writing() as session:
        session.execute(change(row))
    db.session.expunge_all()
    assert {pair[1:3] for pair in kept()} == {
        (twin, other), (other, twin), *[(other, row)][:left],
    }  # fmt: skip


def test_what_is_known_to_be_one_person_s_is_no_pair_until_it_is_parted(intake: str) -> None:
    here, there, _foreign = intakes()
    with writing():
        one, other = salma(here), salma(there)
    compare_all()
    assert len(kept()) == 2
    with writing() as session:
        _unite(session.get_one(Application, one), session.get_one(Application, other))
    assert not kept()
    compare_all()
    assert not kept()
    with writing() as session:
        session.execute(sa.update(table_of(Merge)).values(undone_at=clock.now()))
    compare_all()
    assert len(kept()) == 2


def test_what_is_kept_wrong_is_named_and_set_right(intake: str, runner: FlaskCliRunner) -> None:
    chance = random.Random(1)
    with writing():
        for _ in range(12):
            put(intakes()[0], Person(created_at=clock.now(), **somebody(chance)))
    compare_all()
    right = kept()
    assert right
    assert "the kept duplicates hold" in runner.invoke(args=["applications", "compare"]).output
    with writing() as session:
        pair = session.scalars(sa.select(DuplicatePair)).first()
        assert pair is not None
        pair.score = 1
        session.execute(sa.delete(table_of(FileTrait)).where(table_of(FileTrait).c.kind == "birth"))
    for intake_named in ([], ["--intake", intake]):
        said = runner.invoke(args=["applications", "compare", *intake_named])
        assert said.exit_code == 1 and "kept rows are wrong" in said.output
    assert kept() != right
    assert "there is no intake X" in runner.invoke(args=["applications", "compare", "--intake", "X"]).output
    done = runner.invoke(args=["applications", "compare", "--intake", intake, "--mend"])
    assert done.exit_code == 0 and "kept rows set right" in done.output
    db.session.rollback()
    assert kept() == right


def test_who_is_not_the_system_compares_nothing(intake: str) -> None:
    for act in (lambda: comparing.compare(ANONYMOUS, [1]), lambda: comparing.compare_waiting(ANONYMOUS)):
        with pytest.raises(NotPermitted), writing():
            act()


@pytest.mark.postgres_only
def test_a_pair_of_two_institutions_is_read_by_whoever_reads_both(
    intake: str, app: Flask, database: Database
) -> None:
    values = {
        "given_name": "Salma",
        "family_name": "Bennis",
        "birth_date": DAYS[0],
        "created_at": clock.now(),
    }
    here, _sibling, foreign = intakes()
    with writing():
        put(here, Person(**values))
        put(foreign, Person(**values))
    compare_all()
    pairs = sa.select(sa.func.count()).select_from(DuplicatePair)
    assert db.session.scalar(pairs) == 2
    ours, theirs = here.institution_id, foreign.institution_id
    with app.app_context():
        for listed, seen in (([], 0), ([ours], 0), ([theirs], 0), ([ours, theirs], 2)):
            db.session.rollback()
            see(listed, None)
            assert db.session.scalar(pairs) == seen
            assert db.session.scalar(sa.select(sa.func.count()).select_from(FileTrait)) == 0
