"""Read the folder of incoming mail: what nobody could use, for those who look after the installation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from flask import current_app

from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.base.errors import NotFound
from cohortmgr.messages.incoming.rules import DOUBTFUL, LIMIT, IncomingMail, Unknown, read_mail, words_of

READ = "operations.read"
# Mail that could be read and not used; mail whose reading failed three times, which pages do not try again.
UNKNOWN, ASIDE = "unknown", "aside"
MOST = 200
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._=,@+-]{0,254}\Z")


@dataclass(frozen=True)
class UnreadMail:
    """One mail that was kept. `mail` and `text` are empty for one that was laid aside. `size` is in bytes. `doubtful`:
    its subject is a machine's."""

    place: str
    name: str
    came: datetime
    size: int
    mail: IncomingMail | None = None
    text: str = ""
    doubtful: bool = False


def folder() -> Path:
    """Return the folder for incoming mail; it is made if it does not exist."""
    settings = current_app.extensions["cohortmgr-settings"]
    found = Path(settings.incoming) if settings.incoming else Path(current_app.config["DATA"]) / "incoming"
    found.mkdir(parents=True, exist_ok=True)
    return found


def unread(viewer: Viewer) -> Sequence[UnreadMail]:
    """Return the mail that was kept, newest first, MOST at most. Raises NotPermitted without the permission."""
    require_anywhere(viewer, READ)
    kept = sorted(_kept(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [_opened(path) for path in islice(kept, MOST)]


def path_of(viewer: Viewer, place: str, name: str) -> Path:
    """Return the file of a kept mail. Raises NotPermitted without the permission, NotFound if there is none."""
    require_anywhere(viewer, READ)
    path = folder() / place / name
    if place not in (UNKNOWN, ASIDE) or not _NAME.match(name) or not path.is_file():
        raise NotFound(name)
    return path


def _kept() -> list[Path]:
    found = []
    for place in (UNKNOWN, ASIDE):
        inside = folder() / place
        if inside.is_dir():
            found += [path for path in inside.iterdir() if path.is_file() and _NAME.match(path.name)]
    return found


def _opened(path: Path) -> UnreadMail:
    told = path.stat()
    came = datetime.fromtimestamp(told.st_mtime, UTC)
    place = path.parent.name
    if place == ASIDE:
        return UnreadMail(place, path.name, came, told.st_size)
    with path.open("rb") as file:
        raw = file.read(LIMIT + 1)
    mail = read_mail(raw, current_app.extensions["cohortmgr-settings"].mail_domain)
    doubtful = mail.what == Unknown(DOUBTFUL)
    return UnreadMail(place, path.name, came, told.st_size, mail, words_of(raw)[:4000], doubtful)
