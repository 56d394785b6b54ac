"""A chain: whatever is altered, dropped, swapped or cut is found."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.audit.rules import GENESIS, digest_of, verify


@dataclass
class Event:
    reference: str = ""
    institution_id: int | None = 7
    chain: str = "7"
    sequence: int = 0
    at: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    actor: str = "A" * 26
    action: str = "applications.send"
    object_kind: str = "application"
    object_reference: str = "B" * 26
    subject: str = "C" * 26
    sealed: bytes = b"sealed"
    digest: str = ""


def chain(length: int) -> list[Event]:
    previous, links = GENESIS, []
    for number in range(1, length + 1):
        event = Event(reference=f"{number:026}", sequence=number, at=Event.at + timedelta(seconds=number))
        event.digest = previous = digest_of(previous, event)
        links.append(event)
    return links


def other(value: Any) -> Any:
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, bytes):
        return value[:-1]
    return value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")


def verified(links: list[Event], head: Event) -> list[Any]:
    return verify(links, head.sequence, head.digest)


def test_a_chain_holds() -> None:
    assert verify([], 0, GENESIS) == []
    links = chain(5)
    assert verified(links, links[-1]) == []


@pytest.mark.parametrize("name", [field.name for field in fields(Event)])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_any_altered_field_of_any_link_is_found(name: str, place: int) -> None:
    links = chain(5)
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
    assert digest_of(GENESIS, one) != digest_of(GENESIS, two)


def test_an_altered_link_is_named_once_and_the_rest_is_not_blamed() -> None:
    links = chain(5)
    links[1] = replace(links[1], actor="X" * 26)
    found = verified(links, links[-1])
    assert [problem.values for problem in found] == [{"number": 2}]
