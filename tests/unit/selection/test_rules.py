"""States of batches, offers and waiting entries; approval by two; reasons of a refusal."""

from decimal import Decimal

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.selection.rules import (
    BATCH_STATES,
    OFFER_STATES,
    SEAT_HOLDING,
    BatchState,
    CriterionMark,
    OfferState,
    reason_for,
)


def test_a_batch_is_proposed_before_it_is_approved() -> None:
    BATCH_STATES.move(BatchState.PROPOSED, BatchState.APPROVED)
    with pytest.raises(Refused):
        BATCH_STATES.move(BatchState.DRAFT, BatchState.APPROVED)


def test_a_seat_given_up_never_comes_back_by_the_same_offer() -> None:
    for state in set(OfferState) - SEAT_HOLDING:
        with pytest.raises(Refused):
            OFFER_STATES.move(state, OfferState.ACCEPTED)


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
