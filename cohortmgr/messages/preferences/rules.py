"""When and by which channel a message leaves, from its person's wishes and what it says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import phonenumbers

from cohortmgr.base.errors import N_, Problem

DIGEST_AT = 18  # the hour in Casablanca at which a day's digest leaves
PRESSING = timedelta(hours=24)
SPARE = timedelta(hours=3)  # the least time that must be left for a deadline when quiet hours end


@dataclass(frozen=True)
class ContactPreference:
    """How a person wishes to be written to.
    `quiet` is the hour at which quiet hours begin and the hour at which they end; None means none."""

    channel: str = "email"
    campaigns: bool = True
    digest: bool = False
    quiet: tuple[int, int] | None = (21, 8)


@dataclass(frozen=True)
class ChosenPreferences:
    """All that a person's page of preferences holds:
    language, telephone number (E.164, or empty), and the wish."""

    language: str
    phone: str
    wish: ContactPreference


@dataclass(frozen=True)
class Errand:
    """What routing needs to know of a message.

    `short`: it has a text for SMS. `gathered`: it has waited for the digest, and this is the hour.
    `deadline`: the moment by which it asks for something to be done."""

    channel: str = "email"
    campaign: bool = False
    urgent: bool = False
    bears_a_key: bool = False
    short: bool = False
    gathered: bool = False
    deadline: datetime | None = None


@dataclass(frozen=True)
class Leave:
    """Leave now, by this channel."""

    channel: str


@dataclass(frozen=True)
class Later:
    """Leave at this instant (aware, UTC); `gathered` means with others, in a digest."""

    until: datetime
    gathered: bool = False


@dataclass(frozen=True)
class Never:
    """Do not leave: no way leads to anybody, or (`drop`) the person does not want it."""

    drop: bool = False


def route(
    preference: ContactPreference, errand: Errand, now: datetime, has_email: bool, has_phone: bool
) -> Leave | Later | Never:
    """Return when and by which channel a message leaves. `now` is in the time zone where the person lives.

    Quiet hours hold back short messages, which ring, and campaigns. They never hold back an urgent
    message, one that would come too late after them, or a letter about the person's own file, which
    waits in a mailbox without a sound.
    """
    if errand.campaign and not preference.campaigns:
        return Never(drop=True)
    channel = _channel(preference, errand, has_email, has_phone)
    if channel is None:
        return Never()
    if errand.urgent or channel == "inbox":
        return Leave(channel)
    if channel == "email" and preference.digest and not errand.gathered and not _presses(errand, now):
        return Later(next_hour(now, DIGEST_AT), gathered=True)
    if preference.quiet and (channel == "sms" or errand.campaign) and is_quiet(now, preference.quiet):
        end = end_of_quiet(now, preference.quiet)
        if errand.campaign or errand.deadline is None or errand.deadline > end + SPARE:
            return Later(end, errand.gathered)
    return Leave(channel)


def _channel(preference: ContactPreference, errand: Errand, has_email: bool, has_phone: bool) -> str | None:
    """Return the channel; None if there is none.
    A message that opens an account goes by e-mail if there is an address, whatever the person chose."""
    if errand.channel == "inbox":
        return "inbox"
    can_ring = has_phone and errand.short
    if can_ring and "sms" in (preference.channel, errand.channel) and not errand.bears_a_key:
        return "sms"
    if has_email:
        return "email"
    return "sms" if can_ring else None


def _presses(errand: Errand, now: datetime) -> bool:
    return errand.bears_a_key or (
        errand.deadline is not None and errand.deadline <= now.astimezone(UTC) + PRESSING
    )


def is_quiet(now: datetime, quiet: tuple[int, int]) -> bool:
    """Whether the clocks of `now` show an hour within the quiet hours, which may include midnight."""
    start, end = quiet
    if start <= end:
        return start <= now.hour < end
    return now.hour >= start or now.hour < end


def end_of_quiet(now: datetime, quiet: tuple[int, int]) -> datetime:
    """Return the first instant (UTC) after `now` at which the quiet hours are over.

    When clocks are set back, an hour comes twice, and the second time may still be quiet. When they are set
    forward, an hour is skipped, and quiet hours that end at it end at the instant that takes its place.
    """
    return min(
        moment for moment in _shown(now, quiet[1]) if not is_quiet(moment.astimezone(now.tzinfo), quiet)
    )


def next_hour(now: datetime, hour: int) -> datetime:
    """Return the next instant (UTC) after `now` at which the clocks of its time zone show that full hour."""
    return min(_shown(now, hour))


def _shown(now: datetime, hour: int) -> list[datetime]:
    """Return the instants (UTC) after `now`, until the day after tomorrow, at
    which the clocks show that hour."""
    days = [now.date() + timedelta(days=days) for days in (-1, 0, 1, 2)]
    found = set()
    for day in days:
        for fold in (0, 1):
            moment = datetime.combine(day, time(hour, fold=fold), tzinfo=now.tzinfo).astimezone(UTC)
            # With fold=0, a skipped hour becomes the instant that takes its place;
            # with fold=1 it is an hour too early.
            if fold == 0 or moment.astimezone(now.tzinfo).hour == hour:
                found.add(moment)
    return [moment for moment in found if moment > now.astimezone(UTC)]


def contact_preference_problems(preference: ContactPreference, phone: str) -> list[Problem]:
    """Return why a wish cannot be followed, each problem with its field. `phone` is in E.164, or empty."""
    problems = []
    if preference.channel == "sms" and not phone:
        problems.append(Problem(N_("Écrivez le numéro auquel les SMS doivent arriver."), {}, "phone"))
    elif preference.channel == "sms" and not _takes_sms(phone):
        problems.append(
            Problem(
                N_("Ce numéro est celui d’un poste fixe, il ne reçoit pas de SMS. Donnez un portable."),
                {},
                "phone",
            )
        )
    if preference.quiet and preference.quiet[0] == preference.quiet[1]:
        what = N_("Les heures calmes commencent et finissent à la même heure. Choisissez-en deux, ou aucune.")
        problems.append(Problem(what, {}, "quiet_until"))
    return problems


def _takes_sms(phone: str) -> bool:
    """Whether the number may be a mobile's.
    Numbers that the numbering plan does not tell apart are accepted."""
    kind = phonenumbers.number_type(phonenumbers.parse(phone))
    return bool(kind != phonenumbers.PhoneNumberType.FIXED_LINE)
