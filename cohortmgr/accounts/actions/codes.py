"""Codes of six digits, sent to an address or a number: whoever types one proves that they read it.

A code is bound to the browser that asked for it, whose session holds the token of the code's row. Typed in
any other browser it opens nothing, so that a swindler who makes a person read out a code cannot use it.
The database holds only a keyed hash. Asking for a code never looks whether there is an account: the
answer, and the time it takes, are the same.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.actions import counting, guessing
from cohortmgr.accounts.actions.links import hashed, proves
from cohortmgr.accounts.contacts import SMS, Contact, require_mobile_of
from cohortmgr.accounts.limits import Caller, limits_on_codes
from cohortmgr.accounts.models import SignInCode
from cohortmgr.accounts.rules import (
    CODE_DIGITS,
    CODE_LIFETIME,
    CODE_TRIES,
    is_code_open,
)
from cohortmgr.audit.actions import destroy
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.vouching import vouch
from cohortmgr.base.db import db, present, table_of
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.outbox.actions import Letter, send_all

TRIES = NN_("%(num)s essai", "%(num)s essais")
_TABLE = table_of(SignInCode)
KEPT = timedelta(days=1)
# How long a proof waits for what must still be said.
PROOF_LIFETIME = timedelta(minutes=30)
_DEAD = N_("Ce code n’est plus valable. Demandez-en un autre.")


@dataclass(frozen=True)
class CodeRequest:
    """The request for a code: its purpose, where the code went, and the data kept until the code is proved.

    `doubted`: strangers asked for so many to that address that its code alone is not enough. `owns`: the browser
    had proved that address before."""

    purpose: str
    contact: Contact
    language: str
    sent_at: datetime
    kept: Mapping[str, Any] = field(default_factory=dict)
    doubted: bool = False
    owns: bool = False


@dataclass(frozen=True)
class WrongCode:
    """The typed code is wrong; `left` tries remain."""

    left: int


def ask(
    purpose: str,
    contact: Contact,
    language: str,
    caller: Caller,
    kept: Mapping[str, Any] | None = None,
    before: str | None = None,
) -> str:
    """Send a code; return the token for the browser's session.

    `caller` says from where it is asked for, and what was proved there before; `before` is the token of the code
    that this one replaces. Raises Refused if too many codes were asked for, or if no SMS goes to the number."""
    attempt = _admitted(contact, caller)
    moment, reference, token = attempt.at, new_reference(), secrets.token_urlsafe(24)
    if before:
        _end(_TABLE.c.token_hash == _shown(before))
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    content = {
        "channel": contact.channel,
        "address": contact.address,
        "language": language,
        "returned": attempt.returned,
        "doubted": attempt.doubted,
        "owns": caller.owns,
    }
    row = SignInCode(
        reference=reference,
        token_hash=_shown(token),
        purpose=purpose,
        sealed=crypto.seal(
            json.dumps({**content, "kept": dict(kept or {})}), "sign_in_codes", "sealed", reference
        ),
        code_hash=_keyed(reference, code),
        tries=0,
        created_at=moment,
        expires_at=moment + CODE_LIFETIME,
        proves=proves(hashed(token), contact),
    )
    db.session.add(row)
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    variables = {"code": f"{code[:3]} {code[3:]}", "minutes": minutes}
    # The letter is sealed with a key of its own, destroyed with the code:
    # nothing about an address outlives the code.
    send_all(
        [Letter(counting.CODE, reference, contact.address, language, variables, channel=contact.channel)]
    )
    return token


def keep_proof(purpose: str, contact: Contact, language: str) -> str:
    """Keep that a browser proved an address or number, for half an hour and for one purpose; no code is sent.
    Returns the token for the browser's session."""
    moment, reference, token = clock.now(), new_reference(), secrets.token_urlsafe(24)
    content = {"channel": contact.channel, "address": contact.address, "language": language, "kept": {}}
    row = SignInCode(
        reference=reference,
        token_hash=_shown(token),
        purpose=purpose,
        sealed=crypto.seal(json.dumps(content), "sign_in_codes", "sealed", reference),
        code_hash="",
        tries=CODE_TRIES,
        created_at=moment,
        expires_at=moment + PROOF_LIFETIME,
        proves=proves(hashed(token), contact),
    )
    db.session.add(row)
    return token


def proof_of(token: str | None, purpose: str) -> CodeRequest | None:
    """Return what a browser proved, while it may be used; else None."""
    row = _row(token, (purpose,)) if token else None
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        return None
    return _asked(row)


def use_proof(token: str | None, purpose: str) -> None:
    """Use a kept proof up. Raises Refused if it is used already or too old."""
    row = _row(token or "", (purpose,))
    if row is None or not _use(row, _TABLE.c.expires_at > clock.now()):
        raise Refused(Problem(_DEAD, {}, "answer"))


def look(token: str | None, *purposes: str) -> CodeRequest | None:
    """Return what the browser's last code was asked for, while it may be typed or asked for again;
    else None."""
    if not token:
        return None
    row = _row(token, purposes)
    if row is None or row.used_at is not None or row.created_at + KEPT <= clock.now():
        return None
    return _asked(row)


def ask_again(token: str, caller_of: Callable[[Contact], Caller], *purposes: str) -> str:
    """Send another code to the same address for the same purpose; the earlier code stops working.
    `caller_of` says who asks for a code to that address. Returns the new token."""
    asked = look(token, *purposes)
    if asked is None:
        raise Refused(Problem(_DEAD, {}, "code"))
    return ask(asked.purpose, asked.contact, asked.language, caller_of(asked.contact), asked.kept, token)


def check(token: str | None, code: str, *purposes: str) -> CodeRequest | WrongCode:
    """Try a code. The try is counted before the code is compared, so that many tries at once count as many.

    Raises Refused if the code no longer works.
    A wrong code is returned as `WrongCode`, not raised, because the try must be committed."""
    moment = clock.now()
    open_still = (
        _TABLE.c.token_hash == _shown(token or ""),
        _TABLE.c.purpose.in_(purposes),
        _TABLE.c.used_at.is_(None),
        _TABLE.c.expires_at > moment,
        _TABLE.c.tries < CODE_TRIES,
    )
    counted = sa.update(_TABLE).where(*open_still).values(tries=_TABLE.c.tries + 1)
    if db.session.connection().execute(counted).rowcount != 1:
        raise Refused(Problem(_DEAD, {}, "code"))
    row = _row(token or "", purposes)
    if row is None:
        raise Refused(Problem(_DEAD, {}, "code"))
    if not hmac.compare_digest(row.code_hash, _keyed(row.reference, code)):
        asked = _asked(row)
        if not asked.owns:
            guessing.note_wrong(asked.contact)
        return WrongCode(CODE_TRIES - row.tries)
    if not _use(row):
        raise Refused(Problem(_DEAD, {}, "code"))
    destroy(row.reference)
    counting.give_back(counting.Attempt(row.created_at, tuple(_content(row).get("returned", ()))))
    return _asked(row)


def problem_of(wrong: WrongCode) -> Refused:
    """Return the error to show for a wrong code."""
    if wrong.left <= 0:
        return Refused(
            Problem(
                N_("Ce code n’est pas le bon, et c’était le dernier essai. Demandez-en un autre."), {}, "code"
            )
        )
    return Refused(
        Problem(
            N_("Ce code n’est pas le bon. Seul le dernier code reçu est valable. Il vous reste %(left)s."),
            {"left": Quantity(*TRIES, wrong.left)},
            "code",
        )
    )


def can_try(token: str | None, *purposes: str) -> bool:
    """Whether the browser's code can still be tried, for the page on which it is typed."""
    row = _row(token or "", purposes)
    return row is not None and is_code_open(row.used_at is not None, row.expires_at, row.tries, clock.now())


def sweep() -> int:
    """Delete codes that expired more than a day ago, with the keys of their
    letters, and attempts that no longer count.

    Returns how many codes were deleted. For the system only."""
    since = clock.now() - KEPT
    chosen = sa.select(_TABLE.c.reference).where(_TABLE.c.expires_at < since).limit(500)
    old = list(db.session.scalars(chosen))
    for reference in old:
        destroy(reference)
    db.session.execute(sa.delete(_TABLE).where(_TABLE.c.reference.in_(old)))
    counting.sweep()
    return len(old)


def _admitted(contact: Contact, caller: Caller) -> counting.Attempt:
    """Count the request. Raises Refused if it is one too many, or if no SMS goes to the number."""
    if contact.channel == SMS:
        require_mobile_of(contact.address, counting.sms_countries())
    return counting.count(limits_on_codes(contact, caller, counting.allowed()), "email")


def _row(token: str, purposes: tuple[str, ...]) -> SignInCode | None:
    chosen = sa.select(SignInCode).where(
        SignInCode.token_hash == _shown(token), SignInCode.purpose.in_(purposes)
    )
    return db.session.scalar(chosen.execution_options(populate_existing=True))


def _shown(token: str) -> str:
    """Return the hash of the token that this browser holds, whose code the database shows from now on."""
    digest = hashed(token)
    present(digest)
    return digest


def _asked(row: SignInCode) -> CodeRequest:
    content = _content(row)
    contact = Contact(content["channel"], content["address"])
    doubted, owns = bool(content.get("doubted")), bool(content.get("owns"))
    return CodeRequest(
        row.purpose, contact, content["language"], row.created_at, content["kept"], doubted, owns
    )


def _content(row: SignInCode) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(crypto.unseal(row.sealed, "sign_in_codes", "sealed", row.reference))
    return content


def _use(row: SignInCode, *still: sa.ColumnElement[bool]) -> bool:
    """End a code that was typed, or a proof that was needed, so that the database sees that the application says
    so; whether it was open still."""
    moment = clock.now()
    signed = vouch("sign_in_codes", "used", row.token_hash, moment, row.proves)
    return _end(_TABLE.c.id == row.id, *still, used_at=moment, signature=signed) == 1


def _end(*chosen: sa.ColumnElement[bool], **values: object) -> int:
    """End codes without a proof, unless `values` bring one; returns how many were open."""
    ended = sa.update(_TABLE).where(*chosen, _TABLE.c.used_at.is_(None))
    return db.session.connection().execute(ended.values(**({"used_at": clock.now()} | values))).rowcount


def _keyed(reference: str, code: str) -> str:
    """Hash a code with the installation's key:
    from a plain hash, a code of six digits is found in a second."""
    return crypto.blind_index("code", f"{reference}|{code}")
