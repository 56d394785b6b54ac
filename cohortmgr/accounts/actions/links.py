"""Single-use links for claiming a file, a guardian's visit or a repair: a page on GET, the act on POST."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.models import SingleUseLink
from cohortmgr.accounts.rules import CLAIM as CLAIM
from cohortmgr.accounts.rules import CLAIM_BY_PHONE as CLAIM_BY_PHONE
from cohortmgr.accounts.rules import CLAIMS as CLAIMS
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.databases.vouching import vouch
from cohortmgr.base.db import append, db, is_postgresql, present
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import new_link_token, new_reference

_USED = N_("Ce lien a déjà servi. Connectez-vous, ou demandez-en un autre.")


def hashed(token: str) -> str:
    """Return the hash of a token, which is all that the database holds of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def proves(token_hash: str, contact: Contact) -> str:
    """Return the signature that a link or code proves an address, or a number by its blind index, as accounts and
    persons bear them. It says nothing to whoever does not know that address."""
    borne = contact.address if contact.channel == EMAIL else crypto.blind_index(contact.kind, contact.address)
    return vouch("proves", token_hash, borne)


def create_many(
    purpose: str, subjects: list[str], lifetime: timedelta, institution_id: int | None = None
) -> list[str]:
    """Make a link for each subject, in one statement; returns the tokens in the same order.

    Nothing is read back: whoever makes a link for somebody does not see what it opens."""
    moment = clock.now()
    tokens = [new_link_token() for _ in subjects]
    rows = [
        {
            "reference": new_reference(),
            "token_hash": hashed(token),
            "purpose": purpose,
            "subject": subject,
            "institution_id": institution_id,
            "created_at": moment,
            "expires_at": moment + lifetime,
        }
        for token, subject in zip(tokens, subjects, strict=True)
    ]
    append(db.session, SingleUseLink, rows)
    return tokens


def create(purpose: str, subject: str, lifetime: timedelta, institution_id: int | None = None) -> str:
    """Make one link; returns its token."""
    return create_many(purpose, [subject], lifetime, institution_id)[0]


def find(token: str, *purposes: str) -> SingleUseLink:
    """Return the link of a token, open or not. Raises NotFound if it is unknown."""
    digest = hashed(token)
    present(digest)
    chosen = sa.select(SingleUseLink).where(
        SingleUseLink.token_hash == digest, SingleUseLink.purpose.in_(purposes)
    )
    link = db.session.scalar(chosen)
    if link is None:
        raise NotFound("link")
    present(link.subject)
    return link


def is_used(token: str, *purposes: str) -> bool:
    """Whether the link of a token was used; False for an unknown one."""
    digest = hashed(token)
    present(digest)
    chosen = sa.select(SingleUseLink.used_at).where(
        SingleUseLink.token_hash == digest, SingleUseLink.purpose.in_(purposes)
    )
    return db.session.scalar(chosen) is not None


def require_open(link: SingleUseLink) -> None:
    """Raise Refused, with the reason, if the link was used or has expired."""
    if link.used_at is not None:
        raise Refused(Problem(_USED))
    if link.expires_at <= clock.now():
        raise Refused(
            Problem(
                N_("Ce lien n’est plus valable depuis le %(since)s. Demandez-en un autre."),
                {"since": link.expires_at},
            )
        )


def peek(token: str, *purposes: str) -> SingleUseLink:
    """Return the open link without using it, for a GET. Raises as `find` and `require_open` do."""
    link = find(token, *purposes)
    require_open(link)
    return link


def use_up(purpose: str, subjects: Collection[str]) -> None:
    """Use up every open link of a purpose for these subjects, because its act is done, or because its address
    is no longer theirs. One statement for every 500."""
    wanted = sorted(subjects)
    if is_postgresql():  # who ends a link does not see it, since it opens what is not theirs
        if wanted:
            whose = sa.cast(wanted, postgresql.ARRAY(sa.Text))
            db.session.execute(sa.select(sa.func.app_use_up_links(purpose, whose, clock.now())))
        return
    for part in in_parts(wanted):
        chosen = (
            SingleUseLink.purpose == purpose,
            SingleUseLink.subject.in_(part),
            SingleUseLink.used_at.is_(None),
        )
        db.session.connection().execute(sa.update(SingleUseLink).where(*chosen).values(used_at=clock.now()))


def use(token: str, *purposes: str, proved: Contact | None = None) -> SingleUseLink:
    """Use the link up by a conditional UPDATE, so that only one of two clicks counts. Whoever opened it has `proved`
    to read this address or number. Raises as `peek` does."""
    link = peek(token, *purposes)
    moment = clock.now()
    shown = proves(link.token_hash, proved) if proved is not None else None
    used = (
        sa.update(SingleUseLink)
        .where(SingleUseLink.id == link.id, SingleUseLink.used_at.is_(None))
        .values(
            used_at=moment, proves=shown, signature=vouch("links", "used", link.token_hash, moment, shown)
        )
    )
    if db.session.connection().execute(used).rowcount != 1:
        raise Refused(Problem(_USED))
    return link
