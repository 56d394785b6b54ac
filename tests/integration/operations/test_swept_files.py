"""What was stored and named by no row is gone: at once if its act failed, else within hours, whatever failed."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cohortmgr.applications.importing.models import ImportRun
from cohortmgr.base import clock, storage
from cohortmgr.base.db import db, writing
from cohortmgr.base.stores import folder
from cohortmgr.operations import tasks
from tests.databases import Database


@pytest.fixture
def files(database: Database) -> Path:
    """The folder of the storage, empty."""
    folder = database.settings.data / "files"
    for path in folder.glob("*/*"):
        path.unlink()
    return folder


def held(folder: Path) -> list[str]:
    """The names of all files in it."""
    return sorted(path.name for path in folder.glob("*/*"))


def test_a_disk_that_is_full_keeps_no_half_of_a_file(
    system_app: Flask, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(folder.os, "fsync", full)
    with system_app.app_context(), pytest.raises(OSError, match="no room"):
        storage.store(b"personal")
    assert held(files) == []


def test_what_was_stored_for_an_act_that_failed_is_dropped_at_its_end(system_app: Flask, files: Path) -> None:
    with system_app.app_context():
        storage.store(b"of a file that was refused before anything was written")
    assert held(files) == []
    with system_app.app_context(), pytest.raises(ZeroDivisionError):
        storage.store(b"of an act that failed")
        with writing():
            _ = 1 // 0
    assert held(files) == []


def test_what_was_stored_and_committed_stays(system_app: Flask, files: Path) -> None:
    with system_app.app_context():
        key = storage.store(b"named").key
        with writing():
            pass
    assert held(files) == [key]


def test_an_upload_while_the_database_fails_leaves_no_file(
    system_app: Flask, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: Any, **_more: Any) -> None:
        raise OSError(errno.EIO, "locked")

    with system_app.app_context():
        storage.store(b"600 people")
        monkeypatch.setattr(db.session, "connection", away)
        with pytest.raises(OSError, match="locked"), writing():
            pass
        monkeypatch.undo()
    assert held(files) == []


def aged(folder: Path, by: timedelta = timedelta(days=1)) -> None:
    """Make all files older."""
    moment = (clock.now() - by).timestamp()
    for path in folder.glob("*/*"):
        os.utime(path, (moment, moment))


def test_the_sweep_takes_what_is_old_and_named_by_no_row(system_app: Flask, files: Path) -> None:
    with system_app.app_context():
        lost = storage.store(b"no row").key
        with writing():
            pass
        (files / lost[:2] / f"{lost}.part").write_bytes(b"half")
        tasks.sweep_files(lambda: False)
        assert held(files) == sorted([lost, f"{lost}.part"])  # as young as an act that is under way
        aged(files)
        tasks.sweep_files(lambda: False)
        db.session.rollback()
    assert held(files) == []


def test_the_sweep_leaves_what_a_row_names(
    system_app: Flask, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with system_app.app_context():
        keys = [storage.store(b"%d" % each).key for each in range(6)]
        with writing():
            pass
        named = {
            "documents": {keys[0], keys[1]},
            "imports": {keys[2]},
            "reports": {keys[3]},
            "lists": {keys[4]},
        }
        for room, theirs in named.items():
            monkeypatch.setattr(getattr(tasks, room), "stored_keys", lambda theirs=theirs: theirs)
        aged(files)
        tasks.sweep_files(lambda: False)
    assert held(files) == sorted(keys[:5])


def test_the_sweep_touches_nothing_beside_a_database_that_knows_none_of_the_files(
    system_app: Flask, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FEW", 1)
    with system_app.app_context():
        keys = [storage.store(b"x").key for _each in range(3)]
        with writing():
            pass
        aged(files)
        tasks.sweep_files(lambda: False)
        db.session.rollback()
    assert held(files) == sorted(keys)


def test_the_columns_that_name_files_are_those_that_the_sweep_asks() -> None:
    naming = {
        f"{mapper.local_table.name}.{column.name}"
        for mapper in ImportRun.registry.mappers
        for column in mapper.local_table.columns  # type: ignore[attr-defined]
        if "storage_key" in column.name
    }
    # `documents` names some in its parts and pages too, which `stored_keys` reads.
    assert naming == {
        "documents.storage_key",
        "import_runs.storage_key",
        "list_exports.storage_key",
        "reports.storage_key",
        "reports.masked_storage_key",
    }
