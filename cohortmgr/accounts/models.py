"""Tables of people: who they are, the accounts by which they enter, and what they may do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from cohortmgr.base.db import Id, Model, Row, SeenIn, Versioned, at_insert

_CLOSED = {"info": {"tenancy": "closed"}}
# What the application signs of a new row that opens a door, in the order in which the database joins it.
VOUCHED = {
    "sessions": ("token_hash", "account_id", "created_at", "expires_at", "shared"),
    "links": ("reference", "token_hash", "purpose", "subject", "institution_id", "created_at", "expires_at"),
    "sign_in_codes": (
        *("reference", "token_hash", "purpose", "sealed", "code_hash", "tries", "created_at", "expires_at"),
        "proves",
    ),
}


def _signature(table: str) -> Mapped[str | None]:
    default = at_insert(table, *VOUCHED[table])
    return mapped_column(sa.String(64), default=default, deferred=True)


class Person(Row, Versioned, Model):
    """A human being, stored once. Children may have neither account nor e-mail;
    siblings may share an e-mail."""

    __tablename__ = "persons"
    __table_args__ = (sa.Index("ix_persons_search_name", "search_name"), _CLOSED)

    given_name: Mapped[str] = mapped_column(sa.String(120), default="")
    family_name: Mapped[str] = mapped_column(sa.String(120), default="")
    given_name_ar: Mapped[str] = mapped_column(sa.String(120), default="")
    family_name_ar: Mapped[str] = mapped_column(sa.String(120), default="")
    search_name: Mapped[str] = mapped_column(sa.String(500), default="")
    sex: Mapped[str | None] = mapped_column(sa.String(1))
    birth_date: Mapped[date | None]
    email: Mapped[str | None] = mapped_column(sa.String(254), index=True)
    phone_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    phone_blind: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    language: Mapped[str] = mapped_column(sa.String(2), default="fr")
    created_at: Mapped[datetime]
    seen_in: Mapped[list[int] | None] = mapped_column(SeenIn, deferred=True)

    @validates("email")
    def _known(self, _name: str, value: str | None) -> str | None:
        """An address is found by an index, which knows no other case than this."""
        return value.lower() if value else value

    @property
    def name(self) -> str:
        """Given name and family name as shown to people."""
        return f"{self.given_name} {self.family_name}".strip()


class Identifier(Row, Model):
    """An official number of one person. It is sealed, and found by its blind index."""

    __tablename__ = "identifiers"
    __table_args__ = (
        sa.UniqueConstraint("kind", "blind"),
        sa.Index("ix_identifiers_blind", "blind"),
        _CLOSED,
    )

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    blind: Mapped[str] = mapped_column(sa.String(64))
    seen_in: Mapped[list[int] | None] = mapped_column(SeenIn, deferred=True)


class Account(Row, Model):
    """The account by which a person enters: an e-mail address or a telephone number, to which codes are sent,
    and a password if one was chosen. No two accounts have the same address or number.

    `phone_blind` is the blind index of a number that a code proved, and `phone_sealed` the number itself. The
    person's own number is what their file says, and may differ. `proved_at` is when the account's holder
    first proved to read the address; a password chosen before may be a stranger's. `phone_proved_at` is when
    somebody last proved the number as their own: operators give numbers again."""

    __tablename__ = "accounts"
    __table_args__ = (_CLOSED,)

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), unique=True)
    email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    phone_blind: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    phone_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    phone_proved_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    proved_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    seen_in: Mapped[list[int] | None] = mapped_column(SeenIn, deferred=True)


class PersonUnion(Row, Model):
    """An account that moved from an empty second person, which a door had made, to the person it was made of.

    `moved` names the rows that went with it, by table, so that undoing brings back these and no others."""

    __tablename__ = "person_unions"
    __table_args__ = (_CLOSED,)

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    from_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    to_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"))
    moved: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class SignInSession(Model):
    """One browser that is signed in. Its cookie has a random token; the row has the token's hash and can be
    revoked."""

    __tablename__ = "sessions"
    __table_args__ = (_CLOSED,)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    # The device is shared with others: the session is short, and nothing is kept on the device.
    shared: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    signature: Mapped[str | None] = _signature("sessions")


class RoleGrant(Row, Model):
    """A role of an account in a scope.
    `institutions` are the ids of the hosting institutions that it opened when it was given; whoever reads it adds
    those that came below its path since. `alone` is the organisation without the institutions below it.

    It holds from `begins_on` to `ends_on`, both included, where they are given. A deputy's role names in
    `stands_for_id` the account in whose place it is held."""

    __tablename__ = "grants"
    __table_args__ = (sa.UniqueConstraint("account_id", "role", "scope_reference"), _CLOSED)

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(30))
    scope_kind: Mapped[str] = mapped_column(sa.String(20))
    scope_reference: Mapped[str] = mapped_column(sa.String(26))
    path: Mapped[str] = mapped_column(sa.String(200))
    institutions: Mapped[list[Any]]
    alone: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    begins_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    stands_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    seen_in: Mapped[list[int] | None] = mapped_column(SeenIn, deferred=True)


class SingleUseLink(Row, Model):
    """A link in a message: its purpose, its subject and its end.
    The URL has the token, the row has its hash.

    `proves` is the signature of the address or number that its use proved, and `signature` that of the new row, then
    of its use: the database believes no other."""

    __tablename__ = "links"
    __table_args__ = (_CLOSED,)

    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(20))
    subject: Mapped[str] = mapped_column(sa.String(26), index=True)
    institution_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    proves: Mapped[str | None] = mapped_column(sa.String(64))
    signature: Mapped[str | None] = _signature("links")


class DoorKey(Model):
    """The one key by which the database knows what the application signed (base/databases/vouching.py lays it), as the
    blocks with which HMAC-SHA256 begins its inner and its outer hash: PostgreSQL has SHA-256 built in, and no HMAC.
    No policy opens this table; functions of the owner alone read it."""

    __tablename__ = "door_keys"
    __table_args__ = (_CLOSED,)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    inner_block: Mapped[bytes] = mapped_column(sa.LargeBinary)
    outer_block: Mapped[bytes] = mapped_column(sa.LargeBinary)


class HeldForm(Row, Model):
    """A form that arrived after its session ended, kept sealed for an hour
    for the account of that session."""

    __tablename__ = "held_forms"
    __table_args__ = (_CLOSED,)

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"), unique=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignInAttempt(Model):
    """An attempt that is counted: a failed sign-in, or a code or question that was asked.
    `blind` is the blind index of the account, address or network that it came from or concerned."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (sa.Index("ix_sign_in_attempts_blind_at", "blind", "at"), _CLOSED)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    blind: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]


class SignInCode(Row, Model):
    """A code that was sent to an address or a number. The browser that asked has a token, whose hash is here.

    `sealed` holds where the code was sent and what it is for. The code itself is not stored. `proves` and `signature`
    are those of `SingleUseLink`."""

    __tablename__ = "sign_in_codes"
    __table_args__ = (sa.Index("ix_sign_in_codes_expires_at", "expires_at"), _CLOSED)

    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(12))
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    proves: Mapped[str | None] = mapped_column(sa.String(64))
    signature: Mapped[str | None] = _signature("sign_in_codes")
