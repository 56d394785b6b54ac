"""`flask accounts unite` writes stored addresses in the one form of their mailbox."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask.testing import FlaskCliRunner

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from tests.integration.accounts.roles.colleagues import acts

pytestmark = pytest.mark.usefixtures("system_context")


def stored(written: str, first: str) -> str:
    """An account whose address was stored as an earlier version wrote it; returns its reference."""
    with writing():
        account = people.new_account(SYSTEM, first, "no hash", {"given_name": "Salma"})
        account.email = db.session.get_one(Person, account.person_id).email = written
    return account.reference


def test_stored_addresses_get_the_form_in_which_they_are_looked_for(runner: FlaskCliRunner) -> None:
    one = stored("salma@xn--9ca.ma", "a@e.ma")
    comma = stored("salma@e.ma,", "b@e.ma")
    double = stored("mailto:salma@é.ma", "c@e.ma")
    plain = stored("nora@e.ma", "d@e.ma")
    dry = runner.invoke(args=["accounts", "unite", "--dry-run"]).output
    assert f"account {one}: address rewritten" in dry and f"account {comma}: address rewritten" in dry
    assert plain not in dry and not acts("accounts.rewrite_address")
    done = runner.invoke(args=["accounts", "unite"])
    assert done.exit_code == 0 and f"account {double}: another account has this mailbox, left" in done.output
    db.session.rollback()
    for typed in ("salma@é.ma", "salma@e\u0301.ma", "Salma@xn--9ca.ma", "salma\u200b@é.ma", "<salma@é.ma>,"):
        account = viewers.account_by_email(typed)
        assert account is not None and account.reference == one, typed
    found = viewers.account_by_email("salma@e.ma")
    assert found is not None and found.reference == comma
    addresses = set(db.session.scalars(sa.select(Account.email)))
    assert addresses == {"salma@é.ma", "salma@e.ma", "mailto:salma@é.ma", "nora@e.ma"}
    assert db.session.scalars(sa.select(Person.email).where(Person.email.contains("xn--"))).all() == []
    assert len(acts("accounts.rewrite_address")) == 2
    again = runner.invoke(args=["accounts", "unite"]).output
    assert "address rewritten" not in again, "a second run changes nothing"
