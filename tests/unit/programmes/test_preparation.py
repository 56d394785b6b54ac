"""What a programme in preparation, and a form that asks nothing, may not do yet."""

from __future__ import annotations

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.rules import NOT_PUBLISHED, require_published, require_questions


def test_what_is_in_preparation_is_refused_with_the_key_by_which_it_is_published() -> None:
    with pytest.raises(Refused) as told:
        require_published(IntakeState.DRAFT.value, "ma.inpt.mdia.")
    assert [(each.what, each.values) for each in told.value.problems] == [(NOT_PUBLISHED, {"key": "mdia"})]
    assert "programmes load %(key)s --publish" in NOT_PUBLISHED


@pytest.mark.parametrize("state", [IntakeState.PUBLISHED.value, IntakeState.ARCHIVED.value])
def test_what_was_published_is_not(state: str) -> None:
    require_published(state, "ma.inpt.mdia.")


@pytest.mark.parametrize("path", ["ma.inpt.mdia.", "mdia"])
def test_a_form_that_asks_nothing_takes_nothing(path: str) -> None:
    require_questions(1, path)
    with pytest.raises(Refused, match="mdia"):
        require_questions(0, path)
