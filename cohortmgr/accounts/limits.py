"""How many codes may be asked for and how many passwords may fail: for whom, from where, and in all. Pure.

Whoever proved something before has counters of their own, so that strangers cannot use them up: neither those
who share a carrier's address with thousands, nor those who keep asking for codes to somebody else's number.
What is proved is given back to the networks: 250 guardians of one club are no flood, 250 numbers that nobody
reads are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network

from cohortmgr.accounts.contacts import SMS, Contact
from cohortmgr.base.errors import N_, NN_, Problem, Quantity

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# No window is longer: attempts are forgotten after a day.
LONGEST_WINDOW = DAY

CODE_AGAIN = timedelta(seconds=30)
CODES_PER_ADDRESS = 6
# Codes to one address or number that strangers ask for, wherever they are: nobody's telephone rings all day.
CODES_OF_STRANGERS = 12
CODES_OF_STRANGERS_A_DAY = 40
# So many more SMS of theirs in a day are too many; mail may go on at the hour's pace.
SMS_OF_STRANGERS_A_DAY = 120
# Wrong codes of strangers for one address in a day, across its codes: the owner is told, and one thing more is asked.
# Where nothing can be asked, codes close at as many as the tries of the codes of a day.
WRONG_CODES, WRONG_CODES_CLOSE = 10, 200
# A browser, an account or a link that asks for codes to several addresses.
CODES_PER_PROOF = 20
# Codes that nobody typed, from one network address (a carrier's, a school's) or one /64 of IPv6; and from a /48,
# which is what one subscriber may have.
CODES_PER_NETWORK = 300
CODES_PER_WIDE_NETWORK = 1200
# A network that is full of them opens again after so long, for the others who are in it.
CODES_WITHIN = timedelta(minutes=20)
# Of those by SMS, which cost money and empty a budget that all share: in an hour, from one network (the 250 guardians
# of a club, and no more) and from a wide one.
SMS_PER_NETWORK = 250
SMS_PER_WIDE_NETWORK = 500
# The parts in which strangers may use up their share of the day's SMS by codes that nobody types, an hour each. A
# moment's flood closes SMS for an hour, and not for a day, and no network closes them alone. A small share is one part.
PARTS, SMALLEST_PART = 4, 10

# Invitations to a role: the same once more, all to one address or number, and all that one colleague sends.
INVITE_AGAIN = timedelta(minutes=10)
INVITATIONS_PER_ADDRESS = 8
INVITATIONS_PER_COLLEAGUE = 200

ATTEMPTS = 8
ATTEMPTS_WITHIN = timedelta(minutes=15)
# Wrong passwords for one address from all networks together, and from one network for all addresses.
FAILURES_PER_ADDRESS = 40
FAILURES_PER_NETWORK = 50
FAILURES_PER_WIDE_NETWORK = 200
FAILURES_IN_ALL = 2000

_SOON = N_("Un code vient de partir. Attendez %(seconds)s avant d’en demander un autre.")
_SECONDS = NN_("%(num)s seconde", "%(num)s secondes")
_MINUTES = NN_("%(num)s minute", "%(num)s minutes")
_TOO_MANY = N_(
    "Trop de codes ont été demandés. Attendez une heure, ou entrez avec votre mot de passe si vous en avez un."
)
TODAY = N_(
    "Trop de codes ont été demandés aujourd’hui pour cette adresse ou ce numéro. Réessayez demain, donnez-en un "
    "autre, ou entrez avec votre mot de passe si vous en avez un."
)
_NETWORK = N_(
    "Trop de codes ont été demandés depuis votre réseau. Changez de réseau (Wi-Fi ou données mobiles), attendez "
    "%(minutes)s, ou entrez avec votre mot de passe si vous en avez un."
)
_IN_ALL = N_(
    "Trop de codes sont demandés en ce moment. Réessayez dans une heure, ou entrez avec votre mot de passe si vous "
    "en avez un."
)
_NO_SMS = N_(
    "Tous les SMS prévus pour aujourd’hui sont partis. Donnez une adresse e-mail, ou revenez demain."
)
_NO_SMS_NOW = N_("Trop de SMS partent en ce moment. Donnez une adresse e-mail, ou réessayez dans une heure.")
_INVITED = N_("Cette invitation vient de partir. Attendez %(minutes)s avant de la renvoyer.")
_INVITED_OFTEN = N_(
    "Trop d’invitations sont parties aujourd’hui vers cette adresse ou ce numéro. Renvoyez-en une demain, ou "
    "demandez à la personne si elle les reçoit."
)
_INVITING_OFTEN = N_(
    "Vous avez envoyé beaucoup d’invitations. Attendez une heure avant d’en envoyer d’autres."
)
_PASSWORDS = N_("Trop d’essais. Attendez %(minutes)s, ou entrez avec un code.")


@dataclass(frozen=True)
class Caller:
    """Whoever stands at a door: the network address of their browser, and what they proved before.

    `proof` names it: an account, the mark that an earlier proof left in the browser, or the link that was
    opened; empty for a stranger. `owns` says that it proves the very address or number that is asked for."""

    origin: str
    proof: str = ""
    owns: bool = False


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts of one key, which is `kind` and `value`, within a time.

    `apart` is the least time between two, and `soon` what is said of it. What is `given_back` counts no more once it
    was proved. An alarm is raised by the attempt that makes any of `alarms`. Counting is `exact` by a lock, except
    where so many are allowed that a few more do not matter. One that `asks` refuses nobody once it is full: whoever
    proves the address says one thing more, since strangers fill it. What an alarm tells of a `personal` one names no
    address. What is not `counted` here counts elsewhere, and is only looked at."""

    kind: str
    value: str
    most: int
    within: timedelta
    what: str
    apart: timedelta = timedelta(0)
    given_back: bool = False
    alarms: tuple[int, ...] = ()
    exact: bool = True
    counted: bool = True
    asks: bool = False
    personal: bool = False
    soon: str = _SOON


@dataclass(frozen=True)
class CodeAllowance:
    """What the installation's settings allow: codes that nobody typed in an hour, and all SMS in a day."""

    unproved_an_hour: int
    sms_a_day: int

    @property
    def sms_of_strangers(self) -> int:
        """The part of the day's SMS that strangers may use up. The rest is for those who proved something."""
        return self.sms_a_day * 3 // 4

    @property
    def sms_of_notices(self) -> int:
        """How many SMS may have left in the day when what is written to one person still leaves."""
        return self.sms_a_day * 3 // 4

    @property
    def sms_of_mailings(self) -> int:
        """How many SMS may have left in the day when what is written to many at once still leaves."""
        return self.sms_a_day // 2

    @property
    def sms_of_strangers_an_hour(self) -> int:
        """The part of it that codes which nobody typed may use up in an hour."""
        return max(SMALLEST_PART, self.sms_of_strangers // PARTS)


@dataclass(frozen=True)
class Counted:
    """How many attempts of a key are within its time, and when the last was."""

    number: int = 0
    last: datetime | None = None


def networks_of(origin: str) -> tuple[str, str]:
    """Return the network that counts as one place, and the wider one that a single subscriber may hold.

    An address of IPv4 is both. Of IPv6 they are the /64 and the /48. What is no address is itself."""
    try:
        address = IPv6Address(origin.partition("%")[0])
    except AddressValueError:
        try:
            told = str(IPv4Address(origin))
        except AddressValueError:
            told = origin
        return told, told
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped), str(address.ipv4_mapped)
    narrow, wide = (str(IPv6Network((int(address), length), strict=False)) for length in (64, 48))
    return narrow, wide


def _networks(kind: str, origin: str, narrow: Limit, most: int) -> list[Limit]:
    """The limit of the caller's network, and that of the wider one if it has one."""
    near, far = networks_of(origin)
    found = [Limit(**{**vars(narrow), "kind": kind, "value": near, "alarms": (narrow.most,)})]
    if far != near:
        found.append(
            Limit(**{**vars(narrow), "kind": f"{kind}-wide", "value": far, "most": most, "alarms": (most,)})
        )
    return found


def limits_on_codes(contact: Contact, caller: Caller, allowed: CodeAllowance) -> tuple[Limit, ...]:
    """Return all that an asked code is counted by; the first that is reached says why it is refused."""
    to = contact.address
    who = caller.proof or networks_of(caller.origin)[0]
    found = [Limit("code-by", f"{to}|{who}", CODES_PER_ADDRESS, HOUR, _TOO_MANY, apart=CODE_AGAIN)]
    if caller.proof:
        found.append(Limit("code-proof", caller.proof, CODES_PER_PROOF, HOUR, _TOO_MANY))
    if not caller.owns:
        # Whoever proved another address than this one is not in the way of strangers, nor they in theirs.
        lane = "known" if caller.proof else "strange"
        found += [
            Limit("code-to", to, CODES_OF_STRANGERS, HOUR, _TOO_MANY),
            Limit("code-to-day", to, CODES_OF_STRANGERS_A_DAY, DAY, TODAY, asks=True),
        ]
        each = Limit("", "", CODES_PER_NETWORK, CODES_WITHIN, _NETWORK, given_back=True)
        found += _networks(f"code-from-{lane}", caller.origin, each, CODES_PER_WIDE_NETWORK)
        most = allowed.unproved_an_hour
        alarms = (most // 2, most)
        found.append(
            Limit(f"code-all-{lane}", "", most, HOUR, _IN_ALL, given_back=True, alarms=alarms, exact=False)
        )
    if contact.channel != SMS:
        return tuple(found)
    if not caller.owns:
        found.append(Limit("code-to-most", to, SMS_OF_STRANGERS_A_DAY, DAY, TODAY))
    return (*found, *limits_on_sms(caller, allowed))


def limit_on_wrong_codes(contact: Contact) -> Limit:
    """Return what a stranger's wrong code for an address is counted by."""
    alarms = (WRONG_CODES,)
    return Limit(
        "code-wrong", contact.address, WRONG_CODES, DAY, TODAY, alarms=alarms, asks=True, personal=True
    )


def limits_on_sms(caller: Caller, allowed: CodeAllowance) -> list[Limit]:
    """The day's budget, of which what was spent is spent: a code that is typed gives nothing back. Strangers use up
    their share by the hour and by the network, as long as nobody types what they ask for."""
    strange = allowed.sms_of_strangers
    found = [limit_of_the_day(allowed)]
    if not caller.owns:
        found.append(Limit("sms-strange", "", strange, DAY, _NO_SMS, alarms=(strange // 2, strange)))
        part = allowed.sms_of_strangers_an_hour
        found.append(Limit("sms-hour", "", part, HOUR, _NO_SMS_NOW, given_back=True, alarms=(part,)))
        each = Limit("", "", SMS_PER_NETWORK, HOUR, _NETWORK, given_back=True)
        found += _networks("sms-from", caller.origin, each, SMS_PER_WIDE_NETWORK)
    return found


def limits_on_invitations(to: str, invitation: str, by: str) -> list[Limit]:
    """Return all that an invitation to an address or number is counted by; `by` is who sends it, if a person does.
    Whoever may invite is no stranger, but what they type is somebody else's telephone."""
    again = Limit(
        "invite", invitation, INVITATIONS_PER_ADDRESS, DAY, _INVITED_OFTEN, INVITE_AGAIN, soon=_INVITED
    )
    found = [again, Limit("invite-to", to, INVITATIONS_PER_ADDRESS, DAY, _INVITED_OFTEN)]
    return [
        *found,
        *([Limit("invite-by", by, INVITATIONS_PER_COLLEAGUE, HOUR, _INVITING_OFTEN)] if by else []),
    ]


def limit_of_the_day(allowed: CodeAllowance) -> Limit:
    """All SMS of the house in a day."""
    return Limit("sms-all", "", allowed.sms_a_day, DAY, _NO_SMS, alarms=(allowed.sms_a_day,))


def limits_on_passwords(contact: Contact, caller: Caller) -> tuple[Limit, ...]:
    """Return all that a wrong password is counted by. A right one is given back, and leaves nothing."""
    to, window = contact.address, ATTEMPTS_WITHIN
    who = caller.proof if caller.owns else networks_of(caller.origin)[0]
    found = [Limit("sign-in", f"{to}|{who}", ATTEMPTS, window, _PASSWORDS, given_back=True)]
    if not caller.owns:
        found.append(Limit("sign-in-to", to, FAILURES_PER_ADDRESS, HOUR, _PASSWORDS, given_back=True))
        each = Limit("", "", FAILURES_PER_NETWORK, window, _PASSWORDS, given_back=True)
        found += _networks("sign-in-from", caller.origin, each, FAILURES_PER_WIDE_NETWORK)
        most = FAILURES_IN_ALL
        found.append(
            Limit("sign-in-all", "", most, window, _PASSWORDS, given_back=True, alarms=(most,), exact=False)
        )
    return tuple(found)


def own_failures(
    contact: Contact, caller: Caller, allowed: CodeAllowance
) -> Iterator[tuple[Limit, tuple[Limit, ...]]]:
    """What a proof explains: the limit that counts this address's own attempts at that place, and those that were
    counted with it and are given back. Whoever proved it made them: wrong passwords, and codes that came too late.

    The caller may be known by now who was a stranger when the attempts were made."""
    for each in {Caller(caller.origin), caller}:
        for limits in (limits_on_passwords(contact, each), limits_on_codes(contact, each, allowed)):
            yield limits[0], tuple(limit for limit in limits if limit.given_back)


def refusal(
    limits: Sequence[Limit], counted: Mapping[Limit, Counted], moment: datetime, where: str | None
) -> Problem | None:
    """Return why one more attempt is refused; None if it is not."""
    for limit in limits:
        if not limit.asks and counted.get(limit, Counted()).number >= limit.most:
            return Problem(limit.what, {"minutes": Quantity(*_MINUTES, minutes_of(limit.within))}, where)
    for limit in limits:
        wait = seconds_to_wait(counted.get(limit, Counted()).last, moment, limit.apart)
        if wait:
            told = {"seconds": Quantity(*_SECONDS, wait), "minutes": Quantity(*_MINUTES, -(-wait // 60))}
            return Problem(limit.soon, told, where)
    return None


def alarms_at(limits: Iterable[Limit], counted: Mapping[Limit, Counted]) -> list[Limit]:
    """Return the limits at which one more attempt raises an alarm."""
    return [
        each for each in limits if each.counted and counted.get(each, Counted()).number + 1 in each.alarms
    ]


def seconds_to_wait(last: datetime | None, moment: datetime, apart: timedelta = CODE_AGAIN) -> int:
    """Return how many seconds must pass before another attempt; `last` is when the last one was."""
    left = min(apart, apart - (moment - last)) if last is not None else timedelta(0)
    return max(0, -(-left // timedelta(seconds=1)))


def minutes_of(within: timedelta) -> int:
    """Return a window in minutes."""
    return int(within.total_seconds() // 60)
