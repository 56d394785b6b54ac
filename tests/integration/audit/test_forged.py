"""What was done to the trail behind the application is named: cut, removed, emptied, set back, added."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from cohortmgr.audit import actions, queries
from cohortmgr.audit.models import Event, Head
from cohortmgr.audit.rules import CLOSE, REGISTER
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import works_of
from tests.databases import Database
from tests.integration.audit.acts import OURS, THEIRS, behind_the_application, old_chain, said, written


@pytest.mark.usefixtures("system_context")
def test_what_was_tampered_with_behind_the_application_is_found(database: Database) -> None:
    written(1, 1, 1)
    changed = f"UPDATE audit_events SET object_reference = 'r9' WHERE chain = '{OURS}' AND sequence = 2"
    behind_the_application(database, changed)
    assert said() == [f"{OURS}: Le maillon 2 a été modifié."]


def set_back(chain: str, sequence: int, signature: str | None = None) -> tuple[str, str]:
    """What cuts a chain and sets its head back; the head's signature as it is now, unless another is known."""
    wanted = sa.select(Event.digest).where(Event.chain == chain, Event.sequence == sequence)
    digest = db.session.scalars(wanted).one()
    signed = f", signature = '{signature}'" if signature else ""
    return (
        f"DELETE FROM audit_events WHERE chain = '{chain}' AND sequence > {sequence}",
        f"UPDATE audit_heads SET sequence = {sequence}, digest = '{digest}'{signed} WHERE chain = '{chain}'",
    )


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize("acts_after", [0, 2])
def test_events_cut_with_their_head_set_back_are_named_and_no_later_act_makes_it_good(
    database: Database, acts_after: int, caplog: pytest.LogCaptureFixture
) -> None:
    written(1, 1, 1, institution=7)
    behind_the_application(database, *set_back(THEIRS, 1))
    written(*([1] * acts_after), institution=7)
    (found,) = said()
    assert found.startswith(f"{THEIRS}: La tête, au maillon {1 + acts_after}, n’est pas signée")
    assert bool(caplog.records) is bool(acts_after), "the act that met it says so in the log"


@pytest.mark.usefixtures("system_context")
def test_a_chain_removed_with_its_head_is_named(database: Database) -> None:
    written(1, 2, institution=7)
    gone = [f"DELETE FROM {table} WHERE chain = '{THEIRS}'" for table in ("audit_events", "audit_heads")]
    behind_the_application(database, *gone)
    assert said() == [f"{THEIRS}: La chaîne a disparu avec sa tête et ses maillons."]


@pytest.mark.usefixtures("system_context")
def test_an_institution_s_chains_removed_with_their_heads_are_named(database: Database) -> None:
    written(1, institution=7)
    gone = [f"DELETE FROM {table} WHERE chain LIKE '7/%'" for table in ("audit_events", "audit_heads")]
    behind_the_application(database, *gone)
    assert said() == ["7: Les 32 chaînes ont disparu avec leurs têtes et leurs maillons."]


@pytest.mark.usefixtures("system_context")
def test_a_head_removed_alone_is_named_and_the_register_too(database: Database) -> None:
    written(1)
    behind_the_application(database, f"DELETE FROM audit_heads WHERE chain = '{OURS}'")
    assert said() == [f"{OURS}: La tête de la chaîne a disparu ; les maillons vont jusqu’au numéro 1."]
    with pytest.raises(RuntimeError, match="verify-trail"):
        written(1)
    gone = [f"DELETE FROM {table} WHERE chain = 'register'" for table in ("audit_events", "audit_heads")]
    behind_the_application(database, *gone)
    assert said()[0].startswith("register: La chaîne a disparu")


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize("noted", [False, True])
@pytest.mark.parametrize("acts_after", [0, 1])
def test_both_tables_emptied_is_named(database: Database, noted: bool, acts_after: int) -> None:
    assert said() == [], "nobody acted yet"
    written(1, 1)
    if noted:
        actions.note_outside()
    behind_the_application(database, "DELETE FROM audit_events", "DELETE FROM audit_heads")
    written(*([1] * acts_after))
    found = said()
    if not acts_after:
        assert len(found) == 1 and "Le journal a été vidé" in found[0]
        assert ("(chaînes, maillons) : 2, 3" in found[0]) is noted
        return
    (register,) = (text for text in found if text.startswith("register: La tête"))
    assert "n’est pas signée" in register
    assert any("allait jusqu’au maillon 2 ; elle s’arrête au maillon 1" in text for text in found) is noted


@pytest.mark.usefixtures("system_context")
def test_heads_and_events_of_an_old_backup_are_named_by_what_was_noted_outside(database: Database) -> None:
    written(1, institution=7)
    backup = db.session.scalars(sa.select(Head.signature).where(Head.chain == THEIRS)).one()
    written(1, 1, institution=7)
    actions.note_outside()
    behind_the_application(database, *set_back(THEIRS, 1, backup))
    (found,) = said()
    assert (
        found.startswith(f"{THEIRS}: Le ")
        and "allait jusqu’au maillon 3 ; elle s’arrête au maillon 1" in found
    )
    written(1, 1, 1, institution=7)
    (found,) = said()
    assert found.startswith(f"{THEIRS}: Le maillon 3 n’est plus celui qui a été relevé le ")
    actions.note_outside()
    assert len(said()) == 1, "the next note does not make it good"


@pytest.mark.usefixtures("system_context")
def test_a_head_of_an_old_backup_before_its_events_is_named(database: Database) -> None:
    written(1, institution=7)
    wanted = sa.select(Head.digest, Head.signature).where(Head.chain == THEIRS)
    digest, signature = db.session.execute(wanted).one()
    written(1, institution=7)
    old_head = f"SET sequence = 1, digest = '{digest}', signature = '{signature}' WHERE chain = '{THEIRS}'"
    behind_the_application(database, f"UPDATE audit_heads {old_head}")
    assert said() == [
        f"{THEIRS}: La tête a été remise en arrière : elle dit 1, la chaîne va jusqu’au maillon 2."
    ]


@pytest.mark.usefixtures("system_context")
def test_a_chain_of_the_old_rule_is_closed_and_verifies_and_cannot_be_cut_any_more(
    database: Database,
) -> None:
    old_chain("7", 3)
    old_chain("installation", 2)
    assert len(said()) == 2 and all("n’est pas close" in text for text in said())
    written(1, institution=7)  # the first act of the institution closes its own
    assert [text.partition(":")[0] for text in said()] == ["installation"]
    with writing() as session:
        actions.end_old_rule(session)
    assert said() == []
    closed = sa.select(Event.chain, Event.sequence, Event.institution_id).where(Event.action == CLOSE)
    rows = list(db.session.execute(closed.where(Event.chain != REGISTER).order_by(Event.chain)))
    assert [tuple(row) for row in rows] == [("7", 4, 7), ("installation", 3, None)]
    written(1, institution=7)
    assert said() == []
    behind_the_application(database, *set_back("7", 3))
    (found,) = said()
    assert found.startswith("7: Cette chaîne d’avant la clé n’est pas close")
    gone = [f"DELETE FROM {table} WHERE chain = '7'" for table in ("audit_events", "audit_heads")]
    behind_the_application(database, *gone)
    assert said() == ["7: La chaîne a disparu avec sa tête et ses maillons."]


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize("acts_after", [0, 1])
def test_a_chain_that_somebody_made_under_the_old_rule_since_is_named(acts_after: int) -> None:
    written(1)
    with writing() as session:
        actions.end_old_rule(session)
    assert said() == []
    old_chain("9", 2)
    with writing() as session:
        actions.end_old_rule(session)
    (found,) = said()
    assert found.startswith("9: Cette chaîne d’avant la clé n’est pas close")
    written(*([1] * acts_after), institution=9)  # which closes it
    (found,) = said()
    assert not acts_after or "après la fin de cette règle : elle a été ajoutée" in found


def test_the_worker_notes_each_hour_at_its_start_and_at_its_stop(
    system_app: Flask, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    work = {each.name: each for each in works_of(system_app)}["note.trail"]
    assert (work.every, work.at_start, work.at_stop) == (3600, True, True)
    folder: Path = database.settings.data / "trail"
    began = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    with system_app.app_context():
        old_chain("7", 1)
        for hours in range(4):
            with clock.at(began + timedelta(hours=hours)):
                if hours < 3:
                    written(1)
                work.act(lambda: True)
    assert sorted(path.name for path in folder.glob("*.jsonl")) == ["2026-11-22.jsonl", "2026-11-23.jsonl"]
    files = [path.read_text("utf-8").splitlines() for path in sorted(folder.glob("*.jsonl"))]
    lines = [json.loads(line) for file in files for line in file]
    assert [sorted(line["heads"]) for line in lines] == [
        sorted(["7", OURS, REGISTER]),
        [OURS],
        sorted(["7", OURS, REGISTER]),
    ], "a quiet hour has no line; the first of a day names all"
    assert (folder / "2026-11-22.jsonl").stat().st_mode & 0o077 == 0
    logged = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line["signature"] for line in lines] == [text.rpartition(" ")[2] for text in logged]
    with system_app.app_context():
        assert queries.faults() == []
        (folder / "2026-11-22.jsonl").unlink()
        (found,) = queries.faults()
        assert str(found) == "2026-11-23.jsonl:1: Il manque des lignes du relevé avant celle-ci."
