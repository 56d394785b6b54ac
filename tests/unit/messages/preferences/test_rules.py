"""When and by which channel a message leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.clock import CASABLANCA
from cohortmgr.messages.preferences.rules import (
    DIGEST_AT,
    ContactPreference,
    Errand,
    Later,
    Leave,
    Never,
    end_of_quiet,
    is_quiet,
    next_hour,
    route,
)

# Clocks were set back on 2026-02-15 and forward on 2026-03-22 (Ramadan), and back for good on 2026-09-20.
SEAMS = (
    datetime(2025, 2, 23, 2, tzinfo=UTC),
    datetime(2025, 4, 6, 2, tzinfo=UTC),
    datetime(2026, 2, 15, 2, tzinfo=UTC),
    datetime(2026, 3, 22, 2, tzinfo=UTC),
    datetime(2026, 9, 20, 2, tzinfo=UTC),
    datetime(2026, 11, 22, 9, tzinfo=UTC),
)
hours = st.integers(0, 23)
stretches = st.tuples(hours, hours).filter(lambda pair: pair[0] != pair[1])
moments = st.builds(
    lambda seam, minutes: seam + timedelta(minutes=minutes),
    st.sampled_from(SEAMS),
    st.integers(-3 * 24 * 60, 3 * 24 * 60),
)
wishes = st.builds(
    ContactPreference, st.sampled_from(["email", "sms"]), st.booleans(), st.booleans(), st.none() | stretches
)
errands = st.builds(
    Errand,
    st.sampled_from(["email", "sms"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | moments,
)


def local(*when: int) -> datetime:
    return datetime(*when, tzinfo=CASABLANCA)  # type: ignore[misc,arg-type]  # year, month, day, hour…


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc,arg-type]


NOON, NIGHT = local(2026, 11, 23, 12), local(2026, 11, 23, 23)
SHORT = Errand(short=True)


@given(wishes, errands, moments, st.booleans(), st.booleans())
def test_no_short_message_or_campaign_leaves_in_quiet_hours_and_none_waits_beyond_them(
    preference: ContactPreference, errand: Errand, moment: datetime, has_email: bool, has_phone: bool
) -> None:
    now = moment.astimezone(CASABLANCA)
    said = route(preference, errand, now, has_email, has_phone)
    match said:
        case Leave(channel):
            assert channel == ("sms" if channel == "sms" else "email")
            assert (has_phone and errand.short) if channel == "sms" else has_email
            if preference.quiet and not errand.urgent and (channel == "sms" or errand.campaign):
                soon = errand.deadline is not None and errand.deadline <= moment + timedelta(hours=28)
                assert not is_quiet(now, preference.quiet) or (soon and not errand.campaign)
            assert preference.campaigns or not errand.campaign
        case Later(until, gathered):
            assert moment < until <= moment + timedelta(hours=25)
            assert not errand.urgent
            if not gathered or errand.gathered:
                assert preference.quiet is not None and is_quiet(now, preference.quiet)
        case Never(drop):
            assert drop == (errand.campaign and not preference.campaigns)
            assert drop or not (has_email or (has_phone and errand.short))


@given(moments, stretches)
def test_the_end_of_quiet_hours_is_the_first_minute_that_is_not_quiet(
    moment: datetime, quiet: tuple[int, int]
) -> None:
    if not is_quiet(moment.astimezone(CASABLANCA), quiet):
        return
    end = end_of_quiet(moment.astimezone(CASABLANCA), quiet)
    assert not is_quiet(end.astimezone(CASABLANCA), quiet)
    minute = end - timedelta(minutes=1)
    while minute >= moment:
        assert is_quiet(minute.astimezone(CASABLANCA), quiet)
        minute -= timedelta(minutes=1)


@given(moments, hours)
def test_the_next_hour_is_shown_by_the_clocks_unless_they_skip_it(moment: datetime, hour: int) -> None:
    found = next_hour(moment.astimezone(CASABLANCA), hour)
    assert moment < found <= moment + timedelta(hours=25)
    shown = found.astimezone(CASABLANCA)
    assert shown.minute == 0 and (shown.hour == hour or (hour == 2 and found in SEAMS))


@pytest.mark.parametrize(
    ("now", "quiet", "end"),
    [
        (local(2026, 11, 23, 23), (21, 8), utc(2026, 11, 24, 8)),
        (local(2026, 11, 24, 3), (21, 8), utc(2026, 11, 24, 8)),
        # The evening at UTC+1, the morning at UTC+0: an hour longer.
        (local(2026, 9, 19, 22), (21, 8), utc(2026, 9, 20, 8)),
        # Into Ramadan and out of it.
        (local(2026, 2, 14, 22), (21, 8), utc(2026, 2, 15, 8)),
        (local(2026, 3, 21, 22), (21, 8), utc(2026, 3, 22, 7)),
        (local(2026, 11, 23, 13), (12, 14), utc(2026, 11, 23, 14)),
    ],
)
def test_quiet_hours_end_across_midnight_and_across_changes_of_the_clocks(
    now: datetime, quiet: tuple[int, int], end: datetime
) -> None:
    assert end_of_quiet(now, quiet) == end


def test_an_ordinary_letter_leaves_at_night_and_an_sms_in_the_morning() -> None:
    assert route(ContactPreference(), SHORT, NIGHT, True, True) == Leave("email")
    assert route(ContactPreference(channel="sms"), SHORT, NIGHT, True, True) == Later(utc(2026, 11, 24, 8))
    assert route(ContactPreference(channel="sms"), replace(SHORT, urgent=True), NIGHT, True, True) == Leave(
        "sms"
    )
    assert route(ContactPreference(channel="sms", quiet=None), SHORT, NIGHT, True, True) == Leave("sms")
    assert route(ContactPreference(), Errand(campaign=True), NIGHT, True, False) == Later(
        utc(2026, 11, 24, 8)
    )


def test_a_recall_waits_for_the_morning_unless_the_morning_is_too_late() -> None:
    sms = ContactPreference(channel="sms")
    for deadline, said in (
        (utc(2026, 11, 24, 11, 1), Later(utc(2026, 11, 24, 8))),
        (utc(2026, 11, 24, 11), Leave("sms")),
        (utc(2026, 11, 24, 1), Leave("sms")),
    ):
        assert route(sms, replace(SHORT, deadline=deadline), NIGHT, True, True) == said
    campaign = replace(SHORT, campaign=True, deadline=utc(2026, 11, 24, 1))
    assert isinstance(route(sms, campaign, NIGHT, True, True), Later)


def test_the_channel_is_the_one_chosen_where_it_can_be() -> None:
    sms = ContactPreference(channel="sms", quiet=None)
    assert route(sms, SHORT, NOON, True, True) == Leave("sms")
    assert route(sms, SHORT, NOON, True, False) == Leave("email")
    assert route(sms, Errand(), NOON, True, True) == Leave("email"), "it has no short form"
    assert route(sms, replace(SHORT, bears_a_key=True), NOON, True, True) == Leave("email")
    assert route(ContactPreference(), SHORT, NOON, False, True) == Leave("sms")
    assert route(ContactPreference(), replace(SHORT, bears_a_key=True), NOON, False, True) == Leave("sms")
    assert route(ContactPreference(), Errand(), NOON, False, True) == Never()
    assert route(ContactPreference(), SHORT, NOON, False, False) == Never()
    assert route(ContactPreference(), replace(SHORT, channel="sms"), NOON, True, True) == Leave("sms")
    assert route(
        ContactPreference(digest=True), replace(SHORT, channel="inbox"), NOON, False, False
    ) == Leave("inbox")


def test_campaigns_are_dropped_for_whoever_does_not_want_them_and_nothing_else_is() -> None:
    assert route(
        ContactPreference(campaigns=False), Errand(campaign=True, urgent=True), NOON, True, True
    ) == Never(True)
    assert route(ContactPreference(campaigns=False), Errand(), NOON, True, True) == Leave("email")


def test_a_digest_gathers_until_the_evening_what_can_wait() -> None:
    wish = ContactPreference(digest=True)
    evening = Later(utc(2026, 11, 23, DIGEST_AT), gathered=True)
    assert route(wish, SHORT, NOON, True, True) == evening
    assert route(wish, replace(SHORT, gathered=True), NOON, True, True) == Leave("email")
    assert route(wish, replace(SHORT, urgent=True), NOON, True, True) == Leave("email")
    assert route(wish, replace(SHORT, bears_a_key=True), NOON, True, True) == Leave("email")
    tomorrow = NOON.astimezone(UTC) + timedelta(hours=24)
    assert route(wish, replace(SHORT, deadline=tomorrow), NOON, True, True) == Leave("email")
    later = tomorrow + timedelta(minutes=1)
    assert route(wish, replace(SHORT, deadline=later), NOON, True, True) == evening
    assert route(replace(wish, channel="sms"), SHORT, NOON, True, True) == Leave("sms"), "an SMS is no digest"
    after = route(wish, SHORT, local(2026, 11, 23, 18, 30), True, True)
    assert after == Later(utc(2026, 11, 24, DIGEST_AT), gathered=True)
    early = replace(wish, quiet=(17, 9))
    campaign = Errand(campaign=True, gathered=True)
    assert route(early, campaign, local(2026, 11, 23, 18), True, True) == Later(utc(2026, 11, 24, 9), True)
