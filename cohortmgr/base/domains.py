"""Names of domains as mail servers know them: in ASCII, by IDNA 2008.

Python's own codec is of 2003: it makes strasse.de of straße.de, which is somebody else's.
"""

from __future__ import annotations

import re

import idna

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_LONGEST = 253


def ascii_domain(domain: str) -> str | None:
    """Return the domain in ASCII and lower case; None unless each label is sound, the last is no number, and
    there are two at least."""
    if len(domain) > _LONGEST:
        return None
    try:
        written = idna.encode(domain, uts46=True).decode("ascii") if not domain.isascii() else domain
    except (idna.IDNAError, UnicodeError):
        return None
    labels = written.lower().split(".")
    sound = len(labels) > 1 and all(_LABEL.match(label) for label in labels) and not labels[-1].isdigit()
    return ".".join(labels) if sound and all(_is_readable(label) for label in labels) else None


def known_domain(domain: str) -> str | None:
    """Return the one form in which a domain is kept and shown: its letters, composed, in lower case. None as above."""
    written = ascii_domain(domain)
    if written is None:
        return None
    return ".".join(idna.ulabel(label) if label.startswith("xn--") else label for label in written.split("."))


def _is_readable(label: str) -> bool:
    """Whether a label in punycode says letters that a domain may have."""
    if not label.startswith("xn--"):
        return True
    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return False
    return True
