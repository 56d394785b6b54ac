"""Keep forms that arrive after their session ended: sealed, for an hour, for the account of that session."""

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
from cohortmgr.base.db import db, prove, table_of
from cohortmgr.base.text import new_reference

_TABLE = table_of(HeldForm)
KEPT_FOR = timedelta(hours=1)
# The most characters that a held form may have. Files are never held.
HEAVIEST = 200_000
_UNWANTED = frozenset({"csrf_token"})


@dataclass(frozen=True)
class HeldFields:
    """A form that is held: the path it was sent to, and its fields."""

    path: str
    fields: Mapping[str, Sequence[str]]


def account_of(token: str) -> int | None:
    """Return the account whose session a token was, ended or not.
    None if there was no such session, or if it was on a shared device."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    prove(digest)
    return db.session.scalar(
        sa.select(SignInSession.account_id).where(
            SignInSession.token_hash == digest, SignInSession.shared.is_(False)
        )
    )


def hold(account_id: int, path: str, fields: Mapping[str, Sequence[str]]) -> bool:
    """Hold a form in place of the account's earlier one. Returns False if the form is too large."""
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


def held(viewer: Viewer) -> HeldFields | None:
    """Return the form that is held for the viewer, if its hour is not over."""
    row = db.session.scalar(
        sa.select(HeldForm).where(HeldForm.account_id == viewer.account_id, HeldForm.expires_at > clock.now())
    )
    if row is None:
        return None
    found = json.loads(crypto.unseal(row.sealed, "held_forms", "sealed", row.reference))
    return HeldFields(found["path"], found["fields"])


def sweep() -> int:
    """Delete the forms whose hour is over; returns how many. For the system only."""
    gone = sa.delete(_TABLE).where(_TABLE.c.expires_at <= clock.now())
    return db.session.connection().execute(gone).rowcount


def release(viewer: Viewer) -> None:
    """Delete the form that was held for the viewer."""
    db.session.execute(sa.delete(HeldForm).where(HeldForm.account_id == viewer.account_id))
