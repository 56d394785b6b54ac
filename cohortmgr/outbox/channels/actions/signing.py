"""Sign e-mails with DKIM (RFC 6376) if a key is set."""

from __future__ import annotations

from functools import cache

from cohortmgr.base.production.notation import read_private_key
from cohortmgr.base.settings import Settings

SIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To",
    "Content-Type", "MIME-Version",
)  # fmt: skip
# A message bears these once. Each is signed once more than it is there, so that the signature breaks if somebody
# adds a second one, which many programs would show in place of ours (RFC 6376, 8.15).
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type")
_private_key = cache(read_private_key)


def signed(data: bytes, settings: Settings) -> bytes:
    """Return the e-mail (lines ending in CRLF) with its signature before it; unchanged if no key is set."""
    if not settings.dkim_key:
        return data
    import dkim  # imported only where mail is signed: it takes a tenth of a second to load

    head = data.partition(b"\r\n\r\n")[0].lower()
    there = [name.encode() for name in SIGNED if b"\r\n%s:" % name.lower().encode() in b"\r\n" + head]
    signature: bytes = dkim.sign(
        data,
        settings.dkim_selector.encode(),
        (settings.dkim_domain or settings.mail_domain).encode(),
        _private_key(settings.dkim_key),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[*there, *(name.encode() for name in ONCE)],
    )
    return signature + data


def check_key(settings: Settings) -> None:
    """Check the key of the settings. Raises ValueError if one is set that is not a key."""
    if settings.dkim_key:
        _private_key(settings.dkim_key)
