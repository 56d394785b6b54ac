"""The demonstration's mailbox: the folder where messages are written when no mail server is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards

bp = Blueprint("mailbox", __name__, url_prefix="/demo/mail")
SHOWN = 60


@dataclass(frozen=True)
class Letter:
    """One message as it was written."""

    reference: str
    to: str
    subject: str
    language: str
    body: str
    at: datetime


@bp.get("")
@guards.public
def index() -> ResponseReturnValue:
    """The latest messages, of one address if `to` is given."""
    folder = _folder()
    wanted = request.args.get("to", "").strip().casefold()
    paths = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    letters: list[Letter] = []
    for path in paths:
        letter = _read(path)
        if not wanted or wanted in letter.to.casefold():
            letters.append(letter)
        if len(letters) == SHOWN:
            break
    return render_template("portals/public_mailbox.html", letters=letters, total=len(paths), wanted=wanted)


@bp.get("/<reference>")
@guards.public
def show(reference: str) -> ResponseReturnValue:
    """One message, its links live."""
    path = _folder() / f"{reference}.eml"
    if not reference.isalnum() or not path.exists():
        abort(404)
    return render_template("portals/public_letter.html", letter=_read(path))


def _folder() -> Path:
    if not current_app.config["DEMONSTRATION"]:
        abort(404)
    return Path(current_app.config["DATA"]) / "mail"


def _read(path: Path) -> Letter:
    mail = message_from_bytes(path.read_bytes(), policy=default)
    body = mail.get_body(("plain",))
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    text = body.get_content() if body else ""
    return Letter(
        path.stem, str(mail["To"]), str(mail["Subject"]), str(mail["Content-Language"] or "fr"), text, at
    )
