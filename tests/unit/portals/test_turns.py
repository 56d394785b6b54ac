"""Whose turn it is, with the date that is the file's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cohortmgr.portals.turns import CORRECTION, FORM, OFFER, SHOW, FileSituation, turn_of

CLOSES = datetime(2027, 6, 30, 18, tzinfo=UTC)
ANSWER = date(2027, 7, 31)


def test_a_draft_is_its_person_s_until_its_own_close() -> None:
    for closes in (CLOSES, CLOSES + timedelta(days=3)):
        before = turn_of(FileSituation("draft", closes, ANSWER), closes - timedelta(seconds=1))
        assert before.mine and before.endpoint == FORM and before.next.values == {"moment": closes}
        after = turn_of(FileSituation("draft", closes, ANSWER), closes)
        assert not after.mine and after.endpoint == SHOW and after.next.values == {"moment": closes}


def test_a_child_s_file_that_waits_is_not_said_to_be_sent() -> None:
    waiting = turn_of(FileSituation("held", CLOSES, ANSWER), CLOSES)
    refused = turn_of(FileSituation("held", CLOSES, ANSWER, refused=True), CLOSES)
    assert (waiting.kind, refused.kind) == ("wait", "stop")
    assert "tuteur légal" in waiting.next.what and "pas donné son accord" in refused.next.what
    sent = turn_of(FileSituation("submitted", CLOSES, ANSWER), CLOSES)
    assert {waiting.status, refused.status}.isdisjoint({sent.status})


def test_an_offer_is_its_person_s_until_it_lapses_and_then_over_whether_the_worker_ran_or_not() -> None:
    lapses = CLOSES + timedelta(days=1)
    offered = FileSituation(
        "submitted", CLOSES, ANSWER, outcome="offer", offer="sent", deadline=CLOSES, lapses_at=lapses
    )
    before = turn_of(offered, CLOSES - timedelta(seconds=1))
    assert before.mine and before.endpoint == OFFER and before.next.values == {"moment": CLOSES}
    in_grace = turn_of(offered, CLOSES)
    assert in_grace.mine and "encore répondre" in in_grace.next.what
    assert in_grace.next.values == {"moment": lapses}
    noted = replace(offered, offer="expired")
    assert turn_of(offered, lapses) == turn_of(noted, lapses) and not turn_of(noted, lapses).mine
    held = turn_of(replace(offered, lapses_at=None), lapses + timedelta(days=30))
    assert held.mine and "retenue" in held.next.what


def test_a_correction_that_is_asked_is_its_person_s_whatever_else_the_file_says() -> None:
    asked = CLOSES + timedelta(days=9)
    for state, offer in (
        ("submitted", None),
        ("submitted", "accepted"),
        ("withdrawn", None),
        ("submitted", "sent"),
    ):
        situation = FileSituation(state, CLOSES, ANSWER, offer=offer, deadline=asked + timedelta(days=1))
        told = turn_of(replace(situation, correct_by=asked), CLOSES)
        assert told.mine and told.endpoint == CORRECTION and told.next.values == {"moment": asked}
        assert told.status == turn_of(situation, CLOSES).status
        assert turn_of(replace(situation, correct_by=asked), asked) == turn_of(situation, asked)
    offered = FileSituation("submitted", CLOSES, ANSWER, offer="sent", deadline=asked - timedelta(days=1))
    assert turn_of(replace(offered, correct_by=asked), CLOSES).endpoint == OFFER, (
        "what ends first comes first"
    )
