"""Suspend a colleague's account, open it again, sign its devices out, and open a way that wrong answers closed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from cohortmgr.accounts.actions import doors, letters, people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.roles.actions.grants import about_account
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.roles.queries.held_roles import RoleHolder
from cohortmgr.accounts.roles.rules import ACCOUNTS, AccountState
from cohortmgr.accounts.rules import Viewer, require_other
from cohortmgr.audit.actions import record
from cohortmgr.base import clock
from cohortmgr.base.db import db


def suspend(viewer: Viewer, account_reference: str) -> None:
    """Close an account at once, on every device. Its roles stay, and hold again when it is opened."""
    account = _turned(viewer, account_reference, AccountState.SUSPENDED)
    account.suspended_at = clock.now()
    people.revoke_sessions(viewer, account.id)
    _told(viewer, account, "accounts.suspend", "account_suspended")


def reopen(viewer: Viewer, account_reference: str) -> None:
    """Let a suspended account be entered again."""
    account = _turned(viewer, account_reference, AccountState.OPEN)
    account.suspended_at = None
    _told(viewer, account, "accounts.reopen", "account_reopened")


def sign_out(viewer: Viewer, account_reference: str) -> None:
    """End every session of an account; its person may enter again."""
    require_other(viewer, account_reference)
    account = held_roles.account_to_suspend(viewer, account_reference)
    people.revoke_sessions(viewer, account.id)
    _told(viewer, account, "accounts.sign_out_all", "devices_signed_out")


def reopen_ways(viewer: Viewer, account_reference: str) -> int:
    """Ask again whose file a colleague's addresses and numbers are, where wrong answers closed that for a day, and tell
    it at each; returns how many were closed."""
    require_other(viewer, account_reference)
    account = held_roles.account_to_suspend(viewer, account_reference)
    return sum(doors.ask_again(viewer, contact) for contact in held_roles.ways_of(account))


def shut_ways(person: RoleHolder) -> list[tuple[Contact, datetime]]:
    """Return the addresses and numbers of a colleague whose question wrong answers closed, and until when, for whoever
    may open them again; nobody else is told. Changes nothing."""
    if not person.may_suspend:
        return []
    account = db.session.scalars(sa.select(Account).where(Account.reference == person.reference)).one()
    found = [(contact, doors.shut_until(contact)) for contact in held_roles.ways_of(account)]
    return [(contact, until) for contact, until in found if until is not None]


def _turned(viewer: Viewer, account_reference: str, to: AccountState) -> Account:
    require_other(viewer, account_reference)
    account = held_roles.account_to_suspend(viewer, account_reference)
    ACCOUNTS.move(held_roles.account_state_of(account), to)
    return account


def _told(viewer: Viewer, account: Account, act: str, letter: str) -> None:
    record(viewer, act, about_account(account), after={"state": held_roles.account_state_of(account).value})
    letters.tell(account, letter, {"by": letters.named(viewer)})
