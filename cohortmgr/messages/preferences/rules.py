"""When and by which channel a message leaves, by what its person wishes and what it says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import phonenumbers

from cohortmgr.base.errors import N_, Problem

DIGEST_AT = 18  # the hour in Casablanca at which a day's digest leaves
PRESSING = timedelta(hours=24)
SPARE = timedelta(hours=3)  # what must be left to do something by, when quiet hours are over


@dataclass(frozen=True)
class Wish:
    """How a person wishes to be written to. `quiet`: the hours from which and until which they are left in peace."""

    channel: str = "email"
    campaigns: bool = True
    digest: bool = False
    quiet: tuple[int, int] | None = (21, 8)


@dataclass(frozen=True)
class Errand:
    """What a message is, as far as its way goes. `short`: it has a form for SMS; `gathered`: it has waited for the
    digest, and this is the hour; `deadline`: what it says to be done by."""

    channel: str = "email"
    campaign: bool = False
    urgent: bool = False
    bears_a_key: bool = False
    short: bool = False
    gathered: bool = False
    deadline: datetime | None = None


@dataclass(frozen=True)
class Leave:
    """Now, by that channel."""

    channel: str


@dataclass(frozen=True)
class Later:
    """At that instant (aware, UTC), perhaps with others."""

    until: datetime
    gathered: bool = False


@dataclass(frozen=True)
class Never:
    """To nobody: there is no way, or (`drop`) the person does not want it."""

    drop: bool = False


def route(
    wish: Wish, errand: Errand, now: datetime, has_email: bool, has_phone: bool
) -> Leave | Later | Never:
    """When and by which channel a message leaves. `now` bears the zone whose clocks the person lives by.

    Quiet hours hold back short messages, which ring, and campaigns; never what is urgent, what would come too late
    after them, nor a letter about the person's own file, which waits in a mailbox without a sound.
    """
    if errand.campaign and not wish.campaigns:
        return Never(drop=True)
    channel = _channel(wish, errand, has_email, has_phone)
    if channel is None:
        return Never()
    if errand.urgent or channel == "inbox":
        return Leave(channel)
    if channel == "email" and wish.digest and not errand.gathered and not _presses(errand, now):
        return Later(next_hour(now, DIGEST_AT), gathered=True)
    if wish.quiet and (channel == "sms" or errand.campaign) and is_quiet(now, wish.quiet):
        end = end_of_quiet(now, wish.quiet)
        if errand.campaign or errand.deadline is None or errand.deadline > end + SPARE:
            return Later(end, errand.gathered)
    return Leave(channel)


def _channel(wish: Wish, errand: Errand, has_email: bool, has_phone: bool) -> str | None:
    """What opens an account goes to the mailbox that the account is known by, whatever was chosen."""
    if errand.channel == "inbox":
        return "inbox"
    can_ring = has_phone and errand.short
    if can_ring and "sms" in (wish.channel, errand.channel) and not errand.bears_a_key:
        return "sms"
    if has_email:
        return "email"
    return "sms" if can_ring else None


def _presses(errand: Errand, now: datetime) -> bool:
    return errand.bears_a_key or (
        errand.deadline is not None and errand.deadline <= now.astimezone(UTC) + PRESSING
    )


def is_quiet(now: datetime, quiet: tuple[int, int]) -> bool:
    """Whether the clocks of `now` show an hour of a stretch, which may hold midnight."""
    start, end = quiet
    if start <= end:
        return start <= now.hour < end
    return now.hour >= start or now.hour < end


def end_of_quiet(now: datetime, quiet: tuple[int, int]) -> datetime:
    """The first instant (UTC) after `now` at which the stretch is over.

    Where clocks are set back an hour is shown twice, where they are set forward it is not shown at all: an hour that
    is shown again may still be quiet, and one that is skipped ends at the instant that takes its place.
    """
    return min(
        moment for moment in _shown(now, quiet[1]) if not is_quiet(moment.astimezone(now.tzinfo), quiet)
    )


def next_hour(now: datetime, hour: int) -> datetime:
    """The next instant (UTC), after `now`, at which the clocks of its zone show that full hour."""
    return min(_shown(now, hour))


def _shown(now: datetime, hour: int) -> list[datetime]:
    """The instants (UTC) after `now`, to the day after tomorrow, at which the clocks show that hour."""
    days = [now.date() + timedelta(days=days) for days in (-1, 0, 1, 2)]
    found = set()
    for day in days:
        for fold in (0, 1):
            moment = datetime.combine(day, time(hour, fold=fold), tzinfo=now.tzinfo).astimezone(UTC)
            # An hour that is skipped is the instant at which it is; its second reading is an hour too early.
            if fold == 0 or moment.astimezone(now.tzinfo).hour == hour:
                found.add(moment)
    return [moment for moment in found if moment > now.astimezone(UTC)]


def wish_problems(wish: Wish, phone: str) -> list[Problem]:
    """Why a wish cannot be followed, each beside its field; `phone` as E.164, or empty."""
    problems = []
    if wish.channel == "sms" and not phone:
        problems.append(Problem(N_("Écrivez le numéro auquel les SMS doivent arriver."), {}, "phone"))
    elif wish.channel == "sms" and not _takes_sms(phone):
        problems.append(
            Problem(
                N_("Ce numéro est celui d’un poste fixe, il ne reçoit pas de SMS. Donnez un portable."),
                {},
                "phone",
            )
        )
    if wish.quiet and wish.quiet[0] == wish.quiet[1]:
        what = N_("Les heures calmes commencent et finissent à la même heure. Choisissez-en deux, ou aucune.")
        problems.append(Problem(what, {}, "quiet_until"))
    return problems


def _takes_sms(phone: str) -> bool:
    """Whether it may be a mobile: what the numbering plan does not tell apart is let through."""
    kind = phonenumbers.number_type(phonenumbers.parse(phone))
    return bool(kind != phonenumbers.PhoneNumberType.FIXED_LINE)
