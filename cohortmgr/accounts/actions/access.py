"""Change one's own ways into an account, and sign out one's own devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.contacts import SMS, Contact
from cohortmgr.accounts.models import Account, Person, RoleGrant, SignInSession
from cohortmgr.accounts.queries import known_people, viewers
from cohortmgr.accounts.rules import (
    FRESH,
    SHARED_IDLE,
    SHARED_LIFETIME,
    Viewer,
    lasts_until,
)
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused

_SESSIONS = table_of(SignInSession)
_TAKEN = N_(
    "Un autre compte entre déjà avec cette adresse ou ce numéro. Connectez-vous avec, ou donnez-en un autre."
)
_ENTER_AGAIN = N_("Pour changer vos accès, entrez de nouveau : c’est la preuve que c’est bien vous.")


def is_to_renew(viewer: Viewer, moment: datetime) -> bool:
    """Whether a short session must be prolonged for a page requested now: at most every five minutes."""
    return viewer.shared and viewer.until is not None and viewer.until - moment < SHARED_IDLE * 5 / 6


def renew(viewer: Viewer) -> None:
    """Prolong the viewer's short session from now, but never beyond its longest lifetime."""
    moment = clock.now()
    began = db.session.scalar(sa.select(_SESSIONS.c.created_at).where(_SESSIONS.c.id == viewer.session_id))
    if began is None:
        return
    mine = sa.update(_SESSIONS).where(
        _SESSIONS.c.id == viewer.session_id,
        _SESSIONS.c.revoked_at.is_(None),
        _SESSIONS.c.created_at > moment - SHARED_LIFETIME,
    )
    db.session.connection().execute(mine.values(expires_at=lasts_until(began, moment, shared=True)))


def end_session(viewer: Viewer, session_id: int) -> bool:
    """Sign out one of the viewer's own browsers.
    Returns False if it was signed out already or is somebody else's."""
    theirs = sa.update(_SESSIONS).where(
        _SESSIONS.c.id == session_id,
        _SESSIONS.c.account_id == viewer.account_id,
        _SESSIONS.c.revoked_at.is_(None),
    )
    return db.session.connection().execute(theirs.values(revoked_at=clock.now())).rowcount == 1


def end_others(viewer: Viewer) -> int:
    """Sign out every browser of the viewer except this one; returns how many."""
    others = sa.update(_SESSIONS).where(
        _SESSIONS.c.account_id == viewer.account_id,
        _SESSIONS.c.id != viewer.session_id,
        _SESSIONS.c.revoked_at.is_(None),
        _SESSIONS.c.expires_at > clock.now(),
    )
    return db.session.connection().execute(others.values(revoked_at=clock.now())).rowcount


def open_sessions(viewer: Viewer) -> Sequence[SignInSession]:
    """Return the viewer's open sessions, newest first, at most a hundred."""
    mine = sa.select(SignInSession).where(
        SignInSession.account_id == viewer.account_id,
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > clock.now(),
    )
    return db.session.scalars(mine.order_by(SignInSession.id.desc()).limit(100)).all()


def is_first_session(viewer: Viewer) -> bool:
    """Whether the viewer's account was never entered before this session."""
    counted = sa.select(sa.func.count()).where(_SESSIONS.c.account_id == viewer.account_id)
    return (db.session.scalar(counted) or 0) <= 1


@dataclass(frozen=True)
class SignInMeans:
    """How the viewer enters: the address and the proved number (E.164), empty if there is none, and whether
    there is a password. `fresh` says whether this browser signed in so recently that it may change these."""

    email: str
    phone: str
    has_password: bool
    fresh: bool


def sign_in_means_of(viewer: Viewer) -> SignInMeans:
    """Return the viewer's present ways in."""
    account = _own(viewer)
    phone = people.entering_phone(account)
    return SignInMeans(account.email or "", phone, account.password_hash is not None, _is_fresh(viewer))


def require_fresh(viewer: Viewer) -> None:
    """Raise Refused unless this browser signed in recently:
    whoever finds one left open must not change a way in."""
    if not _is_fresh(viewer):
        raise Refused(Problem(_ENTER_AGAIN))


def choose_password(viewer: Viewer, password_hash: str) -> None:
    """Give the viewer's account a password; every other browser is signed out."""
    require_fresh(viewer)
    account = _own(viewer)
    people.change_password(viewer, account, password_hash)


def join(viewer: Viewer, contact: Contact) -> None:
    """Let a proved address or number enter the viewer's account, in place of the earlier one of its kind.

    Whoever read the earlier ones is told there: a stranger at an open session must not take an account over
    without a word."""
    require_fresh(viewer)
    account = _own(viewer)
    known = viewers.account_by_contact(contact)
    if known is not None and known.id != account.id and not _given_up(viewer, known, contact):
        raise Refused(Problem(_TAKEN, {}, "code"))
    person = db.session.get_one(Person, account.person_id)
    people.set_person(person, {"phone" if contact.channel == SMS else "email": contact.address})
    try:
        people.enter_by(viewer, account, contact)
    except IntegrityError as error:
        raise Refused(Problem(_TAKEN, {}, "code")) from error


def _given_up(viewer: Viewer, double: Account, contact: Contact) -> bool:
    """Take a contact from an account by which nothing was done, and in which no role is held: whoever proved the
    contact in their own account made it at a door that did not know them. Returns whether it was taken."""
    held = sa.select(RoleGrant.id).where(RoleGrant.account_id == double.id).limit(1)
    if known_people.is_known(double.person_id) or db.session.scalar(held) is not None:
        return False
    people.leave(viewer, double, contact)
    return True


def _is_fresh(viewer: Viewer) -> bool:
    began = db.session.scalar(sa.select(_SESSIONS.c.created_at).where(_SESSIONS.c.id == viewer.session_id))
    return began is not None and clock.now() - began < FRESH


def _own(viewer: Viewer) -> Account:
    account = db.session.get(Account, viewer.account_id) if viewer.account_id is not None else None
    if account is None:
        raise NotPermitted("ways in are an account's")
    return account
