"""Forms that arrive when their session has ended: kept sealed for an hour, for the account whose session it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from cohortmgr.accounts.models import HeldForm, SignInSession
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, table_of
from cohortmgr.base.text import new_reference

_TABLE = table_of(HeldForm)
KEPT_FOR = timedelta(hours=1)
# What one form of texts may weigh; files do not outlive their session.
HEAVIEST = 200_000
_UNWANTED = frozenset({"csrf_token"})


@dataclass(frozen=True)
class Held:
    """A form that waits: where it was going, and its fields."""

    path: str
    fields: Mapping[str, Sequence[str]]


def account_of(token: str) -> int | None:
    """Whose session a token was, ended or not; None for one that never was, or was on a device of several people."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return db.session.scalar(
        sa.select(SignInSession.account_id).where(
            SignInSession.token_hash == digest, SignInSession.shared.is_(False)
        )
    )


def hold(account_id: int, path: str, fields: Mapping[str, Sequence[str]]) -> bool:
    """Keep a form in the place of the account's last; whether it was."""
    kept = {name: list(texts) for name, texts in fields.items() if name not in _UNWANTED}
    text = json.dumps({"path": path, "fields": kept}, ensure_ascii=False)
    if len(text) > HEAVIEST:
        return False
    db.session.execute(sa.delete(HeldForm).where(HeldForm.account_id == account_id))
    reference = new_reference()
    sealed = crypto.seal(text, "held_forms", "sealed", reference)
    db.session.add(
        HeldForm(reference=reference, account_id=account_id, sealed=sealed, expires_at=clock.now() + KEPT_FOR)
    )
    return True


def held(viewer: Viewer) -> Held | None:
    """What waits for the viewer, if its hour is not over."""
    row = db.session.scalar(
        sa.select(HeldForm).where(HeldForm.account_id == viewer.account_id, HeldForm.expires_at > clock.now())
    )
    if row is None:
        return None
    found = json.loads(crypto.unseal(row.sealed, "held_forms", "sealed", row.reference))
    return Held(found["path"], found["fields"])


def sweep() -> int:
    """Delete what waited longer than its hour; returns how many. The system's."""
    gone = sa.delete(_TABLE).where(_TABLE.c.expires_at <= clock.now())
    return db.session.connection().execute(gone).rowcount


def release(viewer: Viewer) -> None:
    """Forget what waited for the viewer."""
    db.session.execute(sa.delete(HeldForm).where(HeldForm.account_id == viewer.account_id))
