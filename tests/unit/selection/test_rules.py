"""States of batches, offers and waiting entries; approval by two; until when an offer is open."""

from datetime import UTC, datetime, timedelta

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.selection.rules import (
    BATCH_STATES,
    GRACE,
    OFFER_STATES,
    SEAT_HOLDING,
    BatchState,
    OfferState,
    is_open,
)


def test_a_batch_is_proposed_before_it_is_approved() -> None:
    BATCH_STATES.move(BatchState.PROPOSED, BatchState.APPROVED)
    with pytest.raises(Refused):
        BATCH_STATES.move(BatchState.DRAFT, BatchState.APPROVED)


def test_a_seat_given_up_never_comes_back_by_the_same_offer() -> None:
    for state in set(OfferState) - SEAT_HOLDING:
        with pytest.raises(Refused):
            OFFER_STATES.move(state, OfferState.ACCEPTED)


def test_an_offer_is_open_through_its_day_of_grace_and_as_long_as_it_is_held() -> None:
    deadline = datetime(2027, 5, 20, 17, tzinfo=UTC)
    last = deadline + GRACE - timedelta(seconds=1)
    assert is_open("sent", deadline, None, last) and not is_open("sent", deadline, None, deadline + GRACE)
    assert is_open("sent", deadline, deadline, deadline + timedelta(days=99))
    for state in set(OfferState) - {OfferState.SENT}:
        assert not is_open(state, deadline, deadline, deadline - GRACE)
