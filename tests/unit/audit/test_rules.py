"""A chain: whatever is altered, dropped, swapped, cut or set back is found, and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.audit.rules import (
    BEGIN,
    CLOSE,
    END,
    GENESIS,
    REGISTER,
    SHARDS,
    ChainEnd,
    Sighting,
    chain_of,
    chains_of,
    closed_late,
    digest_of,
    end_of,
    is_old,
    missing,
    registered,
    unregistered,
    verify,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
SEEN = "2026-11-22T10:00:00+00:00"


@dataclass
class Event:
    reference: str = ""
    institution_id: int | None = 7
    chain: str = "7/03"
    sequence: int = 0
    at: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    actor: str = "A" * 26
    action: str = "applications.send"
    object_kind: str = "application"
    object_reference: str = "B" * 26
    subject: str = "C" * 26
    sealed: bytes = b"sealed"
    digest: str = ""


def chain(length: int, key: bytes | None = KEY, name: str = "7/03") -> list[Event]:
    previous, links = GENESIS, []
    for number in range(1, length + 1):
        at = Event.at + timedelta(seconds=number)
        event = Event(reference=f"{number:026}", chain=name, sequence=number, at=at)
        event.digest = previous = digest_of(previous, event, key)
        links.append(event)
    return links


def old(length: int) -> list[Event]:
    """A chain as it was before digests were keyed, closed under the key."""
    links = chain(length, None, "7")
    last = Event(chain="7", sequence=length + 1, action=CLOSE)
    last.digest = digest_of(links[-1].digest, last, KEY)
    return [*links, last]


def signed(link: Event) -> ChainEnd:
    return end_of(KEY, link.chain, link.sequence, link.digest)


def other(value: Any) -> Any:
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, bytes):
        return value[:-1]
    return value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")


def verified(links: list[Event], head: Event, noted: Mapping[int, Sighting] | None = None) -> list[str]:
    return [str(problem) for problem in verify(KEY, head.chain, links, signed(head), noted)]


def test_a_chain_holds() -> None:
    assert verify(KEY, "7/03", [], end_of(KEY, "7/03", 0, GENESIS)) == []
    assert verify(KEY, "7/03", [], None) == []
    links = chain(5)
    assert verified(links, links[-1]) == []
    assert verified(links, links[-1], {3: Sighting(SEEN, links[2].digest)}) == []


@pytest.mark.parametrize("make", [chain, old])
@pytest.mark.parametrize("name", [field.name for field in fields(Event)])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_any_altered_field_of_any_link_is_found(name: str, place: int, make: Any) -> None:
    links = make(5)
    head = links[-1]
    links[place] = replace(links[place], **{name: other(getattr(links[place], name))})
    assert verified(links, head)


def test_the_columns_that_the_chain_covers_are_all_the_table_has() -> None:
    from cohortmgr.audit.models import Event as Table

    assert {column.name for column in Table.__table__.columns} - {"id"} == {
        field.name for field in fields(Event)
    }


@given(st.integers(2, 8), st.data())
def test_a_dropped_a_swapped_and_a_cut_link_are_found(length: int, data: st.DataObject) -> None:
    links = chain(length)
    head, place = links[-1], data.draw(st.integers(0, length - 1))
    assert verified(links[:place] + links[place + 1 :], head), "dropped"
    assert verified(links[:place], head), "cut"
    assert verified([*links[:place], links[place], *links[place:]], head), "twice"
    if place:
        swapped = [*links]
        swapped[place - 1], swapped[place] = swapped[place], swapped[place - 1]
        assert verified(swapped, head), "swapped"


def test_a_text_cannot_move_from_one_field_to_the_next() -> None:
    one, two = Event(actor="ab", action="c"), Event(actor="a", action="bc")
    assert digest_of(GENESIS, one, KEY) != digest_of(GENESIS, two, KEY)


def test_an_altered_link_is_named_once_and_the_rest_is_not_blamed() -> None:
    links = chain(5)
    links[1] = replace(links[1], actor="X" * 26)
    assert verified(links, links[-1]) == ["7/03: Le maillon 2 a été modifié."]


@pytest.mark.parametrize("key", [None, OTHER_KEY])
def test_who_has_not_the_key_cannot_write_a_chain(key: bytes | None) -> None:
    links = chain(3, key)
    assert len(verified(links, links[-1])) == 3


@pytest.mark.parametrize("digest", [None, OTHER_KEY], ids=["as it was", "another key"])
def test_a_chain_cut_with_its_head_set_back_is_named(digest: bytes | None) -> None:
    links = chain(5)
    later, kept = signed(links[4]), links[:3]
    forged = end_of(OTHER_KEY, "7/03", 3, links[2].digest).signature if digest else later.signature
    found = verify(KEY, "7/03", kept, ChainEnd(3, links[2].digest, forged))
    assert len(found) == 1 and "remise en arrière" in str(found[0]) and found[0].values == {"number": 3}


def test_what_was_noted_outside_names_a_chain_that_was_put_back_to_an_old_state() -> None:
    links = chain(5)
    noted = {5: Sighting(SEEN, links[4].digest)}
    (found,) = verified(links[:3], links[2], noted)
    assert "allait jusqu’au maillon 5 ; elle s’arrête au maillon 3" in found and SEEN in found
    other_end = [*links[:3], *(replace(link, actor="X" * 26) for link in links[3:])]
    for place in (3, 4):
        other_end[place].digest = digest_of(other_end[place - 1].digest, other_end[place], KEY)
    (found,) = verified(other_end, other_end[-1], noted)
    assert "Le maillon 5 n’est plus celui" in found and SEEN in found


def test_a_head_of_an_old_state_alone_is_named() -> None:
    links = chain(5)
    (found,) = verify(KEY, "7/03", links, signed(links[2]))
    assert "elle dit 3, la chaîne va jusqu’au maillon 5" in str(found)
    (found,) = verify(KEY, "7/03", links, None)
    assert "La tête de la chaîne a disparu" in str(found)


def test_a_chain_of_the_old_rule_verifies_once_it_is_closed() -> None:
    links = old(4)
    assert verified(links, links[-1]) == []
    unsigned = ChainEnd(4, links[3].digest, None)
    (found,) = verify(KEY, "7", links[:-1], unsigned)
    assert "n’est pas close" in str(found)
    assert verify(KEY, "7", links[:-1], signed(links[3])), "nor is it by a signature alone"


def test_nothing_follows_the_end_of_a_closed_chain() -> None:
    links = old(2)
    after = Event(chain="7", sequence=4)
    after.digest = digest_of(links[-1].digest, after, None)
    assert any("suit la fin" in said for said in verified([*links, after], after))


def test_a_chain_of_the_old_rule_cannot_be_closed_without_the_key() -> None:
    links = chain(2, None, "7")
    last = Event(chain="7", sequence=3, action=CLOSE)
    last.digest = digest_of(links[-1].digest, last, None)
    assert verified([*links, last], last) == ["7: Le maillon 3 a été modifié."]


def test_an_act_goes_into_one_of_its_owner_s_chains_and_they_are_used_alike() -> None:
    counts = [sum(chain_of("7", f"{n:026}") == name for n in range(3200)) for name in chains_of("7")]
    assert len(counts) == SHARDS == 32 and sum(counts) == 3200 and min(counts) > 50
    assert not any(is_old(name) for name in (*chains_of("7"), REGISTER)) and is_old("7")
    assert max(len(name) for name in chains_of("9" * 15)) <= 20


def register() -> list[Event]:
    acts = [("installation", BEGIN), ("7", BEGIN), ("7", CLOSE), (REGISTER, END)]
    return [Event(chain=REGISTER, action=act, object_reference=owner) for owner, act in acts]


ALL = frozenset({REGISTER, *chains_of("installation"), *chains_of("7"), "7"})


def lacking(present: frozenset[str], noted: Mapping[str, Mapping[int, Sighting]] | None = None) -> list[str]:
    return [str(each) for each in missing(registered(register()), present, noted or {}, True)]


def test_the_register_names_the_chains_that_are_gone() -> None:
    assert registered(register()) == ALL
    assert lacking(ALL) == [] and unregistered(ALL, ALL | {"9"}) == []
    assert lacking(ALL - {"7/03"}) == ["7/03: La chaîne a disparu avec sa tête et ses maillons."]
    assert lacking(ALL - {"7"}) == ["7: La chaîne a disparu avec sa tête et ses maillons."]
    (found,) = lacking(ALL - set(chains_of("7")))
    assert found.startswith("7: Les 32 chaînes ont disparu")
    (found,) = lacking(ALL - {REGISTER})
    assert found.startswith("register: ")
    assert [each.where for each in unregistered(ALL, ALL | {"9/00"})] == ["9/00"]


def test_a_chain_closed_after_the_end_of_the_old_rule_is_named() -> None:
    assert closed_late(register()) == []
    late = Event(chain=REGISTER, sequence=5, action=CLOSE, object_reference="9")
    (found,) = closed_late([*register(), late])
    assert found.where == "9" and found.values == {"number": 5}


def test_what_was_noted_says_when_a_chain_that_is_gone_was_there() -> None:
    (found,) = lacking(ALL - {"7/03"}, {"7/03": {9: Sighting(SEEN, "d")}})
    assert found == f"7/03: La chaîne a disparu avec sa tête ; le {SEEN}, elle allait jusqu’au maillon 9."
    assert lacking(ALL, {"9/01": {2: Sighting(SEEN, "d")}})[0].startswith("9/01: ")


def test_an_emptied_trail_is_named_once() -> None:
    nothing: frozenset[str] = frozenset()
    assert missing({REGISTER}, nothing, {}, False) == [], "an installation in which nobody acted"
    (found,) = missing({REGISTER}, nothing, {}, True)
    assert "vidé" in str(found)
    noted = {"7/03": {9: Sighting(SEEN, "d")}, REGISTER: {1: Sighting(SEEN, "e")}}
    (found,) = missing({REGISTER}, nothing, noted, False)
    assert f"Le {SEEN}, il comptait (chaînes, maillons) : 2, 10" in str(found)


def test_before_the_first_keyed_act_there_is_no_register_and_none_is_missing() -> None:
    assert missing({REGISTER}, {"7", "installation"}, {}, True) == []
