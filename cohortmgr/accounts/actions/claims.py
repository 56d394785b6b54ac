"""Claim links: whoever was sent one reaches the file that it is for.

Others typed the number that a link by SMS went to, and operators give numbers again: such a link opens nothing
before what only that person knows was said, as at the doors, whose tries it shares.
"""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts import hooks
from cohortmgr.accounts.actions import doors, links, people, uniting
from cohortmgr.accounts.actions.doors import WrongAnswer
from cohortmgr.accounts.bearers import read_answer
from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Account, Person, SingleUseLink
from cohortmgr.accounts.queries import known_people, viewers
from cohortmgr.accounts.rules import ANONYMOUS, Viewer
from cohortmgr.audit.actions import record
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import HELP, N_, NotFound, NotPermitted, Problem, Refused

_CLAIMED = N_("Ce dossier a déjà un compte. Connectez-vous, avec un code si le mot de passe est oublié.")
_TAKEN = N_("Cette adresse a déjà un compte. Connectez-vous, avec un code si le mot de passe est oublié.")
_PHONE_TAKEN = N_("Ce numéro a déjà un compte. Connectez-vous avec un code.")
_NOTHING_TO_SAY = N_(
    "Ce dossier n’a ni numéro ni date de naissance par quoi vous reconnaître. Écrivez-nous depuis la page d’aide."
)


def take_up_link(token: str, password_hash: str | None = None) -> int:
    """Use a claim link that came by mail, which proves who reads the address: make the person's account. Returns its
    id. Without a password, the person asks for a code each time."""
    return _taken_up(token, links.peek(token, links.CLAIM), password_hash)


def take_up_by_phone(token: str, password_hash: str | None, said: str) -> int | WrongAnswer:
    """Use a claim link that came by SMS, with the file number or day of birth that was said; returns the account's id.

    A wrong answer is returned, and leaves the link open: see `doors.answer`. Without a password, the person asks
    for a code each time."""
    link = links.peek(token, links.CLAIM_BY_PHONE)
    wrong = _heard(link, _claimant(link), said)
    return wrong or _taken_up(token, link, password_hash)


def attach(viewer: Viewer, token: str, said: str = "") -> int | WrongAnswer:
    """Use a claim link from within an account; returns the account that the browser is signed in to from now on.

    The link, and what was `said` if it came by SMS, prove whose file it is. The viewer's account becomes that
    person's if nothing is its own person's; else the person gets an account of their own. Raises Refused if they
    have one."""
    link = links.peek(token, *links.CLAIMS)
    person = _locked_by(link.subject)
    account = db.session.get(Account, viewer.account_id) if viewer.account_id is not None else None
    if account is None:
        raise NotPermitted("a file is attached to an account")
    if person.id == account.person_id:
        return account.id
    wrong = _heard(link, person, said)
    if wrong is not None:
        return wrong
    contact = _contact_of(link, person)
    links.use(token, *links.CLAIMS, proved=contact)
    if db.session.scalar(sa.select(Account.id).where(Account.person_id == person.id)) is not None:
        raise Refused(Problem(_CLAIMED))
    if not known_people.is_known(account.person_id):
        uniting.unite(viewer, account, person)
        return account.id
    own = doors.new_account(person, contact)
    record(viewer, "accounts.claim", people.about_account(own))
    return own.id


def renew(token: str) -> bool:
    """Send another claim link in place of one that ended, to where the person is reached today; whether one
    left. None leaves for somebody who has an account, nor while a new one has just left."""
    link = links.find(token, *links.CLAIMS)
    try:
        links.require_open(link)
    except Refused:
        return bool(hooks.renew_claim) and hooks.renew_claim(ANONYMOUS, link)
    return False


def contact_of_link(token: str) -> Contact:
    """Return the address or number that will enter the account of a link, to show it on the page. Raises as
    `links.peek` does."""
    link = links.peek(token, *links.CLAIMS)
    return _contact_of(link, _claimant(link))


def is_own(viewer: Viewer, token: str) -> bool:
    """Whether a claim link, open or not, is for the person of the viewer's account. Raises NotFound as `links.find`."""
    return links.find(token, *links.CLAIMS).subject == viewer.person_reference


def _heard(link: SingleUseLink, person: Person, said: str) -> WrongAnswer | None:
    """Check what only the person of a link by SMS knows; None if it is right, or if a mail brought the link.

    Raises Refused while too many wrong answers close the question, or if what was said is no answer."""
    if link.purpose != links.CLAIM_BY_PHONE:
        return None
    contact = _contact_of(link, person)
    doors.locked([person.id])
    doors.require_question_open(contact)
    known = known_people.bearer_of(person)
    if not known.can_answer:
        if known.is_known:
            raise Refused(Problem(_NOTHING_TO_SAY, {}, HELP))
        return None  # nothing in the house is theirs: there is nothing to keep from a stranger
    answer = read_answer(said)
    if answer is None:
        raise Refused(Problem(doors.UNREADABLE, {}, "answer"))
    return None if answer.fits(known.birth, known.numbers) else doors.count_wrong(contact, [person.id])


def _taken_up(token: str, link: SingleUseLink, password_hash: str | None) -> int:
    person = _claimant(link)
    contact = _contact_of(link, person)
    links.use(token, link.purpose, proved=contact)
    account = _claim(person, contact, password_hash)
    record(ANONYMOUS, "accounts.claim", people.about_account(account))
    return account.id


def _claimant(link: SingleUseLink) -> Person:
    person = db.session.scalar(sa.select(Person).where(Person.reference == link.subject))
    if person is None:
        raise NotFound(link.subject)
    return person


def _locked_by(reference: str) -> Person:
    person = db.session.scalar(sa.select(Person).where(Person.reference == reference).with_for_update())
    if person is None:
        raise NotFound(reference)
    return person


def _contact_of(link: SingleUseLink, person: Person) -> Contact:
    """Return what a claim link was sent to, which is what using the link proves."""
    if link.purpose == links.CLAIM_BY_PHONE and person.phone_sealed is not None:
        return Contact(SMS, crypto.unseal(person.phone_sealed, "persons", "phone", person.reference))
    if link.purpose == links.CLAIM and person.email:
        return Contact(EMAIL, person.email)
    raise NotFound(link.subject)


def _claim(person: Person, contact: Contact, password_hash: str | None) -> Account:
    by_mail = contact.channel == EMAIL
    account = db.session.scalar(sa.select(Account).where(Account.person_id == person.id))
    if account is not None:  # a link lives long, and it may only make an account, never change one
        raise Refused(Problem(_CLAIMED, {}))
    if viewers.account_by_contact(contact) is not None:
        raise Refused(Problem(_TAKEN if by_mail else _PHONE_TAKEN, {}, "email"))
    phone = None if by_mail else contact.address
    return people.new_account_of(
        person, contact.address if by_mail else None, password_hash, phone, proved=True
    )
