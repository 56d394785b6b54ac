"""Read the folder into which mail comes: each file is read once, and no file stops the others.

A file's name counts its readings, and is changed before each reading begins, so that a file
that kills its reader is counted too. After three readings it is moved to `aside`. Mail that
nobody can use is kept in `unknown`. Staff see both in their pages."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flask import current_app
from sqlalchemy.exc import OperationalError

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.databases.ailing import ailment_of
from cohortmgr.base.db import db, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.messages.incoming.actions import receive
from cohortmgr.messages.incoming.queries import ASIDE, UNKNOWN, folder
from cohortmgr.messages.incoming.rules import LIMIT, read_mail

READINGS = 3
BATCH = 1000
_COUNT = re.compile(r"~(\d)$")


def keep(stream: BinaryIO, recipient: str = "") -> bool:
    """Put one mail into the folder, whole or not at all. Returns False if it is too large. `recipient` is the
    envelope's recipient."""
    data = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        return False
    if recipient:
        data = b"X-Original-To: " + recipient.encode("ascii", "replace").split(b"\n")[0] + b"\r\n" + data
    name = hashlib.sha256(data).hexdigest()
    draft = folder() / f".{name}.{os.getpid()}"
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder() / f"{name}.eml")
    return True


def collect(_stopping: Stopping = lambda: False) -> int:
    """Read the mail that has come, oldest first; returns how many files were taken.
    The rest is read a minute later.

    Only one process does this at a time."""
    place = folder()
    with _alone(place) as mine:
        if not mine:
            return 0
        waiting = [path for path in place.iterdir() if path.is_file() and not path.name.startswith(".")]
        waiting = sorted(waiting, key=lambda path: (path.stat().st_mtime_ns, path.name))[:BATCH]
        for path in waiting:
            _read(place, path)
        return len(waiting)


def _read(place: Path, path: Path) -> None:
    count = _COUNT.search(path.name)
    number, name = int(count[1]) if count else 0, _COUNT.sub("", path.name)
    if number >= READINGS:
        _lay(path, place / ASIDE, name)
        return
    path = path.rename(place / f"{name}~{number + 1}")
    try:
        with path.open("rb") as file:
            mail = read_mail(file.read(LIMIT + 1), current_app.extensions["cohortmgr-settings"].mail_domain)
        with writing():
            done = receive(SYSTEM, mail)
    except Exception as failure:
        db.session.rollback()
        # The database or the files are away, or the disk is full, which is not the mail's fault.
        if isinstance(failure, OperationalError) or ailment_of(failure) is not None:
            path.rename(place / (f"{name}~{number}" if number else name))
            raise
        # A failure that nobody foresaw: the mail is read three times, then moved aside.
        current_app.logger.exception("the mail %s was not taken in", name)
        return
    current_app.logger.info("the mail %s: %s (%s)", name, done, type(mail.what).__name__)
    if done == UNKNOWN:
        _lay(path, place / UNKNOWN, name)
    else:
        path.unlink(missing_ok=True)


def _lay(path: Path, into: Path, name: str) -> None:
    into.mkdir(exist_ok=True)
    path.rename(into / name)


@contextmanager
def _alone(place: Path) -> Iterator[bool]:
    with (place / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


# What the worker does of this, and every how many seconds.
WORKS = (Work("collect.mail", collect, every=60),)
