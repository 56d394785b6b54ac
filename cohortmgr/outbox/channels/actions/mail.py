"""Compose an e-mail as the bytes that a server is given.

The code builds the bytes itself, because `email.message` takes longer than a server does: headers are
joined as text, and bodies are encoded by the standard library's C code. Text that a person typed
reaches a header only through `_one_line`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from flask import current_app

from cohortmgr.base import clock
from cohortmgr.outbox.channels.actions.signing import signed

# An encoded word has at most 75 characters (RFC 2047, 2); this many bytes in base64 fill it.
_WORD = 45
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\x85]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_PLAIN = re.compile(r"[ -~]*")


@dataclass(frozen=True)
class OutgoingMail:
    """An e-mail before it is bytes. `sender` is the name that it comes from; "" for the settings' own."""

    reference: str
    language: str
    address: str
    subject: str
    text: str
    html: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    sender: str = ""


def compose(mail: OutgoingMail) -> bytes:
    """Return the e-mail as bytes, signed where a key is set.

    The Message-ID is made of the message's reference, so that a second sending counts as the same mail."""
    settings = current_app.extensions["cohortmgr-settings"]
    lines = [
        f"From: {_sender(settings.mail_from, mail.sender)}",
        f"To: {_one_line(mail.address)}",
        f"Subject: {encoded_words(mail.subject, len('Subject: '))}",
        f"Date: {_date(clock.now())}",
        f"Message-ID: <{mail.reference}@{settings.mail_domain}>",
        f"Content-Language: {mail.language}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ]
    lines += [f"{_name(name)}: {encoded_words(value, len(name) + 2)}" for name, value in mail.more.items()]
    data = "\r\n".join(lines).encode() + b"\r\n" + _body(mail)
    return signed(data, settings)


def return_path(reference: str) -> str:
    """Return the address to which undeliverable mail comes back; it contains the message's reference."""
    domain = current_app.extensions["cohortmgr-settings"].mail_domain
    return f"bounces+{reference}@{domain}"


def encoded_words(text: str, taken: int = 0) -> str:
    """Return a header's text, unchanged if it is plain and short, else as
    encoded words on lines of their own.

    `taken` is the number of characters before it on its first line.
    """
    text = _one_line(text)
    if _PLAIN.fullmatch(text) and "=?" not in text and len(text) + taken <= 200:
        return text
    words, part, size = [], "", 0
    for character in text:
        width = len(character.encode())
        if size + width > _WORD:
            words.append(part)
            part, size = "", 0
        part, size = part + character, size + width
    words.append(part)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words)


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header")
    return name


@lru_cache(maxsize=256)
def _sender(written: str, signed: str) -> str:
    """Return the address of the settings, under the name of who signs the message where somebody does."""
    name, address = parseaddr(written)
    name = _one_line(signed) or name
    return formataddr((name, address)) if name.isascii() else f"{encoded_words(name)} <{address}>"


def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _body(mail: OutgoingMail) -> bytes:
    if mail.html is None:
        return _part(mail.text, b"plain")
    # No encoded text contains "=_": an equals sign is always followed by
    # hex digits or by the end of its line.
    edge = f"=_{mail.reference}".encode()
    start = b'Content-Type: multipart/alternative; boundary="%s"\r\n\r\n' % edge
    parts = (_part(mail.text, b"plain"), _part(mail.html, b"html"))
    # The line break before a boundary belongs to the boundary (RFC 2046, 5.1.1).
    return start + b"".join(b"--%s\r\n%s\r\n" % (edge, part) for part in parts) + b"--%s--\r\n" % edge


@lru_cache(maxsize=2048)
def _printable(line: str) -> bytes:
    """Encode one line as quoted-printable.
    Cached: most lines of an e-mail come from its layout and are the same."""
    return binascii.b2a_qp(line.encode(), istext=True).replace(b"=\n", b"=\r\n")


def _part(text: str, kind: bytes) -> bytes:
    """Return a MIME part: quoted-printable if most of the text is ASCII,
    base64 if it is not, as with Arabic."""
    lines = text.splitlines()
    size = len(text.encode())
    if size - len(text) > size // 6:
        data = "\r\n".join(lines).encode() + b"\r\n"
        encoding, body = b"base64", base64.encodebytes(data).replace(b"\n", b"\r\n")
    else:
        encoding, body = b"quoted-printable", b"\r\n".join(map(_printable, lines)) + b"\r\n"
    head = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n" % (kind, encoding)
    return head + body
