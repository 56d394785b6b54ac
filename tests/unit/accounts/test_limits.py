"""How many codes and passwords, for whom and from where: strangers never use up what belongs to an owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.accounts import limits
from cohortmgr.accounts.contacts import Contact, contact_of, is_mobile_of, require_mobile_of
from cohortmgr.accounts.limits import (
    ATTEMPTS,
    CODES_PER_ADDRESS,
    CODES_PER_NETWORK,
    FAILURES_PER_NETWORK,
    HOUR,
    Caller,
    CodeAllowance,
    Counted,
    Limit,
    alarms_at,
    limits_on_codes,
    limits_on_passwords,
    networks_of,
    refusal,
)
from cohortmgr.base.errors import Refused

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
ALLOWED = CodeAllowance(20_000, 2000)
SALMA, NUMBER = Contact("email", "salma@exemple.ma"), Contact("sms", "+212612345678")
OWNER = Caller("203.0.113.7", "the mark of the owner", owns=True)


class Book:
    """Counts as the database does, without forgetting anything."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def tries(self, found: Sequence[Limit]) -> str | None:
        """Count one more; why it is refused, if it is. The wait between two is left out."""
        counted = {each: Counted(self.counts[each.kind, each.value]) for each in found}
        problem = refusal(found, counted, NOW, "email")
        if problem is None:
            self.counts.update((each.kind, each.value) for each in found)
        return problem.what if problem else None

    def gives_back(self, found: Sequence[Limit]) -> None:
        """What was proved."""
        self.counts.subtract((each.kind, each.value) for each in found if each.given_back)


@pytest.mark.parametrize(
    ("origin", "found"),
    [
        ("192.0.2.1", ("192.0.2.1", "192.0.2.1")),
        ("::ffff:192.0.2.1", ("192.0.2.1", "192.0.2.1")),
        ("2001:db8:1:2:3:4:5:6", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("2001:db8:1:2::9", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("fe80::1%eth0", ("fe80::/64", "fe80::/48")),
        ("", ("", "")),
        ("unix:", ("unix:", "unix:")),
    ],
)
def test_a_network_is_an_address_or_the_64_bits_that_one_subscriber_has(
    origin: str, found: tuple[str, str]
) -> None:
    assert networks_of(origin) == found


@given(st.text(max_size=60))
def test_any_origin_is_some_network(origin: str) -> None:
    assert all(isinstance(each, str) for each in networks_of(origin))


def test_six_requests_of_a_stranger_leave_the_owner_their_six() -> None:
    """The owner has the mark of an earlier proof, or another network than the stranger."""
    for owner in (OWNER, Caller("192.0.2.1", "mark", owns=True), Caller("198.51.100.4")):
        book, stranger = Book(), limits_on_codes(NUMBER, Caller("192.0.2.1"), ALLOWED)
        for _ in range(CODES_PER_ADDRESS):
            assert book.tries(stranger) is None
        assert "Trop de codes" in (book.tries(stranger) or "")
        for _ in range(CODES_PER_ADDRESS):
            assert book.tries(limits_on_codes(NUMBER, owner, ALLOWED)) is None


def test_strangers_everywhere_do_not_make_a_telephone_ring_all_day_nor_lock_its_owner_out() -> None:
    book = Book()
    sent = sum(
        book.tries(limits_on_codes(NUMBER, Caller(f"192.0.2.{number}"), ALLOWED)) is None
        for number in range(200)
    )
    assert sent == limits.CODES_OF_STRANGERS
    assert book.tries(limits_on_codes(NUMBER, OWNER, ALLOWED)) is None


def test_250_guardians_behind_one_carrier_each_get_a_code_typed_or_not() -> None:
    book = Book()
    for number in range(250):
        contact = Contact("sms", f"+2126{number:08d}")
        assert book.tries(limits_on_codes(contact, Caller("192.0.2.1"), ALLOWED)) is None


def test_who_types_the_codes_may_go_on_and_who_does_not_is_stopped() -> None:
    honest, pump = Book(), Book()
    for number in range(1000):
        found = limits_on_codes(Contact("email", f"p{number}@exemple.ma"), Caller("192.0.2.1"), ALLOWED)
        assert honest.tries(found) is None
        honest.gives_back(found)
    for number in range(CODES_PER_NETWORK):
        found = limits_on_codes(Contact("email", f"q{number}@exemple.ma"), Caller("192.0.2.1"), ALLOWED)
        assert pump.tries(found) is None
    assert "votre réseau" in (pump.tries(limits_on_codes(SALMA, Caller("192.0.2.1"), ALLOWED)) or "")
    # In the same network: whoever proved this address, has a session, or came by a link goes on.
    for known in (Caller("192.0.2.1", "mark", owns=True), Caller("192.0.2.1", "an account")):
        assert pump.tries(limits_on_codes(SALMA, known, ALLOWED)) is None
    assert pump.tries(limits_on_codes(SALMA, Caller("192.0.2.2"), ALLOWED)) is None


def test_each_address_of_a_64_counts_as_one_and_the_64s_of_a_48_together() -> None:
    book = Book()
    for number in range(CODES_PER_NETWORK):
        found = limits_on_codes(
            Contact("email", f"p{number}@x.ma"), Caller(f"2001:db8:1:2::{number:x}"), ALLOWED
        )
        assert book.tries(found) is None
    assert book.tries(limits_on_codes(SALMA, Caller("2001:db8:1:2:ffff::1"), ALLOWED))
    sent = sum(
        book.tries(
            limits_on_codes(Contact("email", f"q{number}@x.ma"), Caller(f"2001:db8:1:{number:x}::1"), ALLOWED)
        )
        is None
        for number in range(3, 3000)
    )
    assert sent + CODES_PER_NETWORK == limits.CODES_PER_WIDE_NETWORK


def test_one_mark_does_not_ask_for_codes_to_everybody() -> None:
    book = Book()
    sent = sum(
        book.tries(
            limits_on_codes(Contact("sms", f"+2126{number:08d}"), Caller("192.0.2.1", "a mark"), ALLOWED)
        )
        is None
        for number in range(100)
    )
    assert sent == limits.CODES_PER_PROOF


def test_the_day_s_sms_are_a_budget_of_which_strangers_leave_a_quarter() -> None:
    book, allowed = Book(), CodeAllowance(20_000, 8)
    for number in range(6):
        caller = Caller(f"192.0.2.{number}")
        found = limits_on_codes(Contact("sms", f"+2126{number:08d}"), caller, allowed)
        assert book.tries(found) is None
        book.gives_back(found)  # what is spent stays spent
    stranger = limits_on_codes(Contact("sms", "+212699999999"), Caller("198.51.100.1"), allowed)
    assert "SMS prévus pour aujourd’hui" in (book.tries(stranger) or "")
    assert book.tries(limits_on_codes(SALMA, Caller("198.51.100.1"), allowed)) is None, "mail still leaves"
    for number in range(2):
        owner = Caller("192.0.2.1", f"mark {number}", owns=True)
        assert book.tries(limits_on_codes(Contact("sms", f"+2127{number:08d}"), owner, allowed)) is None
    assert "SMS prévus" in (book.tries(limits_on_codes(NUMBER, OWNER, allowed)) or "")


def test_one_network_spends_no_day_of_sms_and_several_an_hour_of_them() -> None:
    book, sent = Book(), 0
    for place in range(5):
        for number in range(300):
            contact = Contact("sms", f"+2126{place}{number:07d}")
            sent += book.tries(limits_on_codes(contact, Caller(f"192.0.2.{place}"), ALLOWED)) is None
        assert place or sent == limits.SMS_PER_NETWORK < CODES_PER_NETWORK
    assert sent == ALLOWED.sms_of_strangers_an_hour < ALLOWED.sms_of_strangers
    stranger = limits_on_codes(NUMBER, Caller("198.51.100.1"), ALLOWED)
    assert "en ce moment" in (book.tries(stranger) or "")
    assert book.tries(limits_on_codes(NUMBER, OWNER, ALLOWED)) is None
    assert book.tries(limits_on_codes(SALMA, Caller("198.51.100.1"), ALLOWED)) is None, "mail still leaves"
    for each in stranger:
        if each.kind == "sms-hour":
            book.counts[each.kind, each.value] = 0  # an hour later
    assert book.tries(stranger) is None, "the rest of the day is theirs"


def test_what_is_typed_uses_no_hour_up() -> None:
    book = Book()
    for number in range(ALLOWED.sms_of_strangers_an_hour + 50):
        found = limits_on_codes(
            Contact("sms", f"+2126{number:08d}"), Caller(f"192.0.2.{number % 9}"), ALLOWED
        )
        assert book.tries(found) is None
        book.gives_back(found)


def test_nine_wrong_passwords_of_a_stranger_leave_the_owner_theirs() -> None:
    book, stranger = Book(), limits_on_passwords(SALMA, Caller("192.0.2.1"))
    for _ in range(ATTEMPTS):
        assert book.tries(stranger) is None
    assert "Trop d’essais" in (book.tries(stranger) or "")
    for owner in (Caller("192.0.2.1", "mark", owns=True), Caller("198.51.100.4")):
        assert book.tries(limits_on_passwords(SALMA, owner)) is None
    # The mark of another address is no better than none.
    assert book.tries(limits_on_passwords(SALMA, Caller("192.0.2.1", "mark of another")))


def test_one_password_for_many_addresses_is_stopped_and_right_ones_count_for_nothing() -> None:
    book = Book()
    for number in range(500):
        found = limits_on_passwords(Contact("email", f"p{number}@x.ma"), Caller("192.0.2.1"))
        assert book.tries(found) is None
        book.gives_back(found)
    tried = sum(
        book.tries(limits_on_passwords(Contact("email", f"p{number}@x.ma"), Caller("192.0.2.1"))) is None
        for number in range(120)
    )
    assert tried == FAILURES_PER_NETWORK
    assert book.tries(limits_on_passwords(SALMA, Caller("192.0.2.1", "mark", owns=True))) is None


def test_many_places_do_not_guess_one_password_all_day() -> None:
    book = Book()
    tried = sum(
        book.tries(limits_on_passwords(SALMA, Caller(f"192.0.2.{number}"))) is None for number in range(200)
    )
    assert tried == limits.FAILURES_PER_ADDRESS


def test_a_refusal_says_how_long_and_where() -> None:
    found = limits_on_codes(SALMA, Caller("192.0.2.1"), ALLOWED)
    just_now = {found[0]: Counted(1, NOW - timedelta(seconds=12))}
    wait = refusal(found, just_now, NOW, "email")
    assert wait is not None and str(wait.values["seconds"]) == "18 secondes" and wait.where == "email"
    assert refusal(found, just_now, NOW + timedelta(seconds=18), "email") is None
    passwords = limits_on_passwords(SALMA, Caller("192.0.2.1"))
    full = refusal(passwords, {passwords[1]: Counted(40, NOW)}, NOW, None)
    assert full is not None and str(full.values["minutes"]) == "60 minutes"


def test_no_window_is_longer_than_attempts_are_kept() -> None:
    for caller in (OWNER, Caller("2001:db8::1"), Caller("192.0.2.1", "mark")):
        for each in (*limits_on_codes(NUMBER, caller, ALLOWED), *limits_on_passwords(SALMA, caller)):
            assert each.within <= limits.LONGEST_WINDOW and each.most > 0


def test_the_attempt_that_fills_a_limit_raises_the_alarm() -> None:
    found = limits_on_codes(NUMBER, Caller("192.0.2.1"), ALLOWED)
    network = next(each for each in found if each.kind == "code-from-strange")
    assert alarms_at(found, {network: Counted(CODES_PER_NETWORK - 1)}) == [network]
    assert alarms_at(found, {network: Counted(CODES_PER_NETWORK - 2)}) == []
    budget = next(each for each in found if each.kind == "sms-strange")
    assert [n for n in range(2000) if alarms_at([budget], {budget: Counted(n)})] == [749, 1499]
    assert network.within == limits.CODES_WITHIN < HOUR


@pytest.mark.parametrize(
    "number",
    [
        "+44 909 879 0000",  # premium rates
        "+1 900 234 1234",
        "+33 899 12 34 56",
        "+979 123 456 789",
        "0898 12 34 56",
        "+882 13300655",  # networks of no country, and satellites
        "+881 612 345 678",
        "0801 23 45 67",
    ],
)
def test_what_is_no_mobile_of_a_country_is_no_contact(number: str) -> None:
    with pytest.raises(Refused) as refused:
        contact_of(number)
    assert "ne reçoit pas de SMS" in refused.value.problems[0].what


def test_sms_go_to_mobiles_of_the_listed_countries_alone() -> None:
    assert is_mobile_of("+212612345678", ("MA",)) and is_mobile_of("+33612345678", ("MA", "FR"))
    assert is_mobile_of("+12025550123", ("US",)), "where mobiles are not told from others"
    for number in ("+33612345678", "+212537773079", "+212898123456", "+881612345678", "no number", ""):
        assert not is_mobile_of(number, ("MA",)), number
    require_mobile_of("+212612345678", ("MA",))
    with pytest.raises(Refused) as refused:
        require_mobile_of("+33612345678", ("MA", "SN"))
    problem = refused.value.problems[0]
    assert problem.values == {"codes": ("+212", "+221")} and problem.where == "email"
