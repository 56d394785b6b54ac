"""States of batches, offers and waiting entries; approval by two; reasons of a refusal."""

from decimal import Decimal
from enum import StrEnum

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.base.states import require_move
from cohortmgr.selection.rules import (
    BATCH_MEANINGS,
    BATCH_TRANSITIONS,
    OFFER_MEANINGS,
    OFFER_TRANSITIONS,
    SEAT_HOLDING,
    WAITING_MEANINGS,
    WAITING_TRANSITIONS,
    BatchState,
    CriterionMark,
    OfferState,
    WaitingState,
    reason_for,
)


@pytest.mark.parametrize(
    ("states", "table", "meanings"),
    [
        (BatchState, BATCH_TRANSITIONS, BATCH_MEANINGS),
        (OfferState, OFFER_TRANSITIONS, OFFER_MEANINGS),
        (WaitingState, WAITING_TRANSITIONS, WAITING_MEANINGS),
    ],
)
def test_every_state_has_its_row_and_its_meaning(states: type[StrEnum], table: dict, meanings: dict) -> None:
    assert set(table) == set(meanings) == set(states)
    assert {to for row in table.values() for to in row} <= set(states)


def test_a_batch_is_proposed_before_it_is_approved() -> None:
    require_move(BATCH_TRANSITIONS, BATCH_MEANINGS, BatchState.PROPOSED, BatchState.APPROVED)
    with pytest.raises(Refused):
        require_move(BATCH_TRANSITIONS, BATCH_MEANINGS, BatchState.DRAFT, BatchState.APPROVED)


def test_a_seat_given_up_never_comes_back_by_the_same_offer() -> None:
    for state in set(OfferState) - SEAT_HOLDING:
        with pytest.raises(Refused):
            require_move(OFFER_TRANSITIONS, OFFER_MEANINGS, state, OfferState.ACCEPTED)


def test_reasons_tell_rank_line_and_the_weakest_criteria() -> None:
    criteria = [
        CriterionMark("maths", "Mathématiques", 9_000, 14_000, "Un module d'algèbre aiderait."),
        CriterionMark("project", "Projet", 8_000, 15_000),
        CriterionMark("english", "Anglais", 16_000, 15_000),
        CriterionMark("code", "Programmation", 13_500, 14_000),
    ]
    reasons = reason_for(87, 542, 11_125, 14_750, criteria)
    assert [reason.where for reason in reasons] == ["rank", "line", "project", "maths"]
    assert reasons[1].values == {"mean": Decimal("11.12"), "line": Decimal("14.75")}
    assert str(reasons[3]).endswith("Un module d'algèbre aiderait.")
    assert all(str(reason) for reason in reasons)


def test_reasons_at_the_line_and_without_a_seat() -> None:
    assert "départage" in str(reason_for(31, 40, 14_000, 14_000, [])[1])
    assert "line" in str(reason_for(1, 40, 14_000, None, [])[1])
    near = reason_for(31, 40, 13_999, 14_002, [], tied=False)[1]
    assert near.values == {"mean": Decimal("13.999"), "line": Decimal("14.002")}
