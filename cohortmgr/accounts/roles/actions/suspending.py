"""Suspend a colleague's account, open it again, and sign its devices out."""

from __future__ import annotations

from cohortmgr.accounts.actions import letters, people
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.roles.actions.grants import about_account
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.roles.rules import ACCOUNTS, AccountState
from cohortmgr.accounts.rules import Viewer, require_other
from cohortmgr.audit.actions import record
from cohortmgr.base import clock


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


def _turned(viewer: Viewer, account_reference: str, to: AccountState) -> Account:
    require_other(viewer, account_reference)
    account = held_roles.account_to_suspend(viewer, account_reference)
    ACCOUNTS.move(held_roles.account_state_of(account), to)
    return account


def _told(viewer: Viewer, account: Account, act: str, letter: str) -> None:
    record(viewer, act, about_account(account), after={"state": held_roles.account_state_of(account).value})
    letters.tell(account, letter, {"by": letters.named(viewer)})
