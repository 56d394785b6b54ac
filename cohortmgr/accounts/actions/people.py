"""Make and change accounts, people, sessions and grants of roles."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts import hooks
from cohortmgr.accounts.actions import counting, letters, links, passwords
from cohortmgr.accounts.actions.counting import Attempt
from cohortmgr.accounts.contacts import EMAIL, Contact, known_email
from cohortmgr.accounts.limits import Caller, limits_on_passwords
from cohortmgr.accounts.models import (
    Account,
    Person,
    RoleGrant,
    SignInSession,
)
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.rules import (
    ANONYMOUS,
    Role,
    Viewer,
    is_path,
    lasts_until,
    may_grant,
    password_problems,
    require,
    require_other,
)
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import append, db, is_postgresql, present, transaction_cache
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused
from cohortmgr.base.text import fold, new_reference

_WRONG = N_("L’adresse, le numéro ou le mot de passe n’est pas le bon. Vérifiez-les, ou entrez avec un code.")
_TAKEN = N_("Cette adresse a déjà un compte. Connectez-vous, avec un code si le mot de passe est oublié.")
_PHONE_TAKEN = N_("Ce numéro a déjà un compte. Connectez-vous avec un code.")


def prepare_password(password: str, email: str) -> str:
    """Check a new password and return its hash (slow: call before `writing()`).
    Raises Refused, saying what is wrong."""
    problems = password_problems(password, email)
    if problems:
        raise Refused(*problems)
    return passwords.prepare_hash(password)


def begin_sign_in(contact: Contact, caller: Caller) -> Attempt:
    """Count a password before it is compared, so that many at once count as many.

    Raises Refused after too many failures, even if the password is right. A code still enters, and so does the
    password in a browser that entered with this address before."""
    return counting.count(limits_on_passwords(contact, caller), "email")


def prepare_sign_in(contact: Contact, password: str) -> int | None:
    """Check a password for an address or a number (slow: call before `writing()`, and after `begin_sign_in`).

    Returns the account's id; None if either is wrong."""
    account = viewers.account_by_contact(contact)
    right = passwords.verify(account.password_hash if account else None, password)
    return account.id if account and right and account.suspended_at is None else None


def take_password(account_id: int, password_hash: str) -> None:
    """Give an account the password that was chosen at sign-up, once a code has proved whose it is."""
    account = db.session.get_one(Account, account_id)
    is_new = account.reference in transaction_cache(db.session, "accounts-made")
    change_password(ANONYMOUS, account, password_hash, tells=not is_new)


def change_password(
    viewer: Viewer, account: Account, password_hash: str | None, *, tells: bool = True
) -> None:
    """Give an account another password, or none: every session of it but the viewer's own ends, and its holder is
    told wherever it is entered; only with a new account there is nothing to tell. Nothing else changes the password
    of an account that exists."""
    account.password_hash = password_hash
    revoke_sessions(viewer, account.id)
    act = "accounts.password" if password_hash else "accounts.prove"
    record(viewer, act, about_account(account))
    if tells:
        key = "password_changed" if password_hash else "password_dropped"
        letters.tell_at(letters.contacts_of(account), account, key, {"at": clock.now()})


def enter_by(viewer: Viewer, account: Account, contact: Contact) -> None:
    """Let a proved contact enter an account that exists, in place of the earlier one of its kind, and tell whoever
    read those that there were. What replaces another ends every session but the viewer's own. Nothing else changes
    how an account is entered. IntegrityError if it enters another."""
    before = letters.contacts_of(account)
    if contact.channel == EMAIL:
        account.email, account.proved_at = contact.address, clock.now()
    else:
        _enter_by_phone(account, contact.address)
    db.session.flush()
    earlier = {each.channel: each.address for each in before if each.channel == contact.channel}
    after = {contact.channel: contact.address}
    record(viewer, "accounts.join", about_account(account), before=earlier, after=after)
    if contact not in before:
        letters.tell_of_way_in(account, before, contact)
        if earlier:
            revoke_sessions(viewer, account.id)


def leave(viewer: Viewer, account: Account, contact: Contact) -> None:
    """Let a contact enter an account no longer, nor lead to its person: it enters another from now on. Its sessions
    and its password end with it."""
    present(account.reference)  # nothing else that was shown leads to it afterwards
    if contact.channel == EMAIL:
        account.email, account.password_hash = None, None
    else:
        account.phone_blind, account.phone_sealed = None, None
    person = db.session.get_one(Person, account.person_id)
    set_person(person, {"email" if contact.channel == EMAIL else "phone": None})
    revoke_sessions(viewer, account.id)
    db.session.flush()
    record(viewer, "accounts.leave", about_account(account), before={contact.channel: contact.address})


def speak(viewer: Viewer, spoken: str) -> bool:
    """Write to the viewer in the language that they use, about their files too; whether anything changed."""
    person = db.session.get(Person, viewer.person_id) if viewer.person_id is not None else None
    if person is None or person.language == spoken:
        return False
    before, person.language = person.language, spoken
    hooks.on_language(viewer, spoken)
    about = About("person", person.reference, subject=person.reference)
    record(viewer, "accounts.language", about, before={"language": before}, after={"language": spoken})
    return True


def about_account(account: Account) -> About:
    """Return what an act on an account was done to."""
    return About("account", account.reference, subject=viewers.reference_of(account.person_id))


def wrong_password() -> Refused:
    """Return the error to show for a wrong password, the same as for a wrong address."""
    return Refused(Problem(_WRONG, {}, "email"))


def open_session(account_id: int, shared: bool = False, replaces: Viewer = ANONYMOUS) -> str:
    """Open a session for one browser, a short one on a shared device; returns the token for its cookie.

    The session that the browser has is revoked, whoever's it is; what it said of the device still holds."""
    if replaces.session_id is not None:
        close_session(replaces)
    shared = shared or replaces.shared
    token, moment = secrets.token_urlsafe(32), clock.now()
    digest = hashlib.sha256(token.encode()).hexdigest()
    until = lasts_until(moment, moment, shared)
    row = {
        "token_hash": digest,
        "account_id": account_id,
        "created_at": moment,
        "expires_at": until,
        "shared": shared,
    }
    append(db.session, SignInSession, [row])
    return token


def close_session(viewer: Viewer) -> None:
    """Revoke the session of this browser: its cookie no longer works, even if it was copied."""
    mine = sa.update(SignInSession).where(
        SignInSession.id == viewer.session_id, SignInSession.revoked_at.is_(None)
    )
    db.session.execute(mine.values(revoked_at=clock.now()))


def revoke_sessions(viewer: Viewer, account_id: int) -> None:
    """Revoke every session of an account; but the viewer's own, if it is theirs."""
    if is_postgresql():  # sessions are not seen by whoever only proved an address, and may be ended by them
        db.session.execute(sa.select(sa.func.app_end_sessions(account_id, clock.now(), viewer.session_id)))
        return
    theirs = sa.update(SignInSession).where(
        SignInSession.account_id == account_id,
        SignInSession.revoked_at.is_(None),
        SignInSession.id.is_distinct_from(viewer.session_id),
    )
    db.session.execute(theirs.values(revoked_at=clock.now()))


def new_person(values: Mapping[str, Any]) -> Person:
    """Make a person with the given columns; `phone` is sealed. The caller records the act in the trail."""
    person = Person(reference=new_reference(), created_at=clock.now())
    present(person.reference)
    db.session.add(person)
    set_person(person, values)
    db.session.flush()
    return person


def set_person(person: Person, values: Mapping[str, Any]) -> None:
    """Set a person's columns; `phone` is sealed, and its blind index kept.

    Open claim links that went to an address or a number which is no longer the person's are used up."""
    for purpose in moved(person, values) if sa.inspect(person).persistent else ():
        links.use_up(purpose, [person.reference])
    for name, value in values.items():
        if name == "phone":
            person.phone_sealed = crypto.seal(value, "persons", "phone", person.reference) if value else None
            person.phone_blind = crypto.blind_index("phone", value) if value else None
        else:
            setattr(person, name, value)
    names = (person.given_name, person.family_name, person.given_name_ar, person.family_name_ar)
    person.search_name = fold(" ".join(name for name in (names[1], names[0], names[3], names[2]) if name))


def moved(person: Person, values: Mapping[str, Any]) -> list[str]:
    """Return the purposes of the claim links that no longer hold, since these values replace
    the address or number they went to."""
    gone = []
    if "email" in values and person.email and values["email"] != person.email:
        gone.append(links.CLAIM)
    blind = crypto.blind_index("phone", values["phone"]) if values.get("phone") else None
    if "phone" in values and person.phone_blind and blind != person.phone_blind:
        gone.append(links.CLAIM_BY_PHONE)
    return gone


def new_account(viewer: Viewer, email: str, password_hash: str, values: Mapping[str, Any]) -> Account:
    """Make an account, as staff, for a colleague or for a company's contact."""
    require(viewer, "people.manage", "")
    person = new_person({**values, "email": known_email(email)})
    account = new_account_of(person, known_email(email), password_hash, proved=True)
    record(
        viewer,
        "accounts.create",
        About("account", account.reference, subject=person.reference),
        after={"email": email},
    )
    return account


def grant(
    viewer: Viewer,
    account: Account,
    role: Role,
    kind: str,
    reference: str,
    path: str,
    institutions: Iterable[int],
    *,
    alone: bool = False,
    days: tuple[date | None, date | None] = (None, None),
    stands_for: Account | None = None,
) -> RoleGrant:
    """Give a role in a scope, for good or for some days; giving it again gives it anew, with these days. Nothing
    else writes that somebody holds a role. `may_grant` says who may give which; nobody gives one to themselves.

    `alone` gives an organisation without the institutions below it; a deputy `stands_for` another account."""
    numbers = sorted(set(institutions))
    if not is_path(path):
        raise ValueError(f"{path!r} is no scope's path: each key ends with a point")
    if not may_grant(viewer, role, path, numbers, alone):
        raise NotPermitted(f"{role} at {path}")
    require_other(viewer, account.reference)
    row = granted_row(account, role, reference)
    if row is None:
        row = RoleGrant(account_id=account.id, role=role.value, scope_reference=reference)
        db.session.add(row)
    row.scope_kind, row.path, row.institutions, row.alone = kind, path, numbers, alone
    row.granted_at, row.revoked_at = clock.now(), None
    row.begins_on, row.ends_on = days
    row.stands_for_id = None if stands_for is None else stands_for.id
    after: dict[str, object] = {"role": role.value, "path": path, "begins_on": days[0], "ends_on": days[1]}
    after |= {"alone": True} if alone else {}
    after |= {} if stands_for is None else {"stands_for": stands_for.reference}
    own, person = numbers[0] if len(numbers) == 1 else None, viewers.reference_of(account.person_id)
    act = "accounts.grant" if stands_for is None else "accounts.deputise"
    record(viewer, act, About("account", account.reference, own, person), after=after)
    return row


def granted_row(account: Account, role: Role, reference: str) -> RoleGrant | None:
    """Return the row of a role that an account holds or held in the scope of a reference, locked; None if there
    is none."""
    held = sa.select(RoleGrant).where(
        RoleGrant.account_id == account.id,
        RoleGrant.role == role.value,
        RoleGrant.scope_reference == reference,
    )
    return db.session.scalar(held.with_for_update().execution_options(populate_existing=True))


def new_account_of(
    person: Person,
    email: str | None,
    password_hash: str | None,
    phone: str | None = None,
    proved: bool = False,
) -> Account:
    """Make the account of a person, entered by an address or a proved number (E.164); `proved`: the address is too.
    Raises Refused if either enters another account."""
    moment = clock.now()
    account = Account(
        reference=new_reference(),
        person_id=person.id,
        email=email,
        password_hash=password_hash,
        proved_at=moment if proved else None,
        created_at=moment,
    )
    if phone:
        _enter_by_phone(account, phone)
    present(account.reference)
    db.session.add(account)
    try:
        db.session.flush()
    except IntegrityError as error:  # two signed up at once: the second gets the usual refusal
        raise Refused(Problem(_PHONE_TAKEN if phone else _TAKEN, {}, "email")) from error
    transaction_cache(db.session, "accounts-made")[account.reference] = True
    return account


def _enter_by_phone(account: Account, phone: str) -> None:
    """Let a proved number (E.164) enter an account.
    Later changes of the number in a file do not change it here."""
    account.phone_blind, account.phone_proved_at = crypto.blind_index("phone", phone), clock.now()
    account.phone_sealed = crypto.seal(phone, "accounts", "phone", account.reference)


def entering_phone(account: Account) -> str:
    """Return the proved number of an account (E.164), empty if it has none."""
    if account.phone_sealed is not None:
        return crypto.unseal(account.phone_sealed, "accounts", "phone", account.reference)
    # The number was proved before accounts stored it: use the person's number, as long as it is the same.
    person = db.session.get_one(Person, account.person_id)
    if not account.phone_blind or not person.phone_sealed or person.phone_blind != account.phone_blind:
        return ""
    return crypto.unseal(person.phone_sealed, "persons", "phone", person.reference)
