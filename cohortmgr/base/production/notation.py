"""How the values of settings are written: read here by whoever uses them, and before production starts.

What is wrong is said by its place, never by a part of the value: it may be a secret, or stand beside one."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_WHOLE_ADDRESS = re.compile(r"[^\s@<>]{1,64}@([^\s@<>]+)")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
LONGEST_PATH_OF_SOCKET = 107


@dataclass(frozen=True)
class Bucket:
    """A bucket of a server that speaks S3, and the key that opens it."""

    endpoint: str
    name: str
    region: str
    key: str
    secret: str = field(repr=False)


def read_url(text: str, schemes: Sequence[str]) -> SplitResult:
    """Return the parts of a server's URL. Raises ValueError unless it has one of these schemes, a host and no port
    that is none."""
    try:
        parts = urlsplit(text)
        sound = parts.port is None or parts.port > 0
    except ValueError:  # what Python says of it repeats a part of it
        sound = False
    if not sound or parts.scheme not in schemes or not is_host(parts.hostname) or not _is_one_word(text):
        raise ValueError(
            f"does not begin with {' or '.join(f'{each}://' for each in schemes)} and name a host"
        )
    return parts


def is_host(text: str | None) -> bool:
    """Whether a text is the name of a host, or an address of IPv4 or IPv6 without its brackets."""
    if not text or len(text) > 253:
        return False
    return bool(_HOST.fullmatch(text)) or (":" in text and bool(_IPV6.fullmatch(text)))


def is_domain(text: str) -> bool:
    """Whether a text is a domain to which mail can go, as it stands in a header: without spaces and line ends."""
    return len(text) <= 253 and bool(_DOMAIN.fullmatch(text))


def is_selector(text: str) -> bool:
    """Whether a text names a DKIM key."""
    return bool(_SELECTOR.fullmatch(text))


def is_sender(text: str) -> bool:
    """Whether a text is an e-mail address that can stand in From, with a name before it or without."""
    found = _WHOLE_ADDRESS.fullmatch(parseaddr(text)[1])
    return text.isprintable() and found is not None and is_domain(found[1])


def read_rates(text: str) -> Mapping[str, float]:
    """Read messages a second by domain, from `gmail.com=20,*=50`. Raises ValueError with the place of the part that is
    not valid."""
    rates: dict[str, float] = {}
    for place, part in enumerate(filter(None, (part.strip() for part in text.split(","))), 1):
        domain, _, figure = part.partition("=")
        try:
            rate = float(figure)
        except ValueError:
            rate = 0.0
        if not domain.strip() or not 0 < rate < 1_000_000:
            raise ValueError(f"COHORTMGR_MAIL_RATES: part {place} is not domain=messages a second")
        rates[domain.strip().casefold()] = rate
    return rates


def read_private_key(text: str) -> bytes:
    """Return the PEM of COHORTMGR_DKIM_KEY, which is a file's path or the PEM itself in base64.
    Raises ValueError if it is neither, or no RSA key."""
    try:
        pem = base64.b64decode(text, validate=True)
    except ValueError:
        pem = b""
    if b"PRIVATE KEY" not in pem:
        try:
            pem = Path(text).read_bytes()
        except (OSError, ValueError):
            raise ValueError(
                "COHORTMGR_DKIM_KEY is neither the path of a key that can be read nor the base64 of its PEM"
            ) from None
    try:
        sound = isinstance(load_pem_private_key(pem, None), RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        sound = False
    if not sound:
        raise ValueError(
            "COHORTMGR_DKIM_KEY is no RSA key in PEM without a password, as `openssl genrsa` makes it"
        )
    return pem


def read_scanner(text: str) -> str | tuple[str, int]:
    """Return where ClamAV's daemon listens: the path of its socket, or host and port. Raises ValueError."""
    if "/" in text:
        if "\0" not in text and len(text.encode()) <= LONGEST_PATH_OF_SOCKET:
            return text
    else:
        host, _, port = text.rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if is_host(bare) and port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536:
            return bare, int(port)
    raise ValueError("COHORTMGR_CLAMD is neither host:port nor the path of a socket")


def read_bucket(text: str) -> Bucket:
    """Read `s3://key:secret@host[:port]/bucket?region=…&tls=no`. Raises ValueError, which repeats no part of it."""
    parts = read_url(text, ("s3",))
    key, secret = unquote(parts.username or ""), unquote(parts.password or "")
    if not key or not secret:
        raise ValueError("has no key and secret before its host")
    name = parts.path.strip("/")
    if not _BUCKET.fullmatch(name):
        raise ValueError("names no bucket behind its host: 3 to 63 small letters, digits, dots and dashes")
    asked = parse_qsl(parts.query, keep_blank_values=True)
    given = dict(asked)
    region, tls = given.pop("region", "us-east-1"), given.pop("tls", "yes")
    if given or len(asked) > 2 or parts.fragment:
        raise ValueError("has more behind its bucket than ?region= and &tls=")
    if not _REGION.fullmatch(region) or tls not in ("yes", "no"):
        raise ValueError("has a region that is none, or a tls that is neither yes nor no")
    # The host as it is written: what stands in brackets is IPv6.
    host = parts.netloc.rpartition("@")[2]
    return Bucket(f"{'https' if tls == 'yes' else 'http'}://{host}", name, region, key, secret)


def _is_one_word(text: str) -> bool:
    return text.isprintable() and not any(map(str.isspace, text))
