"""Why production does not start with its settings: what is missing, would undo its walls, or would never work.

Each setting is read as whoever uses it will read it. A refusal names the variable and the place in it, and says
what to write; it repeats no part of a value, which a log would keep and a screen show."""

from __future__ import annotations

import base64
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from cohortmgr.base.production import notation

# What production cannot do without.
NEEDED = (
    "database_url",
    "owner_database_url",
    "system_database_url",
    "broker_url",
    "secret_key",
    "sealing_keys",
    "index_key",
    "trail_key",
    "mail_url",
)
DATABASES = ("database_url", "owner_database_url", "system_database_url")
# A secret must have so many bytes, and so many different ones: 32 random bytes have some 30, and so many random
# hexadecimal digits nearly all 16. One byte repeated has one, and its base64 at most five.
SECRET_BYTES, SECRET_VARIETY = 32, 8
_RANDOM = "`openssl rand -base64 32`"
_LONGEST_ID = 32
GivenSettings = Mapping[str, Any]


def refusals(given: GivenSettings) -> Iterator[str]:
    """Say, a line each, why production does not start with these settings: what is wrong, and what to set."""
    missing = [variable(name) for name in NEEDED if not given[name]]
    if missing:
        yield f"production needs {', '.join(missing)}: set them in the environment"
    yield from _unnamed_keys(given["sealing_keys"])
    yield from _weak_secrets(given)
    yield from _unwalled_databases(given)
    yield from _wrong_address(given["base_url"])
    yield from _unreachable_servers(given)
    yield from filter(None, (files_problem(given["files_url"]), _wrong_replica(given)))
    yield from _useless_mail(given)
    if given["demonstration"]:
        yield (
            "COHORTMGR_DEMONSTRATION shows every message, with its codes and links, to anybody: unset it in "
            "production"
        )
    if os.environ.get("FLASK_DEBUG", "").lower() not in ("", "0", "false", "no"):
        yield (
            "FLASK_DEBUG (or --debug) shows the insides of the application to whoever meets an error: unset it "
            "in production"
        )


def url_problem(name: str, text: str) -> str | None:
    """Return why a database URL cannot be used; None if it can."""
    how = f"{variable(name)} does not read: write postgresql+psycopg://role:password@host/database"
    try:
        make_url(text).get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ValueError):  # what they say repeats a part of it
        return how
    except ImportError:
        return f"{variable(name)} names a driver that is not installed: begin it with postgresql+psycopg://"
    return None


def files_problem(text: str) -> str | None:
    """Return why files cannot lie where COHORTMGR_FILES_URL says; None if they can, or if it says nothing."""
    try:
        if text:
            notation.read_bucket(text)
    except ValueError as error:
        return (
            f"COHORTMGR_FILES_URL {error}: write s3://KEY:SECRET@host:port/bucket?region=…, each with %XX for its "
            "signs, and &tls=no for a server without TLS in your own network"
        )
    return None


def replica_problem(url: str, primary: str) -> str | None:
    """Return why COHORTMGR_REPLICA_DATABASE_URL cannot be read beside the database itself; None if it can."""
    name = "replica_database_url"
    problem = url_problem(name, url) if url else None
    if problem or not url or url_problem("", primary):
        return problem
    replica, main = make_url(url), make_url(primary)
    if {replica.get_backend_name(), main.get_backend_name()} != {"postgresql"}:
        return f"{variable(name)} follows no PostgreSQL: unset it, or set COHORTMGR_DATABASE_URL to PostgreSQL too"
    if replica.username != main.username:
        return (
            f"{variable(name)} names another role than COHORTMGR_DATABASE_URL: the walls between institutions hold "
            "for that role, on the replica too"
        )
    return None


def variable(name: str) -> str:
    """Return the name that a setting bears in the environment."""
    return f"COHORTMGR_{name.upper()}"


def _unnamed_keys(text: str) -> Iterator[str]:
    """Say which sealing keys have no id of their own."""
    parts = [part.strip().partition(":") for part in text.split(",")] if text else []
    named = Counter(name for name, colon, _ in parts if colon)
    for place, (name, colon, _) in enumerate(parts, 1):
        where = f"COHORTMGR_SEALING_KEYS: key {place}"
        if not colon:
            yield f"{where} has no id: write k{place}:VALUE"
        elif not name or not name.isascii() or not name.isprintable() or len(name) > _LONGEST_ID:
            yield f"{where} has no short id of plain letters before its ':': write k{place}:VALUE"
        elif named[name] > 1:
            yield f"{where} has the id of another one: give each its own, as k2:VALUE,k1:VALUE, the newest first"


def _weak_secrets(given: GivenSettings) -> Iterator[str]:
    """Say which secrets are too short, too uniform, or one value under two names."""
    seen: dict[bytes, str] = {}
    for name, value, exact in _secrets(given):
        problem = _weakness(value, exact)
        if problem:
            yield f"{name} {problem}"
        if value is None:
            continue
        for form in {value, _decoded(value.decode("latin-1")) or value}:
            if seen.setdefault(form, name) != name:
                yield f"{name} is the same value as {seen[form]}: each needs a value of its own"
                break


def _weakness(value: bytes | None, exact: bool) -> str | None:
    if value is None:
        return f"does not read: write 32 random bytes in base64, as {_RANDOM} makes them"
    if len(value) < SECRET_BYTES or (exact and len(value) != SECRET_BYTES):
        return f"has {len(value)} bytes and needs {SECRET_BYTES}: take what {_RANDOM} prints"
    if len(set(value)) == 1:
        return f"is one byte repeated: take what {_RANDOM} prints"
    if len(set(value)) < SECRET_VARIETY:
        return f"has only {len(set(value))} different bytes, which is no random value: take what {_RANDOM} prints"
    return None


def _secrets(given: GivenSettings) -> Iterator[tuple[str, bytes | None, bool]]:
    """Each secret that was given: its place, the bytes that are used (None if it does not read), and whether it is a
    key of exactly so many bytes."""
    if given["secret_key"]:
        yield "COHORTMGR_SECRET_KEY", given["secret_key"].encode(), False
    for place, part in enumerate(given["sealing_keys"].split(",") if given["sealing_keys"] else (), 1):
        _, colon, encoded = part.strip().partition(":")
        if colon:
            yield f"COHORTMGR_SEALING_KEYS: key {place}", _decoded(encoded), True
    for name in ("index_key", "trail_key"):
        if given[name]:
            yield variable(name), _decoded(given[name]), True


def _decoded(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return None


def _unwalled_databases(given: GivenSettings) -> Iterator[str]:
    """Say which database URLs do not open one, or would leave the application without row-level security."""
    roles: dict[str | None, str] = {}
    for name in (*DATABASES, "superuser_database_url"):
        text = given[name]
        problem = url_problem(name, text) if text else None
        if problem:
            yield problem
        if problem or not text:
            continue
        url = make_url(text)
        if url.get_backend_name() != "postgresql":
            yield (
                f"{variable(name)} is no PostgreSQL: the walls between institutions stand in PostgreSQL alone; "
                "write postgresql+psycopg://role:password@host/database"
            )
        elif roles.setdefault(url.username, name) != name:
            yield (
                f"{variable(name)} names the same role as {variable(roles[url.username])}: the walls hold only "
                "for a role that does not own the tables; `flask operations roles` makes three"
            )


def _wrong_replica(given: GivenSettings) -> str | None:
    return replica_problem(given["replica_database_url"], given["database_url"])


def _wrong_address(text: str) -> Iterator[str]:
    try:
        parts = notation.read_url(text, ("https",))
    except ValueError:
        yield (
            "COHORTMGR_BASE_URL must begin with https:// and name a host: over http, passwords, codes and "
            "sessions can be read on the way; set the address that people open"
        )
        return
    if parts.path or "?" in text or "#" in text or "@" in parts.netloc:
        yield "COHORTMGR_BASE_URL must end with its host: links in messages put their path behind it"


def _unreachable_servers(given: GivenSettings) -> Iterator[str]:
    for name in ("mail_url", "mail_url_2"):
        if given[name] and not _reads(lambda text: notation.read_url(text, ("smtp", "smtps")), given[name]):
            yield f"{variable(name)} is no mail server: write smtp://user:password@host:587 or smtps://…"
    if given["sms_url"] and not _reads(lambda text: notation.read_url(text, ("https",)), given["sms_url"]):
        yield (
            "COHORTMGR_SMS_URL must begin with https:// and name a host: over http, numbers and codes can be read on "
            "the way; write https://user:password@host/path"
        )
    if given["broker_url"] and not _reads(
        lambda text: notation.read_url(text, ("redis", "rediss")), given["broker_url"]
    ):
        yield (
            "COHORTMGR_BROKER_URL is no Redis, by which web and worker reach each other: write "
            "redis://:password@host:6379/0 or rediss://…"
        )
    if given["clamd"] and not _reads(notation.read_scanner, given["clamd"]):
        yield "COHORTMGR_CLAMD is no scanner: write host:3310, or the path of a socket, as /run/clamav/clamd.ctl"


def _useless_mail(given: GivenSettings) -> Iterator[str]:
    """Say with which settings mail would not leave, or would not be let in."""
    for name in ("mail_domain", "dkim_domain"):
        if (given[name] or name == "mail_domain") and not notation.is_domain(given[name]):
            yield f"{variable(name)} is no domain: write one line, as exemple.ma"
    if not notation.is_sender(given["mail_from"]):
        yield "COHORTMGR_MAIL_FROM is no sender: write one line, as Name <nom@exemple.ma>"
    if given["dkim_key"] and not notation.is_selector(given["dkim_selector"]):
        yield "COHORTMGR_DKIM_SELECTOR is no selector: write letters, digits, dots and dashes, as cohortmgr"
    for read, text in (
        (notation.read_rates, given["mail_rates"]),
        (notation.read_private_key, given["dkim_key"]),
    ):
        try:
            if text:
                read(text)
        except ValueError as error:
            yield str(error)


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
