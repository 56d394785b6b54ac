"""What the application writes on the disk is readable for its own user alone, whoever it is that writes it."""

from __future__ import annotations

import stat
from pathlib import Path

from flask import Flask

from cohortmgr.base import storage
from cohortmgr.base.db import db
from cohortmgr.outbox.channels.actions.providers import write_mail
from tests.databases import Database


def test_no_file_of_the_data_folder_is_readable_for_others(database: Database, system_app: Flask) -> None:
    data = database.settings.data
    with system_app.app_context():
        storage.store(b"a document")
        write_mail(data, "letter.eml", b"a code")
        db.session.rollback()
    files = [path for path in data.rglob("*") if path.is_file()]
    assert len(files) >= 2
    assert [str(path) for path in files if _others(path)] == []


def _others(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) & 0o077
