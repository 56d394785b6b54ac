"""The doors by which a person comes in: whoever proves an address or a number reaches the person who bears it.

Nothing of a file is read here but its number, and nobody learns whose file it is before what only that
person knows was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from cohortmgr.accounts import hooks
from cohortmgr.accounts.actions import doubts, letters, people, uniting
from cohortmgr.accounts.actions.codes import TRIES
from cohortmgr.accounts.bearers import (
    ANSWERS,
    CLOSED_FOR,
    Bearer,
    ContactHolder,
    Door,
    DoubtAnswer,
    door_of,
    read_answer,
)
from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.models import Account, Person, SignInAttempt
from cohortmgr.accounts.queries import known_people, viewers
from cohortmgr.accounts.rules import ANONYMOUS, Viewer, require
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.db import append, db
from cohortmgr.base.errors import HELP, N_, Problem, Quantity, Refused

_CLOSED = N_("Ce compte est fermé. Écrivez-nous depuis la page d’aide.")
UNREADABLE = N_(
    "Écrivez le numéro du dossier, par exemple MDIA-ABC234, ou la date de naissance, par exemple 14/03/2004."
)
_WRONG = N_("Ce n’est ni le numéro ni la date de naissance attendus. Vérifiez-les. Il vous reste %(left)s.")
_SHUT = N_(
    "Trop de réponses fausses : cette voie est fermée jusqu’au %(until)s, et l’équipe est prévenue. Écrivez-nous "
    "depuis la page d’aide."
)
SEVERAL = N_("Plusieurs dossiers ont cette date de naissance. Écrivez le numéro du vôtre.")
_BORN = N_("Écrivez votre date de naissance, par exemple 14/03/2004.")
_MAILED = N_(
    "Ce numéro est dans les messages de cette adresse : il ne dit pas qui vous êtes. Écrivez la date de naissance."
)


@dataclass(frozen=True)
class Entrance:
    """What came of a proof: the account that it opens, or None while one thing more must be said.
    `dropped`: a password that somebody chose before the address was proved no longer works."""

    account_id: int | None
    dropped: bool = False


@dataclass(frozen=True)
class WrongAnswer:
    """The answer fits nobody; returned and not raised, because the try must be committed."""

    left: int


def enter(
    contact: Contact,
    language: str,
    *,
    searching: bool = False,
    another: bool = False,
    known_here: bool = False,
) -> Entrance:
    """Return the account of whoever proved that they read an address or number: the one that it enters, that
    of the person who bears it, made if there is none, or a new person's. Without an account, one thing more
    must be said first: see `answer`. `searching`: they look for a file beside their account; `another`: they are not
    whoever enters by this address; `known_here`: this browser proved the same contact before.

    Anybody can sign up with somebody else's address and a password. When the owner of the address first
    enters by a code, that password stops working and the sessions that it opened end."""
    account = viewers.account_by_contact(contact)
    dropped = _prove(account, contact) if account is not None else False
    holder, bearers = known_people.bearers_of(contact)
    by_mail = contact.channel == EMAIL
    reached = door_of(by_mail, holder, bearers, searching=searching, known_here=known_here)
    if isinstance(reached, Bearer):
        return Entrance(_reach(reached.person_id, contact, account, holder), dropped)
    if reached is Door.ASK or another and holder is not None and not holder.is_empty:
        return Entrance(None, dropped)
    if account is None:
        return Entrance(_begin(contact, language), dropped)
    _note_number(account, contact, known_here=known_here)
    return Entrance(account.id, dropped)


def _note_number(account: Account, contact: Contact, *, known_here: bool) -> None:
    """Note that a number entered its account, and tell it at the address if no browser like this did before: numbers
    change hands, and whoever had this one reads there."""
    if contact.channel == EMAIL:
        return
    account.phone_proved_at = clock.now()
    if account.email and not known_here:
        told = {"at": clock.now(), "contact": letters.hidden(contact)}
        letters.tell_at([Contact(EMAIL, account.email)], account, "number_entered", told)


def prove(contact: Contact) -> bool:
    """Note that the address of the account that it enters is proved, before one thing more is asked; returns whether a
    password that may be a stranger's was dropped."""
    account = viewers.account_by_contact(contact)
    return account is not None and _prove(account, contact)


def _prove(account: Account, contact: Contact) -> bool:
    """Note that the address of an account is proved; returns whether its password was dropped."""
    _require_open(account)
    if contact.channel != EMAIL or account.proved_at is not None:
        return False
    account.proved_at = clock.now()
    if account.password_hash is None:
        return False
    people.change_password(ANONYMOUS, account, None)
    return True


def _require_open(account: Account) -> None:
    if account.suspended_at is not None:
        raise Refused(Problem(_CLOSED, {}, HELP))


def _begin(contact: Contact, language: str, born: date | None = None) -> int:
    by_mail = contact.channel == EMAIL
    told = {"email": contact.address} if by_mail else {"phone": contact.address}
    person = people.new_person({**told, "language": language, "birth_date": born})
    account = new_account(person, contact)
    record(ANONYMOUS, "accounts.sign_up", people.about_account(account), after=told)
    for each in known_people.accounts_apart(contact):
        values = {"at": clock.now(), "contact": letters.hidden(contact)}
        letters.tell_at(letters.contacts_of(each), each, "address_elsewhere", values)
    return account.id


def new_account(person: Person, contact: Contact) -> Account:
    """Make a person's account, entered by the contact unless it enters somebody else's: then the contact leads
    to it by what only that person knows."""
    free = viewers.account_by_contact(contact) is None
    by_mail = contact.channel == EMAIL
    email = contact.address if free and by_mail else None
    phone = contact.address if free and not by_mail else None
    return people.new_account_of(person, email, None, phone, proved=True)


def _reach(person_id: int, contact: Contact, account: Account | None, holder: ContactHolder | None) -> int:
    """Open the account of a person who was found, made if there is none. `account` is the one that the contact
    enters: if nothing is its person's, it becomes theirs."""
    person = locked([person_id])[0]
    own = db.session.scalar(sa.select(Account).where(Account.person_id == person.id))
    if own is not None:
        _require_open(own)
        _let_in(own, contact)
        return own.id
    if account is not None and holder is not None and holder.is_empty:
        uniting.unite(ANONYMOUS, account, person)
        return account.id
    own = new_account(person, contact)
    record(ANONYMOUS, "accounts.reach", people.about_account(own), after={contact.channel: contact.address})
    return own.id


def _let_in(account: Account, contact: Contact) -> None:
    """Let a contact enter an account too, if it enters none: its person has just said what only they know."""
    if viewers.account_by_contact(contact) is not None:
        return
    present = account.email if contact.channel == EMAIL else account.phone_blind
    if present is None:
        people.enter_by(ANONYMOUS, account, contact)


def locked(numbers: Iterable[int]) -> list[Person]:
    """The persons of these ids, locked until the end of the transaction, so that answers come one by one."""
    chosen = sa.select(Person).where(Person.id.in_(sorted(numbers))).order_by(Person.id)
    return list(db.session.scalars(chosen.with_for_update()))


def begins_beside(contact: Contact) -> bool:
    """Whether somebody enters by the contact already: whoever else proves it and goes on without a file gets an
    account beside theirs, to which they return by their day of birth. So does the new owner of a number that
    nobody proved for long, even where nothing is in the account that it entered."""
    holder, _bearers = known_people.bearers_of(contact)
    return holder is not None and (not holder.is_empty or holder.is_stale)


def may_go_on(contact: Contact) -> bool:
    """Whether whoever proved the contact may go on without a file and without saying more."""
    return not begins_beside(contact)


def shut(contact: Contact) -> tuple[Problem, ...]:
    """Why the question is closed, if too many wrong answers closed it."""
    until = shut_until(contact)
    return () if until is None else (Problem(_SHUT, {"until": until}, HELP),)


def shut_until(contact: Contact) -> datetime | None:
    """Until when the question is closed, if too many wrong answers closed it."""
    since = doubts.closed_since(contact, clock.now())
    return None if since is None else since + CLOSED_FOR


def reopen(viewer: Viewer, contact: Contact, path: str = "") -> bool:
    """Open the question of an address or number again before its day is over, and tell it there; whether it was closed.
    `path` is where somebody bears the contact, for whoever manages people there alone."""
    require(viewer, "people.manage", path)
    return ask_again(viewer, contact)


def ask_again(viewer: Viewer, contact: Contact) -> bool:
    """Do `reopen` where the caller asked whether the viewer may."""
    if not shut(contact):
        return False
    closing = doubts.closing_blind(contact)
    doubts.forget(closing, doubts.answers_blind(contact))
    record(viewer, "accounts.reopen_door", About("contact", closing[:26]))
    hooks.on_reopened(viewer, contact)
    return True


def require_question_open(contact: Contact) -> None:
    """Raise Refused if too many wrong answers closed the question."""
    problems = shut(contact)
    if problems:
        raise Refused(*problems)


def answer(contact: Contact, typed: str, before: str = "") -> int | WrongAnswer:
    """Return the account of the bearer of a proved contact whose file number or day of birth was said.

    Raises Refused if the question is closed, if nothing of the kind was typed, if several people have that
    day of birth, or if the number was mailed to this very address, which is no secret then. `before` is the day of
    several that was said first: a number, whoever knows it, only says which of them is meant. A wrong answer is
    returned. The fifth closes the question for a day and tells staff; which file is meant is never said."""
    holder, bearers = known_people.bearers_of(contact)
    asked: list[Bearer | ContactHolder] = [each for each in (holder, *bearers) if each and each.can_answer]
    locked(each.person_id for each in asked)
    require_question_open(contact)
    said = read_answer(typed)
    if said is None:
        raise Refused(Problem(UNREADABLE, {}, "answer"))
    day = read_answer(before)
    chosen = [each for each in asked if day is None or said.day or day.fits(each.birth, each.numbers)]
    fitting = [each for each in chosen if said.fits(each.birth, each.numbers)]
    if len(fitting) > 1:
        raise Refused(Problem(SEVERAL, {}, "answer"))
    if not fitting:
        return count_wrong(contact, [each.person_id for each in asked])
    if said.day is None and day is None:
        _require_secret(contact, said, fitting[0])
    if (
        contact.channel == EMAIL
    ):  # a number is given again: its new owner would answer for themselves, and guess on
        doubts.forget(doubts.answers_blind(contact))
    account = viewers.account_by_contact(contact)
    if account is not None and account.person_id == fitting[0].person_id:
        _require_open(account)
        _note_number(account, contact, known_here=False)
        return account.id
    return _reach(fitting[0].person_id, contact, account, holder)


def _require_secret(contact: Contact, said: DoubtAnswer, meant: Bearer | ContactHolder) -> None:
    if meant.proves_by_told:
        return
    if said.fits(None, doubts.were_mailed(meant.person_id, meant.numbers, contact)):
        raise Refused(Problem(_MAILED, {}, "answer"))


def count_wrong(contact: Contact, asked: list[int]) -> WrongAnswer:
    """Count a wrong answer; the last one closes the question of the contact, and tells the staff of those who were
    asked about."""
    moment = clock.now()
    append(db.session, SignInAttempt, [{"blind": doubts.answers_blind(contact), "at": moment}])
    left = ANSWERS - doubts.wrong_answers(contact, moment)
    if left <= 0:
        append(db.session, SignInAttempt, [{"blind": doubts.closing_blind(contact), "at": moment}])
        record(ANONYMOUS, "accounts.close_door", About("contact", doubts.closing_blind(contact)[:26]))
        hooks.on_closed(ANONYMOUS, contact, asked)
    return WrongAnswer(max(left, 0))


def problem_of(wrong: WrongAnswer) -> Refused:
    """Return the error to show for a wrong answer."""
    if wrong.left:
        return Refused(Problem(_WRONG, {"left": Quantity(*TRIES, wrong.left)}, "answer"))
    return Refused(Problem(_SHUT, {"until": clock.now() + CLOSED_FOR}, HELP))


def go_on(contact: Contact, language: str, born: str = "") -> int:
    """Return the account of whoever proved a contact and says that no file which bears it is theirs: a new person's,
    or the empty one that it enters. Beside somebody's who enters by it, the day on which they were `born` is what
    they return by. Raises Refused if that is no day in the past."""
    account = viewers.account_by_contact(contact)
    if begins_beside(contact):
        said = read_answer(born)
        if said is None or said.day is None or said.day >= clock.today():
            raise Refused(Problem(_BORN, {}, "born"))
        return _begin(contact, language, said.day)
    if account is not None:
        _require_open(account)
        return account.id
    return _begin(contact, language)
