"""The demonstration's mailbox: shows e-mails and short messages that were written to folders, without a server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.base.text import script_language

bp = Blueprint("mailbox", __name__, url_prefix="/demo/mail")
SHOWN = 60


@dataclass(frozen=True)
class MailboxMessage:
    """One message as it was written. A short message has no subject but a number of segments."""

    reference: str
    to: str
    subject: str
    language: str
    body: str
    at: datetime
    segments: int = 0


@bp.get("")
@guards.public
def index() -> ResponseReturnValue:
    """List the latest messages, only those of one address or number if `to` is given."""
    wanted = request.args.get("to", "").strip().casefold()
    paths = sorted(_paths("*"), key=lambda path: path.stat().st_mtime, reverse=True)
    letters: list[MailboxMessage] = []
    for path in paths:
        # Parsing a thousand mails takes seconds, while reading their bytes does not.
        if wanted and wanted.encode() not in path.read_bytes().lower():
            continue
        letter = _read(path)
        if not wanted or wanted in letter.to.casefold():
            letters.append(letter)
        if len(letters) == SHOWN:
            break
    return render_template("portals/public_mailbox.html", letters=letters, total=len(paths), wanted=wanted)


@bp.get("/<reference>")
@guards.public
def show(reference: str) -> ResponseReturnValue:
    """Show one message, with working links."""
    found = _paths(reference) if reference.isalnum() else []
    if not found:
        abort(404)
    return render_template("portals/public_letter.html", letter=_read(found[0]))


def _paths(name: str) -> list[Path]:
    if not current_app.config["DEMONSTRATION"]:
        abort(404)
    data = Path(current_app.config["DATA"])
    return [*(data / "mail").glob(f"{name}.eml"), *(data / "sms").glob(f"{name}.json")]


def _read(path: Path) -> MailboxMessage:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if path.suffix == ".json":
        short = json.loads(path.read_text(encoding="utf-8"))
        text = short["text"]
        return MailboxMessage(path.stem, short["to"], "", script_language(text), text, at, short["segments"])
    mail = message_from_bytes(path.read_bytes(), policy=default)
    body = mail.get_body(("plain",))
    text = body.get_content() if body else ""
    return MailboxMessage(
        path.stem, str(mail["To"]), str(mail["Subject"]), str(mail["Content-Language"] or "fr"), text, at
    )
