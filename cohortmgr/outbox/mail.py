"""The channels of electronic mail: a folder in the embedded default, an SMTP server elsewhere."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app

# Seconds that a server may stay silent; well below the lease of a message.
PATIENCE = 20


def compose(reference: str, language: str, address: str, subject: str, body: str) -> EmailMessage:
    """A message of text; its Message-ID is its reference's, so that a second sending is known for the same."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = current_app.extensions["cohortmgr-settings"].mail_from
    mail["To"], mail["Subject"] = address, subject
    mail["Message-ID"] = f"<{reference}@cohortmgr.example>"
    mail.set_content(body)
    mail["Content-Language"] = language  # after the content, whose setting takes such headers away
    return mail


def hand_over(mail: EmailMessage, reference: str) -> None:
    """Give it to the server of COHORTMGR_MAIL_URL, or write it into the data folder. Raises what goes wrong."""
    url = current_app.extensions["cohortmgr-settings"].mail_url
    if url:
        _send(mail, url)
    else:
        _write_file(mail, reference)


def _send(mail: EmailMessage, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("COHORTMGR_MAIL_URL is not smtp://host:port or smtps://host:port")
    safe = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(parts.hostname, parts.port or 465, timeout=PATIENCE, context=safe)
    else:
        server = smtplib.SMTP(parts.hostname, parts.port or 25, timeout=PATIENCE)
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=safe)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)


def _write_file(mail: EmailMessage, reference: str) -> None:
    """One file a message, named by its reference: writing it twice is having it once."""
    folder = Path(current_app.config["DATA"]) / "mail"
    folder.mkdir(exist_ok=True)
    draft = folder / f".{reference}"
    draft.write_bytes(mail.as_bytes())
    draft.rename(folder / f"{reference}.eml")
