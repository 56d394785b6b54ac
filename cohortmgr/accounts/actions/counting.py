"""Counts attempts against their limits, exactly even when many come at once, and raises the alarm when one is full.

An attempt is counted before it is made: whoever sends forty passwords at once has eight compared, not forty.
The row that counts it is deleted when it proved to be honest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.contacts import Contact, require_mobile_of
from cohortmgr.accounts.limits import (
    HOUR,
    LONGEST_WINDOW,
    Caller,
    CodeAllowance,
    Counted,
    Limit,
    alarms_at,
    limit_of_the_day,
    limits_on_sms,
    minutes_of,
    own_failures,
    refusal,
)
from cohortmgr.accounts.models import SignInAttempt
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db, present, presenting, table_of, within_writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.text import new_reference
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import is_campaign

# The message that a code leaves in, which was counted when the code was asked for.
CODE = "sign_in_code"
# After how long an SMS that finds no room in the budget looks again.
SMS_AGAIN = timedelta(hours=1)
_TABLE = table_of(SignInAttempt)
_log = logging.getLogger(__name__)
# The locks of PostgreSQL that are ours, told from others' by their first number.
_LOCKS = 7310
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:ours, key) FROM unnest(CAST(:keys AS integer[])) AS key")


@dataclass(frozen=True)
class Attempt:
    """An attempt that was counted: when, and under which blind indexes it may be given back.

    `doubted`: a limit that asks was full already. `alarmed`: the attempt raised an alarm. `earlier`: there were others
    within the limits' time, which a proof may explain."""

    at: datetime
    returned: tuple[str, ...]
    doubted: bool = False
    alarmed: bool = False
    earlier: bool = True


def count(limits: Sequence[Limit], where: str | None = None) -> Attempt:
    """Count one attempt against each limit. Raises Refused, beside the field `where`, if one is reached."""
    within_writing("an attempt")
    blinds = {limit: blind_of(limit) for limit in limits}
    present(*blinds.values())
    _lock([blind for limit, blind in blinds.items() if limit.exact])
    moment = clock.now()
    found = _counted(blinds, moment)
    problem = refusal(limits, found, moment, where)
    if problem is not None:
        raise Refused(problem)
    noted = [{"blind": blind, "at": moment} for limit, blind in blinds.items() if limit.counted]
    if noted:
        db.session.execute(sa.insert(_TABLE), noted)
    alarms = [
        _raise_alarm(limit, found.get(limit, Counted()).number + 1, moment)
        for limit in alarms_at(limits, found)
    ]
    doubted = any(each.asks and found.get(each, Counted()).number >= each.most for each in limits)
    returned = tuple(blind for limit, blind in blinds.items() if limit.given_back)
    return Attempt(moment, returned, doubted, any(alarms), any(each.number for each in found.values()))


def count_first(kind: str, values: Iterable[str], within: timedelta, most: int) -> list[str]:
    """Count one attempt for each of the first `most` of these values that had none within the time; returns these.
    Nobody is refused. One transaction at a time counts a kind; a few statements for any number of values."""
    within_writing("attempts")
    _lock([crypto.blind_index(kind, "")])
    moment, found = clock.now(), list[str]()
    for part in in_parts(values):
        blinds = {crypto.blind_index(kind, value): value for value in part}
        with presenting(*blinds):
            had = sa.select(_TABLE.c.blind).where(_TABLE.c.blind.in_(blinds), _TABLE.c.at > moment - within)
            free = blinds.keys() - set(db.session.scalars(had))
            taken = [blind for blind in blinds if blind in free][: most - len(found)]
            if taken:
                db.session.execute(sa.insert(_TABLE), [{"blind": blind, "at": moment} for blind in taken])
        found += [blinds[blind] for blind in taken]
        if len(found) >= most:
            break
    return found


def number_of(limit: Limit) -> int:
    """Return how many attempts are within a limit's time."""
    present(blind_of(limit))
    return _counted({limit: blind_of(limit)}, clock.now()).get(limit, Counted()).number


def allowed() -> CodeAllowance:
    """Return what the settings allow."""
    settings = current_app.extensions["cohortmgr-settings"]
    return CodeAllowance(settings.codes_an_hour, settings.sms_codes_a_day)


def sms_countries() -> Sequence[str]:
    """Return the countries to whose mobiles SMS go."""
    found: Sequence[str] = current_app.extensions["cohortmgr-settings"].sms_countries
    return found


def limits_of_sms(number: str, caller: Caller, where: str | None = None) -> list[Limit]:
    """Return the limits of an SMS that somebody causes by typing a number (E.164).

    Raises Refused, saying which numbers do, if the number is no mobile of a listed country. The SMS counts in the
    day's budget where it leaves: here it is only looked whether one may."""
    require_mobile_of(number, sms_countries(), where)
    found = limits_on_sms(caller, allowed())
    return [replace(each, counted=False) if each.kind == "sms-all" else each for each in found]


def spend_sms(messages: Sequence[Message]) -> list[datetime | None]:
    """Count SMS that are about to leave in the day's budget of the house; returns for each until when it must wait,
    None if it leaves. Codes were counted when they were asked for, and always leave. What is written to many at
    once leaves while half of the budget is spent, other notices while three quarters are: the rest is for codes.

    Three statements, whatever the number of messages."""
    within_writing("an SMS")
    budget = allowed()
    whole = limit_of_the_day(budget)
    blind = blind_of(whole)
    _lock([blind])
    moment = clock.now()
    began = spent = _counted({whole: blind}, moment).get(whole, Counted()).number
    waits: list[datetime | None] = []
    for message in messages:
        if message.key == CODE:
            waits.append(None)
            continue
        many = message.bundle is not None or is_campaign(message.key)
        may = spent < (budget.sms_of_mailings if many else budget.sms_of_notices)
        spent += may
        waits.append(None if may else moment + SMS_AGAIN)
    if spent > began:
        db.session.execute(sa.insert(_TABLE), [{"blind": blind, "at": moment}] * (spent - began))
    for reached in (budget.sms_of_mailings, budget.sms_of_notices, *whole.alarms):
        if began < reached <= spent:
            _raise_alarm(whole, reached, moment)
    return waits


def give_back(attempt: Attempt) -> None:
    """Delete what an attempt was counted by, now that it proved to be honest."""
    present(*attempt.returned)
    counted = sa.select(sa.func.min(_TABLE.c.id)).where(
        _TABLE.c.blind.in_(attempt.returned), _TABLE.c.at == attempt.at
    )
    db.session.execute(sa.delete(_TABLE).where(_TABLE.c.id.in_(counted.group_by(_TABLE.c.blind))))


def forgive(contact: Contact, caller: Caller) -> None:
    """Delete what this address's own attempts from this place were counted by, now that a right password or a code
    explains them: seventy people behind one address of a school each mistype once.

    The rows of one attempt bear one time, so that those of others stay."""
    for own, given in own_failures(contact, caller, allowed()):
        if not given:
            continue
        present(blind_of(own), *map(blind_of, given))
        made = sa.select(_TABLE.c.at).where(_TABLE.c.blind == blind_of(own), _TABLE.c.at > clock.now() - HOUR)
        moments = list(db.session.scalars(made))
        if not moments:
            continue
        kept = _TABLE.c.blind.in_([blind_of(each) for each in given])
        one = sa.select(sa.func.min(_TABLE.c.id)).where(kept, _TABLE.c.at.in_(moments))
        db.session.execute(
            sa.delete(_TABLE).where(_TABLE.c.id.in_(one.group_by(_TABLE.c.blind, _TABLE.c.at)))
        )


def sweep() -> None:
    """Delete attempts that count no more. For the system only."""
    db.session.execute(sa.delete(_TABLE).where(_TABLE.c.at < clock.now() - LONGEST_WINDOW))


def blind_of(limit: Limit) -> str:
    """Return the blind index under which a limit's attempts are counted."""
    return crypto.blind_index(limit.kind, limit.value)


def _lock(blinds: Sequence[str]) -> None:
    """Let one transaction at a time count these keys, until it ends. SQLite has one writer at a time anyway.

    Locked in order, so that two that share several keys wait for each other instead of both being ended."""
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        return
    keys = sorted({int(blind[:8], 16) - 2**31 for blind in blinds})
    connection.execute(_LOCK, {"ours": _LOCKS, "keys": keys})


def _counted(blinds: Mapping[Limit, str], moment: datetime) -> dict[Limit, Counted]:
    within = [
        sa.and_(_TABLE.c.blind == blind, _TABLE.c.at > moment - limit.within)
        for limit, blind in blinds.items()
    ]
    chosen = sa.select(_TABLE.c.blind, sa.func.count(), sa.func.max(_TABLE.c.at)).where(sa.or_(*within))
    rows = db.session.execute(chosen.group_by(_TABLE.c.blind))
    found = {blind: Counted(number, last) for blind, number, last in rows}
    return {limit: found[blind] for limit, blind in blinds.items() if blind in found}


def _raise_alarm(limit: Limit, number: int, moment: datetime) -> bool:
    """Note it in the trail and in the log, once within the limit's time, though attempts be given back. Returns whether
    it was not known yet."""
    blind = crypto.blind_index("alarm", f"{limit.kind}|{limit.value}|{number}")
    present(blind)
    known = sa.select(sa.literal(1)).where(_TABLE.c.blind == blind, _TABLE.c.at > moment - limit.within)
    if db.session.scalar(known.limit(1)):
        return False
    db.session.execute(sa.insert(_TABLE), [{"blind": blind, "at": moment}])
    told = {"limit": limit.kind, "number": number, "most": limit.most, "minutes": minutes_of(limit.within)}
    # Sealed for the installation, where no erasure reaches an address.
    network = "" if limit.personal else limit.value
    record(SYSTEM, "accounts.alarm", About("limit", new_reference()), after={**told, "network": network})
    _log.warning("attempts counted as %s: %s of at most %s within %s minutes", *told.values())
    return True
